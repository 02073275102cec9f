/** Finds the element that a selector names. */
export const element = (selector, within = document) => within.querySelector(selector);

/** Makes an element with a text. */
export function withText(name, text, className = "") {
  return Object.assign(document.createElement(name), { textContent: text, className });
}

/** Makes a copy of a template's only element. */
export const fromTemplate = (id) => element(`#${id}`).content.firstElementChild.cloneNode(true);

/** Copies a text to the clipboard, and says so on the button that was pressed. */
export async function copy(text, button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Off localhost a page without TLS has no clipboard.
    return prompt("To copy:", text);
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 1500);
}
