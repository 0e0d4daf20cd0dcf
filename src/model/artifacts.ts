/**
 * What one policy means in one environment: the output of the compiler and the input of every engine.
 * Plain JSON throughout, so that it can be written to disk, compared, and digested.
 */
import type { PolicyDocument } from "../iam/index.ts";
import type { HttpApi } from "./http-api.ts";

export interface Artifacts {
  readonly policy: string;
  readonly environment: string;
  readonly domain: string;
  readonly identity: IdentityArtifact;
  /** Null when the policy has no service of that exposure. */
  readonly apis: { readonly public: HttpApi | null; readonly private: HttpApi | null };
  readonly iam: IamArtifact;
  /** Gatehouse's additions to each route, by `{apiId}/{routeKey}`. */
  readonly routes: Readonly<Record<string, RouteArtifact>>;
  /** Tokens per second for each identity over all routes, null for none. */
  readonly perIdentityThrottle: { readonly ratePerSecond: number; readonly burst: number } | null;
  readonly edge: EdgeArtifact;
  /** SHA-256 over all the rest, see `digestArtifacts`. */
  readonly digest: string;
}

export interface IdentityArtifact {
  readonly kind: "embedded" | "issuer";
  /** Empty for the embedded provider until its address is known. */
  readonly issuer: string;
  readonly audience: string;
  readonly claims: { readonly groups: string; readonly name: string };
  readonly login: {
    readonly clientId: string;
    readonly clientSecret: string | null;
    readonly scopes: readonly string[];
    readonly sessionIdleMs: number;
    readonly sessionMaxMs: number;
  } | null;
}

export interface IamArtifact {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** In the order of the policy: of several roles that allow a call the first one is named. */
  readonly roles: readonly IamRole[];
}

export interface IamRole {
  /** The policy's role name. */
  readonly name: string;
  readonly roleName: string;
  readonly arn: string;
  readonly members: {
    readonly groups: readonly string[];
    readonly subjects: readonly string[];
    readonly clientIds: readonly string[];
  };
  /** What it may do within its boundary: the permissions that some route needs, sorted. */
  readonly permissions: readonly string[];
  readonly policy: PolicyDocument;
  readonly boundaryName: string;
  readonly permissionsBoundary: PolicyDocument;
}

export type IdentityField = "subject" | "name" | "groups" | "client" | "role" | "kind";

export interface RouteArtifact {
  readonly service: string;
  /** Null on open routes. */
  readonly permission: string | null;
  readonly login: boolean;
  readonly keepHeaders: readonly string[];
  readonly identityHeaders: Readonly<Record<string, IdentityField>>;
  /** `file:line:column` of the route in the policy. */
  readonly at: string;
}

export interface EdgeArtifact {
  readonly domain: string;
  readonly certificates:
    | { readonly kind: "internal" }
    | { readonly kind: "acme"; readonly email: string; readonly directory: string | null };
  /** Listeners bind to loopback only (development provider). */
  readonly loopbackOnly: boolean;
  /** CIDR blocks that may reach the private listener; null when there is no private service. */
  readonly privateNetwork: readonly string[] | null;
}
