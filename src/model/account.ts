/**
 * What one AWS account and Region hold of HTTP APIs: everything that answers a call or says who may make it.
 *
 * It is read from a file, imported from an OpenAPI document, or read from a live account; the embedded gateway executes it.
 * Plain JSON throughout, in AWS's own terms.
 * Source: API Gateway v2 service model (`DomainName`, `ApiMapping`), IAM user guide (roles, OIDC providers).
 */
import type { PolicyDocument } from "../iam/index.ts";
import type { HttpApi, RouteSettings } from "./http-api.ts";

export interface Account {
  /** Twelve digits. */
  readonly accountId: string;
  readonly region: string;
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string;
  readonly apis: readonly HttpApi[];
  readonly domainNames: readonly DomainName[];
  readonly oidcProviders: readonly OidcProvider[];
  readonly roles: readonly AccountRole[];
  /** Of all APIs together; absent: 10,000 requests per second, burst 5,000. */
  readonly throttle?: RouteSettings;
}

export interface DomainName {
  /** Lower case, without port. */
  readonly domainName: string;
  readonly apiMappings: readonly ApiMapping[];
}

export interface ApiMapping {
  /** Empty: what no other mapping takes. Without leading slash, may have several segments. */
  readonly apiMappingKey: string;
  readonly apiId: string;
  readonly stage: string;
}

/** An OpenID provider that the account trusts. */
export interface OidcProvider {
  /** The issuer, as `https://host/path`; `http` on loopback only. */
  readonly url: string;
  readonly clientIdList: readonly string[];
}

export interface AccountRole {
  readonly roleName: string;
  readonly arn: string;
  /** `AROA…`; absent: made from the name. */
  readonly roleId?: string;
  readonly assumeRolePolicyDocument: PolicyDocument;
  /** Inline and managed policies alike. */
  readonly policies: readonly PolicyDocument[];
  readonly permissionsBoundary: PolicyDocument | null;
  /** Seconds; absent: 3600. */
  readonly maxSessionDuration?: number;
  readonly tags?: Readonly<Record<string, string>>;
}
