/**
 * What a policy asks of an issuer's tokens beyond a good signature: to whom they are bound, and of which profile they are.
 *
 * INVARIANT: a `cnf` that is not understood whole is a refusal. A token is never taken with less proof than it asks for.
 * Source: RFC 7800 section 3.1, RFC 8705 section 3.1, RFC 9068 section 2, RFC 9449 section 6.1.
 */
import { type JsonObject, isJsonObject } from "./strict-json.ts";

export type ProofKind = "dpop" | "mtls";

export interface TokenRules {
  /** Which proofs are verified. A token that is bound in another way is refused. */
  readonly proof: readonly ProofKind[];
  /** Whether a token that is bound to nothing is refused. */
  readonly requireProof: boolean;
  readonly profile: "rfc9068" | null;
}

/** Bound tokens are refused, all others are taken, whatever their profile. */
export const PLAIN_TOKENS: TokenRules = Object.freeze({ proof: Object.freeze([]), requireProof: false, profile: null });

/** Whom a token is for: who has the key with this thumbprint, or the certificate with this SHA-256 (both in base64url). */
export interface TokenBinding {
  readonly kind: ProofKind;
  readonly thumbprint: string;
}

const MEMBERS: ReadonlyMap<string, ProofKind> = new Map([
  ["jkt", "dpop"],
  ["x5t#S256", "mtls"],
]);
const SHA256_IN_BASE64URL = /^[\w-]{43}$/;

/**
 * The binding of a payload, null when it has none; undefined for a `cnf` that these rules do not take: another kind,
 * several at once, anything that is not a hash.
 */
export function readBinding(payload: JsonObject, { proof }: TokenRules): TokenBinding | null | undefined {
  if (!Object.hasOwn(payload, "cnf")) return null;
  const cnf = payload["cnf"];
  if (!isJsonObject(cnf)) return undefined;
  const [member, another] = Object.entries(cnf);
  if (member === undefined || another !== undefined) return undefined;
  const [name, thumbprint] = member;
  const kind = MEMBERS.get(name);
  if (kind === undefined || !proof.includes(kind)) return undefined;
  if (typeof thumbprint !== "string" || !SHA256_IN_BASE64URL.test(thumbprint)) return undefined;
  return { kind, thumbprint };
}

/** `typ` as section 2.1 of RFC 9068 has it. */
export function isAccessTokenType(typ: unknown): boolean {
  return typeof typ === "string" && /^(?:application\/)?at\+jwt$/i.test(typ);
}

/** Whether a payload has every claim that RFC 9068 section 2.2 requires. What `iss`, `aud` and the times say is checked elsewhere. */
export function hasProfileClaims(payload: JsonObject): boolean {
  const { iss, exp, aud, sub, client_id: clientId, iat, jti } = payload as Record<string, unknown>;
  if (![iss, sub, clientId, jti].every((claim) => typeof claim === "string" && claim !== "")) return false;
  return aud !== undefined && [exp, iat].every((claim) => typeof claim === "number");
}
