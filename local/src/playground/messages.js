// What one side sees: the messages, what else has happened, and its own messages on their way.

import { element, fromTemplate, withText } from "./element.js";

const LABEL_LENGTH = 60;
const NEAR_END = 80; // pixels
const segments = new Intl.Segmenter();

/** The list of messages in a pane. */
export class Messages {
  #rows = new Map(); // messageId → its row
  #seen = 0; // by the other side, up to this cursor
  #seenRow; // that says so
  #isScrolling = false;

  /** `remove`, `retry` and `edit` are what the buttons of a message do. */
  constructor(section, sender, actions) {
    this.scroll = element(".scroll", section);
    this.told = element(".told", section);
    this.outbox = element(".outbox", section);
    this.sender = sender;
    this.actions = actions;
  }

  clear() {
    this.#rows.clear();
    this.#seen = 0;
    this.#seenRow = undefined;
    this.told.replaceChildren();
    this.outbox.replaceChildren();
  }

  add(message, cursor) {
    const row = messageRow(message, this.sender);
    row.dataset.cursor = cursor;
    const isOwn = message.sender === this.sender;
    if (isOwn) element(".delete", row).onclick = () => this.actions.remove(message);
    else element(".delete", row).remove();
    for (const name of [".retry", ".edit"]) element(name, row).remove();
    this.#rows.set(message.messageId, row);
    this.#append(this.told, row);
    if (isOwn && cursor <= this.#seen) this.#showSeen(row);
  }

  /** Adds a line about what has happened. */
  addEvent(text) {
    this.#append(this.told, withText("li", text, "event"));
  }

  /** Takes a message away. The focus goes to the next one's button, not to the top of the page. */
  remove(messageId) {
    const row = this.#rows.get(messageId);
    if (!row) return;
    const buttons = [...this.told.querySelectorAll(".delete")];
    const place = buttons.indexOf(document.activeElement);
    const next = buttons[place + 1] ?? buttons[place - 1];
    if (row.contains(document.activeElement)) next?.focus();
    row.remove();
    this.#rows.delete(messageId);
    if (row === this.#seenRow) this.#showSeen(this.#lastSeen());
  }

  /** Shows that the other side has seen everything up to a cursor. */
  markSeen(cursor) {
    this.#seen = cursor;
    this.#showSeen(this.#lastSeen());
  }

  /** Shows the messages on their way. What is refused can be sent again and changed, unless all is closed, or dropped. */
  showOutbox(messages, conversation) {
    const focus = [...this.outbox.querySelectorAll("button")].indexOf(document.activeElement);
    const rows = messages.map((message) => this.#outboxRow(message, conversation));
    const isNew = rows.length > this.outbox.children.length;
    this.outbox.replaceChildren(...rows);
    if (isNew) this.scroll.scrollTop = this.scroll.scrollHeight;
    if (focus >= 0) this.outbox.querySelectorAll("button")[focus]?.focus();
  }

  #outboxRow(message, { isWaiting, isClosed }) {
    const row = messageRow({ ...message, sender: this.sender }, this.sender);
    const isRefused = message.state === "refused";
    row.classList.add("unsent");
    row.classList.toggle("refused", isRefused);
    const state = { pending: isWaiting ? "Not sent yet, trying again…" : "Sending…", sent: "Sent" }[message.state];
    element(".state", row).textContent = state ?? `Not sent. ${message.error.message}`;
    for (const [name, action] of Object.entries({ retry: "retry", edit: "edit", delete: "drop" })) {
      const button = element(`.${name}`, row);
      if (isRefused && !(isClosed && action !== "drop")) button.onclick = () => this.actions[action](message);
      else button.remove();
    }
    return row;
  }

  #append(list, row) {
    const { scroll } = this;
    // Once for all that comes together: measuring lays out the whole list.
    if (!this.#isScrolling) {
      const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END;
      this.#isScrolling = true;
      requestAnimationFrame(() => {
        this.#isScrolling = false;
        if (isAtEnd) scroll.scrollTop = scroll.scrollHeight;
      });
    }
    list.append(row);
  }

  #lastSeen() {
    return [...this.told.querySelectorAll(".mine")].findLast((row) => row.dataset.cursor <= this.#seen);
  }

  #showSeen(row) {
    if (this.#seenRow) element(".state", this.#seenRow).textContent = "";
    if (row) element(".state", row).textContent = "Seen";
    this.#seenRow = row;
  }
}

function messageRow({ sender, content, timestamp }, side) {
  const row = fromTemplate("message");
  row.classList.toggle("mine", sender === side);
  element(".sender", row).textContent = `${sender}:`;
  element(".content", row).textContent = content;
  const time = element("time", row);
  const sent = new Date(timestamp);
  time.dateTime = timestamp;
  time.textContent = isNaN(sent) ? timestamp : sent.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  // Cut where a character ends, which may be made of several code points.
  const end = segments.segment(content).containing(LABEL_LENGTH)?.index;
  for (const button of row.querySelectorAll("button")) button.ariaLabel = `${button.textContent}: ${content.slice(0, end)}`;
  return row;
}
