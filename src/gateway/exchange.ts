/**
 * One request from its first byte to its record: identify, authenticate, decide, throttle, forward.
 *
 * In: node's request and response, the runtime of the moment. Out: one answer and one record, whatever happens.
 * Not here: what each step knows (request-head, authenticate, authorizer, throttle, reply), the engine's side (upstream-call.ts).
 * A request of a known caller goes through without a single promise; only what has to wait (a new token, a session's
 * refresh, sign-in) is asynchronous.
 * Source: API Gateway developer guide on the order of processing; docs/guide on the road of a request.
 * INVARIANT: nothing is forwarded that was not decided; a fault while deciding is a refusal; one record, at the end.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../core/index.ts";
import type { Identity } from "../identity/index.ts";
import { addAnswerHeaders } from "./answer-headers.ts";
import type { Arrival, ExchangeContext } from "./arrival.ts";
import { askAuthorizer } from "./ask-authorizer.ts";
import { type Asking, authenticate } from "./authenticate.ts";
import { isPreflight } from "./cors.ts";
import { describeError } from "./describe-error.ts";
import { type Outcome, exchangeRecord, tunnelRecord } from "./exchange-record.ts";
import type { GatewayRequest } from "./gateway-request.ts";
import type { GatewayResponse } from "./gateway-response.ts";
import { IdleLimit } from "./idle-limit.ts";
import { type OwnAnswer, headersOfAnswer, isOwnPath } from "./own-endpoints.ts";
import type { RecordReason } from "./reasons.ts";
import {
  type FixedReason,
  MISDIRECTED,
  NO_CONTENT,
  type Reply,
  fixedReply,
  refusedTokenReply,
  switchingHead,
  tooLargeReply,
} from "./reply.ts";
import { type BodyOwner, RequestBody, SMALL_BODY_BYTES, collectBody, collectWhole } from "./request-body.ts";
import { type ResponseHead, readResponseHead } from "./response-head.ts";
import type { RoutePlan } from "./route-plan.ts";
import type { Runtime } from "./runtime.ts";
import { serveOwn } from "./serve-own.ts";
import { type Caller, addServiceHeaders } from "./service-headers.ts";
import { refuseKnown } from "./step-up.ts";
import {
  UpstreamCall,
  type UpstreamFailure,
  type UpstreamHeaders,
  type UpstreamOwner,
  type UpstreamRequest,
} from "./upstream-call.ts";
import type { Holding, Stream, StreamEnd } from "./stream-watch.ts";
import type { TunnelEnd } from "./tunnel.ts";
import { type WaitingHead, sendHeadSoon } from "./waiting-heads.ts";

/** Request line and header values, as API Gateway counts them. */
const MAX_HEAD_BYTES = 10_240;
const MAX_HEADERS = 256;
const WEB_SOCKET = "websocket";
const SWITCHING_PROTOCOLS = 101;
const CLIENT_CLOSED_REQUEST = 499;
/** Up to here copying an answer's body behind its head is cheaper than writing two pieces. */
const COPIED_BYTES = 4096;

export class Exchange implements Asking, BodyOwner, UpstreamOwner, WaitingHead, Stream {
  readonly arrival: Arrival;
  readonly request: GatewayRequest;
  readonly runtime: Runtime;
  readonly #context: ExchangeContext;
  readonly #res: GatewayResponse;

  identity: Identity | null = null;
  holding: Holding | null = null;
  #role: string | null = null;
  #reason: RecordReason = "fault";
  #status = 0;
  #error: string | null = null;
  #setCookies: readonly string[] | null = null;
  /** A body that is streamed. */
  #body: RequestBody | null = null;
  /** A body that was needed to know who asks. */
  #collected: Buffer | null = null;
  #bytesIn = 0;
  #call: UpstreamCall | null = null;
  /** On a streaming route, once the service is asked. */
  #idle: IdleLimit | null = null;
  #decidedMs = 0;
  /** When the request went to the service, if a body was waited for after deciding. */
  #sentMs = 0;
  #upstreamHeadMs = 0;
  #bytesOut = 0;
  #bytesLeft = -1;
  #responseHead: ResponseHead | null = null;
  /** Headers of an answer by the gateway itself. */
  #own: readonly string[] | null = null;
  #isAnswered = false;
  /** Ended before it was complete, and not because the client went away. */
  #isCut = false;
  #isClosed = false;
  #isEventStream = false;
  #waitsForDrain = false;

