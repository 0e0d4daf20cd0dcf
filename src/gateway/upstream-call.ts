/**
 * One request to a service, and its answer on the way back, attempt by attempt.
 *
 * In: method, target, headers, body, the list of those that wait as long. Out: calls on its owner, each at most once and in order: head, data, end or failure.
 * Not here: what the client is told (exchange.ts), which headers are sent (service-headers.ts).
 * Source: RFC 9110 9.2.2 and RFC 9112 9.3.1 (when a request may be repeated).
 * INVARIANT: after `abort` or a failure nothing more is told; an owner that throws hears of the failure `fault`, so that no
 * client waits for ever. A request is repeated only when no byte of an answer came:
 * as often as its route says if its body is none or in memory, else once if it is safe and has no body. All attempts
 * together have the time of one.
 */
import type { Duplex } from "node:stream";
import type { Deadline, Deadlines } from "./deadlines.ts";
import type { Origin } from "./http-client/origin.ts";
import type { ClientController, ClientHandler, ClientHeaders, ClientRequest } from "./http-client/client-job.ts";
import { UpstreamError } from "./http-client/upstream-error.ts";
import type { RequestBody } from "./request-body.ts";

export type UpstreamRequest = ClientRequest;

export type UpstreamFailure =
  | "upstream-unreachable"
  | "upstream-timeout"
  | "upstream-aborted"
  /** A mistake of ours: the request cannot be written, or the owner threw when it was told something. */
  | "fault";

export type UpstreamHeaders = ClientHeaders;

export interface UpstreamOwner {
  onUpstreamHead(status: number, headers: UpstreamHeaders): void;
  /** The chunk is valid during the call only. False: call `resume` when there is room again. */
  onUpstreamData(chunk: Buffer): boolean;
  onUpstreamEnd(): void;
  /** The service switched to the protocol that was asked for. The socket is the owner's. */
  onUpstreamUpgrade(headers: UpstreamHeaders, socket: Duplex): void;
  onUpstreamFailure(reason: UpstreamFailure, error: Error): void;
}

