/**
 * One pass over a call's raw headers: what the gateway needs to know, and what goes on to the backend.
 *
 * In: the flat list of names and values as they came. Out: a `CallHead`.
 * Not here: the headers that the gateway adds (backend-headers.ts), the signature (iam).
 * Source: API Gateway developer guide, "Known issues" (X-Forwarded-* become `Forwarded`); RFC 9110 7.6.1.
 * INVARIANT: `passed` holds no hop-by-hop header and nothing that `Connection` names; framing is not in it.
 */
import { withoutConnectionOptions } from "../request-head.ts";

export interface CallHead {
  /** Flat names and values to send on. */
  passed: string[];
  /** Request line and header values in bytes. */
  bytes: number;
  /** Null when there is none or more than one. */
  host: string | null;
  contentLength: string | null;
  isChunked: boolean;
  /** It has a transfer coding besides `chunked`, which the backend would never be told of. */
  hasOtherCoding: boolean;
  hasContentType: boolean;
  /** Repeated ones joined with `,`, as for all below. */
  forwardedFor: string | null;
  forwardedHost: string | null;
  forwardedProto: string | null;
  forwarded: string | null;
  via: string | null;
  amznTraceId: string | null;
  userAgent: string | null;
  requestId: string | null;
}

const K = {
  pass: 0,
  hopByHop: 1,
  connection: 2,
  host: 3,
  contentLength: 4,
  transferEncoding: 5,
  contentType: 6,
  forwardedFor: 7,
  forwardedHost: 8,
  forwardedProto: 9,
  forwarded: 10,
  via: 11,
  amznTraceId: 12,
  userAgent: 13,
  requestId: 14,
} as const;

const KIND = new Map<string, number>([
  ["connection", K.connection],
  ["keep-alive", K.hopByHop],
  ["proxy-connection", K.hopByHop],
  ["proxy-authenticate", K.hopByHop],
  ["proxy-authorization", K.hopByHop],
  ["te", K.hopByHop],
  ["trailer", K.hopByHop],
  ["upgrade", K.hopByHop],
  ["http2-settings", K.hopByHop],
  ["expect", K.hopByHop],
  ["host", K.host],
  ["content-length", K.contentLength],
  ["transfer-encoding", K.transferEncoding],
  ["content-type", K.contentType],
  ["x-forwarded-for", K.forwardedFor],
  ["x-forwarded-host", K.forwardedHost],
  ["x-forwarded-proto", K.forwardedProto],
  ["forwarded", K.forwarded],
  ["via", K.via],
  ["x-amzn-trace-id", K.amznTraceId],
  ["user-agent", K.userAgent],
  ["x-request-id", K.requestId],
]);

/** Method, target, `HTTP/1.1` and the two spaces. */
const REQUEST_LINE_REST = 10;

/** @param isEdge the headers that an edge adds (X-Forwarded-*, Via, X-Request-Id) are not counted as the client's */
export function readCallHead(method: string, target: string, raw: readonly string[], isEdge: boolean): CallHead {
  const out: string[] = [];
  const head: CallHead = {
    passed: out,
    bytes: 0,
    host: null,
    contentLength: null,
    isChunked: false,
    hasOtherCoding: false,
    hasContentType: false,
    forwardedFor: null,
    forwardedHost: null,
    forwardedProto: null,
    forwarded: null,
    via: null,
    amznTraceId: null,
    userAgent: null,
    requestId: null,
  };
  let bytes = method.length + target.length + REQUEST_LINE_REST;
  let hosts = 0;
  let connection: string | null = null;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const kind = KIND.get(name.toLowerCase()) ?? K.pass;
    if (!isEdge || kind < K.forwardedFor || kind > K.via) bytes += value.length;
    switch (kind) {
      case K.pass:
        out.push(name, value);
        break;
      case K.hopByHop:
        break;
      case K.connection:
        connection = join(connection, value);
        break;
      case K.host:
        head.host = ++hosts === 1 ? value : null;
        break;
      case K.contentLength:
        head.contentLength = value;
        break;
      case K.transferEncoding:
        head.isChunked = true;
        if (value.trim().toLowerCase() !== "chunked") head.hasOtherCoding = true;
        break;
      case K.contentType:
        head.hasContentType = true;
        out.push(name, value);
        break;
      case K.forwardedFor:
        head.forwardedFor = join(head.forwardedFor, value);
        break;
      case K.forwardedHost:
        head.forwardedHost = join(head.forwardedHost, value);
        break;
      case K.forwardedProto:
        head.forwardedProto = join(head.forwardedProto, value);
        break;
      case K.forwarded:
        head.forwarded = join(head.forwarded, value);
        break;
      case K.via:
        head.via = join(head.via, value);
        break;
      case K.amznTraceId:
        head.amznTraceId = join(head.amznTraceId, value);
        break;
      case K.userAgent:
        head.userAgent = join(head.userAgent, value);
        out.push(name, value);
        break;
      case K.requestId:
        head.requestId = value;
        out.push(name, value);
        break;
    }
  }
  head.bytes = bytes;
  if (connection !== null) head.passed = withoutConnectionOptions(out, connection);
  return head;
}

function join(before: string | null, value: string): string {
  return before === null ? value : `${before},${value}`;
}

/** The values of a header in a flat list, joined with `,`; null when it is not there. `name` in lower case. */
export function joinedHeader(raw: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const each = raw[i] as string;
    if (each.length === name.length && each.toLowerCase() === name) found = join(found, raw[i + 1] as string);
  }
  return found;
}
