/**
 * W3C Trace Context: joins the caller's trace or starts one.
 *
 * In:  the `traceparent` and `tracestate` header values as received. Out: ids of this hop and what to send on.
 * Not here: request ids (ids.ts), exporters.
 * Source: https://www.w3.org/TR/trace-context/ sections 3.2 (traceparent), 3.3 (tracestate), 4 (processing model).
 * INVARIANT: nothing that fails the grammar is sent on; a caller cannot make us emit an id of zeros.
 */
import { randomBytes } from "node:crypto";

export interface TraceStart {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** This hop's span, 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** The caller's span, null when this hop starts the trace. */
  readonly parentSpanId: string | null;
  /** To send to the next hop: same trace, our span as parent, the caller's sampling choice. */
  readonly traceparent: string;
  /** To send to the next hop as it is, null when there is nothing valid to send. */
  readonly tracestate: string | null;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const TRACE_ZERO = "0".repeat(32);
const SPAN_ZERO = "0".repeat(16);
/** Sampled (level 1) and random trace id (level 2); all other bits must be zero in what we send. */
const KNOWN_FLAGS = 0x03;

/**
 * The trace of one request. A valid `traceparent` is joined; a missing, repeated, malformed or all-zero one, and one of
 * the forbidden version `ff`, starts a new trace, and then the caller's `tracestate` is dropped too.
 */
export function startTrace(traceparent: string | undefined, tracestate?: string): TraceStart {
  const spanId = randomHex(16);
  const parent = traceparent === undefined ? null : parseTraceparent(traceparent);
  if (parent === null) {
    const traceId = randomHex(32);
    return { traceId, spanId, parentSpanId: null, traceparent: `00-${traceId}-${spanId}-01`, tracestate: null };
  }
  return {
    traceId: parent.traceId,
    spanId,
    parentSpanId: parent.spanId,
    traceparent: `00-${parent.traceId}-${spanId}-0${parent.flags & KNOWN_FLAGS}`,
    tracestate: tracestate === undefined ? null : checkTracestate(tracestate),
  };
}

export interface Traceparent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

/** Strict: lower case, exact lengths, version 00 without a tail, later versions with one. Null when it does not hold. */
export function parseTraceparent(text: string): Traceparent | null {
  const match = TRACEPARENT.exec(text);
  if (match === null) return null;
  const [, version, traceId = TRACE_ZERO, spanId = SPAN_ZERO, flags = "00", tail] = match;
  if (version === "ff" || (version === "00" && tail !== undefined)) return null;
  if (traceId === TRACE_ZERO || spanId === SPAN_ZERO) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

const MEMBER =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const MAX_MEMBERS = 32;
/** The specification asks for at least 512 to be passed on; twice that is kept, the rest of the header budget is the caller's. */
const MAX_TRACESTATE = 1024;

/** The value when every member is well formed, keys are unique and there are at most 32; else null. */
export function checkTracestate(text: string): string | null {
  if (text.length > MAX_TRACESTATE) return null;
  const members = text
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  if (members.length === 0 || members.length > MAX_MEMBERS) return null;
  const keys = new Set<string>();
  for (const member of members) {
    const key = member.slice(0, member.indexOf("="));
    if (!MEMBER.test(member) || keys.has(key)) return null;
    keys.add(key);
  }
  return members.join(",");
}

const POOL_DIGITS = 8192;
let pool = "";
let poolAt = POOL_DIGITS;

/** Random digits from a pool: one system call for some 170 requests. An id of zeros is never returned. */
function randomHex(digits: 16 | 32): string {
  for (;;) {
    if (poolAt + digits > pool.length) {
      pool = randomBytes(POOL_DIGITS / 2).toString("hex");
      poolAt = 0;
    }
    const hex = pool.slice(poolAt, poolAt + digits);
    poolAt += digits;
    if (hex !== TRACE_ZERO && hex !== SPAN_ZERO) return hex;
  }
}
