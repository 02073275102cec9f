/**
 * Parley's client, for browsers and Node.js 20. It loses no message, sends none twice, and tells each
 * event once and in order. functions/API.md describes it.
 */

/** @typedef {"customer" | "agent"} Sender */
/** @typedef {string | (() => string | Promise<string>)} Token or what is asked for one, and again when that is refused */
/** @typedef {{ messageId: string, sender: Sender, content: string, timestamp: string }} Message */
/** @typedef {{ event: "created", metadata: Object<string, unknown>, at: string }} Created */
/** @typedef {{ event: "joined", sender: Sender, name?: string, at: string }} Joined */
/** @typedef {{ event: "closed", sender: Sender, reason?: string, at: string }} Closed */
/** @typedef {"connecting" | "live" | "waiting" | "closed"} State `waiting` for the network, the service or its store; `closed`: follows no more. */

/**
 * A message that is in the outbox, until the conversation has it.
 * @typedef {Object} OutboxMessage
 * @property {string} key
 * @property {string} content
 * @property {string} timestamp
 * @property {"pending" | "sent" | "refused"} state
 * @property {string} [messageId]
 * @property {ParleyError} [error]
 * @property {Promise<OutboxMessage>} settled
 */

/** @typedef {{ conversationId: string, createdAt: string }} Waiting */

/**
 * What is told of a conversation, and of the queue.
 * @typedef {Object} Handlers
 * @property {(message: Message, cursor: number) => void} [message]
 * @property {(messageId: string) => void} [deleted]
 * @property {(event: Created) => void} [created]
 * @property {(event: Joined) => void} [joined]
 * @property {(event: Closed) => void} [closed]
 * @property {(isTyping: boolean) => void} [typing]
 * @property {(sender: Sender, cursor: number) => void} [seen]
 * @property {(expiresAt: string) => void} [expires]
 * @property {() => void} [expired]
 * @property {() => void} [reset]
 * @property {(messages: OutboxMessage[]) => void} [outbox]
 * @property {(unread: number) => void} [unread]
 * @property {(conversations: Waiting[]) => void} [conversations]
 * @property {(state: State) => void} [state]
 * @property {(error: ParleyError) => void} [error]
 */

// All times are in milliseconds.
const ANSWER_TIMEOUT = 15_000;
// A heartbeat comes every 15 s.
const SILENCE_TIMEOUT = 40_000;
const SILENCE_CHECK = 5_000;
// For what is not in the outbox.
const CALL_TIMEOUT = 60_000;
const BACKOFF = 500;
const MAX_BACKOFF = 10_000;
const MAX_PAUSE = 600_000;
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
  /** @param {{ url?: string, token?: Token, fetch?: typeof globalThis.fetch }} [options] `url`: by default where this module came from */
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
   * @param {string} conversationId
   * @param {Sender} sender
   * @param {Token} [token] this side's
   */
  conversation(conversationId, sender, token = this.token) {
    return new Conversation(new Requests(this, token), conversationId, sender);
  }

  /** The conversations that wait for an agent, `limit` at most. */
  queue({ limit = 100 } = {}) {
    const requests = new Requests(this, this.token);
    const path = `?limit=${limit}`;
    let known = 1; // No cursor is.
    const queue = new Conversation(requests, "", "agent", async ({ signal }) => {
      const start = Date.now();
      const after = isHidden() ? "" : `&after=${known}&wait=10`;
      const { conversations, cursor } = await requests.answer("GET", path + after, { signal });
      const isNew = cursor !== known;
      known = cursor;
      // A function may wait for less than 10 s.
      const pause = isHidden() ? HIDDEN_PERIOD : start + (isNew ? 200 : 10_000) - Date.now();
      return [pause, isNew && conversations];
    });
    return {
      /** @returns {Promise<Waiting[]>} */
      list: async () => (await requests.call("GET", path)).conversations,
      /** @param {Handlers} handlers */
      follow(handlers) {
        known = 1;
        queue.follow(handlers);
      },
      stop: () => queue.stop(),
    };
  }
}

/** A conversation, as one side sees it. */
export class Conversation {
  /** @type {OutboxMessage[]} */
  outbox = [];
  /** Up to where the conversation has been told. */
  cursor = 0;
  /** @type {State} */
  state = "connecting";
  /** None once it is gone. @type {string | undefined} */
  expiresAt;

