// Two sides of a conversation that write to each other, and a second customer's page that only follows.
//
// Arguments: the module, the service's address, the conversation's id. One line of JSON tells of each thing
// that happens. When standard input ends, each side sends its last message; when everybody has seen both,
// the last line tells what was sent and what was seen.

const [, , moduleUrl, url, conversationId] = process.argv;
const { Parley } = await import(moduleUrl);

const PERIOD = 25; // milliseconds between the messages of a side
const THE_END = "the end";

const report = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const parley = new Parley({ url });
const outcome = { sent: { customer: [], agent: [] }, seen: {}, refused: [] };

function open(name, sender) {
  const seen = (outcome.seen[name] = []);
  const chat = parley.conversation(conversationId, sender);
  const everything = new Promise((resolve) => {
    chat.follow({
      message({ sender, content }) {
        seen.push(`${sender} ${content}`);
        report({ name, seen: seen.length });
        if (seen.filter((line) => line.endsWith(THE_END)).length === 2) resolve();
      },
      state: (state) => report({ name, state }),
      reset: () => report({ name, state: "reset" }),
      expired: () => report({ name, state: "expired" }),
      error: ({ code }) => report({ name, state: code }),
    });
  });
  return { chat, everything };
}

const pages = { customer: open("customer", "customer"), agent: open("agent", "agent"), tab: open("tab", "customer") };

function say(sender, content) {
  outcome.sent[sender].push(`${sender} ${content}`);
  pages[sender].chat.send(content).settled.then(({ state, error }) => {
    if (state !== "sent") outcome.refused.push(`${sender} ${content}: ${error?.code}`);
  });
}

let number = 0;
const talking = setInterval(() => {
  number++;
  say("customer", String(number));
  say("agent", String(number));
}, PERIOD);

process.stdin.resume().on("end", async () => {
  clearInterval(talking);
  say("customer", THE_END);
  say("agent", THE_END);
  const all = Object.values(pages);
  await Promise.all(all.map(({ everything }) => everything));
  while (all.some(({ chat }) => chat.outbox.length)) await new Promise((resolve) => setTimeout(resolve, 5));
  all.forEach(({ chat }) => chat.stop());
  report({ outcome });
});
