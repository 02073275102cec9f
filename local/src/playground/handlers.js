// What a pane shows when its side is told something.

import { element } from "./element.js";
import { showMetadata } from "./metadata.js";

/** The handlers with which a pane follows its conversation. */
export function handlersOf(pane) {
  const { messages, page, section, sender } = pane;
  const other = sender === "agent" ? "customer" : "agent";
  const say = (selector, text) => (element(selector, section).textContent = text);
  return {
    message(message, cursor) {
      messages.add(message, cursor);
      pane.markSeen();
    },
    deleted: (messageId) => messages.remove(messageId),
    created({ metadata }) {
      if (sender === "agent") showMetadata(element(".metadata"), metadata);
    },
    joined({ name }) {
      pane.isJoined = true;
      messages.addEvent(`${name ?? "The agent"} joined`);
      pane.show();
    },
    closed({ reason }) {
      pane.isClosed = true;
      messages.addEvent(reason ? `Closed: ${reason}` : "Closed");
      pane.show();
      pane.showOutbox();
    },
    typing: (isTyping) => say(".typing", isTyping ? `The ${other} is writing` : ""),
    seen(side, cursor) {
      if (side === other) messages.markSeen(cursor);
    },
    unread: (count) => say(".unread", count ? `${count} unread` : ""),
    outbox: () => pane.showOutbox(),
    state() {
      pane.showOutbox();
      page.changed();
    },
    reset() {
      pane.clear();
      pane.showOutbox();
      pane.show();
    },
    expires: (expiresAt) => page.expires(expiresAt),
    expired: () => page.gone(),
    error(error) {
      // A damaged link leads to no conversation either.
      if (error.status === 401 || error.status === 403) pane.refuse(error);
      else page.gone();
    },
  };
}
