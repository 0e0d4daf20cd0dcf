/**
 * HTTP APIs as API Gateway tells them, in the terms of an account file.
 *
 * A route that only AWS can run (a Lambda function, an AWS service, an authorizer that is a function) is left out and told.
 * Source: API Gateway v2 API reference, Apis, Routes, Integrations, Authorizers, Stages.
 * INVARIANT: no route is open here that was closed there: a route whose authorizer cannot be had is left out with it.
 */
import type {
  ApiGatewayV2Client,
  Api,
  Authorizer,
  Integration,
  Route,
  RouteSettings,
  Stage,
} from "@aws-sdk/client-apigatewayv2";
import { routeTakes } from "../model/index.ts";
import { askPages } from "./ask.ts";
import type { LiveFinding } from "./read-account.ts";

/** The part of an account file that is one API. Undefined is what the file does not say. */
export interface LiveApi {
  readonly apiId: string;
  readonly name: string;
  readonly routes: readonly { readonly routeKey: string; readonly authorizationType: string }[];
  readonly integrations: readonly unknown[];
  readonly authorizers: readonly unknown[] | undefined;
  readonly stages: readonly { readonly stageName: string }[];
  readonly corsConfiguration: unknown;
  readonly disableExecuteApiEndpoint: true | undefined;
}

const ACTION = "apigateway:GET";

/** In order of id. @throws GH_AWS_* */
export async function readApis(
  client: ApiGatewayV2Client,
  wanted: readonly string[] | null,
  findings: LiveFinding[],
  say: (text: string) => void,
): Promise<LiveApi[]> {
  const { GetApisCommand } = await import("@aws-sdk/client-apigatewayv2");
  const all = await askPages(ACTION, async (NextToken) => {
    const { Items = [], NextToken: next } = await client.send(new GetApisCommand({ NextToken }));
    return { items: Items, next };
  });
  const apis = all
    .filter(({ ApiId, ProtocolType }) => ProtocolType === "HTTP" && (wanted === null || wanted.includes(ApiId ?? "")))
    .toSorted(byText(({ ApiId }) => ApiId));
  for (const id of wanted ?? [])
    if (!apis.some(({ ApiId }) => ApiId === id))
      findings.push({
        severity: "error",
        id: "pull/no-such-api",
        at: id,
        message: "the Region has no HTTP API with this id",
        hint: known(all),
      });
  if (wanted === null && apis.length === 0)
    findings.push({
      severity: "error",
      id: "pull/no-apis",
      at: "the Region",
      message: "there is no HTTP API in it",
      hint: "name another one with `--region`",
    });
  const read: LiveApi[] = [];
  for (const api of apis) {
    say(`API ${api.ApiId ?? ""} ${api.Name ?? ""}`);
    read.push(await readApi(client, api, findings));
  }
  return read;
}

function known(all: readonly Api[]): string {
  const ids = all.filter(({ ProtocolType }) => ProtocolType === "HTTP").map(({ ApiId, Name }) => `${ApiId} (${Name})`);
  return ids.length === 0 ? "there is none at all; name another Region with `--region`" : `there are ${ids.join(", ")}`;
}

