// What the conversation began with, as the agent sees it: as text, whatever it is.

import { withText } from "./element.js";

/** Shows metadata as names and values in a `dl`. */
export function showMetadata(list, metadata) {
  const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const rows = Object.entries(metadata).map(([name, value]) => {
    const row = document.createElement("div");
    row.append(withText("dt", name), withText("dd", asText(value)));
    return row;
  });
  list.replaceChildren(...rows);
}
