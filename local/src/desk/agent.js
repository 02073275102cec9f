// Who sits at the desk: a name, kept in the browser, and a token, kept in the tab.

import { element } from "./element.js";
import { keep, recall } from "./storage.js";

const name = element("#name");
const form = element("#token form");
name.value = recall("localStorage", "name") ?? "";
name.onchange = () => keep("localStorage", "name", name.value.trim());

/** The agent's name; without one the agent is asked for it. */
export function agentName() {
  if (!name.value.trim()) name.focus();
  return name.value.trim();
}

let token = recall("sessionStorage", "token") ?? undefined;
let use = () => {};

function set(given) {
  token = given;
  keep("sessionStorage", "token", token);
  element("#token").hidden = true;
  use();
}

/** Takes the token out of the address, where nobody should see or copy it. */
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  set(given.trim());
}

form.onsubmit = (event) => {
  event.preventDefault();
  const given = element("input", form).value.trim();
  form.reset();
  set(given);
};
readAddress();
addEventListener("hashchange", readAddress);

export const currentToken = () => token;

/** Calls back with each token that is given from now on. */
export function onToken(callback) {
  use = callback;
}

/** Asks for a token, and says why. */
export function askForToken(sentence) {
  element("#token p").textContent = sentence;
  if (!element("#token").hidden) return;
  element("#token").hidden = false;
  element("input", form).focus();
}
