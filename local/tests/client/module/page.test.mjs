// In a page there are events that Node.js does not have.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Service, expires, follow, json, message, pass, restoreTime, settle, stopTime } from "./service.mjs";

let page;
beforeEach(() => {
  stopTime();
  page = new EventTarget();
  globalThis.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  globalThis.addEventListener = page.addEventListener.bind(page);
});
afterEach(() => {
  restoreTime();
  delete globalThis.document;
  delete globalThis.addEventListener;
});

async function show(visibilityState) {
  document.visibilityState = visibilityState;
  document.dispatchEvent(new Event("visibilitychange"));
  await settle();
}

const answer = (cursor, seen = {}) => json(200, { messages: [], deleted: [], events: [], seen, cursor: String(cursor), expiresAt: "2026-01-01T00:00:00Z" });

test("a hidden page lets go of its stream, asks every 15 seconds, and streams again when it is shown", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const stream = await service.stream();
  await stream.text(expires + message(10, "agent", "one"));
  await show("hidden");
  assert.equal(stream.request.signal.aborted, true);
  const first = await service.next("/an-id?after=10");
  assert.equal(first.headers.Accept, undefined);
  first.answer(answer(10));
  await pass(14_750);
  assert.equal(service.requests.length, 0);
  await pass(250);
  // What is new is read as a stream, in its order and with its cursors, up to there.
  (await service.next("/an-id?after=10")).answer(answer(30, { agent: "10" }));
  const catchingUp = await service.stream("/an-id?after=10");
  assert.equal(catchingUp.request.headers.Accept, "text/event-stream");
  await catchingUp.text(`${expires}${message(20, "agent", "two")}${message(30, "agent", "three")}`);
  assert.equal(catchingUp.request.signal.aborted, true);
  await pass(1000);
  assert.equal(service.requests.length, 0);
  assert.equal(chat.unread, 3);
  await show("visible");
  await (await service.stream("/an-id?after=30")).text(expires);
  const told = since().filter((line) => !line.startsWith("unread"));
  assert.deepEqual(told, ["live", "expires", "10 one", "20 two", "30 three", "seen agent 10"]);
  chat.stop();
});

test("a hidden page is told of an expiry that has moved", async () => {
  const service = new Service();
  document.visibilityState = "hidden";
  const { chat, since } = follow(service);
  for (const expiresAt of ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z"]) {
    (await service.next()).answer(json(200, { seen: {}, cursor: "0", expiresAt }));
    await pass(15_000);
  }
  assert.deepEqual(since(), ["live", "expires", "expires"]);
  assert.equal(chat.expiresAt, "2026-01-01T00:30:00Z");
  chat.stop();
});

test("a page that was hidden while it caught up does not lose its place", async () => {
  const service = new Service();
  document.visibilityState = "hidden";
  const { chat, since } = follow(service);
  (await service.next()).answer(answer(20));
  const stream = await service.stream();
  await stream.text(`retry: 250\n\n${expires}${message(10, "agent", "one")}`);
  await stream.end();
  await show("visible");
  await (await service.stream("/an-id?after=10")).text(expires + message(20, "agent", "two"));
  assert.deepEqual(since().filter((line) => /^\d/.test(line)), ["10 one", "20 two"]);
  chat.stop();
});

for (const name of ["online", "offline"]) {
  test(`${name} makes it try again at once`, async () => {
    const service = new Service();
    const { chat, since } = follow(service);
    const stream = await service.stream();
    await stream.text(expires);
    page.dispatchEvent(new Event(name));
    await settle();
    assert.equal(stream.request.signal.aborted, true);
    for (let failure = 0; failure < 5; failure++) {
      (await service.next()).fail();
      await pass(10_000);
    }
    chat.send("one");
    (await service.next("/an-id/messages")).fail();
    (await service.next()).fail();
    await settle();
    assert.equal(service.requests.length, 0);
    page.dispatchEvent(new Event(name));
    await service.next("/an-id/messages");
    await (await service.stream()).text(expires);
    assert.deepEqual(since(), ["live", "expires", "waiting"]);
    chat.stop();
    page.dispatchEvent(new Event(name));
    await settle();
    assert.equal(service.requests.length, 0);
  });
}

test("a hidden page asks for the queue every 15 seconds, and holds no request", async () => {
  const service = new Service();
  const told = [];
  const queue = service.parley.queue();
  queue.follow({ conversations: (conversations) => told.push(conversations.length) });
  const listed = (cursor, ...conversations) => json(200, { conversations, cursor });
  (await service.next("?limit=100&after=1&wait=10")).answer(listed("20", {}));
  await pass(200);
  await show("hidden");
  (await service.next()).answer(listed("30"));
  await pass(14_750);
  assert.equal(service.requests.length, 0);
  await pass(250);
  const request = await service.next();
  assert.equal(request.path, "?limit=100");
  request.answer(listed("30"));
  await settle();
  await show("visible");
  await service.next("?limit=100&after=30&wait=10");
  assert.deepEqual(told, [1, 0]);
  queue.stop();
});
