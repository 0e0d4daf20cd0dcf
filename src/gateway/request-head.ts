/**
 * One pass over a request's raw headers: what the gateway itself needs, and what goes on to the service.
 *
 * In: the flat list of names and values as they came. Out: a `RequestHead`.
 * Not here: what the values mean (exchange.ts), the headers that Gatehouse adds (service-headers.ts).
 * INVARIANT: `forwarded` holds no hop-by-hop header, nothing that `Connection` names, no header in any spelling that
 * only Gatehouse may set, none of Gatehouse's cookies, and of `Authorization`, `DPoP` and a session token of AWS none
 * unless the route keeps the first (or, of a proof, that alone).
 */
import { REQUEST_CLASS, foldHeaderName, requestClassOf } from "./header-names.ts";

/** What a route says about the headers of its requests. */
export interface HeadRules {
  readonly keepAuthorization: boolean;
  /** Lower-case names of otherwise reserved headers that pass; null for none. */
  readonly keep: ReadonlySet<string> | null;
  /** Folded names of the route's own identity headers; null for none. */
  readonly identityNames: ReadonlySet<string> | null;
  /** Folded names that the policy removes or sets itself; null for none. */
  readonly dropped: ReadonlySet<string> | null;
}

export interface RequestHead {
  /** Flat names and values to send on, before Gatehouse's own. */
  forwarded: string[];
  /** Request line and header values in bytes, without what the edge added. */
  bytes: number;
  /** Null when there is none or more than one. */
  host: string | null;
  requestId: string | null;
  forwardedFor: string | null;
  forwardedProto: string | null;
  traceparent: string | undefined;
  tracestate: string | undefined;
  authorization: string | null;
  /** Values of all `DPoP` headers. */
  dpop: readonly string[];
  /** As the edge says it; only what came by the public listener may be believed. */
  clientCertificate: string | null;
  cookie: string | undefined;
  contentLength: string | null;
  isChunked: boolean;
  /** It has a transfer coding besides `chunked`, which a service would never be told of. */
  hasOtherCoding: boolean;
  /** A header that decides something was there more than once. */
  isRepeated: boolean;
  /** Names, as sent, of look-alikes that were dropped. */
  removed: readonly string[];
  /** All values of `Connection`; null when there is none. */
  connection: string | null;
  /** Some cookie did not pass. */
  hadOurCookie: boolean;
}

/** The first `Host` among raw headers, which says by which route's rules the head is read; null when there is none. */
export function firstHost(raw: readonly string[]): string | null {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length === 4 && name.toLowerCase() === "host") return raw[i + 1] as string;
  }
  return null;
}

/** The value of a header that is there exactly once among raw headers; `name` in lower case. */
export function singleHeader(raw: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const each = raw[i] as string;
    if (each.length !== name.length || each.toLowerCase() !== name) continue;
    if (found !== null) return null;
    found = raw[i + 1] as string;
  }
  return found;
}

const NONE: readonly string[] = Object.freeze([]);
/** Method, target, `HTTP/1.1` and the two spaces. */
const REQUEST_LINE_REST = 10;

