// Elements of the page.

/** The first element that a selector finds. */
export const element = (selector, within = document) => within.querySelector(selector);

/** A copy of a template's element. */
export const copy = (template) => element(template).content.firstElementChild.cloneNode(true);

/** Shows the fields of metadata, as text: whoever creates a conversation writes them. */
export function describe(list, metadata) {
  const rows = Object.entries(metadata).map(([name, value]) => {
    const row = document.createElement("div");
    const term = Object.assign(document.createElement("dt"), { textContent: name });
    const text = typeof value === "string" ? value : JSON.stringify(value);
    row.append(term, Object.assign(document.createElement("dd"), { textContent: text }));
    return row;
  });
  list.replaceChildren(...rows);
}

/** Tells the agent something, once: also where the same was told before. */
export function notify(sentence) {
  const notice = document.createElement("p");
  notice.textContent = sentence;
  element("#notice").replaceChildren(...(sentence ? [notice] : []));
}

/** A time as minutes and seconds. */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}