  /** @type {Requests} */
  #requests;
  #path;
  #round;
  /** @type {Handlers} */
  #handlers = {};
  /** Ends with `stop`. @type {AbortController | undefined} */
  #life;
  /** @type {AbortController | undefined} */
  #attempt;
  #isFollowing = false;
  #works = { stream: false, outbox: true };
  /** @type {Promise<void> | undefined} */
  #delivery;
  /** @type {Set<() => void>} */
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
   * @param {(attempt: AbortController) => Promise<[pause: number, conversations?: Waiting[]]>} [round]
   */
  constructor(requests, id, sender, round = async (attempt) => [await (isHidden() ? this.#ask(attempt) : this.#stream(attempt))]) {
    this.#round = round;
    this.#requests = requests;
    this.#path = `/${encodeURIComponent(id)}`;
    this.id = id;
    this.sender = sender;
  }

  get unread() {
    return this.#unseen.length;
  }

  /**
   * Tells what there is and what happens, until `stop`, the expiry or a refusal; then it can be called again.
   * @param {Handlers} [handlers]
   */
  follow(handlers = this.#handlers) {
    this.#handlers = handlers;
    if (this.cursor && !this.expiresAt) this.#reset();
    const life = this.#start();
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    this.#works.stream = false;
    this.#setState("connecting");
    this.#follow(life);
  }

  /** Ends following and sending, until `follow` or `send`. */
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
    const message = /** @type {OutboxMessage} */ ({});
    this.outbox.push(message);
    this.#typingSent = 0;
    this.#compose(message, content);
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
    if (message.state === "refused") this.#compose(message, content);
  }

  /** Removes a message from the outbox; if on its way, it may still arrive. @param {OutboxMessage} message */
  remove(message) {
    this.#leave(message);
    this.#wake();
  }

  /** @returns {Promise<Message[]>} */
  async read() {
    return (await this.#requests.call("GET", this.#path)).messages;
  }

  /** @param {string} messageId */
  async delete(messageId) {
    await this.#requests.call("DELETE", `${this.#path}/messages/${encodeURIComponent(messageId)}`).catch(ignoreGone);
  }

  /** For agents alone. */
  async deleteConversation() {
    await this.#requests.call("DELETE", this.#path).catch(ignoreGone);
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

  /** To be called at each key press; sent once in 3 s. */
  typing() {
    const now = Date.now();
    if (now - this.#typingSent < TYPING_PERIOD) return;
    this.#typingSent = now;
    this.#requests.answer("POST", `${this.#path}/events`, { body: { sender: this.sender, event: "typing" } }).catch(() => {});
  }

  /** Marks all that was told as seen, or what is up to a cursor. @param {number} [cursor] */
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

  /**
   * @param {OutboxMessage} message
   * @param {string} content
   */
  #compose(message, content) {
    Object.assign(message, { key: randomUuid(), content, timestamp: new Date().toISOString() });
    this.#enqueue(message);
  }

  /** @param {OutboxMessage} message */
  #enqueue(message) {
    message.state = "pending";
    delete message.error;
    message.settled = new Promise((resolve) => this.#settle.set(message, resolve));
    this.#tell("outbox", [...this.outbox]);
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
        if (!messageId) throw unavailable();
        failures = 0;
        this.#setWorks("outbox", true);
        if (message.state === "pending") this.#settled(message, { state: "sent", messageId });
        // Else it is shown here until it comes with the others.
        if (!this.#isFollowing) this.#leave(message);
      } catch (error) {
        if (signal?.aborted) continue;
        if (!(error instanceof ParleyError) || error.isTemporary) {
          this.#setWorks("outbox", false);
          // It may have been removed, or the stream may have brought it.
          if (this.#pending() === message) await this.#pause(backoff(failures++, error));
        } else {
          failures = 0;
          this.#setWorks("outbox", true);
          if (message.state === "pending") this.#settled(message, { state: "refused", error });
        }
      }
    }
    this.#delivery = undefined;
    this.#setWorks("outbox", true);
  }

  #pending() {
    return this.outbox.find(({ state }) => state === "pending");
  }

  /**
   * @param {OutboxMessage} message
   * @param {Partial<OutboxMessage>} [outcome]
   */
  #settled(message, outcome) {
    Object.assign(message, outcome);
    this.#settle.get(message)?.(message);
    this.#settle.delete(message);
    this.#tell("outbox", [...this.outbox]);
  }

  /** @param {OutboxMessage | undefined} message */
  #leave(message) {
    if (!message || !this.outbox.includes(message)) return;
    this.outbox = this.outbox.filter((other) => other !== message);
    this.#settled(message);
  }

  // Following

