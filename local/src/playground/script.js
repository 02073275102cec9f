
// One EventSource feeds both panes: what they show is what the service has accepted, in its order.

const GIVE_UP_AFTER = 60_000; // then a message is shown as failed, to be sent again by hand
const ANSWER_WITHIN = 15_000;
const STORE_WITHIN = 500; // what a stream may take to begin, before its store counts as away
const REQUESTS_SHOWN = 50;

const element = (selector, within = document) => within.querySelector(selector);
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
// Spread, so that the pages that lost one server do not all return to it at once.
const pause = (failures) => sleep(Math.min(500 * 2 ** failures, 8000) * (0.75 + Math.random() / 2));
const fromTemplate = (id) => element(`#${id}`).content.firstElementChild.cloneNode(true);

const panes = ["customer", "agent"].map((sender) => {
  const section = element(`#${sender}`);
  const log = element("[role=log]", section);
  return { sender, section, log, list: element("ol", log), form: element(".compose", section), input: element("textarea", section) };
});

// The conversation that is shown. What answers late compares its own with this one, and is quiet.
let current = null;

function open(fragment) {
  current?.source?.close();
  const [id, token] = fragment?.split("/") ?? [];
  current = id && {
    fragment,
    token, // the customer's, where tokens are on: whoever has the link is the customer
    path: `/api/conversations/${encodeURIComponent(id)}`,
    cursor: "0",
    failures: 0, // of the stream, in a row
    rows: new Map(), // messageId → its row in each pane
    deleted: new Set(),
    unsent: new Set(),
    queues: { customer: Promise.resolve(), agent: Promise.resolve() },
    expiresAt: null,
    life: 0,
  };
  for (const pane of panes) pane.list.replaceChildren();
  if (!current) {
    return invite("A conversation, seen from both ends", "Both panes use the real API and follow it live. Open the link in a second window, or send with curl: it arrives here. When nobody has written for a while, the conversation is gone.", "Start a conversation");
  }
  document.body.dataset.view = "conversation";
  showExpiry();
  showTokens();
  follow(current);
}

function invite(title, text, action) {
  document.body.dataset.view = "invitation";
  element("#invitation h2").textContent = title;
  element("#invitation p").textContent = text;
  element("#invitation button").textContent = action;
}

function gone(conversation) {
  if (conversation !== current) return;
  open(null);
  invite("This conversation has expired", "Or it never was: nothing is kept by which to tell.", "Start a new conversation");
}

function show(state, text) {
  const status = element("#status");
  status.dataset.state = state;
  // Said again, it would be read out again.
  if (status.textContent !== text) status.textContent = text;
}

// Tokens

let agentToken = sessionStorage.getItem("agentToken");
let needsToken = false; // and there is none yet

const tokenOf = (sender, conversation) => (sender === "agent" ? agentToken : conversation.token);
const authorization = (token) => (token ? { Authorization: `Bearer ${token}` } : {});
const readersToken = (conversation) => conversation.token || agentToken;

function setAgentToken(token) {
  agentToken = token;
  if (token) sessionStorage.setItem("agentToken", token);
  else sessionStorage.removeItem("agentToken");
  showTokens();
}

// Where tokens are off nothing of them is seen.
function showTokens() {
  if (!current) return;
  const on = Boolean(current.token || agentToken || needsToken);
  element("#token").hidden = !on || Boolean(agentToken);
  for (const { sender, form } of panes) form.hidden = on && !tokenOf(sender, current);
}

// Following

function follow(conversation) {
  if (conversation !== current) return;
  conversation.source?.close();
  const path = `${conversation.path}?after=${conversation.cursor}`;
  const token = readersToken(conversation);
  const source = (conversation.source = new EventSource(token ? `${path}&access_token=${encodeURIComponent(token)}` : path));
  const outcome = listRequest("GET", path, { Accept: "text/event-stream", ...authorization(token) });
  show("waiting", "Connecting…");
  let away;
  source.onopen = () => {
    conversation.failures = 0;
    outcome("200");
    // A stream begins with the expiry at once, unless the store cannot be reached.
    clearTimeout(away);
    away = setTimeout(() => conversation.source === source && show("waiting", "The store is away, trying again…"), STORE_WITHIN);
  };
  source.onerror = () => {
    clearTimeout(away);
    show("waiting", "Connection lost, reconnecting…");
    // A browser reconnects by itself, with Last-Event-ID, unless it was refused.
    if (source.readyState === EventSource.CLOSED) recover(conversation, outcome);
  };
  const on = (name, happened) => source.addEventListener(name, (event) => {
    conversation.cursor = event.lastEventId;
    happened(JSON.parse(event.data));
  });
  on("message", (message) => add(conversation, message));
  on("deleted", ({ messageId }) => remove(conversation, messageId));
  on("expires", ({ expiresAt }) => {
    clearTimeout(away);
    show("live", "Live");
    conversation.expiresAt = Date.parse(expiresAt);
    conversation.life = Math.max(conversation.life, conversation.expiresAt - Date.now());
    showExpiry();
  });
  on("expired", () => gone(conversation));
}

