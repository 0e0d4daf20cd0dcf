/**
 * The roles of an AWS account, and who may assume them: as AWS judges a token.
 *
 * In: an account. Out: a `RoleDirectory`. The order: provider by `iss`, signature and times, audience among the provider's
 * clients, session tags, then the role's trust policy, which every refusal about a role ends in the same words.
 * Source: IAM user guide, "Creating a role for OpenID Connect federation", "IAM and AWS STS condition context keys"
 * (also for the claims that are condition keys for some providers).
 * INVARIANT: a token is judged by the keys, clients and name of the one provider that its `iss` equals.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../core/index.ts";
import {
  type CompiledTrust,
  type RequestContext,
  type WrittenDocument,
  compileTrust,
  evaluateTrust,
} from "../iam/index.ts";
import { type KeySource, createKeySource, parseCompactJws } from "../identity/index.ts";
import type { Account, AccountRole, OidcProvider } from "../model/index.ts";
import { type AssumeAttempt, NOT_AUTHORIZED, type RoleDirectory } from "./role-directory.ts";
import { type SessionTags, readSessionTags } from "./session-tags.ts";
import { refuse } from "./sts-error.ts";
import { NOT_A_JWT, type WebIdentity, verifyWebIdentity } from "./web-identity-token.ts";

export interface AccountDirectoryOptions {
  readonly clock: Clock;
  /** Keys of a provider; closing them is left to whoever gives them. @default a source of the directory's own for each */
  readonly keysOf?: ((issuer: string) => KeySource) | undefined;
  /** What `PolicyArns` may name. @default none */
  readonly managedPolicies?: Readonly<Record<string, WrittenDocument>> | undefined;
}

export interface AccountDirectory extends RoleDirectory {
  /** Ends the key sources that it made itself. */
  close(): void;
}

interface TrustedRole {
  readonly role: AccountRole;
  readonly trust: CompiledTrust;
}

/** Whose audience is one of the provider's clients. */
type TrustedIdentity = Omit<WebIdentity, "ok" | "audience"> & { readonly audience: string };

interface TrustedProvider {
  readonly provider: OidcProvider;
  readonly keys: KeySource;
}

const DEFAULT_SESSION_SECONDS = 3600;

/** @throws GH_IAM_* for a trust policy that cannot be compiled */
export function accountDirectory(account: Account, options: AccountDirectoryOptions): AccountDirectory {
  const { accountId, partition } = account;
  const { clock, managedPolicies = {} } = options;
  const roles = new Map<string, TrustedRole>(
    account.roles.map((role) => [role.arn, { role, trust: compileTrust(role.assumeRolePolicyDocument) }]),
  );
  const own: KeySource[] = [];
  const keysOf =
    options.keysOf ??
    ((issuer: string): KeySource => {
      const source = createKeySource({ issuer, clock, allowHttpLoopback: true });
      own.push(source);
      return source;
    });
  const providers = new Map<unknown, TrustedProvider>(
    account.oidcProviders.map((provider) => [provider.url, { provider, keys: keysOf(provider.url) }]),
  );

  function isTrusted(
    trusted: TrustedRole,
    identity: TrustedIdentity,
    tags: SessionTags,
    attempt: AssumeAttempt,
  ): boolean {
    const federated = providerArn(partition, accountId, identity.issuer);
    const context = contextOf(identity, tags, attempt, federated);
    const allows = (action: "sts:AssumeRoleWithWebIdentity" | "sts:TagSession"): boolean =>
      evaluateTrust(trusted.trust, { action, principal: { federated }, context }) === "Allowed";
    return allows("sts:AssumeRoleWithWebIdentity") && (Object.keys(tags.tags).length === 0 || allows("sts:TagSession"));
  }

  return {
    async assume(attempt) {
      const jws = parseCompactJws(attempt.token);
      if (jws === null) return refuse("InvalidIdentityToken", NOT_A_JWT);
      const issuer = jws.payload["iss"];
      if (typeof issuer !== "string") return refuse("InvalidIdentityToken", "Missing a required claim: iss");
      const known = providers.get(issuer);
      if (known === undefined)
        return refuse(
          "InvalidIdentityToken",
          `No OpenIDConnect provider found in your account for ${issuer.slice(0, 255)}`,
        );
      const verified = await verifyWebIdentity(jws, issuer, known.keys, attempt.nowMs);
      if (!verified.ok) return verified;
      const { subject, audience, claims } = verified;
      if (audience === null || !known.provider.clientIdList.includes(audience))
        return refuse("InvalidIdentityToken", "Incorrect token audience");
      const tags = readSessionTags(claims);
      if (!tags.ok) return tags;
      const trusted = roles.get(attempt.roleArn);
      if (trusted === undefined || !isTrusted(trusted, { issuer, subject, audience, claims }, tags, attempt))
        return refuse("AccessDenied", NOT_AUTHORIZED);
      const { roleName, arn, roleId, maxSessionDuration = DEFAULT_SESSION_SECONDS } = trusted.role;
      return {
        ok: true,
        role: {
          partition,
          accountId,
          roleName,
          arn,
          roleId: roleId ?? roleIdOf(arn),
          maxSessionSeconds: maxSessionDuration,
        },
        token: { issuer, subject, audience },
        provider: providerArn(partition, accountId, issuer),
        tags: tags.tags,
        facts: null,
      };
    },
    managedPolicy: (arn) => (Object.hasOwn(managedPolicies, arn) ? (managedPolicies[arn] ?? null) : null),
    close() {
      for (const source of own) source.close();
    },
  };
}

