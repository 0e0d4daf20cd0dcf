/**
 * Everything about an API that a call would otherwise have to look up, made once when an account is taken over.
 *
 * In: an `HttpApi`, buckets, connections. Out: stages, and for each stage and route a plan.
 * Not here: what a call does with a plan (api-call.ts), whether an account makes sense (model's `checkAccount`).
 * Source: API Gateway developer guide, "Create routes for HTTP APIs", "Working with stages".
 * INVARIANT: what the model says and this cannot do is a fault when the account is taken over, never a silent gap.
 */
import type { Origin } from "../http-client/origin.ts";
import { GatehouseError, type Rate } from "../../core/index.ts";
import {
  type Authorizer,
  type HttpApi,
  type Integration,
  type RequestMapping,
  type ResponseMapping,
  type Route,
  type Stage,
  parseAccessLogFormat,
  parseRequestParameters,
  parseResponseParameters,
  rateOfSettings,
} from "../../model/index.ts";
import { Cors } from "../cors.ts";
import type { Deadlines } from "../deadlines.ts";
import type { TokenBucket } from "../throttle.ts";
import { type WriteAccessLog, compileAccessLogFormat } from "./access-log.ts";
import { type IntegrationUri, parseIntegrationUri } from "./integration-uri.ts";
import type { JwtAuthorizer } from "./jwt-authorizer.ts";
import { type FindRoute, compileRouteOrder } from "./route-order.ts";
import type { Switches } from "./switches.ts";

export interface ApiPlan {
  readonly api: HttpApi;
  readonly apiId: string;
  readonly cors: Cors | null;
  /** By name; `$default` among them. */
  readonly stages: ReadonlyMap<string, StagePlan>;
  readonly defaultStage: StagePlan | null;
  readonly isEndpointDisabled: boolean;
  readonly find: FindRoute;
}

export interface StagePlan {
  readonly stage: Stage;
  readonly stageName: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Null: the stage keeps none. */
  readonly accessLog: WriteAccessLog | null;
  /** By route key. */
  readonly routes: ReadonlyMap<string, RoutePlan>;
}

/** One route on one stage. */
export interface RoutePlan {
  readonly route: Route;
  readonly routeKey: string;
  /** Null for `$default`. */
  readonly path: string | null;
  readonly integration: IntegrationPlan;
  readonly bucket: TokenBucket;
  readonly scopes: readonly string[];
  /** Null on routes without a JWT authorizer. */
  readonly jwt: JwtAuthorizer | null;
}

export interface IntegrationPlan {
  readonly integration: Integration;
  readonly uri: IntegrationUri;
  readonly pool: Origin;
  readonly deadlines: Deadlines;
  /** Null: the client's method. */
  readonly method: string | null;
  /** The backend sees the host that the client asked for. */
  readonly keepsHost: boolean;
  /** Null: nothing is changed. */
  readonly requestMapping: RequestMapping | null;
  /** By status of the backend. */
  readonly responseMappings: ReadonlyMap<number, ResponseMapping>;
}

/** What plans need from outside the API. */
export interface PlanParts {
  readonly bucketOf: (key: string) => TokenBucket | undefined;
  readonly poolOf: (origin: string) => Origin;
  readonly deadlinesOf: (timeoutMs: number) => Deadlines;
  /** @throws GH_GATEWAY_ACCOUNT_UNSUPPORTED */
  readonly authorizerOf: (apiId: string, authorizer: Authorizer) => JwtAuthorizer;
  /** Addresses for integration URIs that are none: listeners and services behind a VPC link. */
  readonly backends: Readonly<Record<string, string>>;
  readonly switches: Switches;
}

/** The buckets of an API: one for each stage and route, by `bucketKey`. */
export function* listRates(api: HttpApi, account: Rate): Iterable<readonly [key: string, rate: Rate]> {
  for (const stage of api.stages)
    for (const { routeKey } of api.routes) {
      const settings = stage.routeSettings[routeKey] ?? stage.defaultRouteSettings;
      yield [bucketKey(api.apiId, stage.stageName, routeKey), rateOfSettings(settings, account)];
    }
}

function bucketKey(apiId: string, stageName: string, routeKey: string): string {
  return `${apiId}/${stageName}/${routeKey}`;
}

