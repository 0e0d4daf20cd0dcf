/**
 * What is known of a call, from its first byte to its end, and how it is told: to mappings, to the stage's access log, to
 * operators.
 *
 * In: what each step of the call finds out, written here by it. Out: facts for `$context` variables, a record, a line.
 * Not here: the steps (api-call.ts).
 * INVARIANT: no token, signature, query string, header value or body is in a record.
 */
import type { Clock } from "../../core/index.ts";
import { apigwRequestId } from "../../records/index.ts";
import type { Principal } from "../../sts/index.ts";
import type { GatewayRequest } from "../gateway-request.ts";
import type { GatewayLimits } from "../limits.ts";
import { formatTime } from "../record-time.ts";
import type { AccountPlan } from "./account-plan.ts";
import type { RoutePlan } from "./api-plan.ts";
import { type CallHead, joinedHeader, readCallHead } from "./call-head.ts";
import type { CallRecord } from "./call-record.ts";
import type { CallFacts } from "./context-variables.ts";
import type { Destination, Endpoint } from "./endpoints.ts";
import type { GatewayAnswer } from "./gateway-answers.ts";
import type { IntegrationCall } from "./integration-call.ts";
import type { RequestValues } from "./jwt-token.ts";
import { type Peer, peerOf } from "./peer.ts";
import { QueryValues } from "./query-values.ts";
import type { RequestTarget } from "./request-target.ts";
import type { HeldBytes } from "./whole-body.ts";

/** Whose access log a line is for. */
export interface LoggedStage {
  readonly apiId: string;
  readonly stage: string;
}

/** What all calls of a gateway share. */
export interface CallContext {
  readonly clock: Clock;
  readonly record: (record: CallRecord) => void;
  /** Takes the line of a stage's access log. */
  readonly accessLog: (line: string, stage: LoggedStage) => void;
  readonly newRequestId: () => string;
  readonly limits: GatewayLimits;
  readonly held: HeldBytes;
  /** Connections end with the answer that is on them. */
  isClosing: boolean;
}

const MAX_PATH = 1024;

export class CallStory implements RequestValues {
  readonly method: string;
  readonly head: CallHead;
  readonly peer: Peer;
  /** Of the monotonic clock. */
  readonly startedMs: number;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly uuid: string;
  endpoint: Endpoint | null = null;
  target: RequestTarget | null = null;
  to: Destination | null = null;
  route: RoutePlan | null = null;
  caller: string | null = null;
  principal: Principal | null = null;
  claims: ReadonlyMap<string, string> | null = null;
  authorizerError: string | null = null;
  body: Buffer | null = null;
  call: IntegrationCall | null = null;
  /** As the backend sent them. */
  answerHeaders: readonly string[] = [];
  /** Where a mapping's value could not stand. */
  readonly unmapped: string[] = [];
  /** Null while, or when, the answer is the backend's. */
  ownAnswer: GatewayAnswer | null = null;
  status = 0;
  error: string | null = null;
  bytesOut = 0;
  readonly #plan: AccountPlan;
  readonly #req: GatewayRequest;
  #query: QueryValues | null = null;

  constructor({ clock, newRequestId }: CallContext, plan: AccountPlan, hasEdge: boolean, req: GatewayRequest) {
    this.#plan = plan;
    this.#req = req;
    this.startedMs = clock.monotonicMs();
    this.atMs = clock.nowMs();
    this.method = req.method ?? "";
    this.head = readCallHead(this.method, req.url ?? "", req.rawHeaders, hasEdge);
    this.peer = peerOf(req.socket, this.head, hasEdge, plan.switches.scheme);
    this.uuid = this.peer.requestId ?? newRequestId();
  }

  header(name: string): string | null {
    return joinedHeader(this.#req.rawHeaders, name.toLowerCase());
  }

  querystring(name: string): string | null {
    this.#query ??= new QueryValues(this.target?.query ?? "");
    return this.#query.get(name);
  }

  /** As far as they are known now; `to` is where the call goes. */
  facts({ api, stage, basePathMatched }: Destination): CallFacts {
    return {
      accountId: this.#plan.account.accountId,
      apiId: api.apiId,
      stage: stage.stageName,
      routeKey: this.route?.routeKey ?? null,
      requestId: apigwRequestId(this.uuid),
      domainName: this.endpoint?.domainName ?? "",
      domainPrefix: this.endpoint?.domainPrefix ?? "",
      basePathMatched,
      method: this.method,
      path: this.target?.rawPath ?? "",
      protocol: `HTTP/${this.#req.httpVersion}`,
      sourceIp: this.peer.sourceIp,
      userAgent: this.head.userAgent,
      atMs: this.atMs,
      principal: this.principal,
      claims: this.claims,
      authorizerError: this.authorizerError,
      errorMessage: this.ownAnswer?.message ?? null,
      errorType: this.ownAnswer?.responseType ?? null,
      integrationStatus: this.call?.status ?? null,
      integrationMs: this.call?.durationMs ?? null,
      integrationError: this.call?.error ?? null,
      answerHeader: (name) => joinedHeader(this.answerHeaders, name),
      status: null,
      durationMs: null,
      bytesIn: this.body?.length ?? 0,
      bytesOut: null,
    };
  }

  /** When the call has ended. */
  tell({ clock, accessLog, record }: CallContext): void {
    const durationMs = clock.monotonicMs() - this.startedMs;
    const { to } = this;
    const write = to?.stage.accessLog ?? null;
    if (to !== null && write !== null) {
      const line = write({ ...this.facts(to), status: this.status, durationMs, bytesOut: this.bytesOut });
      accessLog(line, { apiId: to.api.apiId, stage: to.stage.stageName });
    }
    record(this.#record(durationMs));
  }

  #record(durationMs: number): CallRecord {
    const path = this.target?.rawPath ?? /^[^?#]*/.exec(this.#req.url ?? "")?.[0] ?? "";
    return {
      time: formatTime(this.atMs),
      requestId: this.endpoint === null ? this.uuid : apigwRequestId(this.uuid),
      apiId: this.to?.api.apiId ?? this.endpoint?.api?.apiId ?? null,
      stage: this.to?.stage.stageName ?? null,
      routeKey: this.route?.routeKey ?? null,
      host: this.endpoint?.domainName ?? "-",
      method: this.method,
      path: path.slice(0, MAX_PATH),
      sourceIp: this.peer.sourceIp ?? "-",
      status: this.status,
      responseType: this.ownAnswer?.responseType ?? null,
      authorizer: this.route?.route.authorizationType ?? null,
      caller: this.caller,
      authorizerError: this.authorizerError,
      integration: this.call?.origin ?? null,
      integrationStatus: this.call?.status ?? null,
      integrationMs: this.call?.durationMs ?? null,
      integrationError: this.call?.error ?? null,
      unmapped: this.unmapped,
      error: this.error,
      bytesIn: this.body?.length ?? 0,
      bytesOut: this.bytesOut,
      durationMs,
    };
  }
}
