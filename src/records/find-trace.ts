/**
 * The story of a request, or of all requests of one trace: the records of both hops, joined.
 *
 * In:  the logs and an id of any of the three kinds. Out: requests with what each hop saw and how long each part took.
 * Not here: how it looks (render-trace.ts).
 * INVARIANT: a request belongs to the answer when one of its own records says so; nothing is joined by time.
 */
import { parseEdgeLine } from "./edge-line.ts";
import { parseGatewayLine } from "./gateway-line.ts";
import { apigwRequestId, isRequestId, requestIdPrefix } from "./ids.ts";
import { type LogFiles, findLines, listEdgeRotated, listGatewayRotated, readBlocks } from "./log-files.ts";
import type { EdgeRecord, GatewayRecord } from "./record.ts";
import { parseTraceparent } from "./trace-context.ts";

export interface Trace {
  /** Null when no hop had one: the gateway was away. */
  readonly traceId: string | null;
  /** In the order in which they arrived. */
  readonly requests: readonly TracedRequest[];
}

export interface TracedRequest {
  readonly requestId: string;
  readonly apigwRequestId: string;
  readonly traceId: string | null;
  /** RFC 3339, at the first hop that saw it. */
  readonly time: string;
  readonly edge: EdgeRecord | null;
  readonly gateway: GatewayRecord | null;
  readonly timings: Timings;
}

/** Milliseconds; null where the hop has no record or the part did not happen. */
export interface Timings {
  /** From the first byte at the edge to the last byte to the client. */
  readonly edgeMs: number | null;
  /** The part of it that was not spent in the gateway. */
  readonly edgeOwnMs: number | null;
  readonly gatewayMs: number | null;
  readonly decideMs: number | null;
  /** From sending to the service's first byte. */
  readonly serviceWaitMs: number | null;
}

export type IdKind = "request" | "apigw" | "trace";

/** What a text is an id of; null when it is none. A whole `traceparent` counts as its trace id. */
export function readId(text: string): { readonly kind: IdKind; readonly value: string } | null {
  const trimmed = text.trim();
  const lower = trimmed.toLowerCase();
  if (isRequestId(lower)) return { kind: "request", value: lower };
  if (/^[0-9a-f]{32}$/.test(lower)) return { kind: "trace", value: lower };
  const traceparent = parseTraceparent(lower);
  if (traceparent !== null) return { kind: "trace", value: traceparent.traceId };
  return requestIdPrefix(trimmed) === null ? null : { kind: "apigw", value: trimmed };
}

/** Of one trace; a caller may reuse a trace id as often as it likes. */
const MAX_REQUESTS = 1000;
/** A log is searched once for each text; beyond this many it costs less to read all of its lines. */
const MAX_TEXTS = 16;

/**
 * The request with this request id or `apigw-requestid`, or the requests with this trace id (at most 1000); null when
 * no log, rotated ones included, knows it or when it is no id at all. A record that is younger than the writer's batch
 * time may be missing.
 */
export async function findTrace(files: LogFiles, id: string): Promise<Trace | null> {
  const wanted = readId(id);
  if (wanted === null) return null;
  const isOne = wanted.kind !== "trace";
  const text = wanted.kind === "apigw" ? (requestIdPrefix(wanted.value) ?? wanted.value) : wanted.value;
  const matches = (record: EdgeRecord | GatewayRecord) =>
    wanted.kind === "trace" ? record.traceId === wanted.value : record.requestId.startsWith(text);

  const gateway = await collect(files.gatewayLog, listGatewayRotated, parseGatewayLine, [text], matches, isOne);
  const edge = await collect(files.edgeLog, listEdgeRotated, parseEdgeLine, [text], matches, isOne);
  // The edge knows a trace id only from an answer. What ended before one is found by its request id.
  const missing = [...gateway.keys()].filter((requestId) => !edge.has(requestId));
  if (missing.length > 0 && !isOne) {
    const ofMissing = (record: EdgeRecord) => gateway.has(record.requestId);
    const texts = missing.length > MAX_TEXTS ? ['"uuid":"'] : missing;
    const more = await collect(files.edgeLog, listEdgeRotated, parseEdgeLine, texts, ofMissing, false);
    for (const [requestId, record] of more) edge.set(requestId, record);
  }
  return join(edge, gateway);
}

/** By request id. Newest file first; for a single request the search ends where it was found. */
async function collect<R extends EdgeRecord | GatewayRecord>(
  file: string,
  listRotated: (file: string) => Promise<string[]>,
  parse: (line: string) => R | null,
  texts: readonly string[],
  matches: (record: R) => boolean,
  isOne: boolean,
): Promise<Map<string, R>> {
  const found = new Map<string, R>();
  for (const name of [file, ...(await listRotated(file)).toReversed()]) {
    for await (const block of readBlocks(name)) {
      for (const line of findLines(block, texts)) {
        const record = parse(line);
        if (record === null || !matches(record)) continue;
        if (found.size < MAX_REQUESTS || found.has(record.requestId)) found.set(record.requestId, record);
      }
    }
    if (isOne && found.size > 0) break;
  }
  return found;
}

function join(edges: ReadonlyMap<string, EdgeRecord>, gateways: ReadonlyMap<string, GatewayRecord>): Trace | null {
  const requests = [...new Set([...edges.keys(), ...gateways.keys()])].map((requestId) =>
    joinRequest(requestId, edges.get(requestId) ?? null, gateways.get(requestId) ?? null),
  );
  if (requests.length === 0) return null;
  requests.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return { traceId: requests.find((request) => request.traceId !== null)?.traceId ?? null, requests };
}

function joinRequest(requestId: string, edge: EdgeRecord | null, gateway: GatewayRecord | null): TracedRequest {
  return {
    requestId,
    apigwRequestId: apigwRequestId(requestId),
    traceId: gateway?.traceId ?? edge?.traceId ?? null,
    time: edge?.time ?? gateway?.time ?? "",
    edge,
    gateway,
    timings: {
      edgeMs: edge?.durationMs ?? null,
      edgeOwnMs: edge === null || gateway === null ? null : difference(edge.durationMs, gateway.durationMs),
      gatewayMs: gateway?.durationMs ?? null,
      decideMs: gateway?.decideMs ?? null,
      serviceWaitMs: gateway?.upstreamMs ?? null,
    },
  };
}

/** Not below zero: the two hops have clocks of their own. */
function difference(a: number, b: number): number {
  return Math.max(0, Math.round((a - b) * 1000) / 1000);
}