// An EventSource does not tell why it was refused; the same request without a stream does.
async function recover(conversation, outcome) {
  while (conversation === current) {
    if (conversation.failures++) await pause(conversation.failures);
    const headers = authorization(readersToken(conversation));
    const answer = await fetchJson("GET", `${conversation.path}?after=${conversation.cursor}`, headers);
    if (conversation !== current) return;
    outcome(answer.status);
    if (answer.status === 401 || answer.status === 403) {
      needsToken = true;
      if (!conversation.token) setAgentToken(null);
      showTokens();
      return show("waiting", conversation.token ? "The link's token is not good" : "A token is needed");
    }
    if (answer.status === 200) return follow(conversation);
    if (answer.status === 404 || answer.body.code === "invalid_conversation_id") return gone(conversation);
    // The store came back with an older log: what is shown here is no longer what is there.
    if (answer.body.code === "invalid_cursor") return open(conversation.fragment);
    show("waiting", answer.status ? "The store is away, trying again…" : "Connection lost, trying again…");
  }
}

// Requests

async function fetchJson(method, path, headers, body) {
  try {
    const response = await fetch(path, { method, headers, body, signal: AbortSignal.timeout(ANSWER_WITHIN) });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 0, body: { error: "There was no answer." } };
  }
}

// Asks again while there is no answer or no store; what it asks must bear being done twice.
async function request(method, path, headers, body, again = () => {}) {
  const outcome = listRequest(method, path, headers, body);
  const deadline = Date.now() + GIVE_UP_AFTER;
  for (let failures = 0; ; failures++) {
    const answer = await fetchJson(method, path, headers, body);
    outcome(answer.status);
    if ((answer.status && answer.status !== 503) || Date.now() > deadline) return answer;
    again(answer);
    await pause(failures);
  }
}

function listRequest(method, path, headers = {}, body) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const line = ["curl"];
  if (method !== "GET") line.push("-X", method);
  if (headers.Accept) line.push("-N");
  line.push(quoted(location.origin + path));
  for (const [name, value] of Object.entries(headers)) line.push("-H", quoted(`${name}: ${value}`));
  if (body) line.push("-d", quoted(body));

  const row = fromTemplate("request");
  const code = element("code", row);
  code.textContent = code.title = line.join(" ");
  element("button", row).onclick = (event) => copy(line.join(" "), event.target);
  const list = element("#requests ol");
  list.prepend(row);
  if (list.children.length > REQUESTS_SHOWN) list.lastElementChild.remove();
  const shown = element(".outcome", row);
  shown.textContent = "…";
  return (status) => {
    shown.textContent = status || "none";
    shown.classList.toggle("bad", !(status < 400 && status));
  };
}

async function copy(text, button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Off localhost a page without TLS has no clipboard.
    return prompt("To copy:", text);
  }
  button.textContent = "Copied";
  await sleep(1500);
  button.textContent = label;
}

async function start(event) {
  const button = event.currentTarget;
  button.disabled = true;
  const { status, body } = await request("POST", "/api/conversations");
  button.disabled = false;
  // The fragment stays in the browser: no log on the way learns which conversation this is.
  if (status === 201) {
    location.hash = [body.conversationId, body.customerToken].filter(Boolean).join("/");
    addEventListener("hashchange", () => panes[0].input.focus(), { once: true });
  } else invite("That did not work", body.error, "Try again");
}

// Messages

function row(pane, message) {
  const item = fromTemplate("message");
  item.classList.toggle("mine", message.sender === pane.sender);
  element(".sender", item).textContent = `${message.sender}:`;
  element(".content", item).textContent = message.content;
  const time = element("time", item);
  const sent = new Date(message.timestamp);
  time.dateTime = message.timestamp;
  time.textContent = isNaN(sent) ? message.timestamp : sent.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const remove = element(".delete", item);
  remove.ariaLabel = `Delete: ${message.content.slice(0, 60)}`;
  remove.hidden = message.sender !== pane.sender;
  return item;
}