async function readApi(client: ApiGatewayV2Client, api: Api, findings: LiveFinding[]): Promise<LiveApi> {
  const sdk = await import("@aws-sdk/client-apigatewayv2");
  const { ApiId = "", Name = "", CorsConfiguration: cors, DisableExecuteApiEndpoint } = api;
  const list = <T>(
    make: (input: { ApiId: string; NextToken: string | undefined }) => Promise<{
      Items?: T[] | undefined;
      NextToken?: string | undefined;
    }>,
  ): Promise<readonly T[]> =>
    askPages(ACTION, async (NextToken) => {
      const { Items = [], NextToken: next } = await make({ ApiId, NextToken });
      return { items: Items, next };
    });
  const [routes, integrations, authorizers, stages] = await Promise.all([
    list<Route>((input) => client.send(new sdk.GetRoutesCommand(input))),
    list<Integration>((input) => client.send(new sdk.GetIntegrationsCommand(input))),
    list<Authorizer>((input) => client.send(new sdk.GetAuthorizersCommand(input))),
    list<Stage>((input) => client.send(new sdk.GetStagesCommand(input))),
  ]);
  const kept = routes.filter((route) => {
    const why = whyLeftOut(route, integrations, authorizers);
    if (why !== null)
      findings.push({
        severity: "warning",
        id: "pull/left-out",
        at: `${ApiId} ${route.RouteKey}`,
        message: `the route is left out: ${why}`,
        hint: "this gateway has HTTP integrations, and JWT and IAM authorizers",
      });
    return why === null;
  });
  tellHeirs(ApiId, routes, kept, findings);
  const keys = new Set(kept.map(({ RouteKey }) => RouteKey));
  const used = (id: string | undefined): boolean => kept.some(({ Target }) => Target === `integrations/${id}`);
  const named = (id: string | undefined): boolean => kept.some(({ AuthorizerId }) => AuthorizerId === id);
  const keptAuthorizers = authorizers.filter(({ AuthorizerId }) => named(AuthorizerId));
  return {
    apiId: ApiId,
    name: Name,
    disableExecuteApiEndpoint: DisableExecuteApiEndpoint === true ? true : undefined,
    corsConfiguration:
      cors === undefined
        ? undefined
        : {
            allowOrigins: cors.AllowOrigins ?? [],
            allowMethods: cors.AllowMethods ?? [],
            allowHeaders: cors.AllowHeaders ?? [],
            exposeHeaders: cors.ExposeHeaders ?? [],
            maxAge: cors.MaxAge ?? 0,
            allowCredentials: cors.AllowCredentials ?? false,
          },
    routes: kept.toSorted(byText(({ RouteKey }) => RouteKey)).map(routeOf),
    integrations: integrations
      .filter(({ IntegrationId }) => used(IntegrationId))
      .toSorted(byText(({ IntegrationId }) => IntegrationId))
      .map(integrationOf),
    authorizers:
      keptAuthorizers.length === 0 ? undefined : keptAuthorizers.toSorted(byText(({ Name: n }) => n)).map(authorizerOf),
    stages: stages.toSorted(byText(({ StageName }) => StageName)).map((stage) => stageOf(ApiId, stage, keys, findings)),
  };
}

/** Null for a route that can run here. */
function whyLeftOut(
  { AuthorizationType = "NONE", AuthorizerId, Target }: Route,
  integrations: readonly Integration[],
  authorizers: readonly Authorizer[],
): string | null {
  if (AuthorizationType === "CUSTOM") return "its authorizer is a Lambda function";
  if (AuthorizationType === "JWT") {
    const authorizer = authorizers.find((each) => each.AuthorizerId === AuthorizerId);
    if (authorizer?.AuthorizerType !== "JWT") return "its authorizer is not there";
  }
  if (Target === undefined) return "it has no integration";
  const integration = integrations.find(({ IntegrationId }) => Target === `integrations/${IntegrationId}`);
  if (integration === undefined) return "its integration is not there";
  const { IntegrationType, IntegrationSubtype, IntegrationUri } = integration;
  if (IntegrationSubtype !== undefined) return `it calls an AWS service (${IntegrationSubtype})`;
  if (IntegrationType === "AWS_PROXY") return "it calls a Lambda function";
  if (IntegrationType !== "HTTP_PROXY" || IntegrationUri === undefined)
    return `its integration is of type ${IntegrationType}`;
  return null;
}

/** A request for a route that is not there goes to a less specific one, whose authorization may be another. */
function tellHeirs(apiId: string, all: readonly Route[], kept: readonly Route[], findings: LiveFinding[]): void {
  for (const route of all) {
    if (kept.includes(route)) continue;
    const heir = kept.find(({ RouteKey = "" }) => routeTakes(RouteKey, route.RouteKey ?? ""));
    if (heir === undefined) continue;
    findings.push({
      severity: "error",
      id: "pull/left-out-open",
      at: `${apiId} ${route.RouteKey}`,
      message: `its requests would be taken by \`${heir.RouteKey}\` (${heir.AuthorizationType ?? "NONE"})`,
      hint: "pull other APIs with `--api`, or say with `--leave-out` that this is meant",
    });
  }
}

