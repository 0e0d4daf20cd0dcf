/**
 * From a signed payload to an `Identity`: the checks of the claims, and which of them mean what.
 *
 * INVARIANT: nothing is guessed. A claim that Gatehouse itself lives by (times, subject, groups, name) and that has an
 * unexpected type is a refusal, never an empty value. A claim that only the policy asks for is then absent.
 * Source: RFC 7519 section 4.1, RFC 9068 sections 2.2 and 4, RFC 7800 (`cnf`), API Gateway "JWT authorizers".
 */
import { readActor } from "./actor.ts";
import type { Identity, TokenReason } from "./identity.ts";
import { type JsonObject, isJsonObject } from "./strict-json.ts";
import { PLAIN_TOKENS, type TokenBinding, type TokenRules, hasProfileClaims, readBinding } from "./token-rules.ts";

export interface ClaimNames {
  /** Path of the groups claim: the whole text as one name if there is such a claim, else dots descend. */
  readonly groups: string;
  readonly name: string;
}

export interface ClaimRules {
  readonly issuer: string;
  /** Name of the workload issuer in the policy; null for the provider of the environment. */
  readonly issuerName: string | null;
  /** Of a named issuer: whether people sign in at it. @default false: all its identities are machines */
  readonly hasPeople?: boolean | undefined;
  readonly audience: string;
  readonly claims: ClaimNames;
  /** Paths of the claims that the policy asks for. */
  readonly usedClaims: readonly string[];
  /** Tolerance for `nbf` and `iat` only. Nothing is tolerated after `exp`. @default 0 */
  readonly skewSeconds?: number | undefined;
  /** @default no proof is known, so that every bound token is refused */
  readonly tokens?: TokenRules | undefined;
}

/** What a payload means, and to whom its token is bound. */
export interface ReadClaims {
  readonly identity: Identity;
  readonly binding: TokenBinding | null;
}

/** The identity alone, of a token that is bound to nobody. */
export function readIdentity(payload: JsonObject, rules: ClaimRules, nowMs: number): Identity | TokenReason {
  const read = readClaims(payload, { ...rules, tokens: PLAIN_TOKENS }, nowMs);
  return typeof read === "string" ? read : read.identity;
}

/**
 * What a payload means, or the first reason against it in the order issuer, audience, times, binding, other claims.
 * Says nothing about whether anybody signed it: only a verifier may let a request in by it.
 */
export function readClaims(payload: JsonObject, rules: ClaimRules, nowMs: number): ReadClaims | TokenReason {
  const { tokens = PLAIN_TOKENS } = rules;
  if (payload["iss"] !== rules.issuer) return "token-issuer";
  if (!isAudienceMember(payload["aud"], rules.audience)) return "token-audience";
  const timeProblem = findTimeProblem(payload, rules.skewSeconds ?? 0, nowMs);
  if (timeProblem !== null) return timeProblem;
  const binding = readBinding(payload, tokens);
  if (binding === undefined) return "token-sender-constrained";
  if (tokens.profile !== null && !hasProfileClaims(payload)) return "token-claims";
  const subject = payload["sub"];
  const clientId = payload["client_id"] ?? payload["azp"] ?? null;
  if (typeof subject !== "string" || subject === "") return "token-claims";
  if (clientId !== null && typeof clientId !== "string") return "token-claims";
  const groups = readGroups(readPath(payload, rules.claims.groups));
  const name = readPath(payload, rules.claims.name) ?? null;
  if (groups === null || (name !== null && typeof name !== "string")) return "token-claims";
  const act = readActor(payload["act"]);
  if (act === null) return "token-claims";
  const identity: Identity = Object.freeze({
    kind: !hasPeople(rules) || isMachine(payload, subject, clientId) ? "machine" : "person",
    issuer: rules.issuer,
    issuerName: rules.issuerName,
    subject,
    clientId,
    name,
    groups: Object.freeze(groups),
    claims: claimsOf(payload, rules.usedClaims),
    tokenId: tokenIdOf(payload),
    ...(act === undefined ? {} : { act }),
    issuedAtSeconds: (payload["iat"] as number | undefined) ?? null,
    authTimeSeconds: authTimeOf(payload),
    expiresAtSeconds: payload["exp"] as number,
    via: "bearer",
    key: JSON.stringify([rules.issuer, subject]),
  });
  return { identity, binding };
}

