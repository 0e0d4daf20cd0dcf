/**
 * A token's text taken apart, strictly: compact form, three segments, base64url with one spelling, JSON objects.
 *
 * In: untrusted text of any length. Out: its parts, nothing verified. Not here: any decision about the parts.
 * Source: RFC 7515 section 7.1, RFC 4648 section 3.5.
 */
import { type JsonObject, parseStrictJsonObject } from "./strict-json.ts";

export interface CompactJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** The bytes that the signature is over. */
  readonly signingInput: Uint8Array;
  /** Empty for a token without signature. */
  readonly signature: Uint8Array;
}

/** The parts of a compact JWS, or null when the text is not one. */
export function parseCompactJws(token: string): CompactJws | null {
  const first = token.indexOf(".");
  const second = token.indexOf(".", first + 1);
  if (first === -1 || second === -1 || token.includes(".", second + 1)) return null;
  const headerBytes = decodeSegment(token.slice(0, first));
  const payloadBytes = decodeSegment(token.slice(first + 1, second));
  const signature = decodeSegment(token.slice(second + 1));
  if (headerBytes === null || payloadBytes === null || signature === null) return null;
  const header = parseStrictJsonObject(headerBytes);
  const payload = parseStrictJsonObject(payloadBytes);
  if (header === null || payload === null) return null;
  return { header, payload, signingInput: Buffer.from(token.slice(0, second), "latin1"), signature };
}

/** Bytes of a base64url text; null for padding, foreign characters, or bits that no encoder would have set. */
function decodeSegment(segment: string): Uint8Array | null {
  const bytes = Buffer.from(segment, "base64url");
  return bytes.toString("base64url") === segment ? bytes : null;
}
