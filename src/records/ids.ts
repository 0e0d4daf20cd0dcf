/**
 * Request ids: made once per request at the first hop, the same in every log, header and answer after it.
 *
 * In:  nothing, or an id that another hop made. Out: a UUID, or the form of it that API Gateway's clients know.
 * Not here: trace and span ids (trace-context.ts).
 */
import { createHash, randomUUID } from "node:crypto";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const APIGW_BYTES = 11;

/** A fresh request id: a random UUID in lower case, as Caddy makes them. */
export function newRequestId(): string {
  return randomUUID();
}

/** True for a UUID in lower case: the only spelling that Caddy and Gatehouse use. */
export function isRequestId(text: string): boolean {
  return text.length === 36 && UUID.test(text);
}

/**
 * The value of the `apigw-requestid` response header for a request: 16 characters, as HTTP APIs send it.
 * It holds the first 11 bytes of the UUID, so that a log can be searched by either. An id that is not a UUID is hashed.
 */
export function apigwRequestId(requestId: string): string {
  const bytes = isRequestId(requestId)
    ? Buffer.from(requestId.replaceAll("-", ""), "hex").subarray(0, APIGW_BYTES)
    : createHash("sha256").update(requestId).digest().subarray(0, APIGW_BYTES);
  return `${bytes.toString("base64url")}=`;
}

/**
 * The beginning of the request id that an `apigw-requestid` stands for (25 characters of a UUID), or null when the text
 * is not one.
 */
export function requestIdPrefix(apigwId: string): string | null {
  if (!/^[A-Za-z0-9_-]{15}=$/.test(apigwId)) return null;
  const hex = Buffer.from(apigwId.slice(0, -1), "base64url").toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
