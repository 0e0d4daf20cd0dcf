/** The record of an exchange: what arrived, what was decided, how it ended. One shape, so that it stays cheap. */
import type { GatewayRecord } from "../records/index.ts";
import type { Arrival } from "./arrival.ts";
import { type HeaderOutcome, recordHeaders } from "./recorded-headers.ts";
import type { RecordReason } from "./reasons.ts";
import { formatTime } from "./record-time.ts";
import type { TunnelEnd } from "./tunnel.ts";

export interface Outcome extends HeaderOutcome {
  readonly status: number;
  readonly reason: RecordReason;
  readonly role: string | null;
  readonly bytesOut: number;
  readonly endMs: number;
  readonly decidedMs: number;
  /** Until the head of the service's answer; null when none came. */
  readonly upstreamMs: number | null;
  readonly wasForwarded: boolean;
  readonly error: string | null;
  readonly policyDigest: string;
}

const MAX_PATH = 1024;

/** @param raw names and values of the request as it came */
export function exchangeRecord(arrival: Arrival, raw: readonly string[], outcome: Outcome): GatewayRecord {
  const { plan, rawPath } = arrival;
  const { identity, upstreamMs } = outcome;
  return {
    time: formatTime(arrival.atMs),
    hop: "gateway",
    requestId: arrival.requestId,
    traceId: arrival.traceId,
    spanId: arrival.spanId,
    parentSpanId: arrival.parentSpanId,
    api: arrival.api,
    routeKey: plan === null ? null : plan.routeKey,
    service: plan === null ? null : plan.service,
    method: arrival.method,
    host: arrival.head.host ?? "",
    path: rawPath.length > MAX_PATH ? rawPath.slice(0, MAX_PATH) : rawPath,
    status: outcome.status,
    reason: outcome.reason,
    role: outcome.role,
    subject: identity === null ? null : identity.subject,
    clientId: identity === null ? null : identity.clientId,
    issuer: identity === null ? null : identity.issuerName,
    sourceIp: arrival.sourceIp,
    bytesIn: outcome.bytesIn,
    bytesOut: outcome.bytesOut,
    durationMs: toMicroseconds(outcome.endMs - arrival.startedMs),
    decideMs: toMicroseconds(outcome.decidedMs - arrival.startedMs),
    upstreamMs: upstreamMs === null ? null : toMicroseconds(upstreamMs),
    upstream: outcome.wasForwarded && plan !== null ? plan.origin : null,
    removedHeaders: arrival.head.removed,
    error: outcome.error,
    policyDigest: outcome.policyDigest,
    headers: recordHeaders(arrival, raw, outcome),
  };
}

/** The record of a request whose connection became a tunnel, when that has ended. */
export function tunnelRecord(soFar: GatewayRecord, end: TunnelEnd, durationMs: number): GatewayRecord {
  const { bytesIn, bytesOut, error, why } = end;
  return {
    ...soFar,
    reason: why ?? soFar.reason,
    bytesIn,
    bytesOut,
    durationMs: toMicroseconds(durationMs),
    error: error ?? soFar.error,
  };
}

/** Milliseconds with three decimals. */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
