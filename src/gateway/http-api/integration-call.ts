/**
 * One call to a backend and its whole answer, as an HTTP API waits for it: complete, in time, within 10 MB.
 *
 * In: a request, the integration's connections and deadline. Out: the answer in one piece, or head and chunks where it is
 * to be passed on as it comes; or which error the client gets.
 * Not here: connections, repeats (upstream-call.ts), what of the answer the client sees (api-call.ts).
 * The timeout is for the whole answer; for one that is passed on as it comes it is for the head, and then for each silence.
 * Source: API Gateway quotas for HTTP APIs (integration timeout, payload); switch `response-delivery`.
 * INVARIANT: the owner hears of a head once and of one end, or of one failure; after `abort` of nothing.
 */
import type { Duplex } from "node:stream";
import type { Clock } from "../../core/index.ts";
import { describeError } from "../describe-error.ts";
import { IdleLimit } from "../idle-limit.ts";
import {
  UpstreamCall,
  type UpstreamFailure,
  type UpstreamHeaders,
  type UpstreamOwner,
  type UpstreamRequest,
} from "../upstream-call.ts";
import type { Deadlines } from "../deadlines.ts";
import type { IntegrationPlan } from "./api-plan.ts";
import { type ClientHead, readClientHead } from "./client-headers.ts";
import { type Condition, MAX_PAYLOAD_BYTES } from "./gateway-answers.ts";
import { Pieces } from "./whole-body.ts";

export interface BackendAnswer extends ClientHead {
  readonly status: number;
}

export interface IntegrationOwner {
  /** `body` is the whole of it; null when it comes as data and ends. */
  onIntegrationAnswer(answer: BackendAnswer, body: Buffer | null): void;
  /** False: call `resume` when there is room again. */
  onIntegrationData(chunk: Buffer): boolean;
  onIntegrationEnd(): void;
  onIntegrationFailure(condition: Condition): void;
}

export interface IntegrationSettings {
  readonly clock: Clock;
  /** The API answers for CORS, and the backend does not. */
  readonly hasCors: boolean;
  /** The answer is passed on as it comes. */
  readonly isStreamed: boolean;
  /** Whether so many more bytes of an answer may be held. */
  readonly hasRoom: (bytes: number) => boolean;
}

export class IntegrationCall implements UpstreamOwner {
  /** Of the backend; null until it answered. */
  status: number | null = null;
  /** Until the end of the answer; null before. */
  durationMs: number | null = null;
  /** For operators. */
  error: string | null = null;
  readonly origin: string;
  readonly #call: UpstreamCall;
  readonly #isHead: boolean;
  readonly #settings: IntegrationSettings;
  readonly #owner: IntegrationOwner;
  readonly #startedMs: number;
  readonly #deadlines: Deadlines;
  /** While an answer is passed on as it comes and there is room for more: the longest silence. */
  #silence: IdleLimit | null = null;
  #answer: BackendAnswer | null = null;
  #bytes = 0;
  readonly #pieces = new Pieces();
  #isOver = false;

  constructor(plan: IntegrationPlan, request: UpstreamRequest, settings: IntegrationSettings, owner: IntegrationOwner) {
    this.origin = plan.uri.origin;
    this.#isHead = request.method === "HEAD";
    this.#settings = settings;
    this.#owner = owner;
    this.#startedMs = settings.clock.monotonicMs();
    this.#deadlines = plan.deadlines;
    this.#call = new UpstreamCall(plan.pool, request, null, plan.deadlines, 0, this, !settings.isStreamed);
  }

  start(): void {
    this.#call.start(false);
  }

  /** The answer is not wanted any more. */
  abort(): void {
    this.#isOver = true;
    this.#silence?.end();
    this.#call.abort();
  }

  resume(): void {
    if (this.#isOver) return;
    this.#listen();
    this.#call.resume();
  }

  onUpstreamHead(status: number, received: UpstreamHeaders): void {
    if (this.#isOver) return;
    this.status = status;
    const head = readClientHead(received, this.#settings.hasCors);
    if (!this.#isHead && head.contentLength !== null && head.contentLength > MAX_PAYLOAD_BYTES) return this.#refuse();
    this.#answer = { status, ...head };
    if (!this.#settings.isStreamed) return;
    this.#listen();
    this.#owner.onIntegrationAnswer(this.#answer, null);
  }

  #listen(): void {
    this.#silence?.end();
    this.#silence = new IdleLimit(this.#deadlines, () => {
      this.#call.abort();
      this.error = "the backend fell silent within its answer";
      this.#fail("integration-timeout");
    });
  }

  onUpstreamData(chunk: Buffer): boolean {
    if (this.#isOver) return true;
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_PAYLOAD_BYTES) {
      this.#refuse();
      return true;
    }
    if (this.#settings.isStreamed) {
      const hasRoom = this.#owner.onIntegrationData(Buffer.from(chunk));
      if (hasRoom) this.#silence?.touch();
      else this.#silence?.end();
      return hasRoom;
    }
    if (this.#settings.hasRoom(chunk.length)) this.#pieces.add(Buffer.from(chunk));
    else {
      this.#call.abort();
      this.error = "other bodies take all the memory that there is for them";
      this.#fail("overloaded");
    }
    return true;
  }

  onUpstreamEnd(): void {
    if (this.#isOver) return;
    this.#end();
    if (this.#settings.isStreamed) return this.#owner.onIntegrationEnd();
    const body = this.#pieces.join();
    if (this.#answer !== null) this.#owner.onIntegrationAnswer(this.#answer, body);
  }

  /** Cannot be: no protocol was asked for. */
  onUpstreamUpgrade(_headers: UpstreamHeaders, socket: Duplex): void {
    socket.on("error", () => {});
    socket.destroy();
    this.#fail("fault");
  }

  /** Also when the owner threw at the end that it was told. */
  onUpstreamFailure(reason: UpstreamFailure, error: Error): void {
    this.error = describeError(error);
    this.#fail(CONDITIONS[reason]);
  }

  #refuse(): void {
    this.#call.abort();
    this.error = `the answer is larger than ${MAX_PAYLOAD_BYTES} bytes`;
    this.#fail("response-too-large");
  }

  #fail(condition: Condition): void {
    this.#end();
    this.#pieces.clear();
    this.#owner.onIntegrationFailure(condition);
  }

  #end(): void {
    this.#isOver = true;
    this.#silence?.end();
    this.durationMs = this.#settings.clock.monotonicMs() - this.#startedMs;
  }
}

const CONDITIONS = {
  "upstream-timeout": "integration-timeout",
  "upstream-unreachable": "integration-unreachable",
  "upstream-aborted": "integration-unreachable",
  fault: "fault",
} as const satisfies Record<UpstreamFailure, Condition>;
