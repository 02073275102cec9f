import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Service, expires, follow, json, message, pass, refusal, restoreTime, settle, stopTime } from "./service.mjs";

beforeEach(stopTime);
afterEach(restoreTime);

const EVENTS = "/an-id/events";
const typing = (sender) => `event: typing\ndata: {"event":"typing","sender":"${sender}"}\n\n`;
const seen = (sender, cursor) => `id: 100\nevent: seen\ndata: {"event":"seen","sender":"${sender}","cursor":"${cursor}"}\n\n`;
const done = () => json(200, { message: "Event accepted" });

async function live() {
  const service = new Service();
  const { chat, since } = follow(service);
  const stream = await service.stream();
  await stream.text(expires);
  since();
  return { service, chat, since, stream };
}

test("typing is told once in three seconds, and again at once after a message", async () => {
  const { service, chat } = await live();
  for (let press = 0; press < 29; press++) {
    chat.typing();
    await pass(100);
  }
  assert.equal(service.requests.length, 1);
  await pass(100);
  chat.typing();
  await settle();
  assert.equal(service.requests.length, 2);
  chat.send("one");
  chat.typing();
  await settle();
  assert.equal(service.requests.filter(({ path }) => path === EVENTS).length, 3);
  chat.stop();
});

test("the other side's typing is over six seconds after the last, and at its message", async () => {
  const { chat, since, stream } = await live();
  await stream.text(typing("customer"));
  assert.deepEqual(since(), [], "in another tab of this side");
  await stream.text(typing("agent"));
  await pass(4000);
  await stream.text(typing("agent"));
  await pass(5999);
  assert.deepEqual(since(), ["typing"]);
  await pass(1);
  assert.deepEqual(since(), ["not typing"]);
  await stream.text(typing("agent") + message(10, "customer", "mine") + message(20, "agent", "theirs"));
  assert.deepEqual(since(), ["typing", "10 mine", "not typing", "20 theirs"]);
  chat.stop();
});

test("seen only moves forward, and one request at a time tells the newest", async () => {
  const { service, chat, since, stream } = await live();
  for (const cursor of [10, 20, 15, 30]) chat.seen(cursor);
  const first = await service.next(EVENTS);
  assert.deepEqual(first.body, { sender: "customer", event: "seen", cursor: "10" });
  assert.equal(service.requests.length, 0);
  first.fail();
  await pass(500);
  const again = await service.next(EVENTS);
  assert.equal(again.body.cursor, "10");
  again.answer(done());
  const second = await service.next(EVENTS);
  assert.equal(second.body.cursor, "30");
  second.answer(done());
  await stream.text(seen("customer", 20) + seen("agent", 5) + seen("agent", 5));
  assert.deepEqual(since(), ["seen customer 10", "seen customer 20", "seen customer 30", "seen agent 5"]);
  assert.equal(service.requests.length, 0);
  chat.stop();
});

test("unread counts the other side's messages that this side has not seen", async () => {
  const { service, chat, since, stream } = await live();
  const log = ["agent", "customer", "agent", "agent"].map((sender, place) => message(10 * place + 10, sender, "…")).join("");
  await stream.text(log + seen("customer", 10));
  await pass(1);
  assert.equal(chat.unread, 2);
  assert.equal(since().filter((line) => line.startsWith("unread")).join(), "unread 2");
  await stream.text('id: 110\nevent: deleted\ndata: {"messageId":"message-40"}\n\n');
  assert.equal(chat.unread, 1);
  chat.seen();
  await pass(1);
  assert.equal(chat.unread, 0);
  assert.equal(since().filter((line) => line.startsWith("unread")).join(), "unread 0");
  assert.equal((await service.next(EVENTS)).body.cursor, "110");
  chat.stop();
});

test("what was seen while the service was away is told when it is back", async () => {
  const { service, chat } = await live();
  chat.seen(10);
  for (let second = 0; second < 90; second++) {
    await pass(1000);
    service.requests.filter(({ path }) => path === EVENTS).forEach((request) => request.fail());
    service.requests = service.requests.filter(({ path }) => path !== EVENTS);
  }
  await pass(15_000);
  assert.equal((await service.next(EVENTS)).body.cursor, "10");
  chat.stop();
});

test("joining is answered, refused, or repeated", async () => {
  const { service, chat } = await live();
  const joined = chat.join("Ada");
  const first = await service.next(EVENTS);
  assert.deepEqual(first.body, { sender: "customer", event: "joined", name: "Ada" });
  first.fail();
  await pass(500);
  (await service.next(EVENTS)).answer(done());
  await joined;
  const refused = assert.rejects(chat.join("Bob"), { code: "already_joined", status: 409 });
  (await service.next(EVENTS)).answer(refusal(409, "already_joined"));
  await refused;
  chat.stop();
});

test("a proxy's 404 does not count as deleted", async () => {
  const service = new Service();
  const deleting = assert.rejects(service.parley.conversation("an-id", "agent").delete("message-1"), { code: "http_404" });
  (await service.next()).answer(new Response("<html>", { status: 404 }));
  await deleting;
});
