/**
 * Everything about one route that a request would otherwise have to look up, made once when artifacts are taken over.
 *
 * In: an HttpApi, the artifacts' additions, buckets and pools. Out: frozen plans behind a router.
 * Not here: what a request does with a plan (exchange.ts).
 * INVARIANT: what the model says and this cannot do is a fault when the artifacts are taken over, never a silent gap.
 */
import type { Origin } from "./http-client/origin.ts";
import { GatehouseError, type Rate } from "../core/index.ts";
import {
  type Artifacts,
  type HttpApi,
  type Integration,
  type Route,
  type RouteArtifact,
  type Stage,
  rateOfSettings,
} from "../model/index.ts";
import { METHODS, compileRouteFinder } from "../policy/index.ts";
import { Cors, findCorsProblem } from "./cors.ts";
import type { Deadlines } from "./deadlines.ts";
import { type HeaderPlan, planHeaders } from "./header-plan.ts";
import { parseIntegrationTarget } from "./integration-target.ts";
import type { Bucket } from "./throttle.ts";

export interface RoutePlan extends HeaderPlan {
  readonly method: string;
  readonly path: string;
  readonly routeKey: string;
  readonly apiId: string;
  readonly service: string;
  readonly isOpen: boolean;
  /** How a caller has to have signed in; null for any way. */
  readonly authentication: RouteArtifact["authentication"];
  /** People without a session are sent to sign in. */
  readonly login: boolean;
  readonly origin: string;
  readonly pool: Origin;
  /** Infinity for none. */
  readonly maxBodyBytes: number;
  /** Bodies pass as they come, for as long as they flow. */
  readonly streaming: boolean;
  /** A request may open a WebSocket. */
  readonly websocket: boolean;
  /** Further attempts when the service gave no answer. */
  readonly retries: number;
  /** Null: the client's method. */
  readonly upstreamMethod: string | null;
  /** Null: the request target as it came. */
  readonly buildTarget: ((rawPath: string, query: string) => string | null) | null;
  /** Of all calls with this route's timeout. */
  readonly deadlines: Deadlines;
  /** What a right to call this route must outlive: the timeout and the skew between two clocks. */
  readonly minimumSeconds: number;
  readonly bucket: Bucket;
  /** `scope="..."` of a 401. */
  readonly challengeScope: string;
}

/** Largest difference of two clocks that a right has to bear. */
const SKEW_SECONDS = 10;
export const STAGE = "$default";

export interface PlannedApi {
  readonly apiId: string;
  /** Null: no part is taken in CORS. */
  readonly cors: Cors | null;
  /** The plan that answers a method and a path in normal form. */
  find(method: string, path: string): RoutePlan | null;
  readonly plans: readonly RoutePlan[];
}

const REQUEST_METHODS: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== "ANY"));

/** SOURCE: RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

const HAS_PATH = /^[a-z]+:\/\/[^/]*\//;

/** What plans share. */
export interface PlanParts {
  bucketOf(key: string): Bucket | undefined;
  poolOf(origin: string): Origin;
  deadlinesOf(timeoutMs: number): Deadlines;
}

/** @throws GH_GATEWAY_ARTIFACT_UNSUPPORTED */
export function planApi(api: HttpApi, artifacts: Artifacts, parts: PlanParts): PlannedApi {
  const integrations = new Map(api.integrations.map((item) => [`integrations/${item.integrationId}`, item]));
  const plans: RoutePlan[] = [];
  let fallback: RoutePlan | null = null;
  for (const route of api.routes) {
    const key = throttleKey(api, route);
    const artifact = artifacts.routes[key];
    const bucket = parts.bucketOf(key);
    const integration = integrations.get(route.target);
    if (artifact === undefined || bucket === undefined) throw unsupported(key, "there is no service for it");
    if (integration === undefined) throw unsupported(key, `its target \`${route.target}\` does not exist`);
    const plan = planRoute(api.apiId, route, artifact, integration, bucket, parts);
    if (route.routeKey === "$default") fallback = plan;
    else plans.push(plan);
  }
  const find = compileRouteFinder(plans);
  return {
    apiId: api.apiId,
    cors: planCors(api),
    find: (method, path) => {
      const plan = find(method, path);
      return plan === null && fallback !== null && REQUEST_METHODS.has(method) ? fallback : plan;
    },
    plans: fallback === null ? plans : [...plans, fallback],
  };
}

function planCors({ apiId, corsConfiguration }: HttpApi): Cors | null {
  if (corsConfiguration === undefined) return null;
  const problem = findCorsProblem(corsConfiguration);
  if (problem !== null) throw unsupported(apiId, problem);
  return new Cors(corsConfiguration);
}

