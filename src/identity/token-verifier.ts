/**
 * Verifies an access token: a compact JWS signed by a key of the one issuer, for this audience, valid now.
 *
 * In: untrusted text. Out: an `Identity`, or one reason of a closed list; the text itself is never kept or quoted.
 * A verified token is remembered under the SHA-256 of its whole text, so that a hot caller costs one digest. Refusals
 * are not remembered: they cost one signature check at most, and a remembered one could outlive its cause (a key that
 * arrives, a clock that moves) and let a stranger fill the memory.
 * INVARIANT: `exp` is checked at every hit; a change of the key set forgets everything.
 * Source: RFC 8725, RFC 9068 section 4, RFC 7515; docs/spec for the reasons.
 */
import { hash } from "node:crypto";
import { type Clock, RecentMap } from "../core/index.ts";
import { type AlgorithmName, isAlgorithmName, isSignatureValid } from "./algorithms.ts";
import { type ClaimNames, type ClaimRules, readIdentity } from "./claims.ts";
import { type CompactJws, parseCompactJws } from "./compact-jws.ts";
import type { Identity, TokenReason, TokenResult } from "./identity.ts";
import type { KeySource } from "./key-source.ts";
import type { JsonObject } from "./strict-json.ts";

export interface TokenVerifierOptions {
  /** Exact issuer string. */
  readonly issuer: string;
  /** Must be a member of the token's `aud`. */
  readonly audience: string;
  readonly claims: ClaimNames;
  readonly keys: KeySource;
  readonly clock: Clock;
  /** Tolerance for `nbf` and `iat`; there is none for `exp`. @default 0 */
  readonly skewSeconds?: number | undefined;
  /** Verified tokens remembered. At most twice as many are held. @default 100000 */
  readonly cacheEntries?: number | undefined;
}

export interface TokenVerifier {
  /** The identity of a token that was verified before and is still valid; null says nothing about the token. */
  cached(token: string): Identity | null;
  /** Waits only when the key is unknown and may be fetched. Never throws. */
  verify(token: string): Promise<TokenResult>;
  /** The same checks for a token made for another audience (an ID token is made for the client). */
  withAudience(audience: string): TokenVerifier;
  /** Forgets every verified token. */
  clear(): void;
}

const MAX_TOKEN_CHARS = 8192;
const DEFAULT_CACHE_ENTRIES = 100_000;
/** `typ` of an access token, and of tokens by providers that do not tell kinds apart. RFC 9068 section 2.1. */
const ACCEPTED_TYPES = new Set(["jwt", "at+jwt", "application/at+jwt"]);

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { keys, clock } = options;
  const rules: ClaimRules = options;
  const verified = new RecentMap<Identity>(options.cacheEntries ?? DEFAULT_CACHE_ENTRIES);
  let generation = keys.generation();

  function forgetAfterKeyChange(): void {
    const current = keys.generation();
    if (current === generation) return;
    generation = current;
    verified.clear();
  }

  function cached(token: string): Identity | null {
    if (token.length > MAX_TOKEN_CHARS) return null;
    forgetAfterKeyChange();
    const digest = hash("sha256", token, "binary");
    const identity = verified.get(digest);
    if (identity === undefined) return null;
    if (clock.nowMs() < identity.expiresAtSeconds * 1000) return identity;
    verified.delete(digest);
    return null;
  }

  return {
    cached,
    async verify(token) {
      const known = cached(token);
      if (known !== null) return { ok: true, identity: known };
      if (token.length > MAX_TOKEN_CHARS) return refuse("token-too-large");
      const jws = parseCompactJws(token);
      if (jws === null) return refuse("token-malformed");
      const header = readHeader(jws.header);
      if (typeof header === "string") return refuse(header);
      // A token of another issuer needs none of our keys, so it must not cause a fetch either.
      if (jws.payload["iss"] !== rules.issuer) return refuse("token-issuer");
      if (!keys.has(header.kid)) {
        const outcome = await keys.refreshFor(header.kid);
        if (outcome === "unavailable") return { ok: false, reason: "keys-unavailable" };
        if (outcome === "unknown") return refuse("token-unknown-key");
      }
      const result = judge(jws, header, keys, rules, clock.nowMs());
      if (result.ok) {
        forgetAfterKeyChange();
        verified.set(hash("sha256", token, "binary"), result.identity);
      }
      return result;
    },
    withAudience: (audience) => createTokenVerifier({ ...options, audience }),
    clear() {
      verified.clear();
    },
  };
}

interface TokenHeader {
  readonly algorithm: AlgorithmName;
  readonly kid: string | null;
}

function refuse(reason: TokenReason): TokenResult {
  return { ok: false, reason };
}

/** What is used of the header. `jwk`, `jku`, `x5c` and `x5u` are not read: a token does not bring its own key. */
function readHeader(header: JsonObject): TokenHeader | TokenReason {
  const { alg, kid, typ } = header as Record<string, unknown>;
  if (!isAlgorithmName(alg)) return "token-algorithm";
  // Whatever an extension says, it is not understood here. RFC 7797 `b64` would change what is signed.
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) return "token-critical";
  if (typ !== undefined && !(typeof typ === "string" && ACCEPTED_TYPES.has(typ.toLowerCase()))) return "token-type";
  if (kid !== undefined && typeof kid !== "string") return "token-malformed";
  return { algorithm: alg, kid: kid ?? null };
}

/** The signature first: nothing that an unsigned payload says is worth a reason of its own. */
function judge(jws: CompactJws, header: TokenHeader, keys: KeySource, rules: ClaimRules, nowMs: number): TokenResult {
  const key = keys.find(header.kid, header.algorithm);
  if (key === null) return refuse("token-algorithm");
  if (!isSignatureValid(header.algorithm, key, jws.signingInput, jws.signature)) return refuse("token-signature");
  const identity = readIdentity(jws.payload, rules, nowMs);
  return typeof identity === "string" ? refuse(identity) : { ok: true, identity };
}
