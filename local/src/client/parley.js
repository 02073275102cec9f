/**
 * Parley's client, for browsers and Node.js 20. It loses no message, sends none twice, and tells each
 * event once and in order. functions/API.md shows how to use it.
 */

/** @typedef {"customer" | "agent"} Sender */
/** @typedef {string | (() => string | Promise<string>)} Token Or what is asked for one: at first, and when the last was refused. */
/** @typedef {{ messageId: string, sender: Sender, content: string, timestamp: string }} Message */
/** @typedef {{ event: "created", metadata: Object<string, unknown>, at: string }} Created */
/** @typedef {{ event: "joined", sender: Sender, name?: string, at: string }} Joined */
/** @typedef {{ event: "closed", sender: Sender, reason?: string, at: string }} Closed */
/** @typedef {"connecting" | "live" | "waiting" | "closed"} State `waiting` for the network, the service or its store; `closed`: follows no more. */

/**
 * A message in the outbox. It leaves the outbox when the conversation has it.
 * @typedef {Object} OutboxMessage
 * @property {string} key the Idempotency-Key
 * @property {string} content
 * @property {string} timestamp
 * @property {"pending" | "sent" | "refused"} state
 * @property {string} [messageId] once it is sent
 * @property {ParleyError} [error] why it was refused
 * @property {Promise<OutboxMessage>} settled ends when it is sent, refused or removed
 */

/**
 * What is told of a conversation.
 * @typedef {Object} Handlers
 * @property {(message: Message, cursor: number) => void} [message] of both sides
 * @property {(messageId: string) => void} [deleted]
 * @property {(event: Created) => void} [created] only where there is metadata
 * @property {(event: Joined) => void} [joined]
 * @property {(event: Closed) => void} [closed] it takes no more messages
 * @property {(isTyping: boolean) => void} [typing] whether the other side is writing
 * @property {(sender: Sender, cursor: number) => void} [seen] that side has seen everything up to there
 * @property {(expiresAt: string) => void} [expires] the expiry, at first and when it has moved
 * @property {() => void} [expired] the conversation is gone, or never was
 * @property {() => void} [reset] the store came back with less; forget everything, it is told anew
 * @property {(messages: OutboxMessage[]) => void} [outbox] the outbox has changed
 * @property {(unread: number) => void} [unread] messages of the other side that this side has not seen
 * @property {(state: State) => void} [state]
 * @property {(error: ParleyError) => void} [error] following was refused, and has ended
 */

// All times are in milliseconds.
const ANSWER_TIMEOUT = 15_000;
/** After which a stream is dead; a heartbeat comes every 15 s. */
const SILENCE_TIMEOUT = 40_000;
const SILENCE_CHECK = 5_000;
/** For which calls other than `send` are repeated. */
const CALL_TIMEOUT = 60_000;
const BACKOFF = 500;
const MAX_BACKOFF = 10_000;
const HIDDEN_PERIOD = 15_000;
const TYPING_PERIOD = 3_000;
const TYPING_END = 6_000;

