// The messages of a conversation: those that it has, and those that are in the outbox.

import { copy, element } from "./element.js";

const STATES = { pending: "Sending…", sent: "", refused: "Not sent." };

/** Shows messages in a log. */
export class Messages {
  #log;
  #list;
  #chat;
  #outbox = [];
  #seen = 0;

  constructor(log, chat) {
    this.#log = log;
    this.#list = element("ol", log);
    this.#chat = chat;
  }

  add(message, cursor) {
    const item = this.#show(message);
    item.dataset.id = message.messageId;
    item.dataset.cursor = cursor;
    this.#list.insertBefore(item, this.#outbox[0] ?? null);
    this.markSeen(this.#seen);
    this.#scroll();
  }

  delete(messageId) {
    for (const item of [...this.#list.children]) if (item.dataset.id === messageId) item.remove();
  }

  /** Adds a sentence about what happened. */
  note(sentence) {
    const note = Object.assign(document.createElement("li"), { className: "note", textContent: sentence });
    this.#list.insertBefore(note, this.#outbox[0] ?? null);
    this.#scroll();
  }

  showOutbox(messages) {
    for (const item of this.#outbox) item.remove();
    this.#outbox = messages.map((message) => {
      const item = this.#show({ sender: "agent", ...message });
      const { state, error } = message;
      item.classList.add(state === "refused" ? "failed" : "unsent");
      element(".state", item).textContent = [STATES[state], error?.message].filter(Boolean).join(" ");
      const retry = element("button", item);
      retry.hidden = state !== "refused";
      retry.onclick = () => this.#chat.retry(message);
      return item;
    });
    this.#list.append(...this.#outbox);
    this.#scroll();
  }

  /** Says at the agent's last message that the customer has seen it. */
  markSeen(cursor) {
    this.#seen = cursor;
    const seen = [...this.#list.querySelectorAll(".mine[data-cursor]")].filter((item) => item.dataset.cursor <= cursor);
    for (const state of this.#list.querySelectorAll(".mine[data-cursor] .state")) state.textContent = "";
    const last = seen.at(-1);
    if (last) element(".state", last).textContent = "Seen";
  }

  clear() {
    this.#list.replaceChildren(...this.#outbox);
  }

  #show({ sender, content, timestamp }) {
    const item = copy("#message");
    item.classList.toggle("mine", sender === "agent");
    element(".sender", item).textContent = sender === "agent" ? "Agent:" : "Customer:";
    element(".content", item).textContent = content;
    const time = element("time", item);
    time.dateTime = timestamp;
    time.textContent = new Date(timestamp).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    return item;
  }

  #scroll() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}
