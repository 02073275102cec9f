import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Parley } from "../../../src/client/parley.js";
import { Service, expires, follow, json, message, pass, refusal, restoreTime, settle, stopTime } from "./service.mjs";

beforeEach(stopTime);
afterEach(restoreTime);

const MESSAGES = "/an-id/messages";
const accepted = (messageId) => json(201, { message: "Message added successfully", messageId });
const states = (chat) => chat.outbox.map(({ content, state }) => `${content} ${state}`);

function open() {
  const service = new Service();
  return { service, chat: service.parley.conversation("an-id", "customer") };
}

test("messages go one after the other, each until it is accepted, under one key of its own", async () => {
  const { service, chat } = open();
  chat.send("one");
  chat.send("two");
  const first = await service.next(MESSAGES);
  assert.deepEqual([first.body.sender, first.body.content], ["customer", "one"]);
  assert.equal(first.body.timestamp, new Date().toISOString());
  assert.match(first.headers["Idempotency-Key"], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const failures = [
    (request) => request.fail(),
    (request) => request.answer(refusal(503, "store_unavailable")),
    (request) => request.answer(refusal(429, "slow_down")),
    (request) => request.answer(new Response("<html>", { status: 200 })),
    (request) => request.answer(new Response("", { status: 502 })),
  ];
  let request = first;
  for (const fail of failures) {
    fail(request);
    await pass(10_000);
    request = await service.next(MESSAGES);
    assert.deepEqual(request.body, first.body);
    assert.equal(request.headers["Idempotency-Key"], first.headers["Idempotency-Key"]);
    assert.equal(service.requests.length, 0, "one at a time");
  }
  request.answer(accepted("message-1"));
  const second = await service.next(MESSAGES);
  assert.equal(second.body.content, "two");
  assert.notEqual(second.headers["Idempotency-Key"], first.headers["Idempotency-Key"]);
  second.answer(accepted("message-2"));
  await settle();
  assert.deepEqual(chat.outbox, []);
  chat.stop();
});

test("a request without an answer is given up after 15 seconds, and made again", async () => {
  const { service, chat } = open();
  chat.send("one");
  const held = await service.next();
  await pass(15_000);
  assert.equal(held.signal.aborted, true);
  await pass(500);
  (await service.next()).answer(accepted("message-1"));
  await settle();
  assert.deepEqual(chat.outbox, []);
});

test("Retry-After is waited for", async () => {
  const { service, chat } = open();
  chat.send("one");
  (await service.next()).answer(json(503, { code: "store_unavailable", error: "…" }, { "Retry-After": "7" }));
  await pass(6999);
  assert.equal(service.requests.length, 0);
  await pass(501);
  assert.equal(service.requests.length, 1);
  chat.stop();
});

test("a refused message holds up no other, and can be edited, sent again or removed", async () => {
  const { service, chat } = open();
  const [long, late, odd, good] = ["long", "late", "odd", "good"].map((content) => chat.send(content));
  const keys = [];
  for (const [status, code] of [[413, "content_too_large"], [409, "conversation_full"], [400, "invalid_content"]]) {
    const request = await service.next();
    keys.push(request.headers["Idempotency-Key"]);
    request.answer(refusal(status, code));
  }
  (await service.next()).answer(accepted("message-1"));
  assert.equal((await good.settled).messageId, "message-1");
  assert.equal((await long.settled).error.code, "content_too_large");
  assert.equal(long.error.message, "A sentence.");
  assert.deepEqual(states(chat), ["long refused", "late refused", "odd refused"]);

  chat.edit(long, "short");
  chat.retry(late);
  chat.remove(odd);
  assert.deepEqual(states(chat), ["short pending", "late pending"]);
  const edited = await service.next();
  assert.equal(edited.body.content, "short");
  assert.notEqual(edited.headers["Idempotency-Key"], keys[0]);
  edited.answer(accepted("message-2"));
  const again = await service.next();
  // An earlier attempt of which the answer was lost may have been accepted.
  assert.equal(again.headers["Idempotency-Key"], keys[1]);
  again.answer(accepted("message-3"));
  assert.equal((await late.settled).state, "sent");
  assert.deepEqual(chat.outbox, []);
});

test("a message that waits can be removed, and the next one goes at once", async () => {
  const { service, chat } = open();
  const first = chat.send("one");
  chat.send("two");
  (await service.next()).fail();
  await settle();
  chat.remove(first);
  assert.equal((await service.next()).body.content, "two");
  chat.stop();
});

test("a message is either in the outbox or told, whichever comes first: its answer or itself", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  const stream = await service.stream();
  await stream.text(expires);
  const first = chat.send("one");
  const request = await service.next(MESSAGES);
  await stream.text(message(10, "customer", "one", request.body.timestamp));
  assert.deepEqual([first.state, first.messageId, states(chat)], ["sent", "message-10", []]);
  request.fail();
  await settle();
  const second = chat.send("two");
  (await service.next(MESSAGES)).answer(accepted("message-20"));
  await second.settled;
  assert.deepEqual(states(chat), ["two sent"]);
  await stream.text(message(20, "customer", "two", second.timestamp));
  assert.deepEqual(states(chat), []);
  assert.deepEqual(since().filter((line) => /^\d/.test(line)), ["10 one", "20 two"]);
  chat.stop();
});

