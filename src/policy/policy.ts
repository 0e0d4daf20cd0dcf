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
  /** What browsers of other origins may do with public services; null for nothing. */
  readonly cors: Cors | null;
  readonly secrets: readonly SecretSchedule[];
  readonly waivers: readonly Waiver[];
}

/** In the words and with the meaning of an HTTP API's CORS configuration; it holds for the public services together. */
export interface Cors {
  /** `https://app.shop.example`, or `*` alone. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Header names in lower case. */
  readonly headers: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeMs: number;
  readonly credentials: boolean;
  readonly at: Span;
}

/** Which claims of an issuer hold what Gatehouse needs. Dots descend (`realm_access.roles`). */
export interface ClaimMapping {
  readonly groups: string;
  readonly name: string;
}

/** Which proofs of a key tokens may come with. */
export const PROOFS = ["dpop", "mtls"] as const;
export type Proof = (typeof PROOFS)[number];
export const TOKEN_PROFILES = ["rfc9068"] as const;

/** What is asked of the tokens that callers send. */
export interface TokenRules {
  /** In the order of `PROOFS`. */
  readonly proof: readonly Proof[];
  readonly requireProof: boolean;
  readonly profile: (typeof TOKEN_PROFILES)[number] | null;
  readonly at: Span;
}

/**
 * A further issuer whose tokens are taken: CI, a cluster, another provider of people. Its identities hold only roles whose
 * members name it.
 */
export interface WorkloadIssuer {
  readonly name: string;
  /** Exact issuer string. */
  readonly issuer: string;
  /** Its own, or that of `identity` as it is in the environment. */
  readonly audience: string;
  readonly hasOwnAudience: boolean;
  readonly claims: ClaimMapping;
  /** Its own, or those of `identity`; null when neither says anything. */
  readonly tokens: TokenRules | null;
  /** How its people sign in; null when it has none. */
  readonly login: LoginClient | null;
  readonly at: Span;
}

export interface IdentityProvider {
  /** Exact issuer string. An environment with `identity: embedded` replaces it by the embedded provider's address. */
  readonly issuer: string;
  readonly audience: string;
  readonly claims: ClaimMapping;
  /** Null: bound tokens are refused, all others are taken. */
  readonly tokens: TokenRules | null;
  /** In the order of the policy. */
  readonly issuers: readonly WorkloadIssuer[];
  readonly login: Login | null;
  readonly at: Span;
}

/** What a button says: one line, nothing invisible, no blank at its ends. */
export const TITLE = /^[^\s\p{C}](?:[^\p{C}\p{Zl}\p{Zp}]{0,58}[^\s\p{C}])?$/u;

/** What people of one issuer sign in with. */
export interface LoginClient {
  readonly clientId: string;
  /** Name of the secret that holds the client secret (`secret:NAME` in the file), null for a public client. */
  readonly clientSecret: string | null;
  readonly scopes: readonly string[];
  /** By which people choose the issuer where there are several; null when the policy gives none. */
  readonly title: string | null;
  readonly at: Span;
}

export interface LoginPage {
  /** Whose pages they are. */
  readonly name: string | null;
  /** `#rrggbb`, dark enough to be read on white. */
  readonly color: string | null;
}

/** Browser sign-in for people: of the environment's provider, and how long anybody's sessions last. */
export interface Login extends LoginClient {
  readonly sessionIdleMs: number;
  readonly sessionMaxMs: number;
  readonly sessionStore: "cookie" | "server";
  /** How the pages look that people see on the way; null when the policy says nothing. */
  readonly page: LoginPage | null;
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
  /** `memory`, `sqlite`, or a server's address (`valkey://...`); null when nothing is said. */
  readonly state: string | null;
  readonly overrides: Overrides;
  readonly at: Span;
}

/**
 * What differs in one environment. Only addresses, limits, members and conditions may: routes, permissions, grants and
 * boundaries are the same everywhere, so that what one environment has tried out is what the next one authorizes.
 * Null, or no entry, is what the policy says outside. Applied by `inEnvironment`.
 */
export interface Overrides {
  readonly audience: string | null;
  /** Names of the workload issuers that are trusted here; null for all. */
  readonly issuers: readonly string[] | null;
  readonly login: Login | null;
  readonly throttle: { readonly default: Rate | null; readonly perIdentity: Rate | null };
  readonly cors: Cors | null;
  /** By route key. */
  readonly routes: Readonly<Record<string, RouteOverride>>;
  /** By role name. */
  readonly roles: Readonly<Record<string, RoleOverride>>;
}

export interface RouteOverride {
  readonly throttle: Rate | null;
  readonly timeoutMs: number | null;
  readonly maxBodyBytes: number | null;
  readonly retries: number | null;
}

export interface RoleOverride {
  readonly members: Members | null;
  readonly when: Condition | null;
}

export type Exposure = "public" | "private";

