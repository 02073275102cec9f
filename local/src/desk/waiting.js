// The list of the conversations that wait.

import { clock, copy, describe, element } from "./element.js";
import { whenShown } from "./metadata.js";

const title = element("#waiting-title");
const list = element("#waiting ol");
const items = new Map();

/**
 * Shows the conversations, the oldest first. `take` is called with the id of one. Returns whether one is new.
 */
export function showWaiting(conversations, limit, take) {
  const ids = new Set(conversations.map(({ conversationId }) => conversationId));
  for (const [id, item] of items) if (!ids.has(id)) leave(id, item);
  let hasNew = false;
  for (const { conversationId, createdAt } of conversations) {
    if (items.has(conversationId)) continue;
    hasNew = true;
    const item = makeItem(conversationId, createdAt, take);
    items.set(conversationId, item);
    list.append(item);
    whenShown(item, conversationId, (metadata) => describe(element(".metadata", item), metadata));
  }
  const count = conversations.length;
  const number = count < limit ? count : `${limit} or more`;
  title.textContent = count ? `Waiting: ${number}` : "Waiting";
  element("#waiting .empty").hidden = count > 0;
  tick();
  return hasNew;
}

function makeItem(conversationId, createdAt, take) {
  const item = copy("#waiting-item");
  element("time", item).dateTime = createdAt;
  const button = element("button", item);
  button.onclick = async () => {
    button.disabled = true;
    await take(conversationId);
    button.disabled = false;
  };
  return item;
}

function leave(id, item) {
  items.delete(id);
  // The keyboard's place in the page must not go with it.
  if (item.contains(document.activeElement)) title.focus();
  item.remove();
}

function tick() {
  for (const time of list.querySelectorAll("time")) time.textContent = clock(Date.now() - Date.parse(time.dateTime));
}
setInterval(tick, 1000);