/** The key of a route among all APIs of the artifacts. */
export function throttleKey(api: HttpApi, route: Route): string {
  return `${api.apiId}/${route.routeKey}`;
}

/** The rate of every route of an API: its own settings as a whole, else the stage's, each route with a bucket of its own. */
export function* rateOfEachRoute(api: HttpApi): Generator<readonly [key: string, rate: Rate]> {
  const stage = defaultStage(api);
  for (const route of api.routes) {
    const own = Object.hasOwn(stage.routeSettings, route.routeKey) ? stage.routeSettings[route.routeKey] : undefined;
    yield [throttleKey(api, route), rateOfSettings(own ?? stage.defaultRouteSettings)];
  }
}

function defaultStage(api: HttpApi): Stage {
  const [stage, ...others] = api.stages;
  if (stage === undefined || others.length > 0 || stage.stageName !== STAGE)
    throw unsupported(api.apiId, `it must have the one stage \`${STAGE}\``);
  return stage;
}

function planRoute(
  apiId: string,
  route: Route,
  artifact: RouteArtifact,
  integration: Integration,
  bucket: Bucket,
  parts: PlanParts,
): RoutePlan {
  const part = `${apiId}/${route.routeKey}`;
  const [method = "", path = ""] = route.routeKey === "$default" ? ["ANY", "/"] : route.routeKey.split(" ");
  const isOpen = route.authorizationType === "NONE";
  if (isOpen !== (artifact.permission === null))
    throw unsupported(part, "authorization and permission contradict each other");
  if (isOpen && artifact.authentication !== null) throw unsupported(part, "it is open and asks how callers signed in");
  if (artifact.maxBodyBytes === null && !artifact.streaming)
    throw unsupported(part, "its bodies have no limit and are not streamed");
  if (artifact.websocket && (method !== "GET" || sentMethod(method, integration) !== "GET"))
    throw unsupported(part, "a WebSocket is opened by `GET`");
  if (artifact.retries > 0 && !(IDEMPOTENT.has(method) && IDEMPOTENT.has(sentMethod(method, integration))))
    throw unsupported(part, "it has retries, and not every method that it answers may be repeated");
  const passesPath = passesRequestPath(part, integration);
  const target = parseIntegrationTarget(
    integration.integrationUri,
    route.routeKey === "$default" ? null : path,
    passesPath,
  );
  if (target === null) throw unsupported(part, `its integration URI \`${integration.integrationUri}\` is not usable`);
  const headers = planHeaders(artifact, integration);
  if ("refused" in headers) throw unsupported(part, `header \`${headers.refused}\` is not for a rule of a policy`);
  return Object.freeze({
    ...headers,
    method,
    path,
    routeKey: route.routeKey,
    apiId,
    service: artifact.service,
    isOpen,
    authentication: artifact.authentication,
    login: artifact.login,
    origin: target.origin,
    pool: parts.poolOf(target.origin),
    maxBodyBytes: artifact.maxBodyBytes ?? Number.POSITIVE_INFINITY,
    streaming: artifact.streaming,
    websocket: artifact.websocket,
    retries: artifact.retries,
    upstreamMethod: integration.integrationMethod === "ANY" ? null : integration.integrationMethod,
    buildTarget: target.build,
    deadlines: parts.deadlinesOf(integration.timeoutInMillis),
    minimumSeconds: Math.ceil(integration.timeoutInMillis / 1000) + SKEW_SECONDS,
    bucket,
    challengeScope: `scope="${(route.authorizationScopes ?? []).join(" ")}"`,
  });
}

function sentMethod(method: string, { integrationMethod }: Integration): string {
  return integrationMethod === "ANY" ? method : integrationMethod;
}

/**
 * Whether the service gets the request's path: where a mapping asks for it, and on private integrations whose URI is an
 * address alone. Of parameter mappings no other is known.
 */
function passesRequestPath(part: string, integration: Integration): boolean {
  let passes = integration.connectionType === "VPC_LINK" && !HAS_PATH.test(integration.integrationUri);
  for (const [name, value] of Object.entries(integration.requestParameters)) {
    if (name === "overwrite:path" && value === "$request.path") passes = true;
    else throw unsupported(part, `its parameter mapping \`${name}\` is not known`);
  }
  return passes;
}

/** What the model says and this cannot do. */
export function unsupported(part: string, problem: string): GatehouseError {
  return new GatehouseError("GH_GATEWAY_ARTIFACT_UNSUPPORTED", { part, problem });
}
