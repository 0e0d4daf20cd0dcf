/**
 * The answers that the gateway gives itself: API Gateway's status, body and headers for each reason.
 *
 * In: a reason. Out: a status, a body of fixed bytes, extra headers.
 * Not here: headers that every answer has (exchange.ts).
 * Source: API Gateway developer guide, "Troubleshooting issues with HTTP API"; RFC 6750 3 and RFC 9449 7.1 (WWW-Authenticate).
 * INVARIANT: a body says nothing about why; no text of a client's request is in an answer.
 */
import { STATUS_CODES } from "node:http";
import {
  ALGORITHM_NAMES,
  PROOF_REASONS,
  type ProofReason,
  TOKEN_REASONS,
  type TokenReason,
} from "../identity/index.ts";
import type { RecordReason } from "./reasons.ts";

export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Names and values: content type and length, and what the reason asks for. */
  readonly headers: readonly string[];
}

/** A message as API Gateway writes it: compact JSON with its length. */
export function jsonReply(status: number, message: string, extra: readonly string[] = []): Reply {
  const body = `{"message":"${message}"}`;
  return {
    status,
    body,
    headers: ["content-type", "application/json", "content-length", String(body.length), ...extra],
  };
}

/** API Gateway's payload quota, of which its answer speaks. */
const PAYLOAD_QUOTA_BYTES = 10_485_760;
const RETRY_AFTER_SECONDS = "5";

/** 413 of a route that takes bodies of at most so many bytes. */
export function tooLargeReply(maxBytes: number): Reply {
  const body = `HTTP content length exceeded ${maxBytes} bytes.`;
  return {
    status: 413,
    body,
    headers: ["content-type", "text/plain; charset=utf-8", "content-length", String(body.length)],
  };
}

const BAD_REQUEST = jsonReply(400, "Bad Request");
const FORBIDDEN = jsonReply(403, "Forbidden");
const TOO_MANY = jsonReply(429, "Too Many Requests");
const UNAVAILABLE = jsonReply(503, "Service Unavailable");
const UNAVAILABLE_RETRY = jsonReply(503, "Service Unavailable", ["retry-after", RETRY_AFTER_SECONDS]);
const UNAUTHORIZED = jsonReply(401, "Unauthorized", ["www-authenticate", "Bearer"]);

/** For scripts of a page: what a browser's session was good for is over, and signing in again helps. */
const SESSION_ENDED = jsonReply(401, "Unauthorized", [
  "www-authenticate",
  'Bearer error="invalid_token", error_description="the session has ended"',
]);

/** Reasons that are always answered the same way. 499 is never sent: the client is gone. */
const FIXED = {
  "no-route": jsonReply(404, "Not Found"),
  unauthenticated: UNAUTHORIZED,
  "session-expired": SESSION_ENDED,
  "no-role": FORBIDDEN,
  "not-granted": FORBIDDEN,
  "outside-boundary": FORBIDDEN,
  "condition-not-met": FORBIDDEN,
  // Where signing in again does not help; elsewhere step-up.ts asks for it.
  "authentication-needed": FORBIDDEN,
  "request-cross-site": FORBIDDEN,
  "signature-missing": FORBIDDEN,
  "signature-incomplete": FORBIDDEN,
  "signature-host-unsigned": FORBIDDEN,
  "signature-scope": FORBIDDEN,
  "signature-expired": FORBIDDEN,
  "signature-not-yet-current": FORBIDDEN,
  "signature-mismatch": FORBIDDEN,
  "payload-mismatch": FORBIDDEN,
  "credentials-unknown": FORBIDDEN,
  "credentials-expired": FORBIDDEN,
  "credentials-outdated": FORBIDDEN,
  "credentials-revoked": FORBIDDEN,
  "session-policy": FORBIDDEN,
  "request-malformed": BAD_REQUEST,
  "request-path": BAD_REQUEST,
  "request-headers": BAD_REQUEST,
  "request-host": BAD_REQUEST,
  "request-path-too-long": jsonReply(414, "Request URI too long"),
  "request-method": jsonReply(405, "Method Not Allowed", ["allow", "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"]),
  "request-timeout": jsonReply(408, "Request Timeout"),
  "request-headers-too-large": jsonReply(431, "Request Header Fields Too Large"),
  "request-too-large": tooLargeReply(PAYLOAD_QUOTA_BYTES),
  "throttled-route": TOO_MANY,
  "throttled-identity": TOO_MANY,
  "keys-unavailable": UNAVAILABLE_RETRY,
  "proof-memory-full": UNAVAILABLE_RETRY,
  "provider-unavailable": UNAVAILABLE_RETRY,
  "session-store-unavailable": UNAVAILABLE_RETRY,
  "upstream-unreachable": UNAVAILABLE,
  "upstream-timeout": UNAVAILABLE,
  "upstream-aborted": UNAVAILABLE,
  fault: jsonReply(500, "Internal Server Error"),
} as const satisfies Partial<Record<RecordReason, Reply>>;

