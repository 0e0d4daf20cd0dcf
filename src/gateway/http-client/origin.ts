/**
 * Connections to one service: as many as there are requests at a time, up to a limit, and kept open for the next ones.
 *
 * In: an origin (`http://127.0.0.1:4001`), requests. Out: one connection for each request at a time; beyond the limit
 * requests wait in order of arrival.
 * Not here: which requests may be repeated (upstream-call.ts).
 * Source: RFC 9112 9.3.1: a service may close an idle connection at any time. A request that can be repeated is sent at
 * once; any other one lets the event loop turn first, so that an end which has arrived already is seen.
 * INVARIANT: each request has one connection or one error.
 */
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { writeRequestHead } from "./request-text.ts";
import type { ClientHandler, ClientRequest, Job } from "./client-job.ts";
import { UpstreamError } from "./upstream-error.ts";

const MAX_CONNECTIONS = 512;
const SWEEP_MS = 1000;
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export interface OriginStats {
  readonly connected: number;
  readonly running: number;
  readonly queued: number;
}

export class Origin implements ConnectionOwner {
  readonly address: { readonly host: string; readonly port: number };
  readonly #host: string;
  #tls: ConnectionOptions | null;
  readonly #all = new Set<Connection>();
  /** The one that was used last is last, and is used first. */
  #idle: Connection[] = [];
  readonly #queue: Job[] = [];
  #sweep: NodeJS.Timeout | null = null;
  /** No new request is taken; those that were are seen to their end. */
  #isClosing = false;
  #isDestroyed = false;

  /** @param origin `http` or `https`, host, port */
  constructor(origin: string) {
    const { protocol, hostname, port, host } = new URL(origin);
    const isSecure = protocol === "https:";
    const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
    this.#host = host;
    this.address = { host: bare, port: port === "" ? (isSecure ? 443 : 80) : Number(port) };
    this.#tls = isSecure ? { ALPNProtocols: ["http/1.1"], ...(isIP(bare) === 0 ? { servername: bare } : {}) } : null;
  }

  get tls(): ConnectionOptions | null {
    return this.#tls;
  }

  /** Sends a request as soon as there is a connection for it. Afterwards the handler has heard or will hear of one end. */
  dispatch(request: ClientRequest, handler: ClientHandler): void {
    if (this.#isClosing) return handler.onResponseError(new UpstreamError("ERR_UPSTREAM_STOPPED"));
    const head = writeRequestHead(request, this.#host);
    if (head === null) return handler.onResponseError(new UpstreamError("ERR_UPSTREAM_REQUEST"));
    this.#place({ request, handler, text: head.text, length: head.length });
  }

  get stats(): OriginStats {
    let connected = 0;
    let running = 0;
    for (const connection of this.#all) {
      if (connection.isConnected) connected++;
      if (connection.isBusy) running++;
    }
    return { connected, running, queued: this.#queue.length };
  }

  /** Connections end as their requests do. */
  close(): void {
    this.#isClosing = true;
    for (const connection of this.#idle.splice(0)) connection.stop("ERR_UPSTREAM_STOPPED");
  }

  /** Ends every connection, also those in use. */
  destroy(): void {
    this.#isClosing = true;
    this.#isDestroyed = true;
    for (const { handler } of this.#queue.splice(0)) handler.onResponseError(new UpstreamError("ERR_UPSTREAM_STOPPED"));
    for (const connection of this.#all) connection.stop("ERR_UPSTREAM_STOPPED");
  }

  #place(job: Job): void {
    const { request } = job;
    const connection = request.upgrade === undefined ? this.#takeIdle() : null;
    if (connection === null) return this.#open(job);
    if (request.body === null && SAFE_METHODS.has(request.method)) return connection.send(job);
    setImmediate(() => {
      if (connection.isGone) this.#place(job);
      else connection.send(job);
    });
  }

  #takeIdle(): Connection | null {
    const nowMs = performance.now();
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (!last.isExpired(nowMs)) return last;
      last.stop("ERR_UPSTREAM_CLOSED");
    }
    return null;
  }

  #open(job: Job): void {
    if (this.#isDestroyed) return job.handler.onResponseError(new UpstreamError("ERR_UPSTREAM_STOPPED"));
    if (this.#all.size >= MAX_CONNECTIONS) {
      this.#queue.push(job);
      return;
    }
    this.#all.add(new Connection(this, job));
    this.#sweep ??= setInterval(() => this.#sweepOnce(), SWEEP_MS).unref();
  }

  #sweepOnce(): void {
    const nowMs = performance.now();
    for (const connection of this.#all)
      if (connection.isBusy) {
        if (connection.isSilent(nowMs)) connection.stop("ERR_UPSTREAM_SILENT");
      } else if (connection.isExpired(nowMs)) connection.stop("ERR_UPSTREAM_CLOSED");
  }

  // --- what connections tell

  onIdle(connection: Connection): void {
    const next = this.#queue[0];
    if (next === undefined) {
      if (this.#isClosing) connection.stop("ERR_UPSTREAM_STOPPED");
      else this.#idle.push(connection);
    } else if (next.request.upgrade === undefined) {
      this.#queue.shift();
      connection.send(next);
    } else {
      // It needs one of its own, which `onGone` opens in this one's place.
      connection.stop("ERR_UPSTREAM_CLOSED");
    }
  }

  onGone(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    const next = this.#queue.shift();
    if (next !== undefined) this.#open(next);
    else if (this.#all.size === 0 && this.#sweep !== null) {
      clearInterval(this.#sweep);
      this.#sweep = null;
    }
  }

  onTlsSession(session: Buffer): void {
    this.#tls = { ...this.#tls, session };
  }
}
