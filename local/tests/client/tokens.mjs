// A customer, and an agent whose tokens are good for two seconds each, write to each other until the agent has
// needed three.
//
// Arguments: the module, the service's address, and a program that prints an agent's token with its arguments.

import { execFileSync } from "node:child_process";

const [, , moduleUrl, url, program, ...words] = process.argv;
const { Parley } = await import(moduleUrl);

let tokens = 0;
function token() {
  tokens++;
  return execFileSync(program, words, { encoding: "utf8" }).trim();
}

const parley = new Parley({ url });
const { conversationId, customerToken } = await parley.create();
const customer = parley.conversation(conversationId, "customer", customerToken);
const agent = parley.conversation(conversationId, "agent", token);
const told = [];
agent.follow({ message: ({ content }) => told.push(content), error: ({ code }) => told.push(code) });

const sent = [];
while (tokens < 3) {
  for (const chat of [customer, agent]) {
    sent.push(`${chat.sender} ${sent.length}`);
    const { state, error } = await chat.send(sent.at(-1)).settled;
    if (state !== "sent") throw error;
  }
}
while (told.length < sent.length) await new Promise((resolve) => setTimeout(resolve, 5));
const kept = (await customer.read()).map(({ content }) => content);

await customer.deleteConversation().catch(({ code }) => told.push(code));
await agent.deleteConversation();
agent.stop();
customer.stop();
process.stdout.write(JSON.stringify({ sent, told, kept }));
