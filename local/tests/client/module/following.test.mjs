import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Service, expires, follow, json, message, pass, refusal, restoreTime, settle, stopTime } from "./service.mjs";

beforeEach(stopTime);
afterEach(restoreTime);

test("events are read across pieces of any size, with any line end", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const stream = await service.stream();
  assert.equal(stream.request.path, "/an-id?after=0");
  const lines = [
    expires,
    "id: 5\r\nevent: created\r\ndata: {\"metadata\":\r\ndata: {\"order\":7}}\r\n\r\n",
    message(10, "agent", "Grüße 👋").replaceAll("\n", "\r"),
    ":\n\nid: 20\n\n",
    'event: typing\ndata: {"event":"typing","sender":"agent"}\n\n',
    'id:20\nevent:seen\ndata:{"event":"seen","sender":"agent","cursor":"10"}\n\n',
    'id: 30\nevent: deleted\ndata: {"messageId":"message-10"}\n\n',
    "event: of-another-version\ndata: {}\n\n",
    message(40, "agent", "not whole").slice(0, -1),
  ];
  for (const byte of new TextEncoder().encode(lines.join(""))) await stream.bytes(Uint8Array.of(byte));
  await pass(1);
  const told = ["live", "expires", 'created {"order":7}', "10 Grüße 👋", "typing", "seen agent 10", "deleted message-10"];
  assert.deepEqual(since(), told);
  assert.equal(chat.cursor, 30);
  chat.stop();
});

test("a stream that breaks is resumed at its cursor, and what comes again is not told again", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const first = await service.stream();
  await first.text(expires + message(10, "customer", "one"));
  await first.cut();
  assert.deepEqual(since(), ["live", "expires", "10 one", "waiting"]);
  await pass(500);
  const second = await service.stream("/an-id?after=10");
  await second.text(expires + message(10, "customer", "one") + message(20, "customer", "two"));
  assert.deepEqual(since(), ["live", "20 two"]);
  chat.stop();
});

test("it waits longer and longer for a service that does not answer, ten seconds at most", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const bounds = [500, 1000, 2000, 4000, 8000, 10_000, 10_000];
  for (const bound of bounds) {
    (await service.next()).fail();
    await pass(bound / 2 - 251);
    assert.equal(service.requests.length, 0);
    await pass(bound / 2 + 251);
  }
  assert.deepEqual(since(), ["waiting"]);
  chat.stop();
});

test("pauses are spread, and short again after a stream that worked", async () => {
  const service = new Service();
  const { chat } = follow(service);
  const random = mock.method(Math, "random", () => 0);
  for (const pause of [250, 500, 1000]) {
    (await service.next()).fail();
    await pass(pause - 1);
    assert.equal(service.requests.length, 0);
    await pass(1);
    assert.equal(service.requests.length, 1);
  }
  const stream = await service.stream();
  await stream.text(expires);
  await stream.cut();
  await pass(250);
  assert.equal(service.requests.length, 1);
  random.mock.restore();
  chat.stop();
});

test("an event that is cut off is not told", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const stream = await service.stream();
  await stream.text(expires + message(10, "agent", "cut off").slice(0, -1));
  await stream.end();
  assert.deepEqual(since(), ["live", "expires", "waiting"]);
  await pass(500);
  await service.next("/an-id?after=0");
  chat.stop();
});

test("a store that cannot be reached is told from one that can", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const stream = await service.stream();
  await stream.text("retry: 3000\n\n:\n\n");
  assert.deepEqual(since(), ["waiting"]);
  await stream.text(expires);
  assert.deepEqual(since(), ["live", "expires"]);
  await stream.text(":\n\n");
  assert.deepEqual(since(), [], "a heartbeat");
  await stream.text("retry: 3000\n\n:\n\n");
  assert.deepEqual(since(), ["waiting"], "the store went away");
  await stream.text(expires);
  assert.deepEqual(since(), ["live"]);
  chat.stop();
});

test("batches follow each other as each one says, and the state stays live between them", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const first = await service.stream();
  await first.text(`retry: 250\n\n${expires}${message(10, "customer", "one")}`);
  await first.end();
  await pass(249);
  assert.equal(service.requests.length, 0);
  await pass(1);
  const second = await service.stream("/an-id?after=10");
  await second.text(`retry: 250\n\n${expires}:\n\n`);
  await second.end();
  assert.deepEqual(since(), ["live", "expires", "10 one"]);
  await pass(250);
  const third = await service.stream();
  await third.text("retry: 3000\n\n:\n\n");
  await third.end();
  assert.deepEqual(since(), ["waiting"]);
  await pass(2999);
  assert.equal(service.requests.length, 0);
  await pass(501);
  assert.equal(service.requests.length, 1);
  chat.stop();
});

