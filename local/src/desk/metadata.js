// What waiting conversations are about: read when they are shown, one after the other.

import { currentToken } from "./agent.js";

const PAUSE = 3000; // milliseconds
const tasks = [];
const callbacks = new WeakMap();
let isReading = false;

const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    tasks.push(target);
  }
  read();
});

/** Calls back with the metadata of an item's conversation, when the item is shown. */
export function whenShown(item, conversationId, callback) {
  callbacks.set(item, { conversationId, callback });
  observer.observe(item);
}

async function read() {
  if (isReading) return;
  isReading = true;
  for (let item; (item = tasks.shift()); ) {
    if (!item.isConnected) continue;
    const { conversationId, callback } = callbacks.get(item);
    const token = currentToken();
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    try {
      const response = await fetch(`/api/conversations/${conversationId}?after=0`, { headers });
      if (response.status >= 500) throw new Error("unavailable");
      const { events = [] } = await response.json();
      const created = events.find(({ event }) => event === "created");
      if (created) callback(created.metadata);
    } catch {
      setTimeout(() => observer.observe(item), PAUSE);
    }
  }
  isReading = false;
}