  /** @param {AbortController} life */
  async #follow(life) {
    let failures = 0;
    while (this.#isFollowing && this.#life === life) {
      const attempt = (this.#attempt = new AbortController());
      let pause;
      try {
        let conversations;
        [pause, conversations] = await this.#round(attempt);
        failures = 0;
        this.#setWorks("stream", true);
        if (conversations) this.#tell("conversations", conversations);
      } catch (error) {
        if (!this.#isFollowing || this.#life !== life) return;
        // The page was shown or hidden, or the network has changed.
        if (attempt.signal.reason === "again") continue;
        if (error instanceof ParleyError && !error.isTemporary) {
          if (error.code !== "invalid_cursor" || !this.cursor) return this.#end(error);
          this.#reset();
          continue;
        }
        if (this.#works.stream) failures = 0;
        this.#setWorks("stream", false);
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
    const check = setInterval(() => Math.abs(Date.now() - heard) > SILENCE_TIMEOUT && attempt.abort(), SILENCE_CHECK);
    try {
      const body = await this.#requests.stream(`${this.#path}?after=${this.cursor}`, attempt.signal);
      let hasBegun = false;
      let retry = 0;
      for await (const block of blocks(body, () => (heard = Date.now()))) {
        if (block.retry) retry = Number(block.retry);
        if (block.event === "expires") {
          hasBegun = true;
          this.#setWorks("stream", true);
        } else if (hasBegun ? block.retry : block[""] !== undefined) {
          // The service answers, but its store does not.
          this.#setWorks("stream", false);
        }
        this.#dispatch(block);
        if (!this.#isFollowing || this.cursor >= until) return 0;
      }
      // Where streams come in batches, each says when to ask for the next one.
      if (this.#works.stream && retry) return retry;
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
    this.#setWorks("stream", true);
    this.#setExpiry(expiresAt);
    for (const [sender, mark] of Object.entries(seen)) this.#markSeen(/** @type {Sender} */ (sender), Number(mark));
    return HIDDEN_PERIOD;
  }

  /** @param {Block} block */
  #dispatch({ id, event, data }) {
    const cursor = id ? Number(id) : this.cursor;
    const isNew = cursor > this.cursor;
    if (isNew) this.cursor = cursor;
    if (!event || !data) return;
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
        (one) => one.messageId === messageId || (!one.messageId && one.content === content && one.timestamp === timestamp),
      );
      // Before its answer, or in the place of one that was lost.
      if (sent && !sent.messageId) this.#settled(sent, { state: "sent", messageId });
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
    for (const message of this.outbox) {
      delete message.messageId;
      if (message.state === "sent") this.#enqueue(message);
    }
  }

  /** @param {ParleyError} [error] none if the conversation is gone */
  #end(error) {
    this.#isFollowing = false;
    this.#setTyping(false);
    this.#setState("closed");
    if (!error || error.code === "conversation_not_found") {
      this.expiresAt = undefined;
      this.#tell("expired");
    } else this.#tell("error", error);
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

  /** One request at a time. */
  async #tellSeen() {
    if (this.#isTellingSeen) return;
    this.#isTellingSeen = true;
    for (let told = 0; told !== this.#seen[this.sender]; ) {
      told = this.#seen[this.sender];
      await this.#event("seen", { cursor: String(told) }).catch(({ isTemporary }) => {
        if (isTemporary && !this.#life?.signal.aborted) told = 0;
      });
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

  /**
   * @param {"stream" | "outbox"} part
   * @param {boolean} works
   */
  #setWorks(part, works) {
    // What works for one is worth trying for the other.
    if (works && !this.#works[part]) this.#wake();
    this.#works[part] = works;
    if (this.#isFollowing) this.#setState(this.#works.stream && this.#works.outbox ? "live" : "waiting");
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
      const timer = setTimeout(end, Math.min(time, MAX_PAUSE));
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
    this.#fetch = (fetch ?? globalThis.fetch).bind(globalThis);
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
        const pause = backoff(failures, error);
        if (!(error instanceof ParleyError) || !error.isTemporary || Date.now() + pause > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
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
      // Not JSON: not from the service.
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
      const authorization = token && { Authorization: `Bearer ${token}` };
      // A browser's cache would let two pages wait for each other's stream.
      const response = await this.#fetch(this.#url + path, {
        method,
        headers: { ...headers, ...authorization },
        body,
        signal,
        cache: "no-store",
      });
      if (response.ok) return response;
      if (response.status === 401) {
        // Another request may have asked for a fresh one meanwhile.
        if (this.#current === token) this.#current = undefined;
        if (isFirst && typeof this.#token === "function") {
          await response.body?.cancel();
          continue;
        }
      }
      const { code = `http_${response.status}`, error = response.statusText } = (await response.json().catch(() => {})) ?? {};
      throw new ParleyError(response.status, code, error, Number(response.headers.get("Retry-After")) * 1000 || 0);
    }
  }
}

/** @typedef {Record<string, string | undefined>} Block by field; that of a comment is "" */

/**
 * Reads server-sent events, with what stands between them: comments, an id alone, `retry`.
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} heard is called whenever bytes have come
 */
async function* blocks(body, heard) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  /** @type {Block} */
  let block = {};
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
      const [, field = "", value = ""] = /^([^:]*):? ?(.*)/s.exec(line) ?? [];
      if (!line) {
        yield block;
        block = {};
      } else block[field] = field === "data" && block.data ? `${block.data}\n${value}` : value;
    }
  }
}

/** An earlier attempt may have deleted it. @param {unknown} error */
const ignoreGone = (error) => {
  if (!(error instanceof ParleyError && /(sage|tion)_not_found/.test(error.code))) throw error;
};

const isHidden = () => globalThis.document?.visibilityState === "hidden";

/** @param {number} [retryAfter] */
const unavailable = (retryAfter) => new ParleyError(0, "unavailable", "There was no answer.", retryAfter);

/**
 * The time to wait, spread.
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
