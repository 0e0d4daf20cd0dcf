/**
 * An HTTP API as the OpenAPI 3.0 document that API Gateway's export makes of one, extensions included.
 *
 * In: an API. Out: the document, and what of the API no document can say.
 * Source: API Gateway developer guide, "Exporting an HTTP API", and the pages of the extensions.
 * INVARIANT: importing the document gives the same API, but for ids, stages and what is listed as left out.
 */
import { type Json, canonicalJson } from "../core/index.ts";
import {
  type Authorizer,
  type HttpApi,
  type Integration,
  type Route,
  canonicalHttpRouteKey,
  integrationIdOf,
  parametersOfKey,
  stableId,
} from "../model/index.ts";
import { INTEGRATION } from "./read-integration.ts";

export interface ExportedApi {
  readonly document: { readonly [key: string]: Json };
  /** Each in a few words: `stage dev`. */
  readonly leftOut: readonly string[];
}

export interface ExportOptions {
  readonly region: string;
  /** @default "amazonaws.com" */
  readonly suffix?: string;
}

export function exportOpenApi(api: HttpApi, { region, suffix = "amazonaws.com" }: ExportOptions): ExportedApi {
  const uses = countUses(api.routes);
  const authorizers = new Map(api.authorizers.map((authorizer) => [authorizer.authorizerId, authorizer]));
  const shared = api.integrations.filter(({ integrationId }) => (uses.get(integrationId) ?? 0) > 1);
  const components = {
    ...(api.authorizers.length === 0
      ? {}
      : { securitySchemes: Object.fromEntries(api.authorizers.map((one) => [one.name, schemeOf(one)])) }),
    ...(shared.length === 0
      ? {}
      : {
          "x-amazon-apigateway-integrations": Object.fromEntries(
            shared.map((one) => [one.integrationId, integrationOf(one)]),
          ),
        }),
  };
  const { corsConfiguration: cors } = api;
  const document: { readonly [key: string]: Json } = {
    openapi: "3.0.1",
    info: { title: api.name, version: "1.0" },
    servers: [
      {
        url: `https://${api.apiId}.execute-api.${region}.${suffix}/{basePath}`,
        variables: { basePath: { default: "" } },
        ...(api.disableExecuteApiEndpoint === true
          ? { "x-amazon-apigateway-endpoint-configuration": { disableExecuteApiEndpoint: true } }
          : {}),
      },
    ],
    paths: pathsOf(api, new Set(shared.map(({ integrationId }) => integrationId)), authorizers),
    ...(Object.keys(components).length === 0 ? {} : { components }),
    ...(cors === undefined ? {} : { "x-amazon-apigateway-cors": { ...cors } }),
    "x-amazon-apigateway-importexport-version": "1.0",
  };
  return { document, leftOut: listLeftOut(api, uses) };
}

/** The same API with the ids that its document is imported with: each made from what it stands for. */
export function withStableIds(api: HttpApi): HttpApi {
  const authorizerIds = new Map(api.authorizers.map((one) => [one.authorizerId, stableId("authorizer", one.name)]));
  const integrationIds = new Map(
    api.integrations.map(({ integrationId }) => [
      integrationId,
      integrationIdOf(
        api.routes.filter(({ target }) => target === `integrations/${integrationId}`).map(({ routeKey }) => routeKey),
      ),
    ]),
  );
  return {
    ...api,
    apiId: stableId("api", api.name),
    routes: api.routes.map(({ authorizerId, ...route }) => ({
      ...route,
      routeId: stableId("route", canonicalHttpRouteKey(route.routeKey)),
      ...(authorizerId === undefined ? {} : { authorizerId: authorizerIds.get(authorizerId) ?? authorizerId }),
      target: `integrations/${integrationIds.get(route.target.replace(/^integrations\//, "")) ?? ""}`,
    })),
    integrations: api.integrations.map((one) => ({
      ...one,
      integrationId: integrationIds.get(one.integrationId) ?? one.integrationId,
    })),
    authorizers: api.authorizers.map((one) => ({ ...one, authorizerId: stableId("authorizer", one.name) })),
  };
}

function countUses(routes: readonly Route[]): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const { target } of routes) {
    const id = target.replace(/^integrations\//, "");
    uses.set(id, (uses.get(id) ?? 0) + 1);
  }
  return uses;
}

