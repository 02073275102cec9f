// The time that the conversation has left, as a clock and as a line that grows shorter.

import { element } from "./element.js";

let expiresAt = NaN;
let life = 0; // in milliseconds, when it was longest

/** Shows the time until an expiry, or none. */
export function setExpiry(expiry) {
  if (!expiry) life = 0;
  expiresAt = Date.parse(expiry);
  life = Math.max(life, expiresAt - Date.now() || 0);
  show();
}

function show() {
  const left = Math.max(0, expiresAt - Date.now());
  const seconds = Math.ceil(left / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const expiry = element("#expiry");
  expiry.textContent = isNaN(left) ? "" : `expires in ${clock}`;
  expiry.classList.toggle("soon", left < 60_000);
  element("#life").style.setProperty("--left", life ? left / life : 0);
}

setInterval(show, 500);
