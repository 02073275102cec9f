// A service that a test plays itself, in front of the module: it sees each request and answers when it likes.

import assert from "node:assert/strict";
import { mock } from "node:test";
import { Parley } from "../../../src/client/parley.js";

/** Makes time stand still, but for `pass`. */
export function stopTime() {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
}

/** Ends what a test began. */
export function restoreTime() {
  mock.timers.reset();
}

/** Lets all happen that waits for no time. */
export async function settle() {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
}

/** Lets milliseconds pass, in steps small enough for what each one causes. */
export async function pass(milliseconds) {
  await settle();
  for (let left = milliseconds; left > 0; left -= 250) {
    mock.timers.tick(Math.min(left, 250));
    await settle();
  }
}

export const json = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers });
export const refusal = (status, code) => json(status, { error: "A sentence.", code });

/** The requests that have come, oldest first. Each is answered by `answer`, or fails by `fail`. */
export class Service {
  requests = [];

  constructor(token) {
    this.parley = new Parley({ url: "http://service.test", token, fetch: (url, options) => this.#take(url, options) });
  }

  #take(url, { method, headers, body, signal, cache }) {
    assert.equal(cache, "no-store", "a browser would let two pages wait for each other's stream");
    return new Promise((answer, fail) => {
      const path = url.slice("http://service.test/api/conversations".length);
      const request = { method, path, headers, body: body && JSON.parse(body), signal, answer, fail: () => fail(new TypeError("fetch failed")) };
      this.requests.push(request);
      signal.addEventListener("abort", () => {
        this.requests = this.requests.filter((other) => other !== request);
        fail(signal.reason);
      });
    });
  }

  /** The next request that has come, which is then no longer there. */
  async next(path = "") {
    await settle();
    const place = this.requests.findIndex((request) => request.path.startsWith(path));
    if (place < 0) throw new Error(`no request to ${path}, but to ${this.requests.map((request) => request.path)}`);
    return this.requests.splice(place, 1)[0];
  }

  /** Answers the next stream, and returns what writes to it. */
  async stream(path = "") {
    const request = await this.next(path);
    let controller;
    const body = new ReadableStream({ start: (started) => void (controller = started) });
    request.signal.addEventListener("abort", () => {
      try {
        controller.error(request.signal.reason);
      } catch {
        // It had ended.
      }
    });
    request.answer(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
    return {
      request,
      bytes: async (bytes) => (controller.enqueue(bytes), settle()),
      text: async (text) => (controller.enqueue(new TextEncoder().encode(text)), settle()),
      end: async () => (controller.close(), settle()),
      cut: async () => (controller.error(new TypeError("terminated")), settle()),
    };
  }
}

export const expires = 'id: 0\nevent: expires\ndata: {"expiresAt":"2026-01-01T00:00:00Z"}\n\n';

export function message(cursor, sender, content, timestamp = "2025-04-05T14:01:00Z") {
  const data = JSON.stringify({ messageId: `message-${cursor}`, sender, content, timestamp });
  return `id: ${cursor}\nevent: message\ndata: ${data}\n\n`;
}

/** Follows a conversation and notes what is told, as lines. */
export function follow(service, sender = "customer") {
  const told = [];
  const chat = service.parley.conversation("an-id", sender);
  chat.follow({
    message: ({ content }, cursor) => told.push(`${cursor} ${content}`),
    deleted: (messageId) => told.push(`deleted ${messageId}`),
    created: ({ metadata }) => told.push(`created ${JSON.stringify(metadata)}`),
    joined: ({ name }) => told.push(`joined ${name}`),
    closed: ({ reason }) => told.push(`closed ${reason}`),
    typing: (isTyping) => told.push(isTyping ? "typing" : "not typing"),
    seen: (side, cursor) => told.push(`seen ${side} ${cursor}`),
    expires: () => told.push("expires"),
    expired: () => told.push("expired"),
    reset: () => told.push("reset"),
    unread: (unread) => told.push(`unread ${unread}`),
    state: (state) => told.push(state),
    error: ({ code }) => told.push(`error ${code}`),
  });
  /** What was told since this was last asked. */
  const since = () => told.splice(0);
  return { chat, since };
}
