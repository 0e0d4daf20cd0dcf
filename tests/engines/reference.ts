/**
 * The first engine: `decide`, asked about a case.
 *
 * A case has claims as they stand in a token. They are read here by the sentences of the specification and not by
 * src/identity, so that a reading which differs between the two is found.
 * Source: docs/spec/policy-language.md PL-3.14, PL-6, PL-8.
 */
import {
  type Caller,
  type ClaimMapping,
  type Environment,
  type Policy,
  decide,
  listUsedClaims,
  normalizePath,
} from "../../src/policy/index.ts";
import type { AskedCase, CaseIdentity } from "./case-file.ts";
import type { Answer } from "./engine.ts";
import type { TokenSource } from "./issuers.ts";

/** What `decide` says about the case. */
export function askReference(policy: Policy, environment: string, one: AskedCase): Answer {
  const normal = normalizePath(one.target);
  if (!normal.ok) return { effect: "deny", reason: "request-path", role: null, route: null, service: null };
  const decision = decide(
    policy,
    environment,
    {
      exposure: one.exposure,
      ...(one.host === null ? {} : { host: one.host.toLowerCase().replace(/:\d+$/, "") }),
      method: one.method,
      path: normal.path,
      sourceIp: one.sourceIp,
      atMs: one.atMs,
    },
    one.as === null || !isForUs(policy, environment, one.as) ? null : callerOf(policy, one.as),
  );
  return {
    effect: decision.effect,
    reason: decision.reason,
    role: decision.role,
    route: decision.route?.key ?? null,
    service: decision.route?.service ?? null,
  };
}

/** A token for somebody else makes nobody known. */
function isForUs(policy: Policy, environment: string, { issuer, audience }: CaseIdentity): boolean {
  const place = policy.environments.find(({ name }) => name === environment);
  return audience === null || place === undefined || sourceOf(policy, place, issuer).audience === audience;
}

/** Who a verified token with these claims speaks for. */
export function callerOf(policy: Policy, identity: CaseIdentity): Caller {
  const payload = payloadOf(policy, identity);
  const groups = claimValue(payload, mappingOf(policy, identity.issuer).groups);
  const clientId = payload["client_id"] ?? payload["azp"];
  return {
    subject: String(payload["sub"]),
    clientId: typeof clientId === "string" ? clientId : null,
    groups: typeof groups === "string" ? [groups] : Array.isArray(groups) ? groups.map(String) : [],
    issuer: identity.issuer,
    claims: Object.fromEntries(
      listUsedClaims(policy).flatMap((claim) => {
        const values = valuesOf(claimValue(payload, claim));
        return values === null ? [] : [[claim, values]];
      }),
    ),
    authTimeSeconds: typeof payload["auth_time"] === "number" ? payload["auth_time"] : null,
    issuedAtSeconds: identity.issuedAtMs === null ? null : Math.floor(identity.issuedAtMs / 1000),
  };
}

/** The claims with the groups in the place where the issuer's mapping has them. */
export function payloadOf(policy: Policy, identity: CaseIdentity): Readonly<Record<string, unknown>> {
  if (identity.groups === undefined) return identity.claims;
  const { groups: path } = mappingOf(policy, identity.issuer);
  return withValue(identity.claims, path.includes("://") ? [path] : path.split("."), identity.groups);
}

/** What tokens of the provider (null) or of a workload issuer say about themselves in an environment. */
export function sourceOf(policy: Policy, environment: Environment, issuer: string | null): TokenSource {
  const { identity } = policy;
  const audience = environment.overrides.audience ?? identity.audience;
  if (issuer === null) {
    const own = environment.identity.kind === "issuer" ? environment.identity.issuer : identity.issuer;
    return { issuer: own, audience };
  }
  const workload = identity.issuers.find(({ name }) => name === issuer);
  if (workload === undefined) throw new Error(`there is no issuer \`${issuer}\``);
  return { issuer: workload.issuer, audience: workload.hasOwnAudience ? workload.audience : audience };
}

export function mappingOf(policy: Policy, issuer: string | null): ClaimMapping {
  const workload = policy.identity.issuers.find(({ name }) => name === issuer);
  return workload?.claims ?? policy.identity.claims;
}

function withValue(
  into: Readonly<Record<string, unknown>>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [first = "", ...rest] = path;
  const inner = into[first];
  const below = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
  return { ...into, [first]: rest.length === 0 ? value : withValue(below, rest, value) };
}

/** "The longest beginning of the path that is a name in the token, and the rest within." Undefined when there is none. */
function claimValue(payload: Readonly<Record<string, unknown>>, claim: string): unknown {
  if (Object.hasOwn(payload, claim)) return payload[claim];
  const names = claim.split(".");
  for (let count = names.length - 1; count > 0; count--) {
    const name = names.slice(0, count).join(".");
    if (!Object.hasOwn(payload, name)) continue;
    const inner = payload[name];
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return undefined;
    return claimValue(inner as Record<string, unknown>, names.slice(count).join("."));
  }
  return undefined;
}

/** Null for what counts as no claim. */
function valuesOf(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) {
    const text = textOf(value);
    return text === null ? null : [text];
  }
  const texts = value.map(textOf);
  return texts.some((text) => text === null) ? null : (texts as string[]);
}

/** A whole number that reading rounds has no text: another token's number would have the same. */
function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  return Number.isInteger(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER ? null : JSON.stringify(value);
}
