/**
 * What a record keeps of the headers of an exchange: their names, and in bits what else decides which of them go on.
 *
 * In: heads that were read, how the exchange went. Out: `RecordedHeaders`, of which explain-headers.ts makes the story.
 * It is on the path of every request: names are compared with those of before, and nothing more where nothing unusual came.
 * INVARIANT: no value of a header, and of `Connection` only what is the name of another header that came.
 */
import type { Identity } from "../identity/index.ts";
import type { RecordedHeaders } from "../records/index.ts";
import type { Arrival } from "./arrival.ts";
import { REQUEST_CLASS, requestClassOf } from "./header-names.ts";
import { MAX_LIST, joinNames } from "./name-lists.ts";
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
  if (!hadOurCookie) return joinNames(flat, 2);
  const marked: string[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] as string;
    const value = flat[i + 1] as string;
    const rest = requestClassOf(name) === REQUEST_CLASS.cookie ? withoutOurCookies(value) : null;
    marked.push(rest === null || (rest !== "" && rest === value) ? name : `${name}=${rest === "" ? "none" : "part"}`);
  }
  return joinNames(marked, 1);
}

/** Filled and read within one call. */
const collected: string[] = [];

function nameResponseHeaders(received: UpstreamHeaders, hadOurCookie: boolean): string {
  collected.length = 0;
  for (const name in received) {
    const value = received[name];
    if (value === undefined) continue;
    if (typeof value === "string") collected.push(markResponse(name, value, hadOurCookie));
    else for (const item of value) collected.push(markResponse(name, item, hadOurCookie));
  }
  return joinNames(collected, 1);
}

function markResponse(name: string, value: string, hadOurCookie: boolean): string {
  return hadOurCookie && name === "set-cookie" && isOurCookie(value) ? `${name}=ours` : name;
}

function namedAmong(connection: string, isThere: (name: string) => boolean): string {
  const named = namedByConnection(connection);
  return named === null ? "" : [...named].filter(isThere).join(",").slice(0, MAX_LIST);
}

function hasName(raw: readonly string[], lower: string): boolean {
  return raw.some((name, index) => index % 2 === 0 && name.toLowerCase() === lower);
}