test("a refused message that is there all the same leaves the outbox", async () => {
  const service = new Service();
  const { chat } = follow(service);
  const stream = await service.stream();
  await stream.text(expires);
  const sent = chat.send("one");
  const first = await service.next(MESSAGES);
  first.fail();
  await pass(500);
  (await service.next(MESSAGES)).answer(refusal(401, "unauthorized"));
  await sent.settled;
  assert.deepEqual(states(chat), ["one refused"]);
  await stream.text(message(10, "customer", "one", first.body.timestamp));
  assert.deepEqual([sent.state, states(chat)], ["sent", []]);
  chat.stop();
});

test("what was sent and is not told yet is sent again when the store came back with less", async () => {
  const service = new Service();
  const { chat } = follow(service);
  const stream = await service.stream();
  await stream.text(expires + message(10, "agent", "before"));
  const sent = chat.send("one");
  const first = await service.next(MESSAGES);
  first.answer(accepted("message-20"));
  await sent.settled;
  await stream.end();
  await pass(500);
  (await service.next("/an-id?after=10")).answer(refusal(400, "invalid_cursor"));
  const again = await service.next(MESSAGES);
  assert.deepEqual([again.body, again.headers["Idempotency-Key"]], [first.body, first.headers["Idempotency-Key"]]);
  chat.stop();
});

test("a message that was sent and deleted before it is told leaves the outbox", async () => {
  const service = new Service();
  const { chat } = follow(service);
  const stream = await service.stream();
  await stream.text(expires);
  chat.send("one");
  (await service.next(MESSAGES)).answer(accepted("message-10"));
  await settle();
  assert.deepEqual(states(chat), ["one sent"]);
  await stream.text('id: 20\nevent: deleted\ndata: {"messageId":"message-10"}\n\n');
  assert.deepEqual(states(chat), []);
  chat.stop();
});

test("after a success, the first failure is again followed by a short pause", async () => {
  const { service, chat } = open();
  chat.send("one");
  chat.send("two");
  for (let failure = 0; failure < 6; failure++) {
    (await service.next()).fail();
    await pass(10_000);
  }
  (await service.next()).answer(accepted("message-1"));
  (await service.next()).fail();
  await pass(500);
  assert.equal((await service.next()).body.content, "two");
  chat.stop();
});

test("the state is waiting while messages wait, though the stream is open", async () => {
  const service = new Service();
  const { chat, since } = follow(service);
  await (await service.stream()).text(expires);
  chat.send("one");
  (await service.next(MESSAGES)).answer(refusal(503, "store_unavailable"));
  await settle();
  assert.deepEqual(since(), ["live", "expires", "waiting"]);
  await pass(500);
  (await service.next(MESSAGES)).answer(accepted("message-1"));
  await settle();
  assert.deepEqual(since(), ["live"]);
  chat.stop();
});

test("messages go at once when the stream shows that the service is back", async () => {
  const service = new Service();
  const { chat } = follow(service);
  chat.send("one");
  for (let failure = 0; failure < 6; failure++) {
    (await service.next(MESSAGES)).fail();
    await pass(10_000);
  }
  (await service.next(MESSAGES)).fail();
  const stream = await service.stream();
  assert.equal(service.requests.length, 0);
  await stream.text(expires);
  assert.equal((await service.next(MESSAGES)).body.content, "one");
  chat.stop();
});

