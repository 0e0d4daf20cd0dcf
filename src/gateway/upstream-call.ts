/**
 * One request to a service, and its answer on the way back: dispatched straight to undici, without a stream in between.
 *
 * In: method, target, headers, body. Out: calls on its owner, each at most once and in order: head, data, end or failure.
 * Not here: what the client is told (exchange.ts), which headers are sent (service-headers.ts).
 * Source: RFC 9110 9.2.2 and RFC 9112 9.3.1 (when a request may be repeated); undici `DispatchHandler`.
 * INVARIANT: after `abort` or a failure nothing more is told; a request is repeated at most once, and only when it is
 * safe, has no body and no byte of an answer came.
 */
import { type Dispatcher, type Pool, errors } from "undici";
import type { RequestBody } from "./request-body.ts";

export interface UpstreamRequest {
  readonly pool: Pool;
  readonly method: string;
  readonly target: string;
  readonly headers: string[];
  readonly body: RequestBody | null;
  /** Until the head of the answer is there, everything included. */
  readonly timeoutMs: number;
}

export type UpstreamFailure =
  | "upstream-unreachable"
  | "upstream-timeout"
  | "upstream-aborted"
  /** The engine refused the request itself: a mistake of ours, nothing was sent. */
  | "fault";

export type UpstreamHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface UpstreamOwner {
  onUpstreamHead(status: number, headers: UpstreamHeaders): void;
  /** False: call `resume` when there is room again. */
  onUpstreamData(chunk: Buffer): boolean;
  onUpstreamEnd(): void;
  onUpstreamFailure(reason: UpstreamFailure, error: Error): void;
}

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export class UpstreamCall implements Dispatcher.DispatchHandler {
  readonly #request: UpstreamRequest;
  readonly #owner: UpstreamOwner;
  #controller: Dispatcher.DispatchController | null = null;
  #timer: NodeJS.Timeout | null = null;
  #hasAnswer = false;
  #isRepeated = false;
  #isOver = false;

  constructor(request: UpstreamRequest, owner: UpstreamOwner) {
    this.#request = request;
    this.#owner = owner;
  }

  start(): void {
    this.#timer = setTimeout(giveUp, this.#request.timeoutMs, this);
    this.#dispatch();
  }

  /** The answer is not wanted any more; the connection to the service is ended. */
  abort(): void {
    if (this.#isOver) return;
    this.#finish();
    // Not on a connection yet: `onRequestStart` will end it.
    this.#controller?.abort(new errors.RequestAbortedError());
  }

  resume(): void {
    this.#controller?.resume();
  }

  /** The route's timeout has passed. */
  expire(): void {
    if (this.#isOver) return;
    this.abort();
    this.#owner.onUpstreamFailure("upstream-timeout", new errors.HeadersTimeoutError());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new errors.RequestAbortedError());
  }

  onResponseStarted(): void {
    this.#hasAnswer = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    // An interim answer (103) is not passed on.
    if (this.#isOver || status < 200) return;
    this.#stopTimer();
    this.#owner.onUpstreamHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver && !this.#owner.onUpstreamData(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#owner.onUpstreamEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isOver) return;
    if (this.#mayRepeat(error)) {
      this.#isRepeated = true;
      this.#controller = null;
      this.#dispatch();
      return;
    }
    this.#finish();
    this.#owner.onUpstreamFailure(failureOf(error, this.#controller !== null), error);
  }

  #dispatch(): void {
    const { pool, method, target, headers, body } = this.#request;
    pool.dispatch({ path: target, method, headers, body: body === null ? null : body.asReadable() }, this);
  }

  /**
   * Nothing was sent (no connection), or it was sent on a connection that the service had kept open and closed meanwhile:
   * then the request was not processed as far as HTTP can tell.
   */
  #mayRepeat(error: Error): boolean {
    if (this.#isRepeated || this.#hasAnswer || this.#request.body !== null) return false;
    if (!SAFE_METHODS.has(this.#request.method) || isEngineRefusal(error)) return false;
    return this.#controller === null || wasKeptOpen(error);
  }

  #finish(): void {
    this.#isOver = true;
    this.#stopTimer();
    this.#request.body?.destroy();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function giveUp(call: UpstreamCall): void {
  call.expire();
}

function isEngineRefusal(error: Error): boolean {
  return error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError;
}

/** The connection had carried an answer before. */
function wasKeptOpen(error: Error): boolean {
  return error instanceof errors.SocketError && (error.socket?.bytesRead ?? 0) > 0;
}

function failureOf(error: Error, wasSent: boolean): UpstreamFailure {
  if (isEngineRefusal(error)) return "fault";
  return wasSent ? "upstream-aborted" : "upstream-unreachable";
}
