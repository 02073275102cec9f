// A sound and a title that tell of a new conversation.

import { element } from "./element.js";

const TITLE = document.title;
const button = element("#sound");
let audio;
let waiting = 0;
let isNew = false;

// A browser plays nothing before the page was clicked, so that the sound cannot be on from the beginning.
button.onclick = () => {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", isOn);
  audio ??= new AudioContext();
  if (isOn) beep();
};

function beep() {
  const [oscillator, gain] = [audio.createOscillator(), audio.createGain()];
  const now = audio.currentTime;
  oscillator.frequency.value = 880;
  gain.gain.setValueAtTime(0.2, now);
  gain.gain.exponentialRampToValueAtTime(0.001, now + 0.4);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(now);
  oscillator.stop(now + 0.4);
}

function showTitle() {
  document.title = `${isNew ? "● New conversation · " : ""}${waiting ? `(${waiting}) ` : ""}${TITLE}`;
}

/** Tells how many wait, and whether one of them is new. */
export function tell(count, hasNew) {
  waiting = count;
  // To somebody who looks at the page, the list says it.
  isNew = count > 0 && (isNew || (hasNew && !document.hasFocus()));
  showTitle();
  if (hasNew && button.getAttribute("aria-pressed") === "true") beep();
}

addEventListener("focus", () => {
  isNew = false;
  showTitle();
});