function append(pane, item) {
  const { log, list } = pane;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  // What is not sent yet stays below what is.
  list.insertBefore(item, item.classList.contains("unsent") ? null : element(".unsent", list));
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function drop(item) {
  const pane = panes.find(({ list }) => list.contains(item));
  // Focus must not fall back to the top of the page.
  if (item.contains(document.activeElement)) pane.input.focus();
  item.remove();
}

function add(conversation, message) {
  const { rows, deleted, unsent } = conversation;
  if (rows.has(message.messageId) || deleted.has(message.messageId)) return;
  // It may come before the answer to its sending does.
  for (const one of unsent) {
    if (["sender", "content", "timestamp"].every((field) => one.message[field] === message[field])) {
      settle(conversation, one);
      break;
    }
  }
  rows.set(message.messageId, panes.map((pane) => {
    const item = row(pane, message);
    element(".delete", item).onclick = () => requestDeletion(conversation, message, item);
    append(pane, item);
    return item;
  }));
}

function remove(conversation, messageId) {
  conversation.deleted.add(messageId);
  conversation.rows.get(messageId)?.forEach(drop);
  conversation.rows.delete(messageId);
  for (const one of conversation.unsent) if (one.messageId === messageId) settle(conversation, one);
}

function settle(conversation, one) {
  conversation.unsent.delete(one);
  drop(one.item);
}

async function requestDeletion(conversation, { messageId, sender }, item) {
  const button = element(".delete", item);
  button.disabled = true;
  const headers = authorization(tokenOf(sender, conversation));
  const { status, body } = await request("DELETE", `${conversation.path}/messages/${messageId}`, headers);
  button.disabled = false;
  // An answer that was lost on its way had deleted it already.
  if (status === 200 || body.code === "message_not_found") remove(conversation, messageId);
  else if (status === 404) gone(conversation);
  else element(".state", item).textContent = `Not deleted. ${body.error}`;
}

function send(pane, content) {
  const conversation = current;
  const message = { sender: pane.sender, content, timestamp: new Date().toISOString() };
  const random = crypto.getRandomValues(new Uint8Array(16));
  const key = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const one = { message, key, item: row(pane, message), messageId: null };
  one.item.classList.add("unsent");
  conversation.unsent.add(one);
  append(pane, one.item);
  pane.log.scrollTop = pane.log.scrollHeight;

  element(".retry", one.item).onclick = () => {
    pane.input.focus();
    deliverInTurn(conversation, one);
  };
  element(".delete", one.item).onclick = () => settle(conversation, one);
  deliverInTurn(conversation, one);
}

// One after the other, so that they keep their order while the service is away.
function deliverInTurn(conversation, one) {
  describe(one, "Sending…");
  const { queues } = conversation;
  queues[one.message.sender] = queues[one.message.sender].then(() => deliver(conversation, one));
}

async function deliver(conversation, one) {
  const token = tokenOf(one.message.sender, conversation);
  const headers = { "Content-Type": "application/json", "Idempotency-Key": one.key, ...authorization(token) };
  const { status, body } = await request("POST", `${conversation.path}/messages`, headers, JSON.stringify(one.message), () => {
    describe(one, "Not sent yet, trying again…");
  });
  // The stream may have brought it, or taken it, meanwhile.
  if (!conversation.unsent.has(one)) return;
  if (status === 201) {
    one.messageId = body.messageId;
    if (conversation.deleted.has(body.messageId)) settle(conversation, one);
    else describe(one, "Sent");
  } else if (status === 404) gone(conversation);
  else {
    describe(one, `Not sent. ${body.error}`, true);
    // To be asked for anew.
    if (status === 401 && token && token === agentToken) setAgentToken(null);
  }
}

function describe(one, state, failed = false) {
  one.item.classList.toggle("failed", failed);
  element(".state", one.item).textContent = state;
  element(".retry", one.item).hidden = element(".delete", one.item).hidden = !failed;
}

// Expiry

function showExpiry() {
  if (!current) return;
  const left = Math.max(0, current.expiresAt - Date.now());
  const seconds = Math.ceil(left / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const expiry = element("#expiry");
  expiry.textContent = current.expiresAt ? `expires in ${clock}` : "";
  expiry.classList.toggle("soon", left < 60_000);
  element("#life").style.setProperty("--left", current.life ? left / current.life : 0);
}

// The page

for (const pane of panes) {
  const { section, form, input } = pane;
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!input.value.trim()) return;
    send(pane, input.value);
    input.value = "";
  };
  input.onkeydown = (event) => {
    // While composing, Enter chooses a character and does not end the message.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  };
  // Both panes show every message; only the one in use reads it out.
  section.addEventListener("focusin", () => panes.forEach((other) => (other.log.ariaLive = other === pane ? "polite" : "off")));
}
element("#token").onsubmit = (event) => {
  event.preventDefault();
  const input = element("#token input");
  if (!input.value.trim()) return;
  setAgentToken(input.value.trim());
  input.value = "";
  element("#agent textarea").focus();
  if (current.source.readyState === EventSource.CLOSED) follow(current);
};
for (const button of document.querySelectorAll(".start")) button.onclick = start;
element("#copy-link").onclick = (event) => copy(location.href, event.target);
element("#requests").open = matchMedia("(min-width: 44rem)").matches;
addEventListener("hashchange", () => open(location.hash.slice(1)));
addEventListener("online", () => current && follow(current));
setInterval(showExpiry, 500);
open(location.hash.slice(1));