test("a connection on which nothing comes, not even a heartbeat, is given up after 40 seconds", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const stream = await service.stream();
  await stream.text(expires);
  await pass(35_000);
  await stream.text(":\n\n");
  await pass(40_000);
  assert.deepEqual(since(), ["live", "expires"]);
  assert.equal(stream.request.signal.aborted, false);
  await pass(5000);
  assert.equal(stream.request.signal.aborted, true);
  assert.deepEqual(since(), ["waiting"]);
  await pass(500);
  await (await service.stream()).text(expires);
  assert.deepEqual(since(), ["live"]);
  chat.stop();
});

test("a fresh token is asked for once, and then following ends", async () => {
  const tokens = ["old", "fresh", "refused", "refused too", "good"];
  const service = new Service(() => tokens.shift());
  const { chat, since } = follow(service);
  const first = await service.next();
  assert.equal(first.headers.Authorization, "Bearer old");
  first.answer(refusal(401, "unauthorized"));
  const stream = await service.stream();
  assert.equal(stream.request.headers.Authorization, "Bearer fresh");
  await stream.text(expires);
  await stream.end();
  assert.deepEqual(since(), ["live", "expires", "waiting"]);
  await pass(500);
  for (const token of ["fresh", "refused"]) {
    const request = await service.next();
    assert.equal(request.headers.Authorization, `Bearer ${token}`);
    request.answer(refusal(401, "unauthorized"));
  }
  await settle();
  assert.deepEqual(since(), ["closed", "error unauthorized"]);
  await pass(60_000);
  assert.equal(service.requests.length, 0);
  chat.follow();
  assert.equal((await service.next()).headers.Authorization, "Bearer refused too");
  chat.stop();
});

test("a conversation that is gone has expired, whether a stream says so or its refusal", async () => {
  const service = new Service();
  const streamed = follow(service);
  await (await service.stream()).text(`${expires}id: 0\nevent: expired\ndata: {}\n\n`);
  assert.deepEqual(streamed.since(), ["live", "expires", "closed", "expired"]);
  const refused = follow(service);
  (await service.next()).answer(refusal(404, "conversation_not_found"));
  await settle();
  assert.deepEqual(refused.since(), ["closed", "expired"]);
  await pass(60_000);
  assert.equal(service.requests.length, 0);
});

test("a store that came back with less is read anew", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const stream = await service.stream();
  await stream.text(expires + message(10, "customer", "one") + message(20, "customer", "two"));
  await stream.end();
  await pass(500);
  (await service.next("/an-id?after=20")).answer(refusal(400, "invalid_cursor"));
  await (await service.stream("/an-id?after=0")).text(expires + message(10, "customer", "one"));
  assert.deepEqual(since(), ["live", "expires", "10 one", "20 two", "waiting", "reset", "live", "10 one"]);
  chat.stop();
});

test("what a proxy answers in the service's place is no stream", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  (await service.next()).answer(new Response("<html>Sign in here</html>", { headers: { "Content-Type": "text/html" } }));
  await settle();
  assert.deepEqual(since(), ["waiting"]);
  await pass(500);
  (await service.next()).answer(json(502, {}));
  await pass(1000);
  assert.equal(service.requests.length, 1);
  chat.stop();
});

test("what a handler throws is the page's to hear of, and stops nothing", async () => {
  const service = new Service();
  const chat = service.parley.conversation("an-id", "customer");
  const told = [];
  chat.follow({
    message({ content }) {
      told.push(content);
      throw new Error(content);
    },
  });
  const stream = await service.stream();
  const later = mock.method(globalThis, "queueMicrotask", () => {});
  await stream.text(message(10, "agent", "one") + message(20, "agent", "two"));
  const tasks = later.mock.calls.map(({ arguments: [task] }) => task);
  later.mock.restore();
  assert.deepEqual(told, ["one", "two"]);
  assert.throws(tasks[0], { message: "one" });
  assert.throws(tasks[1], { message: "two" });
  chat.stop();
});

test("a conversation that is begun anew after it was gone is told from its start", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const stream = await service.stream();
  await stream.text(`${expires}${message(10, "agent", "old")}id: 10\nevent: expired\ndata: {}\n\n`);
  assert.deepEqual(since(), ["live", "expires", "10 old", "closed", "expired"]);
  chat.follow();
  await (await service.stream("/an-id?after=0")).text(expires + message(10, "agent", "new"));
  assert.deepEqual(since(), ["reset", "connecting", "live", "expires", "10 new"]);
  chat.stop();
});