/** `AROA` and 17 characters that are always the same for one role. */
export function roleIdOf(roleArn: string): string {
  const digest = createHash("sha256").update(roleArn).digest();
  let id = "AROA";
  for (let i = 0; i < 17; i++) id += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(digest[i] ?? 0) & 31] ?? "";
  return id;
}

export function providerArn(partition: string, accountId: string, issuer: string): string {
  return `arn:${partition}:iam::${accountId}:oidc-provider/${keyPrefixOf(issuer)}`;
}

/** As providers and condition keys are named: without the scheme. */
function keyPrefixOf(issuer: string): string {
  return issuer.replace(/^https?:\/\//, "");
}

/** Claims that are condition keys of a trust policy for some providers, beside `aud`, `sub`, `azp` and `amr`. */
const CLAIM_KEYS: Readonly<Record<string, readonly string[]>> = {
  "token.actions.githubusercontent.com": [
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "workflow",
  ],
};

function contextOf(
  { issuer, subject, audience, claims }: TrustedIdentity,
  { tags, transitiveKeys }: SessionTags,
  { sessionName, durationSeconds, nowMs }: AssumeAttempt,
  federated: string,
): RequestContext {
  const prefix = keyPrefixOf(issuer);
  const context: Record<string, string | readonly string[]> = {
    "aws:CurrentTime": `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    "aws:EpochTime": String(Math.floor(nowMs / 1000)),
    "aws:FederatedProvider": federated,
    "sts:RoleSessionName": sessionName,
    "sts:DurationSeconds": String(durationSeconds),
    [`${prefix}:sub`]: subject,
    [`${prefix}:aud`]: audience,
  };
  const { azp, amr } = claims as Record<string, unknown>;
  if (typeof azp === "string") context[`${prefix}:azp`] = azp;
  const methods = typeof amr === "string" ? [amr] : amr;
  if (Array.isArray(methods) && methods.every((each) => typeof each === "string")) context[`${prefix}:amr`] = methods;
  for (const name of Object.hasOwn(CLAIM_KEYS, prefix) ? (CLAIM_KEYS[prefix] ?? []) : []) {
    const value = claims[name];
    if (typeof value === "string") context[`${prefix}:${name}`] = value;
  }
  const keys = Object.keys(tags);
  for (const key of keys) context[`aws:RequestTag/${key}`] = tags[key] ?? "";
  if (keys.length > 0) context["aws:TagKeys"] = keys;
  if (transitiveKeys.length > 0) context["sts:TransitiveTagKeys"] = transitiveKeys;
  return context;
}
