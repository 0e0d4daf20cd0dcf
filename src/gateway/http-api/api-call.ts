/**
 * One call to an account's HTTP APIs from its first byte to its log: endpoint, stage, route, throttle, authorizer,
 * integration, answer.
 *
 * In: node's request and response, the plan of the moment. Out: one answer, one record, whatever happens.
 * Not here: what each step knows (endpoints.ts, route-order.ts, iam-authorizer.ts, integration-uri.ts, …), the engine's
 * side (upstream-call.ts).
 * Bodies are taken whole in both directions, as AWS does, within 10 MB; the time of the client is not the backend's.
 * Source: API Gateway developer guide; the order of its steps is that of reference pages on routing, CORS and throttling.
 * INVARIANT: nothing is sent to a backend that was not authorized; a fault while deciding is a refusal.
 */
import { apigwRequestId } from "../../records/index.ts";
import { describeError } from "../describe-error.ts";
import type { GatewayRequest } from "../gateway-request.ts";
import type { ExchangeOnConnection, GatewayResponse } from "../gateway-response.ts";
import { singleHeader } from "../request-head.ts";
import { isPreflight } from "../cors.ts";
import type { AccountPlan } from "./account-plan.ts";
import type { RoutePlan } from "./api-plan.ts";
import {
  amznTraceId,
  forwardedValue,
  viaValue,
  withoutSignatureHeaders,
  withoutSignatureParameters,
} from "./backend-headers.ts";
import { type CallContext, CallStory } from "./call-story.ts";
import { type Destination, findDestination } from "./endpoints.ts";
import {
  type Condition,
  type GatewayAnswer,
  HEALTHY,
  MAX_ARN_BYTES,
  MAX_HEAD_BYTES,
  MAX_PAYLOAD_BYTES,
  PREFLIGHT,
} from "./gateway-answers.ts";
import { type BackendAnswer, IntegrationCall, type IntegrationOwner } from "./integration-call.ts";
import { buildPath, joinQuery } from "./integration-uri.ts";
import type { IamOutcome, SignedCall } from "./iam-authorizer.ts";
import type { JwtOutcome } from "./jwt-authorizer.ts";
import { mapAnswer, mapRequest } from "./map-call.ts";
import { readRequestTarget } from "./request-target.ts";
import { type HeldShare, collectWhole } from "./whole-body.ts";

const CLIENT_CLOSED_REQUEST = 499;
/** Up to here copying a body behind its head is cheaper than writing two pieces. */
const COPIED_BYTES = 4096;

export class ApiCall implements ExchangeOnConnection, IntegrationOwner {
  readonly hasOwnIdleLimit = false;
  readonly #context: CallContext;
  readonly #plan: AccountPlan;
  readonly #req: GatewayRequest;
  readonly #res: GatewayResponse;
  readonly #story: CallStory;
  readonly #held: HeldShare;

  #isAnswered = false;
  #isCut = false;
  #isClosed = false;
  #waitsForDrain = false;

  constructor(context: CallContext, plan: AccountPlan, hasEdge: boolean, req: GatewayRequest, res: GatewayResponse) {
    this.#context = context;
    this.#plan = plan;
    this.#req = req;
    this.#res = res;
    this.#story = new CallStory(context, plan, hasEdge, req);
    this.#held = context.held.share();
    plan.lease.enter();
  }

  /** Decides and forwards. Afterwards an answer is given or under way. */
  start(): void {
    try {
      this.#findRoute();
    } catch (error) {
      this.#fail(error);
    }
  }

  onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#res.writableFinished && !this.#isCut) {
      this.#story.error = "the client went away";
      this.#story.status = CLIENT_CLOSED_REQUEST;
    }
    this.#story.call?.abort();
    this.#held.release();
    this.#plan.lease.leave();
    this.#story.tell(this.#context);
  }

  refuseBrokenBody(reason: "request-malformed" | "request-timeout"): boolean {
    if (this.#isAnswered) return false;
    this.#res.shouldKeepAlive = false;
    this.#story.call?.abort();
    this.#refuse(reason === "request-timeout" ? "request-timeout" : "bad-request");
    return true;
  }

  // --- steps, in order

  #findRoute(): void {
    const { endpoints, switches } = this.#plan;
    const { host, bytes, contentLength, isChunked, hasOtherCoding } = this.#story.head;
    const endpoint = host === null ? null : endpoints.find(host);
    if (endpoint === null) return this.#refuseHost();
    this.#story.endpoint = endpoint;
    if (bytes > MAX_HEAD_BYTES) return this.#refuse("headers-too-large");
    if (hasOtherCoding || (isChunked && this.#req.httpVersion !== "1.1")) {
      // RFC 9112 6.1: a body whose end others may see elsewhere. Nothing behind it is trusted.
      this.#res.shouldKeepAlive = false;
      return this.#refuse("bad-request");
    }
    if (contentLength !== null && Number(contentLength) > MAX_PAYLOAD_BYTES) return this.#refuse("payload-too-large");
    const target = readRequestTarget(this.#req.url ?? "", switches);
    if (target === null) return this.#refuse("bad-request");
    this.#story.target = target;
    if (endpoint.api?.isEndpointDisabled === true) return this.#refuse("endpoint-disabled");
    if (isHealthPath(target.path) && switches["health-paths"] === "reserved") return this.#answer(HEALTHY);
    const to = findDestination(endpoint, target);
    if (to === null) return this.#refuse("not-found");
    this.#story.to = to;
    const key = to.api.find(this.#story.method, to.path);
    if (key === null) {
      const asks = to.api.cors !== null && isPreflight(this.#story.method, this.#req.rawHeaders);
      return asks ? this.#answer(PREFLIGHT) : this.#refuse("not-found");
    }
    const route = to.stage.routes.get(key);
    if (route === undefined) return this.#refuse("not-found");
    this.#story.route = route;
    if (switches["throttle-order"] === "before-authorizer" && !this.#takeToken(route)) return;
    this.#authorize(route, to);
  }

  /** Of the route and of the account, or of neither. */
  #takeToken(route: RoutePlan): boolean {
    const nowMs = this.#context.clock.monotonicMs();
    if (route.bucket.tryTake(nowMs)) {
      if (this.#plan.bucket.tryTake(nowMs)) return true;
      route.bucket.giveBack();
    }
    this.#refuse("throttled");
    return false;
  }

  #authorize(route: RoutePlan, to: Destination): void {
    const type = route.route.authorizationType;
    if (type === "NONE") return this.#takeBody(() => this.#onAuthorized());
    const arn = this.#plan.iam.arnOf(to.api.apiId, to.stage.stageName, this.#story.method, to.path);
    if (Buffer.byteLength(arn) > MAX_ARN_BYTES) return this.#refuse("uri-too-long");
    if (type === "AWS_IAM") return this.#authorizeSigner(arn);
    this.#authorizeToken(route);
  }

  #authorizeToken(route: RoutePlan): void {
    const { jwt } = route;
    if (jwt === null) return this.#refuse("forbidden");
    const outcome = jwt.authorize(jwt.readToken(this.#story), route.scopes);
    if (outcome instanceof Promise) void this.#goOn(outcome, (settled) => this.#onToken(settled));
    else this.#onToken(outcome);
  }

  #onToken(outcome: JwtOutcome): void {
    if (outcome.ok) {
      this.#story.claims = outcome.claims;
      this.#story.caller = outcome.claims.get("sub") ?? null;
      return this.#takeBody(() => this.#onAuthorized());
    }
    this.#story.authorizerError = outcome.error;
    this.#refuse(outcome.status === 401 ? "unauthorized" : "forbidden", ["www-authenticate", outcome.challenge]);
  }

  /** Goes on when the promise is settled, unless the client has gone meanwhile. */
  async #goOn<T>(promise: Promise<T>, next: (value: T) => void): Promise<void> {
    try {
      const value = await promise;
      if (!this.#isClosed && !this.#isAnswered) next(value);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Whoever has no credentials makes nobody wait for a body, nor keep one. */
  #authorizeSigner(resource: string): void {
    const early = this.#hasBody ? this.#plan.iam.refuseEarly(this.#signedCall(resource)) : null;
    if (early !== null) return this.#onSigner(early);
    this.#takeBody(() => this.#onSigner(this.#plan.iam.authorize(this.#signedCall(resource))));
  }

  #signedCall(resource: string): SignedCall {
    const { rawHeaders } = this.#req;
    return {
      method: this.#story.method,
      target: this.#req.url ?? "",
      headers: rawHeaders,
      body: this.#story.body,
      nowMs: this.#story.atMs,
      sourceIp: this.#story.peer.sourceIp,
      isSecure: this.#story.peer.proto === "https",
      userAgent: this.#story.head.userAgent,
      referer: singleHeader(rawHeaders, "referer"),
      resource,
    };
  }

  #onSigner(outcome: IamOutcome): void {
    this.#story.principal = outcome.principal;
    this.#story.caller = outcome.principal?.arn ?? null;
    if (outcome.ok) return this.#onAuthorized();
    this.#story.authorizerError = outcome.message;
    this.#refuse("forbidden", outcome.errorType === null ? [] : ["x-amzn-errortype", outcome.errorType]);
  }

  #onAuthorized(): void {
    const route = this.#story.route;
    if (route === null) return;
    if (this.#plan.switches["throttle-order"] === "after-authorizer" && !this.#takeToken(route)) return;
    this.#forward();
  }

  /** The whole body, then `next`. */
  #takeBody(next: () => void): void {
    if (!this.#hasBody) return next();
    this.#res.continueIfExpected();
    const done = (body: Buffer | "too-large" | "no-room"): void => {
      if (typeof body === "string") this.#held.release();
      if (this.#isClosed || this.#isAnswered) return;
      if (body === "too-large") return this.#refuse("payload-too-large");
      if (body === "no-room") {
        this.#story.error = "other bodies take all the memory that there is for them";
        return this.#refuse("overloaded");
      }
      this.#story.body = body.length === 0 ? null : body;
      try {
        next();
      } catch (error) {
        this.#fail(error);
      }
    };
    collectWhole(this.#req, MAX_PAYLOAD_BYTES, done, (bytes) => this.#held.take(bytes));
  }

  get #hasBody(): boolean {
    const { isChunked, contentLength } = this.#story.head;
    return isChunked || (contentLength !== null && Number(contentLength) > 0);
  }

  #forward(): void {
    const to = this.#story.to;
    const target = this.#story.target;
    const route = this.#story.route;
    if (to === null || target === null || route === null) return this.#refuse("fault");
    const { integration } = route;
    const { switches } = this.#plan;
    const appends = route.path === null && switches["fixed-uri"] === "append-path";
    const path = buildPath(integration.uri, route.path, to.rawPath, target.rawPath, appends);
    if (path === null) return this.#refuse("bad-request");
    const dropsSignature =
      route.route.authorizationType === "AWS_IAM" && this.#plan.switches["iam-authorization"] === "drop";
    if (dropsSignature) this.#story.head.passed = withoutSignatureHeaders(this.#story.head.passed);
    const query = dropsSignature ? withoutSignatureParameters(target.query) : target.query;
    const made = { headers: this.#headersFor(route), query: joinQuery(integration.uri.query, query), path };
    const mapped = mapRequest(this.#story, route, to, made, switches);
    if (mapped === null) return this.#refuse("bad-request");
    const request = {
      method: integration.method ?? this.#story.method,
      path: mapped.path + mapped.query,
      headers: mapped.headers,
      body: this.#story.body,
    };
    const settings = {
      clock: this.#context.clock,
      hasCors: to.api.cors !== null,
      isStreamed: this.#plan.switches["response-delivery"] === "streamed",
      hasRoom: (bytes: number) => this.#held.take(bytes),
    };
    this.#story.call = new IntegrationCall(integration, request, settings, this);
    this.#story.call.start();
  }

  #headersFor({ integration }: RoutePlan): string[] {
    const { passed: headers, via, hasContentType, amznTraceId: trace } = this.#story.head;
    const host = this.#story.head.host ?? "";
    if (integration.keepsHost) headers.push("host", host);
    headers.push("forwarded", forwardedValue(this.#story.head, this.#story.peer.hop(host, integration.keepsHost)));
    headers.push("via", viaValue(via), "x-amzn-trace-id", amznTraceId(trace, this.#story.atMs));
    if (this.#story.body !== null) headers.push("content-length", String(this.#story.body.length));
    else {
      // Whatever the method. Source: API Gateway developer guide, "Known issues".
      headers.push("content-length", "0");
      if (!hasContentType && this.#plan.switches["empty-body-type"] === "form")
        headers.push("content-type", "application/x-www-form-urlencoded");
    }
    return headers;
  }

  // --- what the backend's answer tells

  onIntegrationAnswer(answer: BackendAnswer, body: Buffer | null): void {
    if (this.#isClosed || this.#isAnswered) return;
    this.#story.answerHeaders = answer.headers;
    const { status, headers } = mapAnswer(this.#story, answer, body, this.#plan.switches);
    const hasNoBody = this.#story.method === "HEAD" || status === 304;
    // What the backend said counts where no body follows, or its own; a 304 says how long another answer would be.
    const isSaid = hasNoBody || (body === null && answer.status !== 304);
    const length = isSaid ? answer.contentLength : (body?.length ?? null);
    if (length !== null && status !== 204) headers.push("content-length", String(length));
    if (body !== null) return this.#send(status, headers, status === 204 || status === 304 ? "" : body);
    this.#begin(status, headers, true);
    // Unlike `flushHeaders`, which would write header values in UTF-8 and double what is beyond ASCII.
    this.#res.write("", "latin1");
  }

  onIntegrationData(chunk: Buffer): boolean {
    if (this.#isClosed) return true;
    this.#story.bytesOut += chunk.length;
    if (this.#res.write(chunk)) return true;
    if (!this.#waitsForDrain) {
      this.#waitsForDrain = true;
      this.#res.on("drain", () => this.#story.call?.resume());
    }
    return false;
  }

  onIntegrationEnd(): void {
    if (!this.#isClosed) this.#res.end();
  }

  onIntegrationFailure(condition: Condition): void {
    if (this.#isClosed) return;
    if (this.#isAnswered) this.#cut();
    else this.#refuse(condition);
  }

  // --- answers

  /** No API is meant: the answer is that of the front end, which has other ids. */
  #refuseHost(): void {
    const { status, body, headers } = this.#plan.answers["wrong-host"];
    this.#isAnswered = true;
    this.#writeHead(status, [...headers, "x-amzn-requestid", this.#story.uuid]);
    this.#finish(body);
  }

  #refuse(condition: Condition, more: readonly string[] = []): void {
    this.#answer(this.#plan.answers[condition], more);
  }

  #answer(answer: GatewayAnswer, more: readonly string[] = []): void {
    if (this.#isClosed || this.#isAnswered) return;
    this.#story.ownAnswer = answer;
    const saysCors = answer.status < 400 || this.#plan.switches["cors-on-errors"] === "add";
    this.#send(answer.status, [...answer.headers, ...more], answer.body, saysCors);
  }

  #send(status: number, headers: string[], body: string | Buffer, saysCors = true): void {
    if (this.#isClosed || this.#isAnswered) return;
    this.#begin(status, headers, saysCors);
    this.#finish(body);
  }

  /** The head of an answer of an API. */
  #begin(status: number, headers: string[], saysCors: boolean): void {
    this.#isAnswered = true;
    const cors = saysCors ? (this.#story.to?.api.cors ?? this.#story.endpoint?.api?.cors ?? null) : null;
    if (cors !== null) headers.push(...cors.headersFor(this.#story.method, this.#req.rawHeaders));
    headers.push("apigw-requestid", apigwRequestId(this.#story.uuid));
    this.#writeHead(status, headers);
  }

  #writeHead(status: number, headers: string[]): void {
    if (this.#context.isClosing) this.#res.shouldKeepAlive = false;
    this.#story.status = status;
    this.#res.writeHead(status, headers);
  }

  #finish(body: string | Buffer): void {
    if (this.#story.method !== "HEAD") this.#story.bytesOut = body.length;
    // A small body goes out in one piece with the head.
    if (typeof body === "string") this.#res.end(body, "latin1");
    else if (body.length <= COPIED_BYTES) this.#res.end(body.toString("latin1"), "latin1");
    else this.#res.end(body);
    this.#linger();
  }

  /** The answer is under way and cannot be completed: the client must see that it is cut. */
  #cut(): void {
    this.#isCut = true;
    this.#res.destroy();
  }

  #fail(error: unknown): void {
    this.#story.error = describeError(error);
    this.#story.call?.abort();
    if (this.#isAnswered) this.#cut();
    else this.#refuse("fault");
  }

  /** The rest of a body that nobody wants, so that the client sees the answer and not a reset. */
  #linger(): void {
    if (this.#req.complete) return;
    const { socket } = this.#req;
    const timer = setTimeout(() => {
      if (!this.#req.complete) socket.destroy();
    }, this.#context.limits.lingerMs);
    timer.unref();
  }
}

function isHealthPath(path: string): boolean {
  return path === "/ping" || path === "/sping";
}
