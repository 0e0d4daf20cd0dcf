/**
 * A provider's token as STS judges it: signature first, then times, then the claims that it lives by.
 *
 * In: a token's parts, the keys of the provider that its `iss` names. Out: its claims, or the refusal in STS's words.
 * STS is stricter here and laxer there than the gateway's own token verifier: other algorithms, whole seconds only, `azp`
 * before `aud`, no group or type is looked at. So the two share parsing, keys and signatures, and nothing else.
 * Not here: whether the audience is one of the provider's clients, and who may assume what (account-directory.ts).
 * Source: STS API reference, AssumeRoleWithWebIdentity; IAM user guide, "Troubleshoot OIDC federation".
 * INVARIANT: nothing that the payload says counts before its signature was found good.
 */
import { type CompactJws, type JsonObject, type KeySource, isSignatureValid } from "../identity/index.ts";
import { type StsRefusal, refuse } from "./sts-error.ts";

export interface WebIdentity {
  readonly ok: true;
  readonly issuer: string;
  readonly subject: string;
  /** `azp` if there is one, else the only audience of `aud`; null for several and for none. */
  readonly audience: string | null;
  readonly claims: JsonObject;
}

export const NOT_A_JWT =
  "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
const NO_KEY =
  "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements";
const NO_ANSWER = "The identity provider could not be reached to verify the token. Please try again.";
const ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"] as const;
/** How far the provider's clock may be ahead. AWS does not say. */
const SKEW_SECONDS = 300;

/** Waits only when the key is unknown and may be fetched. */
export async function verifyWebIdentity(
  jws: CompactJws,
  issuer: string,
  keys: KeySource,
  nowMs: number,
): Promise<WebIdentity | StsRefusal> {
  const { alg, kid } = jws.header as Record<string, unknown>;
  const algorithm = ALGORITHMS.find((name) => name === alg);
  if (algorithm === undefined || (kid !== undefined && typeof kid !== "string"))
    return refuse("InvalidIdentityToken", NOT_A_JWT);
  if (Object.hasOwn(jws.header, "crit") || Object.hasOwn(jws.header, "b64"))
    return refuse("InvalidIdentityToken", NOT_A_JWT);
  const name = kid ?? null;
  if (!keys.has(name)) {
    const outcome = await keys.refreshFor(name);
    if (outcome === "unavailable") return refuse("IDPCommunicationError", NO_ANSWER);
    if (outcome === "unknown") return refuse("InvalidIdentityToken", NO_KEY);
  }
  const key = keys.find(name, algorithm);
  if (key === null) return refuse("InvalidIdentityToken", NO_KEY);
  if (!isSignatureValid(algorithm, key, jws.signingInput, jws.signature))
    return refuse("InvalidIdentityToken", "The signature of the token is invalid");
  return readClaims(jws.payload, issuer, Math.floor(nowMs / 1000));
}

function readClaims(claims: JsonObject, issuer: string, nowSeconds: number): WebIdentity | StsRefusal {
  for (const name of ["exp", "iat", "nbf"])
    if (Object.hasOwn(claims, name) && !Number.isSafeInteger(claims[name]))
      return refuse("InvalidIdentityToken", `The ${name} claim must be an integer`);
  const audience = audienceOf(claims);
  const { exp, iat, nbf, sub } = claims as Record<string, unknown>;
  const required = { aud: audience, exp, iat, sub };
  for (const [name, value] of Object.entries(required))
    if (value === undefined) return refuse("InvalidIdentityToken", `Missing a required claim: ${name}`);
  if (nowSeconds >= (exp as number))
    return refuse(
      "ExpiredTokenException",
      `Token expired: current date/time ${nowSeconds} must be before the expiration date/time ${exp as number}`,
    );
  for (const notBefore of [iat, nbf])
    if (notBefore !== undefined && nowSeconds < (notBefore as number) - SKEW_SECONDS)
      return refuse("InvalidIdentityToken", "The token is not valid yet");
  if (typeof sub !== "string" || sub === "" || audience === undefined || audience === false)
    return refuse("InvalidIdentityToken", NOT_A_JWT);
  return { ok: true, issuer, subject: sub, audience, claims };
}

/**
 * Undefined when the claim is missing, false for something else than texts. `aud` is a key with one value, so a token for
 * several has to say by `azp` for whom it is.
 */
function audienceOf(claims: JsonObject): string | null | undefined | false {
  const { aud, azp } = claims as Record<string, unknown>;
  if (azp !== undefined) return typeof azp === "string" ? azp : false;
  if (aud === undefined || typeof aud === "string") return aud;
  if (!Array.isArray(aud) || !aud.every((member) => typeof member === "string")) return false;
  const [only = null, second] = new Set(aud);
  return second === undefined ? only : null;
}
