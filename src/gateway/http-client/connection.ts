/**
 * One connection to a service, with one request on it at a time.
 *
 * In: jobs, one after the other. Out: calls of each job's handler; `onIdle` or, once, `onGone` of its owner.
 * Not here: how many there are and who gets which (origin.ts), what bytes mean (response-reader.ts).
 * All plain connections read into one buffer, whose content is used before the next read: nothing is allocated for an
 * answer that goes on at once.
 * Source: RFC 9112 9 (connections); node:net `onread`.
 * INVARIANT: a connection is used again only when the last answer was complete, its request had gone out whole, both
 * sides keep it open, and not one byte more came. A handler hears of one end, whatever happens.
 */
import { type Socket, connect as connectPlain } from "node:net";
import type { Readable } from "node:stream";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { ResponseReader } from "./response-reader.ts";
import type { ClientController, ClientHeaders, Job } from "./client-job.ts";
import { UpstreamError, type UpstreamErrorCode } from "./upstream-error.ts";

export interface ConnectionOwner {
  /** Null for plain text. */
  readonly tls: ConnectionOptions | null;
  /** As `connect` takes it. */
  readonly address: { readonly host: string; readonly port: number };
  /** Ready for another job. */
  onIdle(connection: Connection): void;
  /** It is no connection any more. */
  onGone(connection: Connection): void;
  /** For the next handshake. */
  onTlsSession(session: Buffer): void;
}

const CONNECT_TIMEOUT_MS = 5000;
const READ_BYTES = 65_536;
/** Between two pieces of an answer. A stream that is silent for longer is ended; the client sees a cut answer. */
const SILENCE_MS = 300_000;
/** How long an idle connection is used again: when the service says nothing of it, how much earlier than it, at most. */
const IDLE_MS = 4000;
const IDLE_MARGIN_MS = 2000;
const MAX_IDLE_MS = 600_000;
let shared: Buffer | null = null;

export class Connection {
  isConnected = false;
  isGone = false;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #reader = new ResponseReader(this);
  #job: Job | null;
  /** What the handler holds of the job that was begun; null before and after. */
  #turn: Turn | null = null;
  /** A body that is streamed, until its end. */
  #body: Readable | null = null;
  /** Of it, what is still to come; null when it goes in chunks. */
  #bodyLeft: number | null = null;
  #hasAnswer = false;
  #isPaused = false;
  #upgraded: { readonly status: number; readonly headers: ClientHeaders } | null = null;
  #answers = 0;
  /** When something last came, or a job ended, on the process's monotonic clock. */
  #activeMs = performance.now();
  #idleLimitMs = IDLE_MS;
  #connectTimer: NodeJS.Timeout | null;

  /** Connects, and sends `job` then. */
  constructor(owner: ConnectionOwner, job: Job) {
    this.#owner = owner;
    this.#job = job;
    this.#socket = this.#open(job.request.upgrade !== undefined);
    this.#connectTimer = setTimeout(() => this.stop("ERR_UPSTREAM_CONNECT_TIMEOUT"), CONNECT_TIMEOUT_MS).unref();
  }

  get isBusy(): boolean {
    return this.#job !== null;
  }

  /** For a connection without a job. */
  isExpired(nowMs: number): boolean {
    return nowMs - this.#activeMs > this.#idleLimitMs;
  }

  /** The service has been silent within its answer for longer than the job allows. */
  isSilent(nowMs: number): boolean {
    const limitMs = this.#job?.request.bodyTimeout ?? SILENCE_MS;
    return this.#hasAnswer && !this.#isPaused && limitMs > 0 && nowMs - this.#activeMs > limitMs;
  }

  /** Only when it is idle. */
  send(job: Job): void {
    this.#job = job;
    this.#begin(job);
  }

  /** Ends it; whoever waits for an answer is told. */
  stop(code: UpstreamErrorCode): void {
    if (!this.isGone) this.#fail(new UpstreamError(code));
  }

  // --- what the turn asks for