/** The provider of the environment has people, and each issuer that they sign in at. */
function hasPeople(rules: ClaimRules): boolean {
  return rules.issuerName === null || rules.hasPeople === true;
}

/** A longer `jti` is not kept, so that its token is revoked by its subject only. */
export const MAX_TOKEN_ID_CHARS = 256;

function tokenIdOf({ jti }: JsonObject & { readonly jti?: unknown }): string | null {
  return typeof jti === "string" && jti.length <= MAX_TOKEN_ID_CHARS ? jti : null;
}

/** Only routes that ask for it live by it, so what is no time counts as not said. */
function authTimeOf({ auth_time: time }: JsonObject & { readonly auth_time?: unknown }): number | null {
  return typeof time === "number" && Number.isFinite(time) ? time : null;
}

function isAudienceMember(aud: unknown, audience: string): boolean {
  if (typeof aud === "string") return aud === audience;
  return Array.isArray(aud) && aud.every((member) => typeof member === "string") && aud.includes(audience);
}

function findTimeProblem(payload: JsonObject, skewSeconds: number, nowMs: number): TokenReason | null {
  const { exp, nbf, iat } = payload as Record<string, unknown>;
  if (!Number.isSafeInteger(exp)) return "token-claims";
  if (nowMs >= (exp as number) * 1000) return "token-expired";
  for (const notBefore of [nbf, iat]) {
    if (notBefore === undefined) continue;
    if (typeof notBefore !== "number" || !Number.isFinite(notBefore)) return "token-claims";
    if (nowMs < (notBefore - skewSeconds) * 1000) return "token-not-yet-valid";
  }
  return null;
}

/**
 * The values, as texts, of the claims at these paths. Absent claims, and those without a text of their own (objects, null,
 * lists with anything but texts, numbers and truth values in them), have no entry.
 */
export function claimsOf(payload: JsonObject, paths: readonly string[]): Readonly<Record<string, readonly string[]>> {
  if (paths.length === 0) return NO_CLAIMS;
  const entries: [string, readonly string[]][] = [];
  for (const path of paths) {
    const values = textsOf(readPath(payload, path));
    if (values !== null) entries.push([path, Object.freeze(values)]);
  }
  return Object.freeze(Object.fromEntries(entries));
}

const NO_CLAIMS: Readonly<Record<string, readonly string[]>> = Object.freeze({});

function textsOf(value: unknown): string[] | null {
  const texts = (Array.isArray(value) ? value : [value]).map(textOf);
  return texts.every((text) => text !== null) ? texts : null;
}

function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  // Reading rounded it: two tokens with different whole numbers would have one text.
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : JSON.stringify(value);
}

/**
 * The value at a path: the longest beginning of it that is a name there, then the rest within (`kubernetes.io.namespace`
 * finds `namespace` in `kubernetes.io`). Undefined when the claim is absent; what cannot be descended into counts as a
 * value of the wrong type.
 */
function readPath(payload: JsonObject, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(payload, name)) continue;
    const inner = payload[name];
    return isJsonObject(inner) ? readPath(inner, path.slice(dot + 1)) : Number.NaN;
  }
  return undefined;
}

/** One string is one group: it is not split, since a comma or space may be part of a group's name. */
function readGroups(value: unknown): string[] | null {
  if (value === undefined) return [];
  if (typeof value === "string") return [value];
  if (!Array.isArray(value) || !value.every((group) => typeof group === "string")) return null;
  return [...value];
}

/**
 * A token is a machine's when the provider says so in one of the ways that are in use; every other token is a person's.
 * RFC 9068: the subject is the client. Auth0: `gty`. Entra ID: `idtyp`. Keycloak: the client's service account.
 */
function isMachine(payload: JsonObject, subject: string, clientId: string | null): boolean {
  if (clientId !== null && subject === clientId) return true;
  if (payload["gty"] === "client-credentials" || payload["idtyp"] === "app") return true;
  return clientId !== null && payload["preferred_username"] === `service-account-${clientId.toLowerCase()}`;
}
