/**
 * What a verified token has to say, and its claims as they are handed on.
 *
 * In: the payload of a token whose signature is checked. Out: a problem, or texts by claim; scopes.
 * Not here: signature and keys (jwt-authorizer.ts).
 * Claims are texts: numbers as they are written in the token, arrays as `[a b]`, objects as JSON, without those that are null.
 * Source: API Gateway developer guide, "Controlling access to HTTP APIs with JWT authorizers", steps of the
 * authorization workflow; RFC 7519 section 4.1.
 * INVARIANT: an unusual type of a claim that is checked is a refusal, never a claim that is absent.
 */
import type { Json } from "../../core/index.ts";
import type { Switches } from "./switches.ts";

export type Payload = Readonly<Record<string, unknown>>;

export type ClaimProblem =
  | "issuer"
  | "audience"
  | "expired"
  | "no-expiry"
  | "not-yet-valid"
  | "issued-later"
  | "not-issued"
  | "identity-token";

export interface ClaimExpectations {
  readonly issuer: string;
  readonly audience: readonly string[];
}

type ClaimSwitches = Pick<
  Switches,
  "jwt-missing-exp" | "jwt-leeway" | "jwt-scope-claims" | "jwt-issued-at" | "jwt-token-use"
>;

/** Issuer, audience, times, in this order; null when all hold. */
export function findClaimProblem(
  payload: Payload,
  { issuer, audience }: ClaimExpectations,
  nowSeconds: number,
  switches: ClaimSwitches,
): ClaimProblem | null {
  if (payload["iss"] !== issuer) return "issuer";
  if (!isForAudience(payload, audience)) return "audience";
  const { "jwt-token-use": use, "jwt-issued-at": issuedAt } = switches;
  if (use === "access-only" && payload["token_use"] === "id") return "identity-token";
  if (issuedAt === "required" && payload["iat"] === undefined) return "not-issued";
  return findTimeProblem(payload, nowSeconds, switches);
}

/** As they stand in a token. */
export interface TokenTimes {
  readonly exp: unknown;
  readonly nbf: unknown;
  readonly iat: unknown;
}

/** The part of it that changes while a token is remembered. */
export function findTimeProblem(
  { exp, nbf, iat }: Partial<TokenTimes>,
  nowSeconds: number,
  switches: Pick<Switches, "jwt-missing-exp" | "jwt-leeway">,
): ClaimProblem | null {
  const leeway = Number(switches["jwt-leeway"]);
  if (exp === undefined) {
    if (switches["jwt-missing-exp"] === "refuse") return "no-expiry";
  } else if (!(isTime(exp) && nowSeconds < exp + leeway)) return "expired";
  if (nbf !== undefined && !(isTime(nbf) && nowSeconds >= nbf - leeway)) return "not-yet-valid";
  if (iat !== undefined && !(isTime(iat) && nowSeconds >= iat - leeway)) return "issued-later";
  return null;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** `client_id` counts only where there is no `aud` at all. */
function isForAudience({ aud, client_id: clientId }: Payload, wanted: readonly string[]): boolean {
  const named = aud === undefined ? clientId : aud;
  const values: readonly unknown[] = Array.isArray(named) ? named : [named];
  return values.some((value) => typeof value === "string" && wanted.includes(value));
}

/** The token's scopes, in its order. */
export function scopesOf(payload: Payload, which: Switches["jwt-scope-claims"]): readonly string[] {
  const { scope, scp } = payload;
  if (which === "both") return [...new Set([...listScopes(scope), ...listScopes(scp)])];
  const [first, second] = which === "scp-first" ? [scp, scope] : [scope, scp];
  return listScopes(first ?? second);
}

function listScopes(claim: unknown): readonly string[] {
  if (typeof claim === "string") return claim.split(" ").filter((each) => each !== "");
  return Array.isArray(claim) ? claim.filter((each): each is string => typeof each === "string") : [];
}

/** Numbers whose text is not what JSON.stringify would make of them again. */
const NUMBER_AS_WRITTEN = /\d{16}|\d[.eE]|-0/;

/** Texts by claim. `json` is the payload as it stands in the token. */
export function claimTexts(payload: Payload, json: string): ReadonlyMap<string, string> {
  const exact = NUMBER_AS_WRITTEN.test(json) ? (JSON.parse(json, keepNumber) as Payload) : payload;
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(exact)) if (value !== null) texts.set(name, textOf(value));
  return texts;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? `[${value.map(textOf).join(" ")}]` : JSON.stringify(value);
}

/** SOURCE: ECMA-262 JSON.rawJSON, "JSON.parse source text access"; TypeScript's library does not list them yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => Json };

function keepNumber(this: unknown, _name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && context?.source !== undefined ? rawJSON(context.source) : value;
}
