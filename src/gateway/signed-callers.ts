/**
 * Callers with temporary credentials instead of a token: who gets them, and who they are when they sign a request.
 *
 * In: the artifacts' roles, the verifier of tokens, the keys that seal sessions. Out: an STS; for the principal of a
 * signature the identity that its token had, with one role.
 * Not here: STS's own words (sts), signatures (iam), what a role may do (authorizer.ts).
 * Membership is decided twice: when credentials are given, and again by the policy that runs when they are used.
 * INVARIANT: an identity that was read from a token under other settings (issuers, audiences, names of claims, claims that
 * the policy asks for) is nobody: what the policy would want to know of it now was not read then.
 */
import { type Clock, type Secret, jsonDigest } from "../core/index.ts";
import { type Identity, type TokenReason, type TokenVerifier, parseCompactJws } from "../identity/index.ts";
import type { Artifacts } from "../model/index.ts";
import {
  type AssumeAttempt,
  type AssumedRole,
  NOT_AUTHORIZED,
  type Principal,
  type RoleDirectory,
  type Sts,
  type StsErrorCode,
  type StsRefusal,
  createSts,
  providerArn,
  roleIdOf,
} from "../sts/index.ts";
import type { Authorizer, RoleSet } from "./authorizer.ts";

export interface SignedCallersOptions {
  readonly artifacts: Artifacts;
  readonly verifier: TokenVerifier;
  readonly authorizer: Authorizer;
  /** The first seals sessions, each opens them. */
  readonly keys: readonly Secret<Uint8Array>[];
  readonly clock: Clock;
}

export interface SignedCaller {
  readonly identity: Identity;
  /** At most one role. */
  readonly roleSet: RoleSet;
}

/** Credentials outlive the token that they were given for, as on AWS; never by more than this. */
export const MAX_SESSION_SECONDS = 3600;

/** What is known of a token, by position: it is carried in each session token. */
type Facts = readonly [
  settings: string,
  kind: Identity["kind"],
  issuerName: string | null,
  clientId: string | null,
  name: string | null,
  groups: readonly string[],
  claims: Identity["claims"],
  issuedAtSeconds: number | null,
  tokenId: string | null,
  act?: Identity["act"],
];

export class SignedCallers {
  readonly sts: Sts;
  /** Of the scope that requests are signed for. */
  readonly region: string;
  readonly #authorizer: Authorizer;
  readonly #settings: string;
  readonly #callers = new WeakMap<Principal, SignedCaller | { readonly identity: null }>();

