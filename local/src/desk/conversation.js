// An open conversation, in its tab.

import { askForToken } from "./agent.js";
import { clock, copy, describe, element, notify } from "./element.js";
import { Messages } from "./messages.js";
import { addTab } from "./tabs.js";

const STATES = { connecting: "Connecting…", live: "", waiting: "Connection lost, trying again…", closed: "" };

/** Opens a conversation. `ended` is called when it is over, `removed` when its tab is gone. */
export function openConversation(chat, ended, removed) {
  const panel = copy("#panel");
  const part = (selector) => element(selector, panel);
  const tab = addTab(chat.id, panel, see);
  const messages = new Messages(part(".log"), chat);
  tab.name(chat.id.slice(0, 8));

  /** What the agent can see, the agent has seen. */
  function see() {
    if (tab.isShown() && document.visibilityState === "visible" && chat.unread) chat.seen();
  }

  function showExpiry() {
    if (!chat.expiresAt || chat.state === "closed") return;
    part(".expiry").textContent = `expires in ${clock(Date.parse(chat.expiresAt) - Date.now())}`;
  }

  function end(sentence) {
    part(".compose").hidden = part(".close").hidden = part(".typing").hidden = true;
    part(".end span").textContent = sentence;
    part(".end").hidden = false;
    ended();
  }

  chat.follow({
    message: (message, cursor) => messages.add(message, cursor),
    deleted: (messageId) => messages.delete(messageId),
    created({ metadata }) {
      describe(part(".metadata"), metadata);
      if (typeof metadata.name === "string") tab.name(metadata.name);
    },
    joined: ({ name }) => messages.note(`${name ?? "An agent"} took the conversation.`),
    closed: ({ sender, reason }) => end(`Closed by the ${sender}${reason ? `: ${reason}` : "."}`),
    typing: (isTyping) => (part(".typing span").hidden = !isTyping),
    seen: (sender, cursor) => sender === "customer" && messages.markSeen(cursor),
    expires: showExpiry,
    expired() {
      part(".expiry").textContent = "";
      messages.clear();
      end("The conversation has expired, or was deleted.");
    },
    reset: () => messages.clear(),
    outbox: (outbox) => messages.showOutbox(outbox),
    unread(count) {
      see();
      tab.unread(chat.unread);
    },
    state: (state) => (part(".state").textContent = STATES[state]),
    error(error) {
      if (error.status === 401) return askForToken("The token has ended.");
      end(error.message);
    },
  });

  part(".compose").onsubmit = (event) => {
    event.preventDefault();
    const { value } = part("textarea");
    if (value.trim()) chat.send(value);
    event.target.reset();
  };
  part("textarea").oninput = () => part("textarea").value && chat.typing();
  part("textarea").onkeydown = (event) => {
    // While composing, Enter chooses a character and does not end the message.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    part(".compose").requestSubmit();
  };
  part(".close").onsubmit = async (event) => {
    event.preventDefault();
    const reason = part(".close input").value.trim() || undefined;
    await chat.close(reason).catch((error) => notify(`Not closed. ${error.message}`));
  };
  part(".end button").onclick = () => {
    clearInterval(ticking);
    document.removeEventListener("visibilitychange", see);
    chat.stop();
    tab.remove();
    removed();
  };
  const ticking = setInterval(showExpiry, 1000);
  document.addEventListener("visibilitychange", see);

  return {
    show() {
      tab.select();
      part("textarea").focus();
    },
    followAgain: () => chat.follow(),
  };
}
