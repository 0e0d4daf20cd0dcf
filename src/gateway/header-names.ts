/**
 * What a header's name means to the gateway: one look-up for each header of each request and response.
 *
 * In: a name as it was sent. Out: a class. Names are remembered, because the same few hundred come again and again;
 * the memory is bounded, because clients choose them.
 * A name is compared after folding (lower case, `_` and `.` are `-`): back ends in CGI's tradition do not tell
 * `X_Request_Id` from `X-Request-Id`, so neither may this.
 * Source: RFC 9110 7.6.1 (hop-by-hop), RFC 3875 4.1.18 (why names are folded).
 */

/** SHA-256 of the certificate that a client used with the edge, as the edge says it. Of the public listener alone. */
const CLIENT_CERTIFICATE_HEADER = "x-gatehouse-client-certificate";

/** Numbers and not words: they are compared for every header of every request. */
export const REQUEST_CLASS = {
  pass: 0,
  /** Means something on one connection only; dropped. */
  hopByHop: 1,
  connection: 2,
  host: 3,
  authorization: 4,
  cookie: 5,
  contentLength: 6,
  transferEncoding: 7,
  /** The next ones are set by the edge, read here and sent on in our own words. */
  requestId: 8,
  forwardedFor: 9,
  forwardedProto: 10,
  forwardedHost: 11,
  traceparent: 12,
  tracestate: 13,
  /** Passed on, but added by the edge: not counted as the client's. */
  via: 14,
  /** Half of what a signature is; passed on where `Authorization` is. */
  securityToken: 16,
  /** Proves the key of the token in `Authorization`; passed on where that is. */
  dpop: 17,
  /** Set by the edge, and never passed on. */
  clientCertificate: 18,
  /** Looks like a header that only Gatehouse may set; dropped and told. */
  lookalike: 15,
} as const;
export type RequestClass = (typeof REQUEST_CLASS)[keyof typeof REQUEST_CLASS];

const R = REQUEST_CLASS;

const EXACT_REQUEST: ReadonlyMap<string, RequestClass> = new Map<string, RequestClass>([
  ["connection", R.connection],
  ["host", R.host],
  ["authorization", R.authorization],
  ["cookie", R.cookie],
  ["content-length", R.contentLength],
  ["transfer-encoding", R.transferEncoding],
  ["x-request-id", R.requestId],
  ["x-forwarded-for", R.forwardedFor],
  ["x-forwarded-proto", R.forwardedProto],
  ["x-forwarded-host", R.forwardedHost],
  ["traceparent", R.traceparent],
  ["tracestate", R.tracestate],
  ["via", R.via],
  ["x-amz-security-token", R.securityToken],
  ["dpop", R.dpop],
  [CLIENT_CERTIFICATE_HEADER, R.clientCertificate],
  ["keep-alive", R.hopByHop],
  ["proxy-connection", R.hopByHop],
  ["proxy-authenticate", R.hopByHop],
  ["proxy-authorization", R.hopByHop],
  ["te", R.hopByHop],
  ["trailer", R.hopByHop],
  ["upgrade", R.hopByHop],
  ["http2-settings", R.hopByHop],
  ["expect", R.hopByHop],
]);

/** Folded names that belong to Gatehouse or that back ends take for the truth about a request. */
const RESERVED = new Set([
  "x-gatehouse",
  "x-request-id",
  "forwarded",
  "x-real-ip",
  "x-original-url",
  "x-original-uri",
  "x-original-method",
  "x-rewrite-url",
  "true-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "client-ip",
  "cf-connecting-ip",
  "fastly-client-ip",
  "x-original-host",
  "x-host",
  // `HTTP_PROXY` of a CGI program, which sends its own calls there (CVE-2016-5385).
  "proxy",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
]);
const RESERVED_PREFIXES = ["x-gatehouse-", "x-gh-", "x-forwarded-"];
/** A folded spelling of these would become the thing itself behind a gateway of CGI's kind. */
const FOLDED_MEANS = new Set([
  "authorization",
  "content-length",
  "transfer-encoding",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-amz-security-token",
]);

/** Lower case, with `_` and `.` as `-`. */
export function foldHeaderName(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes("_") || lower.includes(".") ? lower.replaceAll(/[_.]/g, "-") : lower;
}

/** Whether only Gatehouse may set a header of this (folded) name. */
export function isReservedName(folded: string): boolean {
  return RESERVED.has(folded) || RESERVED_PREFIXES.some((prefix) => folded.startsWith(prefix));
}

/** Headers that Gatehouse sets itself, or that say what it says: no service can have another's. */
const OWN =
  /^(?:x-gatehouse(?:-.*)?|x-gh-.*|x-request-id|traceparent|tracestate|forwarded|x-forwarded-(?:for|host|proto))$/;

/** Whether a header of this name (in any spelling) reaches a service from Gatehouse alone. */
export function isOwnRequestHeader(name: string): boolean {
  return OWN.test(foldHeaderName(name));
}

function classifyRequestName(name: string): RequestClass {
  const exact = EXACT_REQUEST.get(name.toLowerCase());
  if (exact !== undefined) return exact;
  const folded = foldHeaderName(name);
  return isReservedName(folded) || FOLDED_MEANS.has(folded) ? R.lookalike : R.pass;
}

export const RESPONSE_CLASS = {
  pass: 0,
  drop: 1,
  connection: 2,
  contentLength: 3,
  setCookie: 4,
  cors: 5,
  own: 6,
} as const;
export type ResponseClass = (typeof RESPONSE_CLASS)[keyof typeof RESPONSE_CLASS];

const S = RESPONSE_CLASS;

const EXACT_RESPONSE: ReadonlyMap<string, ResponseClass> = new Map<string, ResponseClass>([
  ["connection", S.connection],
  ["content-length", S.contentLength],
  ["set-cookie", S.setCookie],
  ["keep-alive", S.drop],
  ["proxy-connection", S.drop],
  ["proxy-authenticate", S.drop],
  ["proxy-authorization", S.drop],
  ["te", S.drop],
  ["trailer", S.drop],
  ["transfer-encoding", S.drop],
  ["upgrade", S.drop],
]);
/** Folded names of response headers that only Gatehouse sets. */
const OURS_IN_RESPONSES = new Set(["x-request-id", "traceresponse", "apigw-requestid", "x-gatehouse"]);

function classifyResponseName(name: string): ResponseClass {
  const exact = EXACT_RESPONSE.get(name.toLowerCase());
  if (exact !== undefined) return exact;
  const folded = foldHeaderName(name);
  if (OURS_IN_RESPONSES.has(folded) || folded.startsWith("x-gatehouse-")) return S.own;
  return folded.startsWith("access-control-") ? S.cors : S.pass;
}

const MAX_REMEMBERED = 2048;
const MAX_REMEMBERED_LENGTH = 64;

function remember<C>(classify: (name: string) => C): (name: string) => C {
  const known = new Map<string, C>();
  return (name) => {
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const fresh = classify(name);
    if (name.length <= MAX_REMEMBERED_LENGTH) {
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(name, fresh);
    }
    return fresh;
  };
}

/** The class of a request header's name, in any spelling. */
export const requestClassOf = remember(classifyRequestName);
/** The class of a response header's name, in any spelling. */
export const responseClassOf = remember(classifyResponseName);