function pathsOf(api: HttpApi, shared: ReadonlySet<string>, authorizers: ReadonlyMap<string, Authorizer>): Json {
  const integrations = new Map(api.integrations.map((one) => [one.integrationId, one]));
  const paths = new Map<string, Record<string, Json>>();
  for (const route of api.routes) {
    const isDefault = route.routeKey === "$default";
    const [method = "", written = ""] = route.routeKey.split(" ");
    const path = isDefault ? "/$default" : written;
    const key = isDefault || method === "ANY" ? "x-amazon-apigateway-any-method" : method.toLowerCase();
    const id = route.target.replace(/^integrations\//, "");
    const integration = integrations.get(id);
    const item = paths.get(path) ?? {};
    paths.set(path, item);
    item[key] = {
      responses: { default: { description: `Default response for ${route.routeKey}` } },
      ...(isDefault ? { isDefaultRoute: true } : {}),
      ...securityOf(route, authorizers),
      ...(integration === undefined
        ? {}
        : {
            [INTEGRATION]: shared.has(id)
              ? {
                  $ref: `#/components/x-amazon-apigateway-integrations/${id.replaceAll("~", "~0").replaceAll("/", "~1")}`,
                }
              : integrationOf(integration),
          }),
    };
  }
  for (const [path, item] of paths) {
    const parameters = parametersOfKey(path).map((name) => ({
      name,
      in: "path",
      description: `Generated path parameter for ${name}`,
      required: true,
      schema: { type: "string" },
    }));
    if (parameters.length > 0) item["parameters"] = parameters;
  }
  return Object.fromEntries(paths);
}

function securityOf(
  { authorizationType, authorizerId, authorizationScopes = [] }: Route,
  authorizers: ReadonlyMap<string, Authorizer>,
): { readonly [key: string]: Json } {
  switch (authorizationType) {
    case "NONE":
      return {};
    case "AWS_IAM":
      return { "x-amazon-apigateway-auth": { type: "AWS_IAM" } };
    case "JWT":
      // A name that no scheme has: importing it is an error, and not an open route.
      return {
        security: [{ [authorizers.get(authorizerId ?? "")?.name ?? authorizerId ?? ""]: [...authorizationScopes] }],
      };
  }
  return authorizationType satisfies never;
}

function schemeOf({ identitySource, jwtConfiguration }: Authorizer): Json {
  return {
    type: "oauth2",
    "x-amazon-apigateway-authorizer": {
      type: "jwt",
      identitySource: identitySource.join(","),
      jwtConfiguration: { issuer: jwtConfiguration.issuer, audience: [...jwtConfiguration.audience] },
    },
  };
}

function integrationOf(integration: Integration): Json {
  const { connectionId, tlsConfig, requestParameters, responseParameters } = integration;
  return {
    ...(responseParameters === undefined ? {} : { responseParameters }),
    ...(Object.keys(requestParameters).length === 0 ? {} : { requestParameters }),
    payloadFormatVersion: integration.payloadFormatVersion,
    type: "http_proxy",
    httpMethod: integration.integrationMethod,
    uri: integration.integrationUri,
    connectionType: integration.connectionType,
    ...(connectionId === undefined ? {} : { connectionId }),
    ...(tlsConfig === undefined ? {} : { tlsConfig: { ...tlsConfig } }),
    timeoutInMillis: integration.timeoutInMillis,
  };
}

/** Source: what the extensions of API Gateway have no word for. */
function listLeftOut(api: HttpApi, uses: ReadonlyMap<string, number>): readonly string[] {
  const empty = canonicalJson({});
  return [
    ...api.integrations
      .filter(({ integrationId }) => !uses.has(integrationId))
      .map(({ integrationId }) => `integration ${integrationId}, which no route uses`),
    ...api.stages.flatMap(({ stageName, stageVariables, routeSettings, defaultRouteSettings, accessLogSettings }) => [
      `stage ${stageName}`,
      ...(canonicalJson(stageVariables) === empty ? [] : [`stage variables of ${stageName}`]),
      ...(canonicalJson(defaultRouteSettings) === empty && canonicalJson(routeSettings) === empty
        ? []
        : [`throttling and metrics of ${stageName}`]),
      ...(accessLogSettings === undefined ? [] : [`access log of ${stageName}`]),
    ]),
  ];
}
