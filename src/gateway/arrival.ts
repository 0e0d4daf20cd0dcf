/**
 * What a request is when it arrives, before anything is decided: its ids, its trace, its path, its route, its headers.
 *
 * In: node's request, the socket's API, the runtime of the moment. Out: facts that do not change any more.
 * Not here: what follows from them (exchange.ts).
 * INVARIANT: reading never refuses; what cannot be read is null, and the exchange refuses it.
 */
import type { Clock } from "../core/index.ts";
import { normalizePath } from "../policy/index.ts";
import { type GatewayRecord, isRequestId, startTrace } from "../records/index.ts";
import type { Cors } from "./cors.ts";
import type { Deadlines } from "./deadlines.ts";
import type { GatewayRequest } from "./gateway-request.ts";
import type { HostVerdict } from "./hosts.ts";
import { isOwnPath } from "./own-endpoints.ts";
import { type RequestHead, firstHost, readRequestHead } from "./request-head.ts";
import type { GatewayLimits } from "./limits.ts";
import type { RoutePlan } from "./route-plan.ts";
import type { Runtime } from "./runtime.ts";
import type { Stream, StreamWatch } from "./stream-watch.ts";
import type { TunnelParts } from "./tunnel.ts";
import { sourceAddress } from "./service-headers.ts";

/** What all exchanges of a gateway share. */
export interface ExchangeContext {
  readonly clock: Clock;
  readonly record: (record: GatewayRecord) => void;
  readonly newRequestId: () => string;
  readonly limits: GatewayLimits;
  /** Of all streaming exchanges. */
  readonly idleWaits: Deadlines;
  /** An open WebSocket until it ends, by the right of `stream`. */
  readonly openTunnel: (parts: TunnelParts, stream: Omit<Stream, "end">) => void;
  /** Streams that are open. */
  readonly watch: StreamWatch;
  /** The gateway is stopping: connections end with their answer. */
  isClosing: boolean;
}

export type ApiKind = "public" | "private";

export class Arrival {
  readonly api: ApiKind;
  readonly startedMs: number;
  readonly atMs: number;
  readonly method: string;
  /** As sent: path and query. */
  readonly target: string;
  /** As sent, without query. */
  readonly rawPath: string;
  readonly query: string;
  /** What goes on of the query: all of it, unless a signature stood there by which the caller was recognised. */
  onwardQuery: string;
  /** Decoded; null when the target has no normal form. */
  readonly path: string | null;
  /** Whose the host is that was asked for. */
  readonly host: HostVerdict;
  readonly plan: RoutePlan | null;
  /** What the API says to pages of other origins; null where it says nothing. */
  readonly cors: Cors | null;
  readonly head: RequestHead;
  readonly requestId: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  /** For the next hop. */
  readonly traceparent: string;
  readonly tracestate: string | null;
  readonly sourceIp: string;
  readonly proto: "http" | "https";

  constructor(context: ExchangeContext, runtime: Runtime, api: ApiKind, req: GatewayRequest) {
    this.api = api;
    this.startedMs = context.clock.monotonicMs();
    this.atMs = context.clock.nowMs();
    const target = req.url ?? "";
    const method = req.method ?? "";
    this.method = method;
    this.target = target;
    const named = firstHost(req.rawHeaders);
    const host = named === null ? "malformed" : runtime.hosts.judge(named);
    this.host = host;
    const planned = typeof host === "string" ? null : host[api];
    const normal = normalizePath(target);
    // No route answers there, so none is named in the record.
    let isOwn = false;
    if (normal.ok) {
      this.path = normal.path;
      this.rawPath = normal.rawPath;
      this.query = normal.query;
      isOwn = isOwnPath(normal.path);
      this.plan = planned === null || isOwn ? null : planned.find(method, normal.path);
    } else {
      this.path = null;
      this.rawPath = /^[^?#]*/.exec(target)?.[0] ?? "";
      this.query = "";
      this.plan = null;
    }
    this.onwardQuery = this.query;
    this.cors = planned === null || isOwn ? null : planned.cors;
    const head = readRequestHead(method, target, req.rawHeaders, this.plan === null ? null : this.plan.headRules);
    this.head = head;
    this.requestId = head.requestId !== null && isRequestId(head.requestId) ? head.requestId : context.newRequestId();
    const trace = startTrace(head.traceparent, head.tracestate);
    this.traceId = trace.traceId;
    this.spanId = trace.spanId;
    this.parentSpanId = trace.parentSpanId;
    this.traceparent = trace.traceparent;
    this.tracestate = trace.tracestate;
    this.sourceIp = sourceAddress(head.forwardedFor);
    this.proto = head.forwardedProto === "http" ? "http" : "https";
  }

  /** Whether a body follows. */
  get hasBody(): boolean {
    const { contentLength, isChunked } = this.head;
    return isChunked || (contentLength !== null && Number(contentLength) !== 0);
  }

  /** The origin that a page of this host has in a browser. */
  get origin(): string {
    return `${this.proto}://${this.head.host?.toLowerCase()}`;
  }
}
