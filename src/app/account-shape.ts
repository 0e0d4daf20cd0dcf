/**
 * What an account file may say: the model's own terms (src/model/account.ts), each with what stands for it when it is left
 * out. The table of docs/guide/your-api-gateway.md is about these keys.
 */
export type Shape =
  | { readonly kind: "text" | "number" | "boolean" }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  | { readonly kind: "list" | "map"; readonly of: Shape }
  /** An IAM document: any JSON. */
  | { readonly kind: "document" }
  | { readonly kind: "object"; readonly keys: Readonly<Record<string, Key>> };

export interface Key {
  readonly shape: Shape;
  /** For a key that has to be there: what to write. */
  readonly example?: string;
  /** For one that has not: what it is then, from what else the object says. Absent: it is left out. */
  readonly otherwise?: (object: Readonly<Record<string, unknown>>) => unknown;
}

const TEXT: Shape = { kind: "text" };
const NUMBER: Shape = { kind: "number" };
const BOOLEAN: Shape = { kind: "boolean" };
const DOCUMENT: Shape = { kind: "document" };
const listOf = (of: Shape): Shape => ({ kind: "list", of });
const mapOf = (of: Shape): Shape => ({ kind: "map", of });
const objectOf = (keys: Readonly<Record<string, Key>>): Shape => ({ kind: "object", keys });
const choiceOf = (...of: readonly string[]): Shape => ({ kind: "choice", of });
const required = (shape: Shape, example: string): Key => ({ shape, example });
const optional = (shape: Shape): Key => ({ shape });
const defaulted = (shape: Shape, otherwise: NonNullable<Key["otherwise"]>): Key => ({ shape, otherwise });

const ROUTE_SETTINGS = objectOf({
  throttlingRateLimit: optional(NUMBER),
  throttlingBurstLimit: optional(NUMBER),
  detailedMetricsEnabled: optional(BOOLEAN),
});

const ROUTE = objectOf({
  routeId: optional(TEXT),
  routeKey: required(TEXT, "routeKey: GET /orders/{id}"),
  // As at AWS, but for a route that names an authorizer.
  authorizationType: defaulted(choiceOf("NONE", "AWS_IAM", "JWT"), ({ authorizerId }) =>
    authorizerId === undefined ? "NONE" : "JWT",
  ),
  authorizerId: optional(TEXT),
  authorizationScopes: optional(listOf(TEXT)),
  target: required(TEXT, "target: integrations/orders"),
});

const INTEGRATION = objectOf({
  integrationId: required(TEXT, "integrationId: orders"),
  integrationType: defaulted(choiceOf("HTTP_PROXY"), () => "HTTP_PROXY"),
  integrationMethod: defaulted(TEXT, () => "ANY"),
  integrationUri: required(TEXT, "integrationUri: http://127.0.0.1:3000/orders"),
  connectionType: defaulted(choiceOf("INTERNET", "VPC_LINK"), () => "INTERNET"),
  payloadFormatVersion: defaulted(choiceOf("1.0"), () => "1.0"),
  timeoutInMillis: defaulted(NUMBER, () => 30_000),
  requestParameters: defaulted(mapOf(TEXT), () => ({})),
  responseParameters: optional(mapOf(mapOf(TEXT))),
  connectionId: optional(TEXT),
  tlsConfig: optional(objectOf({ serverNameToVerify: required(TEXT, "serverNameToVerify: orders.example") })),
});

const AUTHORIZER = objectOf({
  authorizerId: defaulted(TEXT, ({ name }) => name),
  name: required(TEXT, "name: idp"),
  authorizerType: defaulted(choiceOf("JWT"), () => "JWT"),
  identitySource: defaulted(listOf(TEXT), () => ["$request.header.Authorization"]),
  jwtConfiguration: required(
    objectOf({
      issuer: required(TEXT, "issuer: https://idp.example/"),
      audience: required(listOf(TEXT), "audience: [orders]"),
    }),
    "jwtConfiguration: { issuer: https://idp.example/, audience: [orders] }",
  ),
});

const STAGE = objectOf({
  stageName: required(TEXT, "stageName: $default"),
  autoDeploy: defaulted(BOOLEAN, () => true),
  defaultRouteSettings: defaulted(ROUTE_SETTINGS, () => ({})),
  routeSettings: defaulted(mapOf(ROUTE_SETTINGS), () => ({})),
  stageVariables: defaulted(mapOf(TEXT), () => ({})),
  accessLogSettings: optional(
    objectOf({
      destinationArn: optional(TEXT),
      format: required(TEXT, "format: $context.requestId $context.routeKey $context.status"),
    }),
  ),
});

const CORS = objectOf({
  allowOrigins: defaulted(listOf(TEXT), () => []),
  allowMethods: defaulted(listOf(TEXT), () => []),
  allowHeaders: defaulted(listOf(TEXT), () => []),
  exposeHeaders: defaulted(listOf(TEXT), () => []),
  maxAge: defaulted(NUMBER, () => 0),
  allowCredentials: defaulted(BOOLEAN, () => false),
});

const API = objectOf({
  apiId: optional(TEXT),
  name: required(TEXT, "name: orders"),
  protocolType: defaulted(choiceOf("HTTP"), () => "HTTP"),
  routes: required(listOf(ROUTE), "routes: [{ routeKey: $default, target: integrations/orders }]"),
  integrations: defaulted(listOf(INTEGRATION), () => []),
  authorizers: defaulted(listOf(AUTHORIZER), () => []),
  stages: defaulted(listOf(STAGE), () => []),
  corsConfiguration: optional(CORS),
  disableExecuteApiEndpoint: optional(BOOLEAN),
});

const DOMAIN_NAME = objectOf({
  domainName: required(TEXT, "domainName: api.shop.example"),
  apiMappings: defaulted(
    listOf(
      objectOf({
        apiMappingKey: defaulted(TEXT, () => ""),
        apiId: required(TEXT, "apiId: a1b2c3d4e5"),
        stage: defaulted(TEXT, () => "$default"),
      }),
    ),
    () => [],
  ),
});

const ROLE = objectOf({
  roleName: required(TEXT, "roleName: orders-reader"),
  arn: optional(TEXT),
  roleId: optional(TEXT),
  assumeRolePolicyDocument: required(DOCUMENT, "assumeRolePolicyDocument: { Version: ..., Statement: [...] }"),
  policies: defaulted(listOf(DOCUMENT), () => []),
  permissionsBoundary: defaulted(DOCUMENT, () => null),
  maxSessionDuration: optional(NUMBER),
  tags: optional(mapOf(TEXT)),
});

export const ACCOUNT_SHAPE = {
  kind: "object",
  keys: {
    accountId: optional(TEXT),
    region: optional(TEXT),
    partition: optional(TEXT),
    apis: required(listOf(API), "apis: [{ name: orders, routes: [...], integrations: [...] }]"),
    domainNames: defaulted(listOf(DOMAIN_NAME), () => []),
    oidcProviders: defaulted(
      listOf(
        objectOf({
          url: required(TEXT, "url: https://idp.example"),
          clientIdList: defaulted(listOf(TEXT), () => []),
        }),
      ),
      () => [],
    ),
    roles: defaulted(listOf(ROLE), () => []),
    throttle: optional(ROUTE_SETTINGS),
  },
} as const satisfies Shape;
