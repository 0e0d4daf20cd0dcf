/**
 * What one policy means in one environment: the output of the compiler and the input of every engine.
 * Plain JSON throughout, so that it can be written to disk, compared, and digested.
 */
import type { PolicyDocument } from "../iam/index.ts";
import type { OidcProvider } from "./account.ts";
import type { HttpApi } from "./http-api.ts";

export interface Artifacts {
  readonly policy: string;
  readonly environment: string;
  readonly domain: string;
  readonly identity: IdentityArtifact;
  /** Null when the policy has no service of that exposure. */
  readonly apis: { readonly public: HttpApi | null; readonly private: HttpApi | null };
  /** APIs of services with a host name of their own; `apis` answers for `domain`. Sorted by host, then exposure. */
  readonly hostApis: readonly HostApi[];
  readonly iam: IamArtifact;
  /** Gatehouse's additions to each route, by `{apiId}/{routeKey}`. */
  readonly routes: Readonly<Record<string, RouteArtifact>>;
  /** Tokens per second for each identity over all routes, null for none. */
  readonly perIdentityThrottle: { readonly ratePerSecond: number; readonly burst: number } | null;
  readonly edge: EdgeArtifact;
  /** SHA-256 over all the rest, see `digestArtifacts`. */
  readonly digest: string;
}

export interface HostApi {
  /** Lower case, without port. */
  readonly host: string;
  readonly exposure: "public" | "private";
  readonly api: HttpApi;
}

/** Which claims of an issuer hold what Gatehouse needs. */
export interface ClaimMapping {
  readonly groups: string;
  readonly name: string;
}

export interface TokenRulesArtifact {
  readonly proof: readonly ("dpop" | "mtls")[];
  readonly requireProof: boolean;
  readonly profile: "rfc9068" | null;
}

export interface WorkloadIssuerArtifact {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly claims: ClaimMapping;
  /** Absent where tokens are plain: bound ones are refused, all others taken. */
  readonly tokens?: TokenRulesArtifact;
  /** How its people sign in. Not there: all its identities are machines. */
  readonly login?: LoginClientArtifact;
}

export interface LoginClientArtifact {
  readonly clientId: string;
  /** Name of a secret; null for a public client. */
  readonly clientSecret: string | null;
  readonly scopes: readonly string[];
  /** By which people choose the issuer, where there are several. */
  readonly title?: string;
}

export interface IdentityArtifact {
  readonly kind: "embedded" | "issuer";
  /** Empty for the embedded provider until its address is known. */
  readonly issuer: string;
  readonly audience: string;
  readonly claims: ClaimMapping;
  /** Absent as with workload issuers. */
  readonly tokens?: TokenRulesArtifact;
  /** Paths of the claims that members and conditions ask for, sorted. */
  readonly usedClaims: readonly string[];
  /** Further issuers whose tokens are taken. */
  readonly issuers: readonly WorkloadIssuerArtifact[];
  /** Of the provider; the limits are those of all people's sessions. */
  readonly login: LoginArtifact | null;
}

export interface LoginArtifact extends LoginClientArtifact {
  readonly sessionIdleMs: number;
  readonly sessionMaxMs: number;
  /** Where sessions live: in the browser's cookies, or in the state of the environment. */
  readonly sessionStore: "cookie" | "server";
  /** How the pages look that people see. Not there: as those of Gatehouse. */
  readonly page?: { readonly name: string | null; readonly color: string | null };
}

export interface IamArtifact {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** What AWS has to trust: Gatehouse itself, where roles are taken on with its tokens. */
  readonly oidcProvider?: OidcProvider;
  /** In the order of the policy: of several roles that allow a call the first one is named. */
  readonly roles: readonly IamRole[];
}

export interface IamRole {
  /**
   * The policy's role name. A role whose grants have different conditions is several of these, one for each condition,
   * with the same name and members.
   */
  readonly name: string;
  readonly roleName: string;
  readonly arn: string;
  readonly members: MembersArtifact;
  /** What it may do within its boundary: the permissions that some route needs, sorted. */
  readonly permissions: readonly string[];
  readonly policy: PolicyDocument;
  readonly boundaryName: string;
  readonly permissionsBoundary: PolicyDocument;
  /** Who may take it on, on AWS. Absent where nobody does so with a token of Gatehouse. */
  readonly assumeRolePolicyDocument?: PolicyDocument;
}

/** Who holds a role; a leaf speaks of the environment's provider (null) or of a workload issuer by name. */
export type MembersArtifact =
  | {
      readonly kind: "groups" | "subject" | "client";
      readonly values: readonly string[];
      readonly issuer: string | null;
    }
  | {
      readonly kind: "claim";
      readonly claim: string;
      readonly test: "equals" | "prefix";
      readonly values: readonly string[];
      readonly issuer: string | null;
    }
  | { readonly kind: "all" | "any"; readonly of: readonly MembersArtifact[] }
  | { readonly kind: "not"; readonly of: MembersArtifact };

export type IdentityField = "subject" | "name" | "groups" | "client" | "role" | "kind" | "issuer";

export interface RouteArtifact {
  readonly service: string;
  /** Null on open routes. */
  readonly permission: string | null;
  /** How callers have to have signed in; null for any way. */
  readonly authentication: AuthenticationArtifact | null;
  readonly login: boolean;
  readonly keepHeaders: readonly string[];
  readonly identityHeaders: Readonly<Record<string, IdentityField>>;
  /** Largest request body in bytes; null for none. */
  readonly maxBodyBytes: number | null;
  /** Bodies pass as they come, of any size and length in time. */
  readonly streaming: boolean;
  /** `Upgrade: websocket` is passed on. */
  readonly websocket: boolean;
  /** Further attempts when the service gave no answer. */
  readonly retries: number;
  readonly requestHeaders: HeaderRules;
  readonly responseHeaders: HeaderRules;
  /** `file:line:column` of the route in the policy. */
  readonly at: string;
}

export interface AuthenticationArtifact {
  /** One of these values of the claim `acr`; empty for any, or none. */
  readonly acr: readonly string[];
  /** Since the caller signed in (`auth_time`), at most; null for any. */
  readonly maxAgeSeconds: number | null;
}

/** Lower-case names. A header that is set replaces every value that was there. */
export interface HeaderRules {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface EdgeArtifact {
  readonly domain: string;
  /** Host names of services beside `domain`, sorted, each with the listeners that know it. */
  readonly hosts: readonly { readonly host: string; readonly public: boolean; readonly private: boolean }[];
  readonly certificates:
    | { readonly kind: "internal" }
    | { readonly kind: "acme"; readonly email: string; readonly directory: string | null };
  /** Listeners bind to loopback only (development provider). */
  readonly loopbackOnly: boolean;
  /** CIDR blocks that may reach the private listener; null when there is no private service. */
  readonly privateNetwork: readonly string[] | null;
  /** The public listener asks clients for a certificate, and takes those without one. @default false */
  readonly asksForCertificate?: boolean;
}
