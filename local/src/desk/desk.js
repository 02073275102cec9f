// The agent's desk: who waits, and the conversations that this agent has taken.

import { Parley } from "/parley.js";
import { agentName, askForToken, currentToken, onToken } from "./agent.js";
import { tell } from "./alarm.js";
import { openConversation } from "./conversation.js";
import { element, notify } from "./element.js";
import { keep, recall } from "./storage.js";
import { showWaiting } from "./waiting.js";

const LIMIT = 100;
/** Each open conversation holds one of the six connections that a browser opens over HTTP/1.1; one more is for the queue, and one for sending. */
const MOST = 4;
const STATES = { connecting: "Connecting…", live: "Live", waiting: "Connection lost, trying again…", closed: "" };
const GONE = {
  already_joined: "It is gone: another agent took it first.",
  conversation_closed: "It is gone: it was closed.",
  conversation_not_found: "It is gone: it has expired, or was deleted.",
};

const open = new Map(); // by id; what has ended holds no connection
let parley;
let queue;
let listed = [];

function start() {
  queue?.stop();
  parley = new Parley({ token: currentToken });
  queue = parley.queue({ limit: LIMIT });
  let isFirst = true;
  queue.follow({
    conversations(conversations) {
      listed = conversations;
      const hasNew = showListed();
      tell(listed.length, hasNew && !isFirst);
      isFirst = false;
    },
    state: (state) => (element("#status").textContent = STATES[state]),
    error: refused,
  });
}

/** What this desk has just taken may be listed still. */
function showListed() {
  const others = listed.filter(({ conversationId }) => !open.has(conversationId));
  return showWaiting(others, LIMIT, take);
}

function refused(error) {
  listed = [];
  showListed();
  if (error.code === "method_not_allowed") {
    for (const section of ["#waiting", "#open", "#token"]) element(section).hidden = true;
    element("#off").hidden = false;
  } else if (error.status === 401) askForToken(currentToken() ? "The token is not valid, or has ended." : "This service asks agents for a token.");
  else if (error.status === 403) askForToken("That token is not for the queue. It must be an agent's, bound to no conversation.");
  else notify(error.message);
}

async function take(id) {
  const name = agentName();
  if (!name) return notify("Say first who you are: the customer sees your name.");
  const isMultiplexed = /^h[23]/.test(performance.getEntriesByType("navigation")[0]?.nextHopProtocol);
  const live = [...open.values()].filter(({ hasEnded }) => !hasEnded).length;
  if (live >= MOST && !isMultiplexed) return notify(`${MOST} conversations are open. Close one first.`);
  const chat = parley.conversation(id, "agent");
  try {
    await chat.join(name);
  } catch (error) {
    return notify(GONE[error.code] ?? `Not taken. ${error.message}`);
  }
  notify("");
  show(chat).show();
  showListed();
}

function show(chat) {
  const entry = { hasEnded: false };
  const ended = () => (entry.hasEnded = true);
  const removed = () => {
    open.delete(chat.id);
    keep("sessionStorage", "open", [...open.keys()]);
  };
  Object.assign(entry, openConversation(chat, ended, removed));
  open.set(chat.id, entry);
  keep("sessionStorage", "open", [...open.keys()]);
  return entry;
}

onToken(() => {
  start();
  for (const { followAgain, hasEnded } of open.values()) if (!hasEnded) followAgain();
});
start();
// A reload loses none of what was taken.
(recall("sessionStorage", "open") ?? []).map((id) => show(parley.conversation(id, "agent"))).at(-1)?.show();
