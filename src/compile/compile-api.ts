/**
 * The services of one exposure and one host as an HTTP API in API Gateway's terms, with Gatehouse's additions to each
 * route.
 *
 * In: the policy as it is in the environment, the exposure. Out: an API for each host that a service answers for.
 * Each route has its own integration, because the timeout belongs to the integration.
 * Ids come from the policy's name and what they identify, not from the environment: the same route has the same id in
 * every environment, so that comparing two environments shows what differs in meaning. An API for a host of its own is
 * known by its first service, because host names do differ between environments.
 * Source: API Gateway v2 service model; API Gateway developer guide, "HTTP API quotas".
 */
import type { Diagnostic } from "../core/index.ts";
import {
  type CorsConfiguration,
  type HttpApi,
  type Integration,
  type RouteArtifact,
  type RouteSettings,
  canonicalHttpApi,
} from "../model/index.ts";
import {
  type Cors,
  type Environment,
  type Exposure,
  type Policy,
  type PolicyRoute,
  type Service,
  hostOf,
} from "../policy/index.ts";
import type { Locate } from "./locate.ts";
import { type ApiRoute, apiRouteOf } from "./route-trie.ts";
import type { ShortIds } from "./short-id.ts";

export interface CompiledApi {
  readonly exposure: Exposure;
  /** The host that it answers for; null for the domain of the environment. */
  readonly host: string | null;
  readonly api: HttpApi;
  readonly routes: readonly ApiRoute[];
  /** By `{apiId}/{routeKey}`. */
  readonly artifacts: Readonly<Record<string, RouteArtifact>>;
  readonly diagnostics: readonly Diagnostic[];
}

/** The API of the domain first, the others by host; none where no service has the exposure. */
export function compileApis(
  policy: Policy,
  environment: Environment,
  exposure: Exposure,
  locate: Locate,
  idOf: ShortIds,
): CompiledApi[] {
  const byHost = new Map<string, Service[]>();
  for (const service of policy.services) {
    if (service.exposure !== exposure) continue;
    const host = hostOf(service, environment);
    const others = byHost.get(host);
    if (others === undefined) byHost.set(host, [service]);
    else others.push(service);
  }
  const rank = (host: string): string => (host === environment.domain ? "" : host);
  return [...byHost]
    .sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
    .map(([host, services]) => {
      const own = host === environment.domain ? null : host;
      return compileApi({ policy, environment, exposure, host: own, services, locate, idOf });
    });
}

interface Parts {
  readonly policy: Policy;
  readonly environment: Environment;
  readonly exposure: Exposure;
  readonly host: string | null;
  readonly services: readonly Service[];
  readonly locate: Locate;
  readonly idOf: ShortIds;
}

function compileApi({ policy, environment, exposure, host, services, locate, idOf }: Parts): CompiledApi {
  const base = `${policy.name}-${exposure}`;
  const seed = host === null ? base : `${base} ${services[0]?.name ?? ""}`;
  const apiId = idOf(`api ${seed}`);
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
      const integration = compileIntegration(route, upstream ?? "", exposure, idOf(`integration ${seed} ${route.key}`));
      integrations.push(integration);
      routes.push({
        routeId: idOf(`route ${seed} ${route.key}`),
        routeKey: route.key,
        authorizationType: route.access.kind === "open" ? "NONE" : "AWS_IAM",
        target: `integrations/${integration.integrationId}`,
      });
      if (route.throttle !== null) routeSettings[route.key] = settingsOf(route.throttle);
      artifacts[`${apiId}/${route.key}`] = additionsOf(service, route, locate);
    }
  }
  const { identity } = environment;
  const cors = exposure === "public" ? policy.cors : null;
  const api: HttpApi = {
    apiId,
    name: host === null ? base : `${base}-${host}`,
    protocolType: "HTTP",
    routes,
    integrations,
    authorizers: [
      {
        authorizerId: idOf(`authorizer ${seed}`),
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
    ...(cors === null ? {} : { corsConfiguration: corsConfigurationOf(cors) }),
  };
  const apiRoutes = services.flatMap((service) => service.routes.map(apiRouteOf));
  return { exposure, host, api: canonicalHttpApi(api), routes: apiRoutes, artifacts, diagnostics };
}

function additionsOf(service: Service, route: PolicyRoute, locate: Locate): RouteArtifact {
  return {
    service: service.name,
    permission: route.access.kind === "needs" ? route.access.permission : null,
    authentication: route.authentication,
    login: service.login,
    keepHeaders: service.headers.keep,
    identityHeaders: service.headers.identity,
    // JSON has no number without end.
    maxBodyBytes: Number.isFinite(route.maxBodyBytes) ? route.maxBodyBytes : null,
    streaming: route.streaming,
    websocket: route.websocket,
    retries: route.retries,
    requestHeaders: service.headers.request,
    responseHeaders: service.headers.response,
    at: locate(route.at),
  };
}

function compileIntegration(
  route: PolicyRoute,
  upstream: string,
  exposure: Exposure,
  integrationId: string,
): Integration {
  return {
    integrationId,
    integrationType: "HTTP_PROXY",
    integrationMethod: route.method,
    integrationUri: `${upstream}${route.servicePath.replace("+}", "}")}`,
    connectionType: exposure === "private" ? "VPC_LINK" : "INTERNET",
    payloadFormatVersion: "1.0",
    timeoutInMillis: route.timeoutMs,
    requestParameters: {},
  };
}

function corsConfigurationOf(cors: Cors): CorsConfiguration {
  return {
    allowOrigins: cors.origins,
    allowMethods: cors.methods,
    allowHeaders: cors.headers,
    exposeHeaders: cors.exposeHeaders,
    maxAge: Math.floor(cors.maxAgeMs / 1000),
    allowCredentials: cors.credentials,
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
