// The form in which a side writes.

import { element } from "./element.js";

export function connectCompose(pane) {
  const { input, section } = pane;
  const form = element(".compose", section);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!input.value.trim()) return;
    pane.chat.send(input.value);
    input.value = "";
  };
  input.oninput = () => input.value && pane.chat.typing();
  input.onkeydown = (event) => {
    // While composing, Enter chooses a character and does not end the message.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  };
}