export interface Service {
  readonly name: string;
  readonly exposure: Exposure;
  /** Base URL by environment name (`http://127.0.0.1:4001`): scheme, host and port, no path. */
  readonly upstream: Readonly<Record<string, string>>;
  /** Host name of its own by environment name, lower case; where it has none, the environment's `domain`. */
  readonly hosts: Readonly<Record<string, string>>;
  /** In front of every route's path and not sent to the service: `/orders`, or empty. As an API mapping's key. */
  readonly basePath: string;
  /** People without a token are sent to sign in when they navigate; needs `identity.login`. */
  readonly login: boolean;
  readonly headers: {
    /** Request headers that must arrive unchanged although Gatehouse would drop them (`authorization`). Lower case. */
    readonly keep: readonly string[];
    /** Extra request headers that carry identity, for backends with their own names: header (lower case) to field. */
    readonly identity: Readonly<Record<string, IdentityField>>;
    /** Of what goes to the service. */
    readonly request: HeaderRules;
    /** Of what the service answers. */
    readonly response: HeaderRules;
  };
  readonly routes: readonly PolicyRoute[];
  readonly at: Span;
}

export type IdentityField = "subject" | "name" | "groups" | "client" | "role" | "kind" | "issuer";

/** Lower-case names. A header that is set replaces every value that was there. */
export interface HeaderRules {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"] as const;
export type Method = (typeof METHODS)[number];

export interface PolicyRoute {
  readonly method: Method;
  /** `/orders/{id}`, base path included; `{name+}` only as last segment. */
  readonly path: string;
  /** The path as the service sees it: without its base path. */
  readonly servicePath: string;
  /** `METHOD /path`, API Gateway's route key. */
  readonly key: string;
  readonly service: string;
  readonly access:
    | { readonly kind: "needs"; readonly permission: string }
    | { readonly kind: "open"; readonly because: string };
  /** How the caller has to have signed in; null where any way will do. Null on open routes. */
  readonly authentication: Authentication | null;
  readonly throttle: Rate | null;
  /** Until the service has answered with response headers. 50 to 30000. */
  readonly timeoutMs: number;
  /** Largest request body. 0 to 10,485,760; a streaming route has no limit (`Number.POSITIVE_INFINITY`). */
  readonly maxBodyBytes: number;
  /** Bodies pass as they come, of any size and length in time. */
  readonly streaming: boolean;
  /** `Upgrade: websocket` is passed on. */
  readonly websocket: boolean;
  /** Further attempts when the service gave no answer; above 0 only for idempotent methods. */
  readonly retries: number;
  readonly at: Span;
}

/** How a caller has to have signed in. At least one of the two says something. */
export interface Authentication {
  /** One of these values of the claim `acr`; empty for any, or none. */
  readonly acr: readonly string[];
  /** Whole seconds since the caller signed in (`auth_time`), at most; null for any. */
  readonly maxAgeSeconds: number | null;
}

export interface Role {
  readonly name: string;
  readonly members: Members;
  /** Permissions granted, each a permission name or a pattern with `*` after the colon. */
  readonly can: readonly Grant[];
  readonly boundary: string;
  readonly when: Condition | null;
  readonly at: Span;
}

/**
 * Who holds a role. A leaf speaks of one issuer: the provider of the environment (null), or a workload issuer by name.
 * `any` of nothing is nobody.
 */
export type Members =
  | {
      readonly kind: "groups" | "subject" | "client";
      readonly values: readonly string[];
      readonly issuer: string | null;
    }
  | {
      readonly kind: "claim";
      readonly claim: string;
      readonly test: "equals" | "prefix";
      /** One of them has to fit. */
      readonly values: readonly string[];
      readonly issuer: string | null;
    }
  | { readonly kind: "all" | "any"; readonly of: readonly Members[] }
  | { readonly kind: "not"; readonly of: Members };

/** A pattern of permissions, and what narrows it. */
export interface Grant extends Located<string> {
  readonly when: Condition | null;
}

/** All that is not null and every entry of a list has to hold. */
export interface Condition {
  /** CIDR blocks. */
  readonly sourceIp: readonly string[] | null;
  /** Milliseconds since the epoch: from then on. */
  readonly afterMs: number | null;
  /** Milliseconds since the epoch: until then, not including. */
  readonly beforeMs: number | null;
  readonly hours: Hours | null;
  readonly path: readonly PathCondition[];
  readonly claims: readonly ClaimCondition[];
  /** Longest time since the token was issued. */
  readonly tokenAgeMs: number | null;
  readonly at: Span;
}

/** A path parameter has one of the values, or equals a value of the caller's claim. One of the two is not null. */
export interface PathCondition {
  readonly parameter: string;
  readonly values: readonly string[] | null;
  readonly claim: string | null;
}

/** A value of the claim is one of the values. */
export interface ClaimCondition {
  readonly claim: string;
  readonly values: readonly string[];
}

export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A time of the week, by the clocks of a zone. */
export interface Hours {
  readonly days: readonly Weekday[];
  /** Minutes since midnight, 0 to 1439. */
  readonly fromMinute: number;
  /** Not included; above `fromMinute`, at most 1440. */
  readonly toMinute: number;
  /** IANA name. */
  readonly zone: string;
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
