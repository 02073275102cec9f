// The invitation to begin a conversation, at first and when one is gone.

import { ParleyError } from "/parley.js";
import { element, withText } from "./element.js";

const title = element("#invitation h2");
const form = element("#invitation form");
const outcome = element("#outcome");
const token = element("#creation-token");

let carried = [];
let isBeginning = false;

/** Invites to begin a conversation with messages that an earlier one did not get: `{sender, content}` each. */
export function invite(heading, text, unsent = []) {
  carried = unsent;
  document.body.dataset.view = "invitation";
  title.textContent = heading;
  element("#invitation-text").textContent = text;
  element("#unsent").replaceChildren(...unsent.map(({ sender, content }) => withText("li", `${sender}: ${content}`)));
  element("button", form).textContent = unsent.length ? "Start a new conversation with them" : "Start a conversation";
  outcome.textContent = "";
}

/** Puts the focus where the invitation is read from. */
export const focusInvitation = () => title.focus();

/** `begin(metadata, token)` begins a conversation; `begun(conversation, unsent, token)` shows it. */
export function connectInvitation(begin, begun) {
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (isBeginning) return;
    isBeginning = true;
    outcome.textContent = "Beginning…";
    try {
      const conversation = await begin(readMetadata(), token.value.trim() || undefined);
      outcome.textContent = element("#metadata").value = "";
      begun(conversation, carried, token.value.trim());
    } catch (error) {
      outcome.textContent = error.message;
      if (error instanceof ParleyError && (error.status === 401 || error.status === 403)) askForToken();
    } finally {
      isBeginning = false;
    }
  };
  element("#metadata").onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  };
}

function askForToken() {
  element("#creation").hidden = false;
  token.focus();
}

function readMetadata() {
  const text = element("#metadata").value.trim();
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("This is not JSON. A JSON object looks like {\"name\": \"Ada\"}.");
  }
}
