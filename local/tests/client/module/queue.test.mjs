import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Service, json, pass, refusal, restoreTime, settle, stopTime } from "./service.mjs";

beforeEach(stopTime);
afterEach(restoreTime);

const list = (cursor, ...ids) => {
  const conversations = ids.map((conversationId) => ({ conversationId, createdAt: "2026-01-01T00:00:00Z" }));
  return json(200, { conversations, cursor });
};

/** Follows the queue and notes what is told, as lines. */
function follow(service, options) {
  const told = [];
  const queue = service.parley.queue(options);
  const handlers = {
    conversations: (conversations) => told.push(conversations.map(({ conversationId }) => conversationId).join() || "nobody"),
    state: (state) => told.push(state),
    error: ({ status, code }) => told.push(`error ${status} ${code}`),
  };
  queue.follow(handlers);
  return { queue, handlers, since: () => told.splice(0) };
}

test("the queue is told at first and whenever it has changed, at most five times a second", async () => {
  const service = new Service(() => "an agent's");
  const { queue, since } = follow(service, { limit: 7 });
  const first = await service.next();
  assert.equal(first.path, "?limit=7&after=1&wait=10");
  assert.equal(first.headers.Authorization, "Bearer an agent's");
  first.answer(list("20", "a", "b"));
  await settle();
  assert.deepEqual(since(), ["live", "a,b"]);
  await pass(199);
  assert.equal(service.requests.length, 0);
  await pass(1);
  const second = await service.next();
  assert.equal(second.path, "?limit=7&after=20&wait=10");
  second.answer(list("30"));
  await settle();
  assert.deepEqual(since(), ["nobody"]);
  queue.stop();
  assert.deepEqual(since(), ["closed"]);
  await pass(60_000);
  assert.equal(service.requests.length, 0);
});

test("where a request is not held, the next one waits", async () => {
  const service = new Service();
  const { queue, since } = follow(service);
  (await service.next()).answer(list("20", "a"));
  await pass(200);
  (await service.next()).answer(list("20", "a"));
  await pass(9999);
  assert.equal(service.requests.length, 0);
  await pass(1);
  await service.next("?limit=100&after=20");
  assert.deepEqual(since(), ["live", "a"]);
  queue.stop();
});

test("it waits for a service that does not answer, or whose store does not", async () => {
  const service = new Service();
  const { queue, since } = follow(service);
  (await service.next()).fail();
  await pass(500);
  (await service.next()).answer(refusal(503, "store_unavailable"));
  await pass(1000);
  (await service.next()).answer(list("20", "a"));
  await settle();
  assert.deepEqual(since(), ["waiting", "live", "a"]);
  queue.stop();
});

test("a refusal ends it, and it can be followed anew", async () => {
  const service = new Service();
  const { queue, handlers, since } = follow(service);
  for (const [status, code] of [[405, "method_not_allowed"], [403, "forbidden"], [401, "unauthorized"]]) {
    (await service.next()).answer(refusal(status, code));
    await settle();
    assert.deepEqual(since().slice(-2), ["closed", `error ${status} ${code}`]);
    await pass(60_000);
    assert.equal(service.requests.length, 0);
    queue.follow(handlers);
  }
  queue.stop();
});

test("it is listed without being followed", async () => {
  const service = new Service();
  const listed = service.parley.queue({ limit: 2 }).list();
  const request = await service.next();
  assert.equal(request.path, "?limit=2");
  request.answer(list("20", "a"));
  assert.deepEqual((await listed).map(({ conversationId }) => conversationId), ["a"]);
});