  abort(turn: Turn): void {
    if (turn !== this.#turn) return;
    this.#job = null;
    this.#end();
  }

  pause(turn: Turn): void {
    if (turn !== this.#turn || this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(turn: Turn): void {
    if (turn === this.#turn) this.#unpause();
  }

  #unpause(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#activeMs = performance.now();
    this.#socket.resume();
  }

  // --- the socket

  #open(isForUpgrade: boolean): Socket {
    const { tls, address } = this.#owner;
    const onConnect = (): void => this.#onConnect();
    const options = { ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };
    // A socket that is to be handed over has to be an ordinary one.
    const onread = isForUpgrade ? {} : { onread: { buffer: this.#buffer(), callback: this.#onRead } };
    const socket =
      tls === null
        ? connectPlain({ ...options, ...onread }, onConnect)
        : connectTls({ ...options, ...onread, ...tls }, onConnect);
    if (tls !== null) socket.on("session", (session: Buffer) => this.#owner.onTlsSession(session));
    if (isForUpgrade) socket.on("data", this.#onBytes);
    socket.on("drain", () => this.#body?.resume());
    socket.on("error", (error) => this.#fail(error));
    socket.on("end", () => this.#onEnd());
    socket.on("close", () => this.#onEnd());
    return socket;
  }

  /** TLS may read on while a piece is in use, so it has one of its own. */
  #buffer(): Buffer {
    if (this.#owner.tls !== null) return Buffer.allocUnsafeSlow(READ_BYTES);
    return (shared ??= Buffer.allocUnsafeSlow(READ_BYTES));
  }

  #onConnect(): void {
    if (this.#connectTimer !== null) clearTimeout(this.#connectTimer);
    this.#connectTimer = null;
    this.isConnected = true;
    if (this.#job !== null) this.#begin(this.#job);
  }

  readonly #onRead = (count: number, bytes: Uint8Array): boolean => {
    this.#onBytes(Buffer.from(bytes.buffer, bytes.byteOffset, count));
    return true;
  };

  readonly #onBytes = (bytes: Buffer): void => {
    // What comes when nobody asked would be taken for the answer to whatever is asked next.
    if (this.#turn === null) return this.stop("ERR_UPSTREAM_MALFORMED");
    this.#activeMs = performance.now();
    try {
      if (!this.#hasAnswer) {
        this.#hasAnswer = true;
        this.#job?.handler.onResponseStarted();
      }
      const count = this.#reader.read(bytes);
      if (this.isGone) return;
      if (this.#upgraded !== null) this.#handOver(bytes.subarray(count));
      else if (this.#reader.problem !== null) this.#refuse(this.#reader.problem);
      else if (this.#turn === null) this.#release(count === bytes.length);
    } catch (error) {
      this.#fail(error as Error);
    }
  };

  #onEnd(): void {
    if (this.isGone) return;
    try {
      if (this.#turn !== null && this.#reader.end()) this.#end();
      else this.stop("ERR_UPSTREAM_CLOSED");
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  // --- the request

  #begin(job: Job): void {
    const { request, handler, text, length } = job;
    const turn = new Turn(this, this.#answers > 0);
    this.#turn = turn;
    this.#hasAnswer = false;
    this.#activeMs = performance.now();
    this.#reader.begin(request.method);
    handler.onRequestStart(turn);
    if (this.#turn !== turn) return;
    const { body } = request;
    if (body === null) {
      this.#socket.write(text, "latin1");
      return;
    }
    this.#socket.cork();
    this.#socket.write(text, "latin1");
    if (body instanceof Uint8Array) {
      this.#socket.write(body);
      this.#socket.uncork();
      return;
    }
    this.#stream(body, length);
    // What of the body is there already goes out with the head; the rest is not waited for.
    process.nextTick(() => this.#socket.uncork());
  }

  #stream(body: Readable, length: number | null): void {
    this.#body = body;
    this.#bodyLeft = length;
    body.on("data", (piece: Buffer) => {
      if (this.#body !== body) return;
      if (this.#bodyLeft !== null && (this.#bodyLeft -= piece.length) < 0) return this.stop("ERR_UPSTREAM_BODY_LENGTH");
      if (this.#bodyLeft === null) this.#socket.write(`${piece.length.toString(16)}\r\n`, "latin1");
      const hasRoom = this.#socket.write(piece);
      if (this.#bodyLeft === null) this.#socket.write("\r\n", "latin1");
      if (!hasRoom) body.pause();
    });
    body.on("end", () => {
      if (this.#body !== body) return;
      if (this.#bodyLeft !== null && this.#bodyLeft > 0) return this.stop("ERR_UPSTREAM_BODY_LENGTH");
      if (this.#bodyLeft === null) this.#socket.write("0\r\n\r\n", "latin1");
      this.#body = null;
    });
    body.on("error", (error) => {
      if (this.#body === body) this.#fail(error);
    });
    body.resume();
  }

  // --- the answer, as the reader tells it

  onHead(status: number, headers: ClientHeaders): void {
    const job = this.#job;
    if (job === null) return;
    if (status !== 101) return job.handler.onResponseStart(status, headers);
    if (job.request.upgrade === undefined) return this.stop("ERR_UPSTREAM_SWITCHED");
    this.#upgraded = { status, headers };
  }

  onBody(piece: Buffer): void {
    this.#job?.handler.onResponseData(piece);
  }

  onComplete(): void {
    const job = this.#job;
    if (job === null || this.#upgraded !== null) return;
    this.#job = null;
    this.#turn = null;
    this.#answers++;
    job.handler.onResponseEnd();
  }

  /** @param isExact not a byte came behind the answer */
  #release(isExact: boolean): void {
    const { keepsOpen, keepSeconds } = this.#reader;
    this.#idleLimitMs = keepSeconds === null ? IDLE_MS : Math.min(keepSeconds * 1000 - IDLE_MARGIN_MS, MAX_IDLE_MS);
    if (!isExact || !keepsOpen || this.#body !== null || this.#idleLimitMs <= 0) return this.#end();
    this.#unpause();
    this.#owner.onIdle(this);
  }

  #handOver(rest: Buffer): void {
    const job = this.#job;
    const upgraded = this.#upgraded;
    const socket = this.#socket;
    this.#job = null;
    this.#turn = null;
    this.isGone = true;
    socket.removeAllListeners("data").removeAllListeners("drain").removeAllListeners("end");
    socket.removeAllListeners("error").removeAllListeners("close");
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    this.#owner.onGone(this);
    if (job === null || upgraded === null) socket.destroy();
    else job.handler.onRequestUpgrade(upgraded.status, upgraded.headers, socket);
  }

  /** What was good of the answer reaches the client before it hears that the rest is not. */
  #refuse(problem: UpstreamErrorCode): void {
    const job = this.#job;
    this.#job = null;
    this.#end();
    setImmediate(() => job?.handler.onResponseError(new UpstreamError(problem)));
  }

  #fail(error: Error): void {
    const job = this.#job;
    this.#job = null;
    this.#end();
    job?.handler.onResponseError(error);
  }

  #end(): void {
    this.#turn = null;
    this.#body = null;
    this.#reader.halt();
    if (this.isGone) return;
    this.isGone = true;
    if (this.#connectTimer !== null) clearTimeout(this.#connectTimer);
    this.#socket.destroy();
    this.#owner.onGone(this);
  }
}

/** A handler's grip on the connection for as long as its own answer is on it. */
class Turn implements ClientController {
  readonly isReused: boolean;
  readonly #connection: Connection;

  constructor(connection: Connection, isReused: boolean) {
    this.#connection = connection;
    this.isReused = isReused;
  }

  abort(): void {
    this.#connection.abort(this);
  }

  pause(): void {
    this.#connection.pause(this);
  }

  resume(): void {
    this.#connection.resume(this);
  }
}
