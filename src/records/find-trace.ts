/**
 * Joins what each hop wrote about one request, or about all requests of one trace.
 *
 * In:  the two logs and an id: a request id, a trace id, or an `apigw-requestid`. Out: hops in the order of the road.
 * INVARIANT: only records that carry the id are joined, so a story never holds another request's line.
 */
import { parseEdgeLine } from "./edge-line.ts";
import { parseGatewayLine } from "./gateway-line.ts";
import { requestIdPrefix } from "./ids.ts";
import { listLogFiles, readLines } from "./log-files.ts";
import type { EdgeRecord, GatewayRecord } from "./record.ts";

export interface LogPaths {
  readonly edgeLog: string;
  readonly gatewayLog: string;
}

/** One request as its hops tell it; a hop that wrote nothing is null. */
export interface RequestStory {
  readonly requestId: string;
  readonly edge: EdgeRecord | null;
  readonly gateway: GatewayRecord | null;
  /** Milliseconds; null where the hop that knows wrote nothing. */
  readonly timings: {
    /** From the first byte at the edge to the last byte to the client. */
    readonly edgeMs: number | null;
    /** The part of it spent in the gateway. */
    readonly gatewayMs: number | null;
    /** The part of that spent on finding out who asks and whether they may. */
    readonly decideMs: number | null;
    /** Waiting for the service's first byte. */
    readonly serviceMs: number | null;
  };
}

export interface Trace {
  readonly traceId: string | null;
  /** Oldest first. */
  readonly requests: readonly RequestStory[];
}

const TRACE_ID = /^[0-9a-f]{32}$/;

/** Null when no record has the id. An id of no known form is looked up as a request id. */
export async function findTrace(logs: LogPaths, id: string): Promise<Trace | null> {
  const wanted = id.trim();
  const prefix = requestIdPrefix(wanted);
  const isTrace = TRACE_ID.test(wanted);
  const needle = prefix ?? wanted;
  if (needle === "") return null;
  const isMeant = (record: { readonly requestId: string; readonly traceId: string | null }): boolean =>
    isTrace
      ? record.traceId === wanted
      : prefix === null
        ? record.requestId === wanted
        : record.requestId.startsWith(prefix);

  const edges = new Map<string, EdgeRecord>();
  const gateways = new Map<string, GatewayRecord>();
  const isComplete = (): boolean => !isTrace && edges.size > 0 && gateways.size > 0;
  await collect(logs.gatewayLog, needle, parseGatewayLine, isMeant, gateways, () => !isTrace && gateways.size > 0);
  await collect(logs.edgeLog, needle, parseEdgeLine, isMeant, edges, isComplete);
  const requestIds = new Set([...edges.keys(), ...gateways.keys()]);
  const requests = [...requestIds].map((requestId) => {
    const edge = edges.get(requestId) ?? null;
    const gateway = gateways.get(requestId) ?? null;
    return {
      requestId,
      edge,
      gateway,
      timings: {
        edgeMs: edge?.durationMs ?? null,
        gatewayMs: gateway?.durationMs ?? null,
        decideMs: gateway?.decideMs ?? null,
        serviceMs: gateway?.upstreamMs ?? null,
      },
    };
  });
  if (requests.length === 0) return null;
  requests.sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
  const traceId = requests[0]?.gateway?.traceId ?? requests[0]?.edge?.traceId ?? null;
  return { traceId, requests };
}

async function collect<R extends { readonly requestId: string; readonly traceId: string | null }>(
  file: string,
  needle: string,
  parse: (line: string) => R | null,
  isMeant: (record: R) => boolean,
  found: Map<string, R>,
  isEnough: () => boolean,
): Promise<void> {
  for (const path of listLogFiles(file)) {
    for await (const line of readLines(path, needle)) {
      const record = parse(line);
      if (record !== null && isMeant(record)) found.set(record.requestId, record);
    }
    if (isEnough()) return;
  }
}

function timeOf({ edge, gateway }: RequestStory): string {
  return edge?.time ?? gateway?.time ?? "";
}