  /** @throws GH_STS_SEAL_KEY */
  constructor(options: SignedCallersOptions) {
    const { artifacts, authorizer, keys, clock } = options;
    this.region = artifacts.iam.region;
    this.#authorizer = authorizer;
    this.#settings = settingsOf(artifacts);
    this.sts = createSts({ directory: policyDirectory(options, this.#settings), keys, clock });
  }

  /** Null when its token was read under other settings: then new credentials have to be asked for. */
  callerOf(principal: Principal): SignedCaller | null {
    let known = this.#callers.get(principal);
    if (known === undefined) this.#callers.set(principal, (known = this.#read(principal) ?? { identity: null }));
    return known.identity === null ? null : known;
  }

  #read(principal: Principal): SignedCaller | null {
    const [settings, kind, issuerName, clientId, name, groups, claims, issuedAtSeconds, tokenId, act] =
      principal.facts as Facts;
    if (settings !== this.#settings) return null;
    const { issuer, subject } = principal.token;
    const identity: Identity = Object.freeze({
      kind,
      issuer,
      issuerName,
      subject,
      clientId,
      name,
      groups,
      claims,
      // Credentials of a version that did not keep it have none.
      tokenId: tokenId ?? null,
      ...(act === undefined ? {} : { act }),
      issuedAtSeconds,
      // Credentials do not tell when somebody signed in: they stand for a role session, which nobody can sign in to anew.
      authTimeSeconds: null,
      expiresAtSeconds: principal.expiresAtMs / 1000,
      via: "bearer",
      // The token's: who has used up a rate with a token has used it up with credentials too.
      key: JSON.stringify([issuer, subject]),
    });
    const { roleArn, sessionPolicies } = principal;
    return { identity, roleSet: this.#authorizer.sessionRoleSet(identity, roleArn, sessionPolicies) };
  }
}

function settingsOf({ policy, environment, identity }: Artifacts): string {
  const { kind, issuer, audience, claims, usedClaims, issuers, tokens } = identity;
  const settings = { policy, environment, kind, issuer, audience, claims, usedClaims, issuers, tokens };
  return jsonDigest(settings).slice(0, 12);
}

/** The roles of the policy, for those who hold them. */
function policyDirectory({ artifacts, verifier, authorizer }: SignedCallersOptions, settings: string): RoleDirectory {
  const { partition, account: accountId, roles } = artifacts.iam;
  const { audience, issuers } = artifacts.identity;
  return {
    async assume(attempt) {
      const verified = await verifier.verify(attempt.token);
      if (!verified.ok) return refusalOf(verified.reason, attempt);
      const { identity } = verified;
      const role = roles.find(({ arn }) => arn === attempt.roleArn);
      if (role === undefined || authorizer.sessionRoleSet(identity, role.arn, []).roles.length === 0)
        return { ok: false, code: "AccessDenied", message: NOT_AUTHORIZED };
      const { issuer, subject, issuerName, kind, clientId, name, groups, claims } = identity;
      const { issuedAtSeconds, tokenId, act } = identity;
      const known = [settings, kind, issuerName, clientId, name, groups, claims, issuedAtSeconds, tokenId] as const;
      const facts: Facts = act === undefined ? known : [...known, act];
      return {
        ok: true,
        role: {
          partition,
          accountId,
          roleName: role.roleName,
          arn: role.arn,
          roleId: roleIdOf(role.arn),
          maxSessionSeconds: MAX_SESSION_SECONDS,
        },
        token: { issuer, subject, audience: issuers.find((each) => each.name === issuerName)?.audience ?? audience },
        provider: providerArn(partition, accountId, issuer),
        tags: {},
        facts,
      } satisfies AssumedRole;
    },
    managedPolicy: () => null,
  };
}

const NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";

const REFUSALS: Readonly<
  Record<TokenReason | "keys-unavailable", readonly [code: StsErrorCode, message: string] | "issuer" | "expired">
> = {
  "token-malformed": ["InvalidIdentityToken", NOT_A_JWT],
  "token-too-large": ["InvalidIdentityToken", "The token is too large"],
  "token-algorithm": ["InvalidIdentityToken", "The algorithm of the token is not accepted"],
  "token-unknown-key": [
    "InvalidIdentityToken",
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
  ],
  "token-signature": ["InvalidIdentityToken", "The signature of the token is invalid"],
  "token-issuer": "issuer",
  "token-audience": ["InvalidIdentityToken", "Incorrect token audience"],
  "token-expired": "expired",
  "token-revoked": ["InvalidIdentityToken", "The token has been revoked"],
  "token-not-yet-valid": ["InvalidIdentityToken", "The token is not valid yet"],
  "token-claims": ["InvalidIdentityToken", "The token lacks a required claim"],
  "token-critical": ["InvalidIdentityToken", "The token has a critical header that is not understood"],
  "token-type": ["InvalidIdentityToken", "The token is of another kind"],
  "token-sender-constrained": ["InvalidIdentityToken", "The token is bound to a key that was not proven"],
  "token-not-bound": ["InvalidIdentityToken", "The token is not bound to a key"],
  "keys-unavailable": [
    "IDPCommunicationError",
    "The identity provider could not be reached to verify the token. Please try again.",
  ],
};

function refusalOf(reason: TokenReason | "keys-unavailable", { token, nowMs }: AssumeAttempt): StsRefusal {
  const refusal = REFUSALS[reason];
  if (typeof refusal !== "string") return { ok: false, code: refusal[0], message: refusal[1] };
  const { iss, exp } = (parseCompactJws(token)?.payload ?? {}) as Record<string, unknown>;
  if (refusal === "issuer")
    return {
      ok: false,
      code: "InvalidIdentityToken",
      message: `No OpenIDConnect provider found in your account for ${typeof iss === "string" ? iss.slice(0, 255) : ""}`,
    };
  const now = Math.floor(nowMs / 1000);
  const message = `Token expired: current date/time ${now} must be before the expiration date/time ${Number(exp)}`;
  return { ok: false, code: "ExpiredTokenException", message };
}