/** An error of the service, or the lack of an answer (`unavailable`). */
export class ParleyError extends Error {
  /**
   * @param {number} status 0 if there was no answer
   * @param {string} code
   * @param {string} message
   * @param {number} [retryAfter]
   */
  constructor(status, code, message, retryAfter = 0) {
    super(message);
    this.name = "ParleyError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get isTemporary() {
    return this.status < 400 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** The service at some address. */
export class Parley {
  /** @param {{ url?: string, token?: Token, fetch?: typeof globalThis.fetch }} [options] `url` is where this module came from by default; `fetch` makes the requests */
  constructor({ url = new URL(import.meta.url).origin, token, fetch } = {}) {
    this.url = new URL(url).href.replace(/\/$/, "");
    this.token = token;
    this.fetch = fetch;
  }

  /**
   * Begins a conversation, once, however often the request has to be repeated.
   * @param {{ metadata?: object, key?: string }} [options] `key` is a random UUID (v4)
   * @returns {Promise<{ conversationId: string, customerToken?: string }>}
   */
  create({ metadata, key = randomUuid() } = {}) {
    const requests = new Requests(this, this.token);
    return requests.call("POST", "", metadata && { metadata }, key);
  }

  /**
   * A conversation, as one side sees it.
   * @param {string} conversationId
   * @param {Sender} sender
   * @param {Token} [token] this side's, if it is not that of the service
   */
  conversation(conversationId, sender, token = this.token) {
    return new Conversation(new Requests(this, token), conversationId, sender);
  }
}

/** A conversation, as one side sees it. `Parley.conversation` makes it. */
export class Conversation {
  /** @type {OutboxMessage[]} */
  outbox = [];
  /** Up to where the conversation has been told. */
  cursor = 0;
  /** @type {State} */
  state = "connecting";
  /** @type {string | undefined} */
  expiresAt;

  /** @type {Requests} */
  #requests;
  #path;
  /** @type {Handlers} */
  #handlers = {};
  /** Ends with `stop`. @type {AbortController | undefined} */
  #life;
  /** Of the request under way. @type {AbortController | undefined} */
  #attempt;
  #isFollowing = false;
  #isLive = false;
  #isSendingFailing = false;
  /** @type {Promise<void> | undefined} */
  #delivery;
  /** What ends each pause under way. @type {Set<() => void>} */
  #pauses = new Set();
  /** @type {Map<OutboxMessage, (message: OutboxMessage) => void>} */
  #settle = new Map();
  #seen = { customer: 0, agent: 0 };
  #isTellingSeen = false;
  /** @type {{ messageId: string, cursor: number }[]} */
  #unseen = [];
  #unreadTold = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #unreadTimer;
  #typingSent = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typingTimer;

  /**
   * @param {Requests} requests
   * @param {string} id
   * @param {Sender} sender
   */
  constructor(requests, id, sender) {
    this.#requests = requests;
    this.#path = `/${encodeURIComponent(id)}`;
    this.id = id;
    this.sender = sender;
  }

  /** How many messages of the other side this side has not seen. */
  get unread() {
    return this.#unseen.length;
  }

  /**
   * Tells what there is and what happens, until `stop`, the expiry or a refusal. After a refusal it can be called again.
   * @param {Handlers} [handlers]
   */
  follow(handlers = this.#handlers) {
    this.#handlers = handlers;
    const life = this.#start();
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    this.#isLive = false;
    this.#setState("connecting");
    this.#follow(life);
  }

  /** Ends following and sending; `follow` and `send` go on. */
  stop() {
    this.#isFollowing = false;
    this.#life?.abort();
    this.#attempt?.abort();
    this.#wake();
    this.#setTyping(false);
    this.#setState("closed");
  }

  /** Sends a message after those before it, and again until it is accepted or refused. @param {string} content */
  send(content) {
    const message = /** @type {OutboxMessage} */ ({ content, timestamp: new Date().toISOString() });
    this.outbox.push(message);
    this.#typingSent = 0;
    this.#enqueue(message);
    return message;
  }

  /** Sends a refused message again. @param {OutboxMessage} message */
  retry(message) {
    if (message.state === "refused") this.#enqueue(message);
  }

  /**
   * Sends a refused message with other content.
   * @param {OutboxMessage} message
   * @param {string} content
   */
  edit(message, content) {
    if (message.state !== "refused") return;
    message.content = content;
    this.#enqueue(message);
  }

  /** Takes a message out of the outbox. One that is on its way may arrive all the same. @param {OutboxMessage} message */
  remove(message) {
    this.#leave(message);
    this.#wake();
  }

  /** Reads all messages. @returns {Promise<Message[]>} */
  async read() {
    return (await this.#requests.call("GET", this.#path)).messages;
  }

  /** Deletes a message; it is no error if that is gone. @param {string} messageId */
  delete(messageId) {
    return this.#requests.remove(`${this.#path}/messages/${encodeURIComponent(messageId)}`, "message_not_found");
  }

  /** Deletes the whole conversation; only agents may. */
  deleteConversation() {
    return this.#requests.remove(this.#path, "conversation_not_found");
  }

  /** Takes the conversation, as an agent. @param {string} [name] */
  async join(name) {
    await this.#event("joined", { name });
  }

  /** Ends the conversation, after all that waits in the outbox. @param {string} [reason] */
  async close(reason) {
    await this.#delivery;
    await this.#event("closed", { reason });
  }

  /** Tells that this side is writing: call it at each key press; once in 3 s it is sent. */
  typing() {
    const now = Date.now();
    if (now - this.#typingSent < TYPING_PERIOD) return;
    this.#typingSent = now;
    this.#requests.answer("POST", `${this.#path}/events`, { body: { sender: this.sender, event: "typing" } }).catch(() => {});
  }

  /** Tells that this side has seen everything up to a cursor, or all that was told. @param {number} [cursor] */
  seen(cursor = this.cursor) {
    if (this.#markSeen(this.sender, cursor)) this.#tellSeen();
  }

  /**
   * @param {string} event
   * @param {object} values
   */
  #event(event, values) {
    return this.#requests.call("POST", `${this.#path}/events`, { sender: this.sender, event, ...values });
  }

  // Sending

  /** @param {OutboxMessage} message */
  #enqueue(message) {
    message.state = "pending";
    // What was refused had no effect, so that its key was not used.
    message.key = randomUuid();
    delete message.error;
    message.settled = new Promise((resolve) => this.#settle.set(message, resolve));
    this.#outboxChanged();
    this.#start();
  }

  async #deliver() {
    let failures = 0;
    for (;;) {
      const message = this.#pending();
      const signal = this.#life?.signal;
      if (!message || signal?.aborted) break;
      const { key, content, timestamp } = message;
      const body = { sender: this.sender, content, timestamp };
      try {
        const { messageId } = await this.#requests.answer("POST", `${this.#path}/messages`, { body, key, signal });
        failures = 0;
        this.#setSendingFailing(false);
        if (message.state === "pending") this.#settled(message, "sent", { messageId });
        // Else it is shown here until it comes with the others.
        if (!this.#isFollowing) this.#leave(message);
      } catch (error) {
        if (signal?.aborted) continue;
        if (!(error instanceof ParleyError) || error.isTemporary) {
          this.#setSendingFailing(true);
          // It may have been removed, or the stream may have brought it.
          if (this.#pending() === message) await this.#pause(backoff(failures++, error));
        } else {
          failures = 0;
          this.#setSendingFailing(false);
          if (message.state === "pending") this.#settled(message, "refused", { error });
        }
      }
    }
    // At once: what is sent from now on needs another round.
    this.#delivery = undefined;
    this.#setSendingFailing(false);
  }

  #pending() {
    return this.outbox.find(({ state }) => state === "pending");
  }

  /**
   * @param {OutboxMessage} message
   * @param {"sent" | "refused"} state
   * @param {object} outcome
   */
  #settled(message, state, outcome) {
    Object.assign(message, outcome, { state });
    this.#settle.get(message)?.(message);
    this.#settle.delete(message);
    this.#outboxChanged();
  }

  /** @param {OutboxMessage | undefined} message */
  #leave(message) {
    if (!message || !this.outbox.includes(message)) return;
    this.outbox = this.outbox.filter((other) => other !== message);
    this.#settle.get(message)?.(message);
    this.#settle.delete(message);
    this.#outboxChanged();
  }

  #outboxChanged() {
    this.#tell("outbox", [...this.outbox]);
  }

  // Following

  /** @param {AbortController} life */
  async #follow(life) {
    let failures = 0;
    while (this.#isFollowing && this.#life === life) {
      const attempt = (this.#attempt = new AbortController());
      let pause;
      try {
        pause = isHidden() ? await this.#ask(attempt) : await this.#stream(attempt);
        failures = 0;
      } catch (error) {
        if (!this.#isFollowing || this.#life !== life) return;
        // Given up here, because the page was shown or hidden, or the network has changed.
        if (attempt.signal.reason === "again") continue;
        if (error instanceof ParleyError && !error.isTemporary) {
          if (error.code !== "invalid_cursor" || !this.cursor) return this.#end(error);
          this.#reset();
          continue;
        }
        if (this.#isLive) failures = 0;
        this.#setLive(false);
        pause = backoff(failures++, error);
      }
      if (this.#isFollowing) await this.#pause(pause);
    }
  }

  /**
   * Reads a stream up to its end, or to a cursor. Returns the time until the next one.
   * @param {AbortController} attempt
   */
  async #stream(attempt, until = Infinity) {
    let heard = Date.now();
    // By the clock: a timer's time stands still while a computer sleeps.
    const check = setInterval(() => Date.now() - heard > SILENCE_TIMEOUT && attempt.abort(), SILENCE_CHECK);
    try {
      const body = await this.#requests.stream(`${this.#path}?after=${this.cursor}`, attempt.signal);
      let hasBegun = false;
      let retry;
      for await (const block of blocks(body, () => (heard = Date.now()))) {
        retry = block.retry ?? retry;
        if (block.event === "expires") {
          hasBegun = true;
          this.#setLive(true);
        } else if (hasBegun ? block.retry : block.isComment) {
          // The service answers, but its store does not.
          this.#setLive(false);
        }
        this.#dispatch(block);
        if (!this.#isFollowing || this.cursor >= until) return 0;
      }
      // Where streams come in batches, each says when to ask for the next one.
      if (this.#isLive && retry !== undefined) return retry;
      throw unavailable(retry);
    } finally {
      clearInterval(check);
      attempt.abort();
    }
  }

  /**
   * Asks what is new, for a page that nobody sees: an open stream takes one of the browser's six connections.
   * @param {AbortController} attempt
   */
  async #ask(attempt) {
    const path = `${this.#path}?after=${this.cursor}`;
    const { cursor, seen, expiresAt } = await this.#requests.answer("GET", path, { signal: attempt.signal });
    while (this.#isFollowing && this.cursor < Number(cursor)) {
      const reading = new AbortController();
      attempt.signal.addEventListener("abort", () => reading.abort());
      await this.#stream(reading, Number(cursor));
    }
    this.#setLive(true);
    this.#setExpiry(expiresAt);
    for (const [sender, mark] of Object.entries(seen)) this.#markSeen(/** @type {Sender} */ (sender), Number(mark));
    return HIDDEN_PERIOD;
  }

  /** @param {Block} block */
  #dispatch({ id, event, data }) {
    const cursor = id ? Number(id) : this.cursor;
    const isNew = cursor > this.cursor;
    if (isNew) this.cursor = cursor;
    if (!event) return;
    const value = JSON.parse(data);
    if (event === "typing") {
      if (value.sender !== this.sender) this.#setTyping(true);
    } else if (event === "seen") this.#markSeen(value.sender, Number(value.cursor));
    else if (event === "expires") this.#setExpiry(value.expiresAt);
    else if (event === "expired") this.#end();
    else if (!isNew) return;
    else if (event === "message") this.#received(value, cursor);
    else if (event === "deleted") this.#deleted(value.messageId);
    else if (event === "created" || event === "joined" || event === "closed") this.#tell(event, value);
  }

  /**
   * @param {Message} message
   * @param {number} cursor
   */
  #received(message, cursor) {
    const { messageId, sender, content, timestamp } = message;
    if (sender === this.sender) {
      const sent = this.outbox.find(
        (one) => one.messageId === messageId || (one.state === "pending" && one.content === content && one.timestamp === timestamp),
      );
      if (sent?.state === "pending") this.#settled(sent, "sent", { messageId });
      this.#leave(sent);
      this.#wake();
    } else {
      this.#setTyping(false);
      if (cursor > this.#seen[this.sender]) this.#unseen.push({ messageId, cursor });
      this.#unreadChanged();
    }
    this.#tell("message", message, cursor);
  }

  /** @param {string} messageId */
  #deleted(messageId) {
    this.#leave(this.outbox.find((one) => one.messageId === messageId));
    this.#unseen = this.#unseen.filter((one) => one.messageId !== messageId);
    this.#unreadChanged();
    this.#tell("deleted", messageId);
  }

  #reset() {
    this.cursor = 0;
    this.#seen = { customer: 0, agent: 0 };
    this.#unseen = [];
    this.#unreadChanged();
    this.#tell("reset");
  }

  /** @param {ParleyError} [error] none if the conversation is gone */
  #end(error) {
    this.#isFollowing = false;
    this.#setTyping(false);
    this.#setState("closed");
    if (!error || error.code === "conversation_not_found") this.#tell("expired");
    else this.#tell("error", error);
  }

