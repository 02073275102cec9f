// The page: which conversation it shows, in two panes, and how that goes.

import { Parley } from "/parley.js";
import { copy, element } from "./element.js";
import { setExpiry } from "./expiry.js";
import { connectInvitation, focusInvitation, invite } from "./invitation.js";
import { Pane } from "./pane.js";
import { listedFetch } from "./requests.js";

const parley = new Parley({ fetch: listedFetch });
const page = { changed: showStatus, expires: setExpiry, gone };
const panes = ["customer", "agent"].map((sender) => new Pane(sender, page));
const [customer, agent] = panes;
/** What the next conversation takes over from one that is gone. */
let carried = [];

/** Opens what the page's address names: a conversation, and the customer's token where tokens are on. */
function open() {
  const [id, customerToken] = location.hash.slice(1).split("/");
  setExpiry(undefined);
  for (const pane of panes) pane.close();
  if (!id) {
    return invite(
      "A conversation, seen from both ends",
      "Both panes use the real API and follow it live. Open the link in a second window, or send with curl: it arrives here. When nobody has written for a while, the conversation is gone.",
    );
  }
  document.body.dataset.view = "conversation";
  customer.open(parley, id, customerToken);
  agent.open(parley, id, sessionStorage.getItem("agentToken") || undefined);
  for (const pane of panes) pane.resume(carried.filter(({ sender }) => sender === pane.sender));
  carried = [];
}

function gone() {
  const hadFocus = panes.some(({ section }) => section.contains(document.activeElement));
  const unsent = panes.flatMap((pane) => pane.unsent());
  for (const pane of panes) {
    pane.close();
    pane.input.value = "";
  }
  setExpiry(undefined);
  const kept = unsent.length ? " What was not sent:" : "";
  invite("This conversation is gone", `It has expired or was deleted, or it never was: nothing is kept by which to tell.${kept}`, unsent);
  if (hadFocus) focusInvitation();
}

function showStatus() {
  const states = panes.filter(({ chat, refusal }) => chat && !refusal).map(({ chat }) => chat.state);
  let state = "waiting";
  let text = "A token is needed";
  if (states.includes("waiting")) text = "Waiting for the service, trying again…";
  else if (states.includes("connecting")) text = "Connecting…";
  else if (states.length) [state, text] = ["live", "Live"];
  const status = element("#status");
  status.dataset.state = state;
  // Said again, it would be read out again.
  if (status.textContent !== text) status.textContent = text;
}

const begin = (metadata, token) => new Parley({ token, fetch: listedFetch }).create({ metadata });
connectInvitation(begin, ({ conversationId, customerToken }, unsent, token) => {
  carried = unsent;
  // An agent's token is good for more than the creation.
  if (token && !sessionStorage.getItem("agentToken")) sessionStorage.setItem("agentToken", token);
  addEventListener("hashchange", () => customer.input.focus(), { once: true });
  // The fragment stays in the browser: no log on the way learns which conversation this is.
  location.hash = [conversationId, customerToken].filter(Boolean).join("/");
});

element(".token").onsubmit = (event) => {
  event.preventDefault();
  const input = element("#agent-token");
  if (!input.value.trim()) return;
  sessionStorage.setItem("agentToken", input.value.trim());
  input.value = "";
  const [id] = location.hash.slice(1).split("/");
  const unsent = agent.unsent();
  agent.open(parley, id, sessionStorage.getItem("agentToken"));
  agent.resume(unsent);
  agent.input.focus();
};

for (const { section } of panes) {
  // Both panes tell everything; only the one in use reads it out.
  section.addEventListener("focusin", () => {
    for (const live of document.querySelectorAll("[role=log], .typing")) live.ariaLive = section.contains(live) ? "polite" : "off";
  });
}
element("#copy-link").onclick = (event) => copy(location.href, event.target);
element("#new").onclick = () => {
  location.hash = "";
  addEventListener("hashchange", focusInvitation, { once: true });
};
addEventListener("hashchange", open);
open();