test("what is sent the moment the outbox is empty goes as well, and so does what was stopped", async () => {
  const { service, chat } = open();
  const first = chat.send("one");
  const next = first.settled.then(() => chat.send("two"));
  (await service.next()).answer(accepted("message-1"));
  const second = await next;
  await service.next();
  chat.stop();
  await settle();
  assert.deepEqual([second.state, service.requests.length], ["pending", 0]);
  chat.send("three");
  assert.equal((await service.next()).body.content, "two");
  chat.stop();
});

test("closing waits for the outbox", async () => {
  const { service, chat } = open();
  chat.send("goodbye");
  const closed = chat.close("solved");
  const message = await service.next();
  assert.equal(service.requests.length, 0);
  message.answer(accepted("message-1"));
  const event = await service.next("/an-id/events");
  assert.deepEqual(event.body, { sender: "customer", event: "closed", reason: "solved" });
  event.answer(json(200, { message: "Event accepted" }));
  await closed;
});

test("creating is repeated under one key, for a minute", async () => {
  const service = new Service();
  const created = service.parley.create({ metadata: { order: 7 } });
  const first = await service.next();
  assert.deepEqual([first.method, first.path, first.body], ["POST", "", { metadata: { order: 7 } }]);
  first.fail();
  await pass(500);
  const second = await service.next();
  assert.equal(second.headers["Idempotency-Key"], first.headers["Idempotency-Key"]);
  second.answer(json(201, { conversationId: "an-id", customerToken: "a-token" }));
  assert.deepEqual(await created, { conversationId: "an-id", customerToken: "a-token" });

  const never = assert.rejects(service.parley.create(), { name: "ParleyError", code: "unavailable", status: 0 });
  while (Date.now() < 1_000_000 + 75_000) {
    await settle();
    service.requests.splice(0).forEach((request) => request.fail());
    await pass(1000);
  }
  await never;
});

test("a deletion is repeated, and it is no error that its first answer was lost", async () => {
  const { service, chat } = open();
  const deleted = chat.delete("message-1");
  (await service.next("/an-id/messages/message-1")).fail();
  await pass(500);
  (await service.next()).answer(refusal(404, "message_not_found"));
  await deleted;
  const refused = assert.rejects(chat.deleteConversation(), { code: "forbidden", status: 403 });
  (await service.next("/an-id")).answer(refusal(403, "forbidden"));
  await refused;
});

test("a wait that is asked for is bounded, and never taken for none", async () => {
  const { service, chat } = open();
  chat.send("one");
  (await service.next()).answer(json(429, { code: "slow_down" }, { "Retry-After": "99999999" }));
  await pass(590_000);
  assert.equal(service.requests.length, 0);
  await pass(10_000);
  (await service.next()).answer(accepted("message-1"));
  const creating = assert.rejects(service.parley.create(), { code: "slow_down" });
  (await service.next()).answer(json(429, { code: "slow_down" }, { "Retry-After": "3600" }));
  await creating;
  chat.stop();
});

test("an answer that names no message, as behind a redirect, leaves it in the outbox", async () => {
  const { service, chat } = open();
  chat.send("one");
  (await service.next()).answer(json(200, { conversations: [] }));
  await pass(500);
  assert.deepEqual(states(chat), ["one pending"]);
  (await service.next()).answer(accepted("message-1"));
  await settle();
  assert.deepEqual(states(chat), []);
  chat.stop();
});

test("a refusal whose body is no object is a refusal all the same", async () => {
  const { service, chat } = open();
  const message = chat.send("one");
  (await service.next()).answer(json(400, null));
  await settle();
  assert.deepEqual([message.state, message.error.code], ["refused", "http_400"]);
  chat.stop();
});

test("a fetch that is given is called as the global one is", async () => {
  const callers = [];
  async function fetch() {
    callers.push(this);
    return accepted("message-1");
  }
  await new Parley({ url: "http://service.test", fetch }).create();
  assert.deepEqual(callers.map((caller) => caller === globalThis), [true]);
});
