// One side of the conversation, with a client of its own: what it sees and does goes over the API.

import { connectActions } from "./actions.js";
import { connectCompose } from "./compose.js";
import { element } from "./element.js";
import { handlersOf } from "./handlers.js";
import { Messages } from "./messages.js";
import { showMetadata } from "./metadata.js";

/** A side's pane. */
export class Pane {
  /** The conversation, as this side sees it. */
  chat;
  /** Why it sees nothing: a token is missing or not good. */
  refusal = "";

  /** `page` hears of this side: `changed()`, `expires(expiresAt)`, `gone()`. */
  constructor(sender, page) {
    this.sender = sender;
    this.page = page;
    this.section = element(`#${sender}`);
    this.input = element(".compose textarea", this.section);
    this.messages = new Messages(this.section, sender, {
      remove: ({ messageId }) => this.attempt(this.chat.delete(messageId)),
      retry: (message) => this.chat.retry(message),
      drop: (message) => this.keepFocus(() => this.chat.remove(message)),
      edit: (message) => {
        this.chat.remove(message);
        this.input.value = [message.content, this.input.value].filter(Boolean).join("\n");
        this.input.focus();
      },
    });
    connectCompose(this);
    connectActions(this);
    const see = () => this.markSeen();
    this.section.addEventListener("focusin", see);
    document.addEventListener("visibilitychange", see);
  }

  /** Shows a conversation from its beginning. */
  open(parley, id, token) {
    this.close();
    const chat = parley.conversation(id, this.sender, token);
    this.chat = chat;
    // An answer may come after another conversation was opened.
    const handlers = Object.entries(handlersOf(this)).map(([name, handle]) => [
      name,
      (...values) => this.chat === chat && this.keepFocus(() => handle(...values)),
    ]);
    chat.follow(Object.fromEntries(handlers));
    this.show();
  }

  /** Shows nothing any more. */
  close() {
    const { chat } = this;
    this.chat = undefined;
    chat?.stop();
    this.refusal = "";
    this.clear();
  }

  clear() {
    this.messages.clear();
    this.isJoined = this.isClosed = false;
    for (const name of [".unread", ".typing", ".problem"]) element(name, this.section).textContent = "";
    if (this.sender === "agent") showMetadata(element(".metadata"), {});
  }

  /** Shows the messages on their way. */
  showOutbox() {
    const { outbox, state } = this.chat;
    this.messages.showOutbox(outbox, { isWaiting: state !== "live", isClosed: this.isClosed });
    const refused = outbox.find((message) => message.state === "refused");
    if ([401, 403].includes(refused?.error.status)) this.refuse(refused.error);
    else if (!this.refusal) element(".problem", this.section).textContent = refused ? "A message was not sent." : "";
  }

  /** Shows that this side needs another token. */
  refuse({ message }) {
    this.refusal = message;
    element(".problem", this.section).textContent = `A token is needed. ${message}`;
    this.show();
  }

  /** Shows what this side can do now. */
  show() {
    const isRefused = Boolean(this.refusal);
    const find = (selector) => element(selector, this.section);
    this.keepFocus(() => {
      find(".compose").hidden = isRefused || this.isClosed;
      find(".actions").hidden = isRefused;
      find(".end").hidden = this.isClosed;
      if (find(".join")) find(".join").hidden = this.isJoined || this.isClosed;
      if (find(".token")) find(".token").hidden = !isRefused;
      find(".empty").hidden = isRefused;
    });
    this.page.changed();
  }

  /** Tells the other side that all was seen, if this pane is in use. */
  markSeen() {
    if (document.visibilityState === "visible" && this.section.contains(document.activeElement)) this.chat?.seen();
  }

  /** Waits for a request, and shows why it was refused. */
  async attempt(request) {
    const problem = element(".problem", this.section);
    problem.textContent = "";
    try {
      await request;
      return true;
    } catch (error) {
      problem.textContent = error.message;
      return false;
    }
  }

  /** Makes a change, and keeps the focus in this pane if what had it disappears. */
  keepFocus(change) {
    const hadFocus = this.section.contains(document.activeElement);
    change();
    const focused = document.activeElement;
    if (!hadFocus || (this.section.contains(focused) && focused.checkVisibility())) return;
    const target = this.input.checkVisibility() ? this.input : this.messages.scroll;
    target.focus();
  }

  /** What this side has written and the conversation does not have: `{sender, content, isDraft}` each. */
  unsent() {
    const { sender, input } = this;
    const waiting = (this.chat?.outbox ?? []).filter(({ state }) => state !== "sent");
    const messages = waiting.map(({ content }) => ({ sender, content, isDraft: false }));
    return input.value.trim() ? [...messages, { sender, content: input.value, isDraft: true }] : messages;
  }

  /** Takes over what an earlier conversation did not get. */
  resume(messages) {
    for (const { content, isDraft } of messages) {
      if (isDraft) this.input.value = content;
      else this.chat.send(content);
    }
  }
}
