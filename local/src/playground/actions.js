// What a side does with the conversation as a whole: joins, ends or deletes it.

import { element } from "./element.js";

export function connectActions(pane) {
  const { section } = pane;
  const actions = element(".actions", section);
  const connect = (name, act) => {
    const form = element(`.${name}`, section);
    if (!form) return;
    form.onsubmit = async (event) => {
      event.preventDefault();
      const input = element("input", form);
      if (!(await pane.attempt(act(input.value.trim() || undefined)))) return;
      input.value = "";
      pane.keepFocus(() => (actions.open = false));
    };
  };
  connect("join", (name) => pane.chat.join(name));
  connect("end", (reason) => pane.chat.close(reason));
  const remove = element(".delete-conversation", section);
  if (remove) {
    remove.onclick = () => {
      if (confirm("Delete the conversation and all its messages?")) pane.attempt(pane.chat.deleteConversation());
    };
  }
  actions.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    actions.open = false;
    element("summary", actions).focus();
  };
}
