// The requests, as curl lines to copy.

import { copy, element, fromTemplate } from "./element.js";

const SHOWN = 50;
const list = element("#requests ol");

/** Makes a request as `fetch` does, and lists it. It is the `fetch` of the client. */
export async function listedFetch(url, options) {
  const show = listRequest(curlLine(url, options));
  try {
    const response = await fetch(url, options);
    show(response.status);
    return response;
  } catch (error) {
    show(options.signal?.aborted ? "ended" : "none");
    throw error;
  }
}

/** A line that does the same once more: without the key, under which it would add nothing. */
function curlLine(url, { method, headers, body }) {
  const words = ["curl"];
  if (method !== "GET") words.push("-X", method);
  if (headers.Accept) words.push("-N");
  words.push(quoted(url));
  for (const [name, value] of Object.entries(headers)) {
    if (name !== "Idempotency-Key") words.push("-H", quoted(`${name}: ${value}`));
  }
  if (body) words.push("-d", quoted(body));
  return words.join(" ");
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Lists a line and returns what shows its outcome. One that is tried again after a failure is listed once. */
function listRequest(line) {
  const failed = [...list.children].find((row) => row.dataset.failed && element("code", row).textContent === line);
  const row = failed ?? newRow(line);
  delete row.dataset.failed;
  const outcome = element(".outcome", row);
  outcome.textContent = "…";
  return (status) => {
    outcome.textContent = status;
    const isBad = !(status < 400);
    outcome.classList.toggle("bad", isBad);
    if (isBad) row.dataset.failed = true;
  };
}

function newRow(line) {
  const row = fromTemplate("request");
  const code = element("code", row);
  code.textContent = code.title = line;
  element("button", row).onclick = (event) => copy(line, event.target);
  list.prepend(row);
  if (list.children.length > SHOWN) list.lastElementChild.remove();
  return row;
}

element("#requests").open = matchMedia("(min-width: 44rem)").matches;