function routeOf(route: Route): LiveApi["routes"][number] {
  const { RouteId, RouteKey = "", AuthorizationType = "NONE", AuthorizerId, AuthorizationScopes, Target } = route;
  const scopes = AuthorizationScopes?.length === 0 ? undefined : AuthorizationScopes;
  return {
    routeKey: RouteKey,
    authorizationType: AuthorizationType,
    ...defined({ routeId: RouteId, authorizerId: AuthorizerId, authorizationScopes: scopes, target: Target }),
  };
}

function integrationOf(integration: Integration): unknown {
  const { IntegrationId, IntegrationMethod, IntegrationUri, ConnectionType, ConnectionId, TimeoutInMillis } =
    integration;
  const { RequestParameters = {}, ResponseParameters = {}, TlsConfig } = integration;
  const name = TlsConfig?.ServerNameToVerify;
  return defined({
    integrationId: IntegrationId,
    integrationMethod: IntegrationMethod,
    integrationUri: IntegrationUri,
    connectionType: ConnectionType === "VPC_LINK" ? ConnectionType : undefined,
    connectionId: ConnectionId,
    timeoutInMillis: TimeoutInMillis,
    requestParameters: Object.keys(RequestParameters).length === 0 ? undefined : RequestParameters,
    responseParameters: Object.keys(ResponseParameters).length === 0 ? undefined : ResponseParameters,
    tlsConfig: name === undefined ? undefined : { serverNameToVerify: name },
  });
}

function authorizerOf({ AuthorizerId, Name, IdentitySource, JwtConfiguration }: Authorizer): unknown {
  return {
    authorizerId: AuthorizerId,
    name: Name,
    identitySource: [IdentitySource ?? []].flat(),
    jwtConfiguration: { issuer: JwtConfiguration?.Issuer ?? "", audience: JwtConfiguration?.Audience ?? [] },
  };
}

function stageOf(
  apiId: string,
  stage: Stage,
  keys: ReadonlySet<string | undefined>,
  findings: LiveFinding[],
): LiveApi["stages"][number] {
  const { StageName = "", AutoDeploy, DefaultRouteSettings, RouteSettings: byRoute, StageVariables } = stage;
  const { AccessLogSettings: log } = stage;
  if (AutoDeploy !== true)
    findings.push({
      severity: "warning",
      id: "pull/not-deployed",
      at: `${apiId} stage ${StageName}`,
      message: "the stage serves its last deployment, which may be older than what was read",
      hint: "deploy it, or turn on `AutoDeploy`",
    });
  const settings = Object.entries(byRoute ?? {}).filter(([key]) => keys.has(key));
  const hasLog = log?.Format !== undefined && log.Format !== "";
  return {
    stageName: StageName,
    ...defined({
      autoDeploy: AutoDeploy === true ? undefined : false,
      defaultRouteSettings: settingsOf(DefaultRouteSettings),
      routeSettings:
        settings.length === 0
          ? undefined
          : Object.fromEntries(settings.map(([key, value]) => [key, settingsOf(value) ?? {}])),
      stageVariables: Object.keys(StageVariables ?? {}).length === 0 ? undefined : StageVariables,
      accessLogSettings: hasLog
        ? defined({ destinationArn: log.DestinationArn?.replace(/:\*$/, ""), format: log.Format })
        : undefined,
    }),
  };
}

function settingsOf(settings: RouteSettings | undefined): unknown {
  const { ThrottlingRateLimit, ThrottlingBurstLimit, DetailedMetricsEnabled } = settings ?? {};
  const told = defined({
    throttlingRateLimit: ThrottlingRateLimit,
    throttlingBurstLimit: ThrottlingBurstLimit,
    detailedMetricsEnabled: DetailedMetricsEnabled === true ? true : undefined,
  });
  return Object.keys(told).length === 0 ? undefined : told;
}

/** Without what is not said. */
export function defined(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

export function byText<T>(pick: (item: T) => string | undefined): (a: T, b: T) => number {
  return (a, b) => {
    const [first = "", second = ""] = [pick(a), pick(b)];
    return first < second ? -1 : Number(first > second);
  };
}
