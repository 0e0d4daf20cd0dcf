/**
 * The services of one exposure as an HTTP API in API Gateway's terms, with Gatehouse's additions to each route.
 *
 * In: policy, environment, exposure. Out: the API or null when no service has that exposure.
 * Each route has its own integration, because the timeout belongs to the integration.
 * Ids come from the policy's name and what they identify, not from the environment: the same route has the same id in
 * every environment, so that comparing two environments shows what differs in meaning.
 * Source: API Gateway v2 service model; API Gateway developer guide, "HTTP API quotas".
 */
import type { Diagnostic } from "../core/index.ts";
import {
  type HttpApi,
  type Integration,
  type RouteArtifact,
  type RouteSettings,
  canonicalHttpApi,
} from "../model/index.ts";
import type { Environment, Exposure, Policy, PolicyRoute, Service } from "../policy/index.ts";
import type { Locate } from "./locate.ts";
import { type ApiRoute, apiRouteOf } from "./route-trie.ts";
import { type ShortIds, createShortIds } from "./short-id.ts";

export interface CompiledApi {
  readonly exposure: Exposure;
  readonly api: HttpApi;
  readonly routes: readonly ApiRoute[];
  /** By `{apiId}/{routeKey}`. */
  readonly artifacts: Readonly<Record<string, RouteArtifact>>;
  readonly diagnostics: readonly Diagnostic[];
}

export function compileApi(
  policy: Policy,
  environment: Environment,
  exposure: Exposure,
  locate: Locate,
): CompiledApi | null {
  const services = policy.services.filter((service) => service.exposure === exposure);
  if (services.length === 0) return null;
  const idOf = createShortIds();
  const name = `${policy.name}-${exposure}`;
  const apiId = idOf(`api ${name}`);
  const diagnostics: Diagnostic[] = [];
  const routes: HttpApi["routes"][number][] = [];
  const integrations: Integration[] = [];
  const routeSettings: Record<string, RouteSettings> = {};
  const artifacts: Record<string, RouteArtifact> = {};
  for (const service of services) {
    const upstream = service.upstream[environment.name];
    if (upstream === undefined) diagnostics.push(missingUpstream(service, environment));
    for (const route of service.routes) {
      if (route.timeoutMs < 50 || route.timeoutMs > 30_000) diagnostics.push(badTimeout(route));
      const integration = compileIntegration(route, upstream ?? "", exposure, idOf, name);
      integrations.push(integration);
      routes.push({
        routeId: idOf(`route ${name} ${route.key}`),
        routeKey: route.key,
        authorizationType: route.access.kind === "open" ? "NONE" : "AWS_IAM",
        target: `integrations/${integration.integrationId}`,
      });
      if (route.throttle !== null) routeSettings[route.key] = settingsOf(route.throttle);
      artifacts[`${apiId}/${route.key}`] = {
        service: service.name,
        permission: route.access.kind === "needs" ? route.access.permission : null,
        login: service.login,
        keepHeaders: service.headers.keep,
        identityHeaders: service.headers.identity,
        at: locate(route.at),
      };
    }
  }
  const { identity } = environment;
  const api: HttpApi = {
    apiId,
    name,
    protocolType: "HTTP",
    routes,
    integrations,
    authorizers: [
      {
        authorizerId: idOf(`authorizer ${name}`),
        name: "identity",
        authorizerType: "JWT",
        identitySource: ["$request.header.Authorization"],
        jwtConfiguration: {
          issuer: identity.kind === "issuer" ? identity.issuer : "",
          audience: [policy.identity.audience],
        },
      },
    ],
    stages: [
      {
        stageName: "$default",
        autoDeploy: true,
        defaultRouteSettings: settingsOf(policy.throttle.default),
        routeSettings,
        stageVariables: {},
      },
    ],
  };
  const apiRoutes = services.flatMap((service) => service.routes.map(apiRouteOf));
  return { exposure, api: canonicalHttpApi(api), routes: apiRoutes, artifacts, diagnostics };
}

function compileIntegration(
  route: PolicyRoute,
  upstream: string,
  exposure: Exposure,
  idOf: ShortIds,
  name: string,
): Integration {
  return {
    integrationId: idOf(`integration ${name} ${route.key}`),
    integrationType: "HTTP_PROXY",
    integrationMethod: route.method,
    integrationUri: `${upstream}${route.path.replace("+}", "}")}`,
    connectionType: exposure === "private" ? "VPC_LINK" : "INTERNET",
    payloadFormatVersion: "1.0",
    timeoutInMillis: route.timeoutMs,
    requestParameters: {},
  };
}

function settingsOf(rate: { readonly ratePerSecond: number; readonly burst: number }): RouteSettings {
  return { throttlingRateLimit: rate.ratePerSecond, throttlingBurstLimit: rate.burst };
}

function missingUpstream(service: Service, environment: Environment): Diagnostic {
  return {
    id: "compile/no-upstream",
    severity: "error",
    message: `service \`${service.name}\` has no upstream in environment \`${environment.name}\``,
    span: service.at,
    hint: `add \`${environment.name}: http://HOST:PORT\` to the service's \`upstream\``,
  };
}

function badTimeout(route: PolicyRoute): Diagnostic {
  return {
    id: "compile/timeout-out-of-range",
    severity: "error",
    message: `route \`${route.key}\` has a timeout of ${route.timeoutMs} ms, API Gateway takes 50 to 30000`,
    span: route.at,
    hint: "write a `timeout` from `50 ms` to `30 seconds`",
  };
}
