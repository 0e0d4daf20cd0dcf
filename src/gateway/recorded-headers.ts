/**
 * What a record keeps of the headers of an exchange: their names, and in bits what else decides which of them go on.
 *
 * In: heads that were read, how the exchange went. Out: `RecordedHeaders`, of which explain-headers.ts makes the story.
 * It is on the path of every request: one pass over names, and nothing more where nothing unusual came.
 * INVARIANT: no value of a header, and of `Connection` only what is the name of another header that came.
 */
import type { Identity } from "../identity/index.ts";
import type { RecordedHeaders } from "../records/index.ts";
import type { Arrival } from "./arrival.ts";
import { REQUEST_CLASS, requestClassOf } from "./header-names.ts";
import { isOurCookie, namedByConnection, withoutOurCookies } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import type { UpstreamHeaders } from "./upstream-call.ts";

/** Bits of `RecordedHeaders.facts`; above them stands how many cookies of a session were set. */
export const HEADER_FACTS = {
  /** `Content-Length` says something else than `0`. */
  length: 1,
  /** The body went on as it came. */
  streamed: 2,
  /** The body went on in one piece, and is not empty. */
  whole: 4,
  /** A `tracestate` that is well formed, beside a `traceparent` that is. */
  tracestate: 8,
  /** The caller has a name. */
  name: 16,
  /** The caller is in a group. */
  groups: 32,
  /** The service was asked for a WebSocket. */
  upgrade: 64,
  /** The page that asked is one that the API's CORS configuration allows. */
  allowedOrigin: 128,
} as const;
export const FACT_BITS = 8;

/** How an exchange went, as far as headers go. */
export interface HeaderOutcome {
  readonly identity: Identity | null;
  readonly isStreamed: boolean;
  readonly bytesIn: number;
  readonly isUpgrade: boolean;
  /** Null when no answer of the service came. */
  readonly head: ResponseHead | null;
  /** Flat names and values of the gateway's own answer; null when it gave none. */
  readonly own: readonly string[] | null;
  readonly setCookies: number;
}

/** Longest list in characters: a record's texts are no longer. */
const MAX_LIST = 1000;

export function recordHeaders(arrival: Arrival, raw: readonly string[], outcome: HeaderOutcome): RecordedHeaders {
  const { head, own } = outcome;
  const { connection } = arrival.head;
  return {
    request: nameRequestHeaders(raw, arrival.head.hadOurCookie),
    named: connection === null ? "" : namedAmong(connection, (name) => hasName(raw, name)),
    response: head === null ? null : nameResponseHeaders(head.received, head.hadOurCookie),
    responseNamed:
      head === null || head.connection === null
        ? ""
        : namedAmong(head.connection, (name) => head.received[name] !== undefined),
    own: own === null ? null : nameRequestHeaders(own, false),
    facts: factsOf(arrival, raw, outcome),
  };
}

function factsOf(arrival: Arrival, raw: readonly string[], outcome: HeaderOutcome): number {
  const F = HEADER_FACTS;
  const { identity, isStreamed, bytesIn, isUpgrade, setCookies } = outcome;
  const { contentLength } = arrival.head;
  let facts = setCookies << FACT_BITS;
  if (contentLength !== null && contentLength !== "0") facts |= F.length;
  if (isStreamed) facts |= F.streamed;
  else if (bytesIn > 0) facts |= F.whole;
  if (arrival.tracestate !== null) facts |= F.tracestate;
  if (identity !== null && identity.name !== null) facts |= F.name;
  if (identity !== null && identity.groups.length > 0) facts |= F.groups;
  if (isUpgrade) facts |= F.upgrade;
  const { cors, method } = arrival;
  if (cors !== null && cors.headersFor(method, raw)[0] === "access-control-allow-origin") facts |= F.allowedOrigin;
  return facts;
}

/** @param flat names and values in turn */
function nameRequestHeaders(flat: readonly string[], hadOurCookie: boolean): string {
  let list = "";
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] as string;
    if (list.length + name.length > MAX_LIST) return cut(list, (flat.length - i) >> 1);
    list += i === 0 ? name : `,${name}`;
    if (hadOurCookie && requestClassOf(name) === REQUEST_CLASS.cookie) {
      const rest = withoutOurCookies(flat[i + 1] as string);
      list += rest === "" ? "=none" : rest === flat[i + 1] ? "" : "=part";
    }
  }
  return list;
}

function nameResponseHeaders(received: UpstreamHeaders, hadOurCookie: boolean): string {
  let list = "";
  let count = 0;
  for (const name in received) {
    const value = received[name];
    if (value === undefined) continue;
    for (const item of typeof value === "string" ? [value] : value) {
      if (list.length + name.length > MAX_LIST) return cut(list, countOf(received) - count);
      list += count++ === 0 ? name : `,${name}`;
      if (hadOurCookie && name === "set-cookie" && isOurCookie(item)) list += "=ours";
    }
  }
  return list;
}

function countOf(received: UpstreamHeaders): number {
  return Object.values(received).reduce(
    (sum, value) => sum + (typeof value === "string" ? 1 : (value?.length ?? 0)),
    0,
  );
}

function cut(list: string, left: number): string {
  return `${list}${list === "" ? "" : ","}${left}=more`;
}

function namedAmong(connection: string, isThere: (name: string) => boolean): string {
  const named = namedByConnection(connection);
  return named === null ? "" : [...named].filter(isThere).join(",").slice(0, MAX_LIST);
}

function hasName(raw: readonly string[], lower: string): boolean {
  return raw.some((name, index) => index % 2 === 0 && name.toLowerCase() === lower);
}
