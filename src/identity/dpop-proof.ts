/**
 * A DPoP proof: that who sends a token has the key that it is bound to, for this request, now.
 *
 * In: the header's text, what was asked for and with which token. Out: the proof's id, or the first reason against it.
 * Not here: that it is used once (proof-memory.ts), what tokens are bound to (token-rules.ts).
 * INVARIANT: the key that a proof brings proves nothing by itself; only its thumbprint, compared with the token's, does.
 * Source: RFC 9449 sections 4.2, 4.3, 7.1; RFC 7638 section 3 (thumbprints); RFC 3986 sections 6.2.2, 6.2.3.
 */
import { hash } from "node:crypto";
import { isAlgorithmName, isSignatureValid } from "./algorithms.ts";
import { parseCompactJws } from "./compact-jws.ts";
import type { ProofReason } from "./identity.ts";
import { importKey } from "./key-set.ts";
import { type JsonObject, isJsonObject } from "./strict-json.ts";

export interface ProofContext {
  readonly method: string;
  /** Scheme, host and path as the client asked for them; query and fragment do not count. */
  readonly url: string;
  readonly token: string;
  /** Of the key that the token is bound to. */
  readonly thumbprint: string;
}

export type DpopResult =
  | {
      readonly ok: true;
      /** Of this proof under this key. */
      readonly id: string;
      /** The last second in which it is taken. */
      readonly untilSeconds: number;
    }
  | { readonly ok: false; readonly reason: ProofReason };

/** How old a proof may be, and how far the client's clock may be ahead. */
const MAX_AGE_SECONDS = 60;
const MAX_AHEAD_SECONDS = 5;
const MAX_PROOF_CHARS = 8192;
const MAX_ID_CHARS = 256;
/** Of private keys, and of keys that are both. RFC 7518 section 6. */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

export function checkDpopProof(proof: string, context: ProofContext, nowMs: number): DpopResult {
  const jws = proof.length > MAX_PROOF_CHARS ? null : parseCompactJws(proof);
  if (jws === null) return refuse("proof-malformed");
  const { typ, alg, jwk } = jws.header as Record<string, unknown>;
  if (typeof typ !== "string" || typ.toLowerCase() !== "dpop+jwt" || !isJsonObject(jwk))
    return refuse("proof-malformed");
  if (Object.hasOwn(jws.header, "crit") || Object.hasOwn(jws.header, "b64")) return refuse("proof-malformed");
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return refuse("proof-malformed");
  const imported = importKey(jwk);
  if (typeof imported === "string" || !isAlgorithmName(alg) || !imported.algorithms.includes(alg))
    return refuse("proof-malformed");
  if (thumbprintOf(jwk) !== context.thumbprint) return refuse("proof-key");
  if (!isSignatureValid(alg, imported.key, jws.signingInput, jws.signature)) return refuse("proof-signature");
  return readClaims(jws.payload, context, nowMs);
}

function readClaims(payload: JsonObject, { method, url, token, thumbprint }: ProofContext, nowMs: number): DpopResult {
  const { htm, htu, iat, jti, ath } = payload as Record<string, unknown>;
  if (typeof htm !== "string" || typeof htu !== "string" || typeof ath !== "string") return refuse("proof-malformed");
  if (typeof jti !== "string" || jti === "" || jti.length > MAX_ID_CHARS) return refuse("proof-malformed");
  if (typeof iat !== "number" || !Number.isFinite(iat)) return refuse("proof-malformed");
  const named = normalizeTarget(htu);
  if (htm !== method || named === null || named !== normalizeTarget(url)) return refuse("proof-request");
  if (nowMs > (iat + MAX_AGE_SECONDS) * 1000 || nowMs < (iat - MAX_AHEAD_SECONDS) * 1000) return refuse("proof-time");
  if (ath !== hash("sha256", token, "base64url")) return refuse("proof-token");
  return { ok: true, id: `${thumbprint} ${jti}`, untilSeconds: Math.floor(iat + MAX_AGE_SECONDS) };
}

/** SHA-256 thumbprint of a public key that was imported: its required members alone, in the order of their names. */
export function thumbprintOf(jwk: JsonObject): string {
  const { kty, crv, x, y, n, e } = jwk as Record<string, unknown>;
  const members = kty === "RSA" ? { e, kty, n } : kty === "EC" ? { crv, kty, x, y } : { crv, kty, x };
  return hash("sha256", JSON.stringify(members), "base64url");
}

const TARGET = /^https?:\/\/[!-[\]-~]+$/i;

/**
 * Scheme, host and path of an address in the one form that all of its spellings have; null when it is none.
 * Lower-case scheme and host, no default port, no dot segments, `/` for no path, escapes in capitals and only where needed.
 */
export function normalizeTarget(address: string): string | null {
  if (!TARGET.test(address)) return null;
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.username !== "" || url.password !== "") return null;
  return url.origin + url.pathname.replaceAll(/%[0-9a-f]{2}/gi, normalizeEscape);
}

function normalizeEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
}

function refuse(reason: ProofReason): DpopResult {
  return { ok: false, reason };
}