export function readRequestHead(
  method: string,
  target: string,
  raw: readonly string[],
  rules: HeadRules | null,
): RequestHead {
  const C = REQUEST_CLASS;
  const out: string[] = [];
  const head: RequestHead = {
    forwarded: out,
    bytes: method.length + target.length + REQUEST_LINE_REST,
    host: null,
    requestId: null,
    forwardedFor: null,
    forwardedProto: null,
    traceparent: undefined,
    tracestate: undefined,
    authorization: null,
    dpop: NONE,
    clientCertificate: null,
    cookie: undefined,
    contentLength: null,
    isChunked: false,
    hasOtherCoding: false,
    isRepeated: false,
    removed: NONE,
    connection: null,
    hadOurCookie: false,
  };
  const identityNames = rules === null ? null : rules.identityNames;
  const dropped = rules === null ? null : rules.dropped;
  let hosts = 0;
  let traceparents = 0;
  let connection: string | null = null;
  let removed: string[] | null = null;
  let bytes = head.bytes;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    switch (requestClassOf(name)) {
      case C.pass:
        bytes += value.length;
        if (identityNames !== null && identityNames.has(foldHeaderName(name))) (removed ??= []).push(name);
        else if (dropped === null || !dropped.has(foldHeaderName(name))) out.push(name, value);
        break;
      case C.via:
        if (dropped === null || !dropped.has("via")) out.push(name, value);
        break;
      case C.host:
        bytes += value.length;
        head.host = ++hosts === 1 ? value : null;
        break;
      case C.requestId:
        if (head.requestId !== null) (removed ??= []).push(name);
        head.requestId = value;
        break;
      case C.forwardedFor:
        if (head.forwardedFor !== null) (removed ??= []).push(name);
        head.forwardedFor = value;
        break;
      case C.forwardedProto:
        head.forwardedProto = value;
        break;
      case C.forwardedHost:
        break;
      case C.authorization:
        bytes += value.length;
        if (head.authorization !== null) head.isRepeated = true;
        head.authorization = value;
        if (rules !== null && rules.keepAuthorization) out.push(name, value);
        break;
      case C.securityToken:
        bytes += value.length;
        if (rules !== null && rules.keepAuthorization && (dropped === null || !dropped.has("x-amz-security-token")))
          out.push(name, value);
        break;
      case C.dpop:
        bytes += value.length;
        head.dpop = [...head.dpop, value];
        if (rules !== null && rules.keep !== null && rules.keep.has("dpop")) out.push(name, value);
        break;
      case C.clientCertificate:
        if (head.clientCertificate !== null) (removed ??= []).push(name);
        head.clientCertificate = value;
        break;
      case C.cookie: {
        bytes += value.length;
        head.cookie = head.cookie === undefined ? value : `${head.cookie}; ${value}`;
        const rest = withoutOurCookies(value);
        if (rest !== value || rest === "") head.hadOurCookie = true;
        if (rest !== "") out.push(name, rest);
        break;
      }
      case C.contentLength:
        head.contentLength = value;
        break;
      case C.transferEncoding:
        head.isChunked = true;
        if (value.trim().toLowerCase() !== "chunked") head.hasOtherCoding = true;
        break;
      case C.traceparent:
        bytes += value.length;
        head.traceparent = ++traceparents === 1 ? value : undefined;
        break;
      case C.tracestate:
        bytes += value.length;
        head.tracestate = head.tracestate === undefined ? value : `${head.tracestate},${value}`;
        break;
      case C.connection:
        bytes += value.length;
        connection = connection === null ? value : `${connection},${value}`;
        break;
      case C.hopByHop:
        bytes += value.length;
        break;
      case C.lookalike:
        bytes += value.length;
        if (rules !== null && rules.keep !== null && rules.keep.has(name.toLowerCase())) out.push(name, value);
        else (removed ??= []).push(name);
        break;
    }
  }
  head.bytes = bytes;
  if (removed !== null) head.removed = removed;
  if (connection !== null) {
    head.connection = connection;
    head.forwarded = withoutConnectionOptions(out, connection);
  }
  return head;
}

/** `headers` without those that a `Connection` value names; the same list when it names none. */
export function withoutConnectionOptions(headers: string[], connection: string): string[] {
  const named = namedByConnection(connection);
  if (named === null) return headers;
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2)
    if (!named.has((headers[i] as string).toLowerCase())) kept.push(headers[i] as string, headers[i + 1] as string);
  return kept;
}

/** The names, in lower case, that a `Connection` value names besides how the connection goes on; null for none. */
export function namedByConnection(connection: string): ReadonlySet<string> | null {
  if (connection === "keep-alive" || connection === "close") return null;
  const options = connection
    .toLowerCase()
    .split(",")
    .map((option) => option.trim())
    .filter((option) => option !== "" && option !== "close" && option !== "keep-alive");
  return options.length === 0 ? null : new Set(options);
}

const OUR_COOKIE = /__host-gatehouse/i;

/** Whether a `name=value` pair names a cookie of Gatehouse, in a browser's or a laxer reading. */
export function isOurCookie(pair: string): boolean {
  return OUR_COOKIE.test(pair) && pair.trimStart().toLowerCase().startsWith("__host-gatehouse");
}

/** A `Cookie` value without the cookies of Gatehouse; empty when nothing of it may pass. */
export function withoutOurCookies(cookies: string): string {
  if (!OUR_COOKIE.test(cookies)) return cookies;
  return cookies
    .split(";")
    .filter((pair) => !isOurCookie(pair))
    .map((pair) => pair.trim())
    .join("; ");
}