  // What the sides do

  /** @param {boolean} isTyping */
  #setTyping(isTyping) {
    const wasTyping = this.#typingTimer !== undefined;
    clearTimeout(this.#typingTimer);
    this.#typingTimer = isTyping ? setTimeout(() => this.#setTyping(false), TYPING_END) : undefined;
    if (isTyping !== wasTyping) this.#tell("typing", isTyping);
  }

  /**
   * Moves a side's mark, forward only. Returns whether it has moved.
   * @param {Sender} sender
   * @param {number} cursor
   */
  #markSeen(sender, cursor) {
    if (!(cursor > this.#seen[sender])) return false;
    this.#seen[sender] = cursor;
    if (sender === this.sender) {
      this.#unseen = this.#unseen.filter((one) => one.cursor > cursor);
      this.#unreadChanged();
    }
    this.#tell("seen", sender, cursor);
    return true;
  }

  /** One request at a time; the next one tells all that was seen meanwhile. */
  async #tellSeen() {
    if (this.#isTellingSeen) return;
    this.#isTellingSeen = true;
    for (let told = 0; told < this.#seen[this.sender]; ) {
      told = this.#seen[this.sender];
      await this.#event("seen", { cursor: String(told) }).catch(() => {});
    }
    this.#isTellingSeen = false;
  }

  /** Told once for all that comes together. */
  #unreadChanged() {
    this.#unreadTimer ??= setTimeout(() => {
      this.#unreadTimer = undefined;
      if (this.unread !== this.#unreadTold) this.#tell("unread", (this.#unreadTold = this.unread));
    }, 0);
  }

  /** @param {string} expiresAt */
  #setExpiry(expiresAt) {
    if (expiresAt !== this.expiresAt) this.#tell("expires", (this.expiresAt = expiresAt));
  }

  // The connection

  /** Starts what `stop` ends. */
  #start() {
    if (!this.#life || this.#life.signal.aborted) {
      this.#life = new AbortController();
      const { signal } = this.#life;
      const again = () => {
        this.#attempt?.abort("again");
        this.#wake();
      };
      // Node.js has neither.
      globalThis.addEventListener?.("online", again, { signal });
      globalThis.addEventListener?.("offline", again, { signal });
      globalThis.document?.addEventListener("visibilitychange", again, { signal });
    }
    if (this.#pending()) this.#delivery ??= this.#deliver();
    return this.#life;
  }

  /** @param {boolean} isLive */
  #setLive(isLive) {
    if (isLive && !this.#isLive) this.#wake();
    this.#isLive = isLive;
    this.#connectionChanged();
  }

  /** @param {boolean} isFailing */
  #setSendingFailing(isFailing) {
    if (!isFailing && this.#isSendingFailing) this.#wake();
    this.#isSendingFailing = isFailing;
    this.#connectionChanged();
  }

  #connectionChanged() {
    if (this.#isFollowing) this.#setState(this.#isLive && !this.#isSendingFailing ? "live" : "waiting");
  }

  /** @param {State} state */
  #setState(state) {
    if (state !== this.state) this.#tell("state", (this.state = state));
  }

  /**
   * Pauses, until something shows that trying again is worth it.
   * @param {number} time
   */
  #pause(time) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#pauses.delete(end);
        resolve(undefined);
      };
      const timer = setTimeout(end, time);
      this.#pauses.add(end);
    });
  }

  #wake() {
    for (const end of this.#pauses) end();
  }

  /**
   * Calls a handler. What it throws is the page's to hear of, and stops nothing here.
   * @template {keyof Handlers} Name
   * @param {Name} name
   * @param {Parameters<NonNullable<Handlers[Name]>>} values
   */
  #tell(name, ...values) {
    try {
      /** @type {((...values: unknown[]) => void) | undefined} */ (this.#handlers[name])?.(...values);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** Makes requests, with a token. */
class Requests {
  #url;
  #fetch;
  #token;
  /** @type {string | undefined} */
  #current;

  /**
   * @param {Parley} parley
   * @param {Token} [token]
   */
  constructor({ url, fetch }, token) {
    this.#url = `${url}/api/conversations`;
    this.#fetch = fetch ?? globalThis.fetch.bind(globalThis);
    this.#token = token;
  }

  /**
   * Makes a request until there is an answer, for a minute at most.
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {string} [key]
   */
  async call(method, path, body, key) {
    const deadline = Date.now() + CALL_TIMEOUT;
    for (let failures = 0; ; failures++) {
      try {
        return await this.answer(method, path, { body, key });
      } catch (error) {
        if (!(error instanceof ParleyError) || !error.isTemporary || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, backoff(failures, error)));
      }
    }
  }

  /**
   * Deletes what may be gone: the answer to an earlier attempt may have been lost.
   * @param {string} path
   * @param {string} gone
   */
  async remove(path, gone) {
    try {
      await this.call("DELETE", path);
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== gone) throw error;
    }
  }

  /**
   * Makes a request once and returns the answer's body.
   * @param {string} method
   * @param {string} path
   * @param {{ body?: object, key?: string, signal?: AbortSignal }} [options]
   * @returns {Promise<any>}
   */
  async answer(method, path, { body, key, signal } = {}) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, ANSWER_TIMEOUT);
    signal?.addEventListener("abort", abort);
    /** @type {Record<string, string>} */
    const headers = {};
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    try {
      const response = await this.#request(method, path, headers, controller.signal, body && JSON.stringify(body));
      // Not JSON: not from the service, whatever its status says.
      return await response.json();
    } catch (error) {
      throw error instanceof ParleyError ? error : unavailable();
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * Opens an event stream.
   * @param {string} path
   * @param {AbortSignal} signal
   */
  async stream(path, signal) {
    const response = await this.#request("GET", path, { Accept: "text/event-stream" }, signal);
    const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
    if (!isStream || !response.body) throw unavailable();
    return response.body;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, string>} headers
   * @param {AbortSignal} signal
   * @param {string} [body]
   */
  async #request(method, path, headers, signal, body) {
    for (let isFirst = true; ; isFirst = false) {
      const token = (this.#current ??= typeof this.#token === "function" ? await this.#token() : this.#token);
      if (token) headers.Authorization = `Bearer ${token}`;
      // A browser's cache would let two pages wait for each other's stream.
      const response = await this.#fetch(this.#url + path, { method, headers, body, signal, cache: "no-store" });
      if (response.ok) return response;
      if (response.status === 401) {
        // Another request may have asked for a fresh one meanwhile.
        if (this.#current === token) this.#current = undefined;
        if (isFirst && typeof this.#token === "function") continue;
      }
      const { code = `http_${response.status}`, error = response.statusText } = await response.json().catch(() => ({}));
      throw new ParleyError(response.status, code, error, Number(response.headers.get("Retry-After")) * 1000 || 0);
    }
  }
}

/** @typedef {{ id?: string, event?: string, data: string, retry?: number, isComment?: boolean }} Block */

/**
 * Reads server-sent events, with what stands between them: comments, an id alone, `retry`.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} heard is called whenever bytes have come
 */
async function* blocks(body, heard) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  /** @type {Block} */
  let block = { data: "" };
  for (;;) {
    const { done, value } = await reader.read();
    // An event without the blank line after it is not whole.
    if (done) return;
    heard();
    text += decoder.decode(value, { stream: true });
    // A carriage return at the end may be half of a line's end.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    text = /** @type {string} */ (lines.pop());
    for (const line of lines) {
      const [, field, content] = /** @type {RegExpExecArray} */ (/^([^:]*)(?:: ?)?(.*)$/s.exec(line));
      if (!line) {
        yield block;
        block = { data: "" };
      } else if (field === "data") block.data += (block.data && "\n") + content;
      else if (field === "id" || field === "event") block[field] = content;
      else if (field === "retry") block.retry = Number(content) || 0;
      else if (!field) block.isComment = true;
    }
  }
}

const isHidden = () => globalThis.document?.visibilityState === "hidden";

/** @param {number} [retryAfter] */
const unavailable = (retryAfter) => new ParleyError(0, "unavailable", "There was no answer.", retryAfter);

/**
 * The time to wait, spread: those who lost a server do not return to it all at once.
 * @param {number} failures
 * @param {unknown} error
 */
function backoff(failures, error) {
  const spread = Math.min(BACKOFF * 2 ** failures, MAX_BACKOFF) * (0.5 + Math.random() / 2);
  return spread + (error instanceof ParleyError ? error.retryAfter : 0);
}

/** A random UUID (v4); `crypto.randomUUID` is missing from pages without TLS. */
function randomUuid() {
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) => {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    return (digit === "8" ? 8 + (byte & 3) : byte & 15).toString(16);
  });
}
