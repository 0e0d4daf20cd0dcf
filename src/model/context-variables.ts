/**
 * The `$context` variables of HTTP APIs: which there are, and from which moment each has a value.
 *
 * Not here: their values (src/gateway/http-api/context-variables.ts), the two grammars that name them
 * (parameter-mapping.ts, access-log-format.ts).
 * Source: API Gateway developer guide, "Logging variables for HTTP APIs"; `authorizer.jwt.claims` is in use in mappings.
 */

/**
 * `request`: known when the request is mapped. `response`: known when the backend's answer is mapped. `log`: known when
 * the call is over. `never`: a variable of AWS without anything behind it here; logs print `-`.
 */
export type ContextMoment = "request" | "response" | "log" | "never";

export interface ContextVariable {
  /** Behind `$context.`; a last part `*` stands for a name. */
  readonly name: string;
  readonly since: ContextMoment;
  /** It has no value before the backend has answered. */
  readonly isLogOnly: boolean;
  /** One line, no full stop. */
  readonly meaning: string;
}

const LIST = [
  ["accountId", "request", "account that owns the API"],
  ["apiId", "request", "id of the API"],
  ["authorizer.claims.*", "request", "claim of the token that a JWT authorizer took, as text"],
  ["authorizer.jwt.claims.*", "request", "the same"],
  ["authorizer.error", "log", "why the authorizer refused"],
  ["authorizer.principalId", "never", "caller, as a Lambda authorizer names them"],
  ["authorizer.*", "never", "value that a Lambda authorizer returned"],
  ["awsEndpointRequestId", "response", "`x-amz-request-id` or `x-amzn-requestid` of the backend's answer"],
  ["awsEndpointRequestId2", "response", "`x-amz-id-2` of the backend's answer"],
  ["customDomain.basePathMatched", "request", "path of the API mapping that took the call"],
  ["dataProcessed", "log", "bytes of the request's and the answer's body"],
  ["domainName", "request", "host name that the call was made to"],
  ["domainPrefix", "request", "first label of `domainName`"],
  ["error.message", "log", "message of an answer that the gateway gave itself"],
  ["error.messageString", "log", "the same in quotes"],
  ["error.responseType", "log", "kind of an answer that the gateway gave itself"],
  ["extendedRequestId", "request", "the same as `requestId`"],
  ["httpMethod", "request", "method of the request"],
  ["identity.accountId", "request", "account of who signed the request"],
  ["identity.caller", "request", "id of who signed the request"],
  ["identity.cognitoAuthenticationProvider", "never", "of requests signed with Cognito credentials"],
  ["identity.cognitoAuthenticationType", "never", "of requests signed with Cognito credentials"],
  ["identity.cognitoIdentityId", "never", "of requests signed with Cognito credentials"],
  ["identity.cognitoIdentityPoolId", "never", "of requests signed with Cognito credentials"],
  ["identity.principalOrgId", "never", "organization of who signed the request"],
  ["identity.clientCert.clientCertPem", "never", "client's certificate, with mutual TLS"],
  ["identity.clientCert.subjectDN", "never", "subject of the client's certificate"],
  ["identity.clientCert.issuerDN", "never", "issuer of the client's certificate"],
  ["identity.clientCert.serialNumber", "never", "serial number of the client's certificate"],
  ["identity.clientCert.validity.notBefore", "never", "when the client's certificate begins to be valid"],
  ["identity.clientCert.validity.notAfter", "never", "when the client's certificate ends to be valid"],
  ["identity.sourceIp", "request", "address that the connection came from"],
  ["identity.user", "request", "id of who signed the request"],
  ["identity.userAgent", "request", "`User-Agent` of the request"],
  ["identity.userArn", "request", "ARN of who signed the request"],
  ["integration.error", "log", "why the backend did not answer"],
  ["integration.integrationStatus", "response", "status of the backend's answer"],
  ["integration.latency", "response", "milliseconds that the backend took"],
  ["integration.requestId", "response", "the same as `awsEndpointRequestId`"],
  ["integration.status", "response", "status of the backend's answer"],
  ["integrationErrorMessage", "log", "the same as `integration.error`"],
  ["integrationLatency", "response", "the same as `integration.latency`"],
  ["integrationStatus", "response", "the same as `integration.integrationStatus`"],
  ["path", "request", "path of the request, with the stage"],
  ["protocol", "request", "`HTTP/1.1`"],
  ["requestId", "request", "id of the call, `apigw-requestid` of the answer"],
  ["requestTime", "request", "when the call arrived, `dd/MMM/yyyy:HH:mm:ss +0000`"],
  ["requestTimeEpoch", "request", "when the call arrived, milliseconds since 1970"],
  ["resourcePath", "never", "of REST APIs; formats may name it"],
  ["responseLatency", "log", "milliseconds until the answer was given"],
  ["responseLength", "log", "bytes of the answer's body"],
  ["routeKey", "request", "key of the route that took the call"],
  ["stage", "request", "stage that took the call"],
  ["status", "log", "status of the answer"],
] as const satisfies readonly (readonly [name: string, since: ContextMoment, meaning: string])[];

export type ContextVariableName = (typeof LIST)[number][0];

/** By name, in AWS's order. */
export const CONTEXT_VARIABLES: Readonly<Record<ContextVariableName, ContextVariable>> = Object.fromEntries(
  LIST.map(([name, since, meaning]) => [
    name,
    { name, since, isLogOnly: since === "response" || since === "log", meaning },
  ]),
) as Readonly<Record<ContextVariableName, ContextVariable>>;

/** What a mapping can name. SOURCE: developer guide, "Parameter mapping", note on context variables. */
export const CONTEXT_NAME = /^[A-Za-z0-9._]+$/;

/** Of claims some have a dash, which a log can name. */
const NAME = /^[\w.-]+$/;
const FAMILIES = ["authorizer.jwt.claims.", "authorizer.claims.", "authorizer."] as const;

/** Those that stand for themselves, for hints. */
export const CONTEXT_NAMES: readonly string[] = Object.keys(CONTEXT_VARIABLES).filter((name) => !name.includes("*"));

/** Null when HTTP APIs have no such variable; `authorizer.claims` alone is one without value. */
export function findContextVariable(name: string): ContextVariable | null {
  if (!NAME.test(name)) return null;
  if (Object.hasOwn(CONTEXT_VARIABLES, name)) return CONTEXT_VARIABLES[name as ContextVariableName];
  const family = FAMILIES.find((prefix) => name.length > prefix.length && name.startsWith(prefix));
  return family === undefined ? null : CONTEXT_VARIABLES[`${family}*`];
}
