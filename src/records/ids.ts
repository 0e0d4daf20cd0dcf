/**
 * Request ids: made once per request at the first hop, the same in every log, header and answer after it.
 *
 * In:  nothing, or an id that another hop made. Out: a UUID, or the form of it that API Gateway's clients know.
 * Not here: trace and span ids (trace-context.ts).
 */
import { createHash, randomUUID } from "node:crypto";

const APIGW_BYTES = 11;
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Two characters of base64url for three hexadecimal digits. */
const PAIRS = Array.from({ length: 4096 }, (_, bits) => BASE64URL.charAt(bits >> 6) + BASE64URL.charAt(bits & 63));
/** What is left of eleven bytes: one digit, and the padding. */
const LASTS = Array.from({ length: 16 }, (_, digit) => `${BASE64URL.charAt(digit << 2)}=`);

/** A fresh request id: a random UUID in lower case, as Caddy makes them. */
export function newRequestId(): string {
  return randomUUID();
}

/** True for a UUID in lower case: the only spelling that Caddy and Gatehouse use. */
export function isRequestId(text: string): boolean {
  if (text.length !== 36) return false;
  for (let i = 0; i < 36; i++) {
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (text.charCodeAt(i) !== 0x2d) return false;
    } else if (digitAt(text, i) === -1) return false;
  }
  return true;
}

/** The hexadecimal digit at a place, -1 for anything else. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

/**
 * The value of the `apigw-requestid` response header for a request: 16 characters, as HTTP APIs send it.
 * It holds the first 11 bytes of the UUID, so that a log can be searched by either. An id that is not a UUID is hashed.
 */
export function apigwRequestId(requestId: string): string {
  if (!isRequestId(requestId)) {
    const bytes = createHash("sha256").update(requestId).digest().subarray(0, APIGW_BYTES);
    return `${bytes.toString("base64url")}=`;
  }
  // By hand: it is made for every answer, and a detour over bytes costs several times as much.
  return (
    pairAt(requestId, 0, 1, 2) +
    pairAt(requestId, 3, 4, 5) +
    pairAt(requestId, 6, 7, 9) +
    pairAt(requestId, 10, 11, 12) +
    pairAt(requestId, 14, 15, 16) +
    pairAt(requestId, 17, 19, 20) +
    pairAt(requestId, 21, 22, 24) +
    (LASTS[digitAt(requestId, 25)] ?? "")
  );
}

function pairAt(text: string, first: number, second: number, third: number): string {
  return PAIRS[(digitAt(text, first) << 8) | (digitAt(text, second) << 4) | digitAt(text, third)] ?? "";
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
