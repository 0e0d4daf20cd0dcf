/**
 * The provider tells that somebody has signed out there: a logout token, and which sessions it ends.
 *
 * In: untrusted text. Out: who is meant, or why the token is none. Not here: ending the sessions.
 * INVARIANT: signed by the provider's own keys, for this client, in these minutes, once; no other kind of token passes for
 * one, and one passes for no other kind.
 * Source: OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6, RFC 8725 3.11.
 */
import { hash } from "node:crypto";
import { type Clock, RecentMap } from "../core/index.ts";
import type { Store } from "../store/index.ts";
import { isAlgorithmName, isSignatureValid } from "./algorithms.ts";
import { parseCompactJws } from "./compact-jws.ts";
import type { KeySource } from "./key-source.ts";
import { isJsonObject } from "./strict-json.ts";

export interface LogoutTokenOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly keys: KeySource;
  readonly clock: Clock;
  /** Where other processes see which tokens were used. @default this process alone sees it */
  readonly store?: Store | undefined;
}

export type LogoutTokenResult =
  | { readonly ok: true; readonly sid: string | null; readonly subject: string | null }
  /** `problem` is for the provider's log. */
  | { readonly ok: false; readonly problem: string }
  | { readonly ok: false; readonly problem: "keys-unavailable" };

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const MAX_CHARS = 8192;
const ACCEPTED_TYPES = new Set(["logout+jwt", "application/logout+jwt", "jwt"]);
/** Of the token: a provider tells at once, and one that tells later has nothing that is still true. */
const MAX_AGE_SECONDS = 300;
const SKEW_SECONDS = 60;

/** Judges logout tokens; remembers which were used. */
export function createLogoutTokenJudge(options: LogoutTokenOptions): (token: string) => Promise<LogoutTokenResult> {
  const { issuer, clientId, keys, clock } = options;
  const used = new RecentMap<true>(10_000);
  async function isFirstUse(jti: string): Promise<boolean> {
    // Each issuer numbers its own tokens.
    const digest = hash("sha256", JSON.stringify([issuer, jti]), "base64url");
    if (used.get(digest) === true) return false;
    used.set(digest, true);
    if (options.store === undefined) return true;
    // Without the store this process's memory has to do: that somebody signs out is not put off.
    return options.store.add(`logout-token:${digest}`, "used", 2 * MAX_AGE_SECONDS * 1000).catch(() => true);
  }
  const refuse = (problem: string): LogoutTokenResult => ({ ok: false, problem });

  return async (token) => {
    const jws = token.length > MAX_CHARS ? null : parseCompactJws(token);
    if (jws === null) return refuse("the token is malformed");
    const { alg, kid = null, typ } = jws.header as Record<string, unknown>;
    if (!isAlgorithmName(alg)) return refuse("the algorithm is not accepted");
    if (Object.hasOwn(jws.header, "crit") || Object.hasOwn(jws.header, "b64"))
      return refuse("a header is not understood");
    if (typ !== undefined && !(typeof typ === "string" && ACCEPTED_TYPES.has(typ.toLowerCase())))
      return refuse("the token is of another kind");
    if (kid !== null && typeof kid !== "string") return refuse("the token is malformed");
    if (!keys.has(kid)) {
      const outcome = await keys.refreshFor(kid);
      if (outcome === "unavailable") return { ok: false, problem: "keys-unavailable" };
      if (outcome === "unknown") return refuse("the key is not known");
    }
    const key = keys.find(kid, alg);
    if (key === null || !isSignatureValid(alg, key, jws.signingInput, jws.signature))
      return refuse("the signature is invalid");

    const { iss, aud, iat, exp, jti, events, sub, sid } = jws.payload as Record<string, unknown>;
    const nowSeconds = clock.nowMs() / 1000;
    if (iss !== issuer) return refuse("the issuer is another one");
    if (!(Array.isArray(aud) ? aud : [aud]).includes(clientId)) return refuse("the audience is another one");
    if (typeof iat !== "number" || iat > nowSeconds + SKEW_SECONDS || iat < nowSeconds - MAX_AGE_SECONDS)
      return refuse("`iat` is missing or not of now");
    if (exp !== undefined && !(typeof exp === "number" && nowSeconds < exp)) return refuse("the token has expired");
    if (!isJsonObject(events) || !isJsonObject(events[EVENT])) return refuse("it tells of no sign-out");
    // An ID token has one, so that neither passes for the other.
    if (Object.hasOwn(jws.payload, "nonce")) return refuse("it has a `nonce`");
    if (![sub, sid].every((each) => each === undefined || (typeof each === "string" && each !== "")))
      return refuse("`sub` or `sid` is no text");
    if (sub === undefined && sid === undefined) return refuse("neither `sub` nor `sid` is there");
    if (typeof jti !== "string" || jti === "") return refuse("`jti` is missing");
    if (!(await isFirstUse(jti))) return refuse("the token was used before");
    return { ok: true, sid: (sid as string | undefined) ?? null, subject: (sub as string | undefined) ?? null };
  };
}