export type FixedReason = keyof typeof FIXED;

export function fixedReply(reason: FixedReason): Reply {
  return FIXED[reason];
}

/** A host that this environment does not answer for. */
export const MISDIRECTED: Reply = jsonReply(421, "Misdirected Request");

/** Success without content; what it says is in headers. */
export const NO_CONTENT: Reply = { status: 204, body: "", headers: [] };

/** 401 for a token that was presented and refused; `scope` is the route's, as `scope="a b"`. */
export function refusedTokenReply(reason: TokenReason | ProofReason, scope: string): Reply {
  const description = { ...TOKEN_REASONS, ...PROOF_REASONS }[reason];
  const challenge = `Bearer ${scope} error="invalid_token" error_description="${description}"`;
  return jsonReply(401, "Unauthorized", ["www-authenticate", challenge]);
}

const DPOP_ALGORITHMS = `algs="${ALGORITHM_NAMES.join(" ")}"`;
/** What a caller without a token is told where tokens may be bound to keys. Source: RFC 9449 7.1. */
export const UNAUTHORIZED_DPOP: Reply = jsonReply(401, "Unauthorized", [
  "www-authenticate",
  "Bearer",
  "www-authenticate",
  `DPoP ${DPOP_ALGORITHMS}`,
]);

/**
 * 401 for a token that came by the scheme `DPoP`, or that should have. What is wrong is the proof, or, where the proof is
 * good for another key, the token.
 */
export function refusedDpopReply(reason: TokenReason | ProofReason, scope: string): Reply {
  const isProof = reason.startsWith("proof-") && reason !== "proof-key";
  const error = isProof ? "invalid_dpop_proof" : "invalid_token";
  const description = { ...TOKEN_REASONS, ...PROOF_REASONS }[reason];
  const challenge = `DPoP ${scope}, error="${error}", error_description="${description}", ${DPOP_ALGORITHMS}`;
  return jsonReply(401, "Unauthorized", ["www-authenticate", challenge]);
}

/** The head that joins a client to the service's WebSocket. `headers` are flat names and values. */
export function switchingHead(headers: readonly string[], date: string): string {
  const all = switchingHeaders(headers, date);
  let text = "HTTP/1.1 101 Switching Protocols\r\n";
  for (let i = 0; i + 1 < all.length; i += 2) text += `${all[i]}: ${all[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/** All headers of such a head. */
export function switchingHeaders(headers: readonly string[], date: string): string[] {
  const all = ["upgrade", "websocket", "connection", "Upgrade"];
  for (let i = 0; i + 1 < headers.length; i += 2)
    // An answer of this kind has no body. SOURCE: RFC 9110 8.6.
    if (headers[i] !== "content-length") all.push(headers[i] as string, headers[i + 1] as string);
  all.push("date", date);
  return all;
}

/** A whole answer on a connection where there is no response object: bad framing, CONNECT. The connection ends with it. */
export function rawReply(reply: Reply, ours: readonly string[], date: string): string {
  const headers = [...reply.headers, ...ours, "date", date, "connection", "close"];
  let text = `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ""}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n${reply.body}`;
}