  constructor(context: ExchangeContext, runtime: Runtime, arrival: Arrival, req: GatewayRequest, res: GatewayResponse) {
    this.#context = context;
    this.runtime = runtime;
    this.arrival = arrival;
    this.request = req;
    this.#res = res;
    runtime.enter();
  }

  get isUpgrade(): boolean {
    return this.#res.upgraded !== null;
  }

  get clock(): Clock {
    return this.#context.clock;
  }

  /** Decides and forwards. Afterwards an answer is given or under way. */
  start(): void {
    try {
      this.#identify();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The response is complete or its connection is gone: the end of every exchange. */
  onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#res.writableFinished && !this.#isCut) {
      this.#reason = "client-aborted";
      this.#status = CLIENT_CLOSED_REQUEST;
    }
    this.#call?.abort();
    if (this.#idle !== null) {
      this.#idle.end();
      this.#context.watch.remove(this);
      // Node's limit of a whole request may have passed already, so nothing else bounds what is still to come.
      this.request.limitRest(this.#context.limits.lingerMs);
    }
    this.runtime.leave();
    this.#context.record(exchangeRecord(this.arrival, this.request.rawHeaders, this.#outcome()));
  }

  /** The time that a request may take as a whole is not for this one: it ends when nothing flows any more. */
  get hasOwnIdleLimit(): boolean {
    return this.#idle !== null;
  }

  /** The connection broke the protocol in the middle of this request's body. */
  refuseBrokenBody(reason: "request-malformed" | "request-timeout"): boolean {
    if (this.#isAnswered) return false;
    this.#res.shouldKeepAlive = false;
    this.#call?.abort();
    this.refuse(reason);
    return true;
  }

  // --- steps, in order

  #identify(): void {
    const { method, head, host, path, plan, cors } = this.arrival;
    if (head.bytes > MAX_HEAD_BYTES || this.request.rawHeaders.length > 2 * MAX_HEADERS) {
      // Without its token the request would fit: then it is the token that is refused, as any other bad one.
      if (head.authorization !== null && head.bytes - head.authorization.length <= MAX_HEAD_BYTES)
        return this.answer(refusedTokenReply("token-too-large", ""), "token-too-large");
      return this.refuse("request-headers-too-large");
    }
    if (head.isRepeated) return this.refuse("request-headers");
    if (head.hasOtherCoding || (head.isChunked && this.request.httpVersion !== "1.1")) {
      // RFC 9112 6.1: a body whose end others may see elsewhere. Nothing behind it is trusted.
      this.#res.shouldKeepAlive = false;
      return this.refuse("request-malformed");
    }
    if (head.host === null || host === "malformed") return this.refuse("request-host");
    if (host === "other") return this.answer(MISDIRECTED, "request-host");
    if (path === null) return this.refuse("request-path");
    if (isOwnPath(path)) return serveOwn(this, path, host.isDomain);
    if (plan === null) {
      if (cors !== null && isPreflight(method, this.request.rawHeaders))
        return this.answer(NO_CONTENT, "cors-preflight");
      return this.refuse("no-route");
    }
    if (head.contentLength !== null && Number(head.contentLength) > plan.maxBodyBytes)
      return this.answer(tooLargeReply(plan.maxBodyBytes), "request-too-large");
    if (plan.isOpen) {
      this.#reason = "open-route";
      this.#throttle(plan, null);
    } else authenticate(this, plan);
  }

  onIdentity(plan: RoutePlan, identity: Identity, setCookies: readonly string[] | null, holding: Holding): void {
    this.#setCookies = setCookies;
    this.holding = holding;
    this.#authorize(plan, identity);
  }

  #authorize(plan: RoutePlan, identity: Identity): void {
    this.identity = identity;
    const decision = askAuthorizer(this.runtime, this.arrival, plan, identity, this.arrival.atMs);
    this.#role = decision.role;
    if (!decision.allowed) return refuseKnown(this, plan, this.holding, decision.reason);
    this.#reason = "role-grants";
    this.#throttle(plan, identity);
  }