/** Between two attempts: long enough for a service to come back, and not the same for all who wait. */
const PAUSE_MS = { least: 10, most: 50 };
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export class UpstreamCall implements ClientHandler, Deadline {
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  endsMs = 0;
  readonly #target: Origin;
  readonly #request: UpstreamRequest;
  /** A body that is streamed. */
  readonly #body: RequestBody | null;
  /** Until the head of the answer is there, everything included. */
  readonly #deadlines: Deadlines;
  readonly #retries: number;
  readonly #owner: UpstreamOwner;
  readonly #coversBody: boolean;
  #attempts = 1;
  #lastError: Error | null = null;
  #pause: NodeJS.Timeout | null = null;
  #controller: ClientController | null = null;
  #hasAnswer = false;
  #isRepeated = false;
  #isOver = false;

  /** @param coversBody the deadline is for the whole answer, not for its head alone */
  constructor(
    target: Origin,
    request: UpstreamRequest,
    body: RequestBody | null,
    deadlines: Deadlines,
    retries: number,
    owner: UpstreamOwner,
    coversBody = false,
  ) {
    this.#target = target;
    this.#request = request;
    this.#body = body;
    this.#deadlines = deadlines;
    this.#retries = retries;
    this.#owner = owner;
    this.#coversBody = coversBody;
  }

  /** How often the service was asked because the route says so. */
  get attempts(): number {
    return this.#attempts;
  }

  /** What ended the attempt before the last one. */
  get lastError(): Error | null {
    return this.#lastError;
  }

  /**
   * @param isPatient the time that the client needs for its body does not count
   */
  start(isPatient: boolean): void {
    const body = this.#body;
    if (isPatient && body !== null)
      body.once("end", () => {
        if (!this.#isOver && !this.#hasAnswer) this.#deadlines.add(this);
      });
    else this.#deadlines.add(this);
    this.#target.dispatch(this.#request, this);
  }

  /** The answer is not wanted any more; the connection to the service is ended. */
  abort(): void {
    if (this.#isOver) return;
    this.#finish();
    // Not on a connection yet: `onRequestStart` will end it.
    this.#controller?.abort();
  }

  resume(): void {
    this.#controller?.resume();
  }

  /** The route's timeout has passed. */
  expire(): void {
    if (this.#isOver) return;
    this.abort();
    this.#owner.onUpstreamFailure("upstream-timeout", new UpstreamError("ERR_UPSTREAM_TIMEOUT"));
  }

  onRequestStart(controller: ClientController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort();
  }

  onRequestUpgrade(status: number, headers: UpstreamHeaders, socket: Duplex): void {
    if (this.#isOver) {
      socket.destroy();
      return;
    }
    this.#finish();
    const { upgrade } = headers;
    if (status === 101 && typeof upgrade === "string" && upgrade.toLowerCase() === this.#request.upgrade)
      try {
        return this.#owner.onUpstreamUpgrade(headers, socket);
      } catch (error) {
        drop(socket);
        return this.#owner.onUpstreamFailure("fault", error as Error);
      }
    drop(socket);
    this.#owner.onUpstreamFailure("upstream-aborted", new UpstreamError("ERR_UPSTREAM_SWITCHED"));
  }

  onResponseStarted(): void {
    this.#hasAnswer = true;
  }

  onResponseStart(status: number, headers: UpstreamHeaders): void {
    // An interim answer (103) is not passed on.
    if (this.#isOver || status < 200) return;
    if (!this.#coversBody) this.#deadlines.remove(this);
    try {
      this.#owner.onUpstreamHead(status, headers);
    } catch (error) {
      this.#onFault(error);
    }
  }

  onResponseData(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      if (!this.#owner.onUpstreamData(chunk)) this.#controller?.pause();
    } catch (error) {
      this.#onFault(error);
    }
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#finish();
    try {
      this.#owner.onUpstreamEnd();
    } catch (error) {
      this.#onFault(error);
    }
  }

  onResponseError(error: Error): void {
    if (this.#isOver) return;
    if (this.#mayRetry(error)) {
      this.#lastError = error;
      this.#controller = null;
      const pauseMs = PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least);
      this.#pause = setTimeout(() => {
        this.#pause = null;
        this.#attempts++;
        this.#target.dispatch(this.#request, this);
      }, pauseMs);
      return;
    }
    if (this.#mayRepeat(error)) {
      this.#isRepeated = true;
      this.#controller = null;
      this.#target.dispatch(this.#request, this);
      return;
    }
    this.#finish();
    this.#owner.onUpstreamFailure(failureOf(error, this.#controller !== null), error);
  }

  /** The route wants another attempt, and nothing of the request or an answer is used up. */
  #mayRetry(error: Error): boolean {
    if (this.#attempts > this.#retries || this.#hasAnswer || this.#body !== null) return false;
    return !isEngineRefusal(error);
  }

  /**
   * Nothing was sent (no connection), or it was sent on a connection that the service had kept open and closed meanwhile:
   * then the request was not processed as far as HTTP can tell.
   */
  #mayRepeat(error: Error): boolean {
    if (this.#retries > 0) return false;
    if (this.#isRepeated || this.#hasAnswer || this.#request.body !== null) return false;
    if (!SAFE_METHODS.has(this.#request.method) || isEngineRefusal(error)) return false;
    return this.#controller === null || this.#controller.isReused;
  }

  #onFault(error: unknown): void {
    this.abort();
    this.#owner.onUpstreamFailure("fault", error as Error);
  }

  #finish(): void {
    this.#isOver = true;
    this.#deadlines.remove(this);
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#body?.destroy();
  }
}

function drop(socket: Duplex): void {
  socket.on("error", () => {});
  socket.destroy();
}

function isEngineRefusal(error: Error): boolean {
  return error instanceof UpstreamError && error.code === "ERR_UPSTREAM_REQUEST";
}

function failureOf(error: Error, wasSent: boolean): UpstreamFailure {
  if (isEngineRefusal(error)) return "fault";
  return wasSent ? "upstream-aborted" : "upstream-unreachable";
}
