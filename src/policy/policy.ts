/**
 * What a user wrote, checked and with every default filled in. Made by `parsePolicy`, read by everything else.
 *
 * INVARIANT: frozen; every name that refers to another part (boundary, permission, environment) resolves.
 * Not here: what any engine makes of it (compile/), how a decision is made (decide.ts).
 * Source: docs/spec/policy-language.md.
 */
import type { Rate, Span } from "../core/index.ts";

export interface Policy {
  readonly name: string;
  /** Path of the policy file as the user gave it. */
  readonly file: string;
  readonly identity: IdentityProvider;
  readonly environments: readonly Environment[];
  readonly services: readonly Service[];
  readonly roles: readonly Role[];
  readonly boundaries: readonly Boundary[];
  readonly throttle: { readonly default: Rate; readonly perIdentity: Rate | null };
  readonly secrets: readonly SecretSchedule[];
  readonly waivers: readonly Waiver[];
}

export interface IdentityProvider {
  /** Exact issuer string. An environment with `identity: embedded` replaces it by the embedded provider's address. */
  readonly issuer: string;
  readonly audience: string;
  /** Which claims of the provider hold what Gatehouse needs. Dots descend (`realm_access.roles`). */
  readonly claims: { readonly groups: string; readonly name: string };
  readonly login: Login | null;
  readonly at: Span;
}

/** Browser sign-in for people. */
export interface Login {
  readonly clientId: string;
  /** Name of the secret that holds the client secret (`secret:NAME` in the file), null for a public client. */
  readonly clientSecret: string | null;
  readonly scopes: readonly string[];
  readonly sessionIdleMs: number;
  readonly sessionMaxMs: number;
  readonly at: Span;
}

export interface Environment {
  readonly name: string;
  /** `embedded`: the development provider in this process, loopback only; its people file, relative to the policy. */
  readonly identity:
    | { readonly kind: "embedded"; readonly peopleFile: string }
    | { readonly kind: "issuer"; readonly issuer: string };
  /** Host name that the edge answers for, without port, lower case. */
  readonly domain: string;
  readonly certificates:
    | { readonly kind: "internal" }
    | { readonly kind: "acme"; readonly email: string; readonly directory: string | null };
  readonly gateway:
    | { readonly kind: "embedded" }
    | {
        readonly kind: "aws";
        readonly account: string;
        readonly regions: readonly string[];
        readonly authorize: "iam" | "jwt";
        readonly federation: "direct" | "brokered";
      };
  /** CIDR blocks from which private services may be reached. */
  readonly privateNetwork: readonly string[];
  /** Shared state (`valkey://...`), null for this process alone. */
  readonly state: string | null;
  readonly at: Span;
}

export type Exposure = "public" | "private";

export interface Service {
  readonly name: string;
  readonly exposure: Exposure;
  /** Base URL by environment name (`http://127.0.0.1:4001`): scheme, host and port, no path. */
  readonly upstream: Readonly<Record<string, string>>;
  /** People without a token are sent to sign in when they navigate; needs `identity.login`. */
  readonly login: boolean;
  readonly headers: {
    /** Request headers that must arrive unchanged although Gatehouse would drop them (`authorization`). Lower case. */
    readonly keep: readonly string[];
    /** Extra request headers that carry identity, for backends with their own names: header (lower case) to field. */
    readonly identity: Readonly<Record<string, IdentityField>>;
  };
  readonly routes: readonly PolicyRoute[];
  readonly at: Span;
}

export type IdentityField = "subject" | "name" | "groups" | "client" | "role" | "kind";

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"] as const;
export type Method = (typeof METHODS)[number];

export interface PolicyRoute {
  readonly method: Method;
  /** `/orders/{id}`; `{name+}` only as last segment. */
  readonly path: string;
  /** `METHOD /path`, API Gateway's route key. */
  readonly key: string;
  readonly service: string;
  readonly access:
    | { readonly kind: "needs"; readonly permission: string }
    | { readonly kind: "open"; readonly because: string };
  readonly throttle: Rate | null;
  /** Until the service has answered with response headers. 50 to 30000. */
  readonly timeoutMs: number;
  readonly at: Span;
}

export interface Role {
  readonly name: string;
  /** Who holds the role: whoever fits at least one of the lists. */
  readonly members: {
    readonly groups: readonly string[];
    readonly subjects: readonly string[];
    readonly clientIds: readonly string[];
  };
  /** Permissions granted, each a permission name or a pattern with `*` after the colon. */
  readonly can: readonly Located<string>[];
  readonly boundary: string;
  readonly when: { readonly sourceIp: readonly string[] } | null;
  readonly at: Span;
}

export interface Boundary {
  readonly name: string;
  readonly permissions: readonly Located<string>[];
  readonly at: Span;
}

export interface SecretSchedule {
  readonly name: string;
  readonly rotateMs: number;
  readonly overlapMs: number;
  readonly at: Span;
}

/** An accepted finding of a guardrail: who accepted it, why, and until when. */
export interface Waiver {
  /** `guardrail/kebab-rule`. */
  readonly rule: string;
  /** The one thing whose findings are accepted (a role, route key, service...); null for all findings of the rule. */
  readonly subject: string | null;
  readonly reason: string;
  readonly owner: string;
  /** Milliseconds since the epoch: the end, in UTC, of the last day on which the waiver holds. */
  readonly expiresAtMs: number;
  readonly at: Span;
}

export interface Located<T> {
  readonly value: T;
  readonly at: Span;
}
