/**
 * What can be said about an OpenAPI document on its way into an HTTP API: one entry for each finding. The page
 * docs/generated/account-findings.md is written from it.
 *
 * Severities are those of API Gateway's import (info: ignored, warning: goes on without, error: nothing is made), but for
 * what would leave a route open that its author meant to be closed: that is an error here.
 * Source: API Gateway developer guide, "Working with OpenAPI definitions for HTTP APIs" and the pages of its extensions.
 */
import type { Severity } from "../core/index.ts";

interface FindingEntry {
  readonly severity: Severity;
  readonly why: string;
  /** API Gateway's own words, where they are known. */
  readonly aws?: string;
}

export const OPENAPI_FINDINGS = {
  "openapi/version": { severity: "error", why: "HTTP APIs are made from OpenAPI 3.0 and no other version" },
  "openapi/shape": { severity: "error", why: "the document has another kind of value here than OpenAPI says" },
  "openapi/template": { severity: "error", why: "what a template fills in has to be filled in before" },
  "openapi/reference": { severity: "error", why: "a `$ref` leads to a place of the same document" },
  "openapi/title": { severity: "error", why: "the title is the API's name" },
  "openapi/no-routes": { severity: "warning", why: "an API without a route answers nobody" },
  "openapi/path": { severity: "error", why: "a path begins with a slash" },
  "openapi/default-path": {
    severity: "warning",
    why: "the default route is the path `/$default`",
    aws: "Parse issue: attribute paths. Resource $default should start with /",
  },
  "openapi/default-route": {
    severity: "error",
    why: "the default route is `x-amazon-apigateway-any-method` of `/$default` with `isDefaultRoute: true`",
  },
  "openapi/method": { severity: "warning", why: "HTTP APIs have no route of this method" },
  "openapi/left-out": {
    severity: "warning",
    why: "the gateway has HTTP integrations only; a route with another, or with none, is left out, and is an error when the document is to be served",
  },
  "openapi/left-out-open": {
    severity: "error",
    why: "requests for a route that is left out would be taken by another one, with that one's authorization",
  },
  "openapi/integration": { severity: "error", why: "an integration says what is called, and how" },
  "openapi/payload-format": {
    severity: "warning",
    why: 'an HTTP integration has `payloadFormatVersion: "1.0"`, which API Gateway wants to see',
  },
  "openapi/mapping-template": { severity: "warning", why: "HTTP APIs have no mapping templates" },
  "openapi/rest-mapping": { severity: "warning", why: "the mapping is written as REST APIs write it" },
  "openapi/rest-only": { severity: "warning", why: "only REST APIs do what this asks for" },
  "openapi/ignored": { severity: "info", why: "OpenAPI has it, HTTP APIs do nothing with it" },
  "openapi/extension": { severity: "warning", why: "API Gateway has no such extension" },
  "openapi/misspelled": {
    severity: "error",
    why: "an extension about authorization that nobody reads leaves the route open",
  },
  "openapi/import-version": { severity: "warning", why: "the only version of API Gateway's import is 1.0" },
  "openapi/several-requirements": { severity: "error", why: "a route has one kind of authorization" },
  "openapi/root-security": {
    severity: "error",
    why: "whether API Gateway applies `security` of the whole document to a route is not documented",
  },
  "openapi/security-scheme": {
    severity: "error",
    why: "a route is never served open because its authorizer is missing",
  },
  "openapi/lambda-authorizer": { severity: "error", why: "the gateway calls no Lambda function, so it cannot ask one" },
  "openapi/scheme-type": {
    severity: "warning",
    why: "JWT authorizers are documented for schemes of type `oauth2` and `openIdConnect` only",
  },
  "openapi/issuer-derived": {
    severity: "info",
    why: "the issuer is `openIdConnectUrl` without its end, and has no final slash",
  },
  "openapi/auth-type": { severity: "error", why: "`x-amazon-apigateway-auth` knows `NONE` and `AWS_IAM`" },
  "openapi/cors": {
    severity: "warning",
    why: "CORS that is not well formed is left out",
    aws: "CORS Scheme is malformed, ignoring.",
  },
  "openapi/base-path": { severity: "info", why: "the path of the server is not part of the routes" },
  "openapi/variable": {
    severity: "warning",
    why: "an import knows `AWS::Region`, `AWS::Partition` and `AWS::AccountId`",
  },
} as const satisfies Record<`openapi/${string}`, FindingEntry>;

export type OpenApiFinding = keyof typeof OPENAPI_FINDINGS;

/** API Gateway's own words for a finding; null where they are not known. */
export function awsWords(code: OpenApiFinding): string | null {
  const entry: FindingEntry = OPENAPI_FINDINGS[code];
  return entry.aws ?? null;
}