/** @throws GH_GATEWAY_ACCOUNT_UNSUPPORTED */
export function planApi(api: HttpApi, parts: PlanParts): ApiPlan {
  const stages = new Map(api.stages.map((stage) => [stage.stageName, planStage(api, stage, parts)]));
  return {
    api,
    apiId: api.apiId,
    cors: api.corsConfiguration === undefined ? null : new Cors(api.corsConfiguration),
    stages,
    defaultStage: stages.get("$default") ?? null,
    isEndpointDisabled: api.disableExecuteApiEndpoint === true,
    find: compileRouteOrder(api.routes, parts.switches),
  };
}

function planStage(api: HttpApi, stage: Stage, parts: PlanParts): StagePlan {
  const integrations = new Map<string, IntegrationPlan>();
  const routes = new Map<string, RoutePlan>();
  for (const route of api.routes) {
    const id = route.target.replace(/^integrations\//, "");
    let integration = integrations.get(id);
    if (integration === undefined) {
      const written = api.integrations.find(({ integrationId }) => integrationId === id);
      if (written === undefined) throw unsupported(api, route.routeKey, `there is no integration \`${id}\``);
      integrations.set(id, (integration = planIntegration(api, stage, written, parts)));
    }
    const bucket = parts.bucketOf(bucketKey(api.apiId, stage.stageName, route.routeKey));
    if (bucket === undefined) throw unsupported(api, route.routeKey, "it has no throttle");
    routes.set(route.routeKey, {
      route,
      routeKey: route.routeKey,
      path: route.routeKey === "$default" ? null : route.routeKey.slice(route.routeKey.indexOf(" ") + 1),
      integration,
      bucket,
      scopes: route.authorizationScopes ?? [],
      jwt: route.authorizationType === "JWT" ? planAuthorizer(api, route, parts) : null,
    });
  }
  return {
    stage,
    stageName: stage.stageName,
    variables: stage.stageVariables,
    accessLog: planAccessLog(api, stage),
    routes,
  };
}

function planAccessLog(api: HttpApi, { stageName, accessLogSettings }: Stage): WriteAccessLog | null {
  if (accessLogSettings === undefined) return null;
  const format = parseAccessLogFormat(accessLogSettings.format);
  if (!format.ok) throw unsupported(api, stageName, format.error[0]?.message ?? "");
  return compileAccessLogFormat(format.value);
}

/** A route whose authorizer is missing is never served open. */
function planAuthorizer(api: HttpApi, route: Route, parts: PlanParts): JwtAuthorizer {
  const authorizer = api.authorizers.find(({ authorizerId }) => authorizerId === route.authorizerId);
  if (authorizer === undefined) throw unsupported(api, route.routeKey, "it has no authorizer");
  return parts.authorizerOf(api.apiId, authorizer);
}

function planIntegration(api: HttpApi, stage: Stage, integration: Integration, parts: PlanParts): IntegrationPlan {
  const { integrationUri, connectionType, integrationMethod, timeoutInMillis, integrationId } = integration;
  const isPrivate = connectionType === "VPC_LINK";
  const address = parts.backends[integrationUri] ?? integrationUri;
  const uri = parseIntegrationUri(address, stage.stageVariables, isPrivate);
  if (uri === null)
    throw unsupported(
      api,
      integrationId,
      `its URI \`${integrationUri}\` is no http address on stage \`${stage.stageName}\``,
    );
  const request = parseRequestParameters(integration.requestParameters);
  if (!request.ok) throw unsupported(api, integrationId, request.error[0]?.message ?? "");
  const response = parseResponseParameters(integration.responseParameters ?? {});
  if (!response.ok) throw unsupported(api, integrationId, response.error[0]?.message ?? "");
  return {
    integration,
    uri,
    pool: parts.poolOf(uri.origin),
    deadlines: parts.deadlinesOf(timeoutInMillis),
    method: integrationMethod === "ANY" ? null : integrationMethod,
    keepsHost: isPrivate,
    requestMapping: Object.keys(integration.requestParameters).length === 0 ? null : request.value,
    responseMappings: response.value,
  };
}

/** What the model says and this cannot do. */
export function unsupported(api: HttpApi, part: string, problem: string): GatehouseError {
  return new GatehouseError("GH_GATEWAY_ACCOUNT_UNSUPPORTED", { api: api.apiId, part, problem });
}