  #throttle(plan: RoutePlan, identity: Identity | null): void {
    const nowMs = this.clock.monotonicMs();
    this.#decidedMs = nowMs;
    if (!plan.bucket.tryTake(nowMs)) return this.refuse("throttled-route");
    const { identities } = this.runtime.throttles;
    if (identity !== null && identities !== null && !identities.bucketOf(identity.key, nowMs).tryTake(nowMs)) {
      // One caller at its limit must not use up the route for the others.
      plan.bucket.giveBack();
      return this.refuse("throttled-identity");
    }
    this.#takeBody(plan, identity);
  }

  #takeBody(plan: RoutePlan, identity: Identity | null): void {
    const { hasBody, head } = this.arrival;
    if (!hasBody) return this.#forward(plan, identity, null);
    if (this.#collected !== null) return this.#forward(plan, identity, this.#collected);
    const length = head.isChunked ? Number.POSITIVE_INFINITY : Number(head.contentLength);
    if (length > SMALL_BODY_BYTES || plan.streaming) {
      this.#body = new RequestBody(this.request, this, plan.maxBodyBytes);
      return this.#forward(plan, identity, this.#body.asReadable());
    }
    this.onBodyWanted();
    return collectBody(this.request, length, (body) => {
      if (this.#isClosed || this.#isAnswered) return;
      this.#bytesIn = length;
      this.#sentMs = this.clock.monotonicMs();
      try {
        this.#forward(plan, identity, body);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #forward(plan: RoutePlan, identity: Identity | null, body: UpstreamRequest["body"]): void {
    const arrival = this.arrival;
    const { rawPath, onwardQuery } = arrival;
    const target = onwardQuery === arrival.query ? arrival.target : rawPath + onwardQuery;
    const path = plan.buildTarget === null ? target : plan.buildTarget(rawPath, onwardQuery);
    if (path === null) return this.refuse("request-path");
    const caller = identity === null ? null : this.#introduce(plan, identity);
    const method = plan.upstreamMethod ?? arrival.method;
    let request: UpstreamRequest = { method, path, headers: addServiceHeaders(arrival, plan, caller), body };
    const { streaming } = plan;
    if (streaming) request = { ...request, bodyTimeout: 0 };
    if (this.isUpgrade) request = { ...request, upgrade: WEB_SOCKET };
    if (streaming) {
      this.#idle = new IdleLimit(this.#context.idleWaits, () => this.#onIdle());
      this.#context.watch.add(this);
    }
    this.#call = new UpstreamCall(plan.pool, request, this.#body, plan.deadlines, plan.retries, this);
    this.#call.start(streaming);
  }

  #introduce(plan: RoutePlan, identity: Identity): Caller {
    const role = this.#role;
    const claims = { audience: plan.service, role, minimumSeconds: plan.minimumSeconds };
    const assertion = this.runtime.source.assertions.sign(identity, claims);
    return { identity, headers: this.runtime.factsOf(identity).headers, role, assertion };
  }

  // --- what the request body tells

  collectBody(maxBytes: number, next: (body: Buffer) => void): void {
    if (Number(this.arrival.head.contentLength) > maxBytes)
      return this.answer(tooLargeReply(maxBytes), "request-too-large");
    this.onBodyWanted();
    this.wait(collectWhole(this.request, maxBytes), (body) => {
      if (this.#isAnswered) return;
      if (body === null) return this.answer(tooLargeReply(maxBytes), "request-too-large");
      this.#bytesIn = body.length;
      this.#collected = body;
      next(body);
    });
  }

  onBodyWanted(): void {
    this.#res.continueIfExpected();
  }

  onBodyBytes(): void {
    this.#idle?.touch();
  }

  onBodyTooLarge(): void {
    this.#call?.abort();
    if (this.#isAnswered) this.#break("request-too-large");
    else this.answer(tooLargeReply(this.arrival.plan?.maxBodyBytes ?? 0), "request-too-large");
  }

  #onIdle(): void {
    if (this.#isClosed) return;
    this.#call?.abort();
    if (this.#isAnswered) return this.#break("stream-idle");
    // Who kept whom waiting: the client with its body, or the service that did not take it.
    this.#res.shouldKeepAlive = false;
    const body = this.#body;
    this.refuse(body !== null && !body.isComplete && !body.isPaused ? "request-timeout" : "upstream-timeout");
  }

  /** What the caller was let in by is no good any more. */
  end(why: StreamEnd): void {
    if (this.#isClosed) return;
    this.#call?.abort();
    if (!this.#isAnswered) return this.refuse("unauthenticated");
    // Events stand by themselves: a stream of them ends like one that the service has ended, anything else is cut.
    if (!this.#isEventStream) return this.#break(why);
    this.#reason = why;
    this.#res.end();
  }

  // --- what the service's answer tells

  onUpstreamHead(status: number, received: UpstreamHeaders): void {
    if (this.#isClosed) return;
    this.#upstreamHeadMs = this.clock.monotonicMs();
    const { headers, contentLength } = this.#readHead(received);
    this.#pushOurs(headers);
    this.#isEventStream = /^text\/event-stream\b/i.test(String(received["content-type"]));
    const hasBody = this.arrival.method !== "HEAD" && status !== 204 && status !== 304;
    this.#bytesLeft = hasBody && contentLength !== null ? contentLength : -1;
    this.#res.writeHead(status, headers);
    this.#isAnswered = true;
    this.#status = status;
    if (hasBody) sendHeadSoon(this);
  }

  #readHead(received: UpstreamHeaders): ResponseHead {
    const { plan, cors } = this.arrival;
    const head = readResponseHead(received, plan === null ? null : plan.responseRules, cors !== null);
    this.#responseHead = head;
    const call = this.#call;
    if (call !== null && call.attempts > 1)
      this.#error = `${describeError(call.lastError)}; attempt ${call.attempts} was answered`;
    if (head.hadOurCookie) this.#error = "the service tried to set a cookie of Gatehouse";
    return head;
  }

  sendHead(): void {
    // Not `flushHeaders`: it writes header values in UTF-8 and doubles what is beyond ASCII.
    if (this.#bytesOut === 0 && !this.#isClosed && !this.#res.writableEnded) this.#res.write("", "latin1");
  }

  onUpstreamData(chunk: Buffer): boolean {
    if (this.#isClosed) return true;
    this.#idle?.touch();
    this.#bytesOut += chunk.length;
    if (this.#bytesLeft >= 0) {
      this.#bytesLeft -= chunk.length;
      if (this.#bytesLeft === 0) {
        // The last byte and the end go out together; a small body in one piece with the head.
        if (chunk.length <= COPIED_BYTES) this.#res.end(chunk.toString("latin1"), "latin1");
        else this.#res.end(Buffer.from(chunk));
        return true;
      }
    }
    if (this.#res.write(Buffer.from(chunk))) return true;
    if (!this.#waitsForDrain) {
      this.#waitsForDrain = true;
      this.#res.on("drain", () => {
        this.#idle?.touch();
        this.#call?.resume();
      });
    }
    return false;
  }

  onUpstreamEnd(): void {
    if (this.#isClosed || this.#res.writableEnded) return;
    this.#res.end();
  }

  /** From here on the two connections are a tunnel, which keeps nothing of this exchange but what its record says. */
  onUpstreamUpgrade(received: UpstreamHeaders, service: Duplex): void {
    const { upgraded } = this.#res;
    if (this.#isClosed || upgraded === null) {
      service.destroy();
      return;
    }
    this.#upstreamHeadMs = this.clock.monotonicMs();
    const headers = this.#readHead(received).headers;
    this.#pushOurs(headers);
    this.#status = SWITCHING_PROTOCOLS;
    this.#isClosed = true;
    this.#idle?.end();
    this.#context.watch.remove(this);
    this.runtime.leave();
    const { clock, record, limits, openTunnel } = this.#context;
    const { startedMs } = this.arrival;
    const soFar = exchangeRecord(this.arrival, this.request.rawHeaders, this.#outcome());
    upgraded.socket.write(switchingHead(headers, new Date(clock.nowMs()).toUTCString()), "latin1");
    const onEnd = (end: TunnelEnd): void => record(tunnelRecord(soFar, end, clock.monotonicMs() - startedMs));
    const parts = { client: upgraded.socket, early: upgraded.take(), service: service as Socket, limits, onEnd };
    const { arrival, identity, holding, runtime } = this;
    openTunnel(parts, { arrival, identity, holding, runtime });
  }

  onUpstreamFailure(reason: UpstreamFailure, error: Error): void {
    if (this.#isClosed) return;
    const attempts = this.#call?.attempts ?? 1;
    this.#error = attempts > 1 ? `${describeError(error)} (${attempts} attempts)` : describeError(error);
    if (this.#isAnswered) this.#break(reason);
    else this.refuse(reason);
  }

  // --- answers

  refuse(reason: FixedReason): void {
    this.answer(fixedReply(reason), reason);
  }

  answer(reply: Reply, reason: RecordReason): void {
    this.#send(reply.status, [...reply.headers], reply.body, reason);
  }

  answerOwn(answer: OwnAnswer, reason: RecordReason): void {
    this.#error = answer.error ?? null;
    this.#send(answer.status, headersOfAnswer(answer), answer.body, reason);
  }

  #send(status: number, headers: string[], body: string, reason: RecordReason): void {
    if (this.#isClosed || this.#isAnswered) return;
    this.#isAnswered = true;
    this.#status = status;
    this.#reason = reason;
    if (this.#decidedMs === 0) this.#decidedMs = this.clock.monotonicMs();
    this.#own = [...headers];
    this.#pushOurs(headers);
    if (this.arrival.method !== "HEAD") this.#bytesOut = Buffer.byteLength(body);
    this.#res.writeHead(status, headers);
    this.#res.end(body);
    if (this.arrival.hasBody) this.request.limitRest(this.#context.limits.lingerMs);
  }

  #pushOurs(headers: string[]): void {
    if (this.#context.isClosing) this.#res.shouldKeepAlive = false;
    addAnswerHeaders(headers, this.arrival, this.request.rawHeaders, this.#setCookies);
  }

  /** The answer is under way and cannot be completed: the client must see that it is cut. */
  #break(reason: RecordReason): void {
    this.#reason = reason;
    this.#isCut = true;
    this.#res.destroy();
  }

  #fail(error: unknown): void {
    this.#error = describeError(error);
    this.#call?.abort();
    if (this.#isAnswered) this.#break("fault");
    else this.refuse("fault");
  }

  wait<T>(promise: Promise<T>, next: (value: T) => void): void {
    void this.#goOn(promise, next);
  }

  async #goOn<T>(promise: Promise<T>, next: (value: T) => void): Promise<void> {
    try {
      const value = await promise;
      if (!this.#isClosed) next(value);
    } catch (error) {
      this.#fail(error);
    }
  }

  #outcome(): Outcome {
    const endMs = this.clock.monotonicMs();
    const decidedMs = this.#decidedMs === 0 ? endMs : this.#decidedMs;
    const sentMs = this.#sentMs === 0 ? decidedMs : this.#sentMs;
    return {
      status: this.#status,
      reason: this.#reason,
      identity: this.identity,
      role: this.#role,
      bytesIn: this.#body === null ? this.#bytesIn : this.#body.bytes,
      isStreamed: this.#body !== null,
      isUpgrade: this.isUpgrade,
      head: this.#responseHead,
      own: this.#own,
      setCookies: this.#setCookies?.length ?? 0,
      bytesOut: this.#bytesOut,
      endMs,
      decidedMs,
      upstreamMs: this.#upstreamHeadMs === 0 ? null : this.#upstreamHeadMs - sentMs,
      wasForwarded: this.#call !== null,
      error: this.#error,
      policyDigest: this.runtime.digest,
    };
  }
}
