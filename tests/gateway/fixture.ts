/**
 * A gateway on a real unix socket with real keys, in front of real services on loopback; only the clock stands still.
 *
 * Everything that a test starts is ended by its context; nothing sleeps.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import type { TestContext } from "node:test";
import { type ManualClock, createManualClock } from "../../src/core/index.ts";
import { type Gateway, type GatewayLimits, type GatewayRuntime, createGateway } from "../../src/gateway/index.ts";
import {
  type AssertionSigner,
  type KeySource,
  type Revocations,
  type Sessions,
  type TokenVerifier,
  type WorkloadIssuer,
  createAssertionSigner,
  createKeySource,
  createTokenVerifier,
} from "../../src/identity/index.ts";
import type {
  Artifacts,
  CorsConfiguration,
  HeaderRules,
  HttpApi,
  IamRole,
  IdentityArtifact,
  MembersArtifact,
  RouteArtifact,
} from "../../src/model/index.ts";
import type { PolicyDocument, Statement } from "../../src/iam/index.ts";
import type { GatewayRecord } from "../../src/records/index.ts";

export const ISSUER = "https://login.shop.example/realms/shop";
export const AUDIENCE = "shop-api";
export const DOMAIN = "shop.localhost";
export const BASE_URL = `https://${DOMAIN}:8443`;
export const START_MS = Date.UTC(2026, 10, 24, 12, 0, 0);

export interface RouteSpec {
  readonly key: string;
  readonly service?: string;
  readonly exposure?: "public" | "private";
  /** A host name of its own. Default: the domain. */
  readonly host?: string;
  /** Null: open. */
  readonly needs?: string | null;
  readonly upstream: string;
  readonly throttle?: { readonly ratePerSecond: number; readonly burst: number };
  readonly timeoutMs?: number;
  readonly login?: boolean;
  readonly authentication?: RouteArtifact["authentication"];
  readonly keepHeaders?: readonly string[];
  readonly identityHeaders?: RouteArtifact["identityHeaders"];
  /** Default: API Gateway's limit, none for a streaming route. */
  readonly maxBodyBytes?: number | null;
  readonly streaming?: boolean;
  readonly websocket?: boolean;
  readonly retries?: number;
  readonly requestHeaders?: Partial<HeaderRules>;
  readonly responseHeaders?: Partial<HeaderRules>;
  /** Default: the route's path behind the upstream. */
  readonly uri?: string;
}

export interface RoleSpec {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly subjects?: readonly string[];
  readonly clientIds?: readonly string[];
  /** In place of the lists. */
  readonly members?: MembersArtifact;
  /** `METHOD/path` patterns of the public API. */
  readonly can: readonly string[];
  readonly boundary?: readonly string[];
  readonly sourceIp?: readonly string[];
  /** Condition block of its grants. */
  readonly condition?: NonNullable<Statement["Condition"]>;
}

export interface PolicySpec {
  readonly routes: readonly RouteSpec[];
  readonly roles?: readonly RoleSpec[];
  readonly perIdentity?: { readonly ratePerSecond: number; readonly burst: number } | null;
  readonly defaultThrottle?: { readonly ratePerSecond: number; readonly burst: number };
  readonly digest?: string;
  /** Of the public APIs. */
  readonly cors?: CorsConfiguration;
}

const IDS = { public: "pub0000001", private: "prv0000001" } as const;

/** The id of the API that a route is in; one for each host. */
function apiIdOf({ exposure = "public", host }: Pick<RouteSpec, "exposure" | "host">): string {
  return host === undefined ? IDS[exposure] : `${exposure}-${host.replaceAll(".", "-")}`;
}

export function artifactsOf(spec: PolicySpec): Artifacts {
  const routes: Record<string, RouteArtifact> = {};
  for (const route of spec.routes)
    routes[`${apiIdOf(route)}/${route.key}`] = {
      service: route.service ?? "orders",
      permission: route.needs === null ? null : (route.needs ?? "orders:read"),
      login: route.login ?? false,
      keepHeaders: route.keepHeaders ?? [],
      identityHeaders: route.identityHeaders ?? {},
      maxBodyBytes:
        route.maxBodyBytes === undefined ? (route.streaming === true ? null : 10_485_760) : route.maxBodyBytes,
      authentication: route.authentication ?? null,
      streaming: route.streaming ?? false,
      websocket: route.websocket ?? false,
      retries: route.retries ?? 0,
      requestHeaders: { set: {}, remove: [], ...route.requestHeaders },
      responseHeaders: { set: {}, remove: [], ...route.responseHeaders },
      at: "gatehouse.yaml:1:1",
    };
  return {
    policy: "shop",
    environment: "local",
    domain: DOMAIN,
    identity: {
      kind: "issuer",
      issuer: ISSUER,
      audience: AUDIENCE,
      claims: { groups: "groups", name: "name" },
      usedClaims: [],
      issuers: [],
      login: null,
    },
    apis: { public: apiOf("public", spec), private: apiOf("private", spec) },
    hostApis: hostApisOf(spec),
    iam: {
      partition: "aws",
      region: "local",
      account: "000000000000",
      roles: (spec.roles ?? []).map((role) => roleOf(role, [...new Set(spec.routes.map((route) => apiIdOf(route)))])),
    },
    routes,
    perIdentityThrottle: spec.perIdentity ?? null,
    edge: {
      domain: DOMAIN,
      hosts: [],
      certificates: { kind: "internal" },
      loopbackOnly: true,
      privateNetwork: null,
    },
    digest: spec.digest ?? "d1",
  };
}

function hostApisOf(spec: PolicySpec): Artifacts["hostApis"] {
  const hosts = new Set(spec.routes.flatMap(({ host }) => (host === undefined ? [] : [host])));
  return [...hosts].sort().flatMap((host) =>
    (["private", "public"] as const).flatMap((exposure) => {
      const api = apiOf(exposure, spec, host);
      return api === null ? [] : [{ host, exposure, api }];
    }),
  );
}

function apiOf(exposure: "public" | "private", spec: PolicySpec, host?: string): HttpApi | null {
  const routes = spec.routes.filter((route) => (route.exposure ?? "public") === exposure && route.host === host);
  if (routes.length === 0) return null;
  const rate = spec.defaultThrottle ?? { ratePerSecond: 1_000_000, burst: 1_000_000 };
  return {
    apiId: apiIdOf({ exposure, ...(host === undefined ? {} : { host }) }),
    name: `shop-${exposure}`,
    protocolType: "HTTP",
    routes: routes.map((route, index) => ({
      routeId: `r${index}`,
      routeKey: route.key,
      authorizationType: route.needs === null ? "NONE" : "AWS_IAM",
      target: `integrations/i${index}`,
    })),
    integrations: routes.map((route, index) => ({
      integrationId: `i${index}`,
      integrationType: "HTTP_PROXY",
      integrationMethod: "ANY",
      integrationUri: `${route.upstream}${route.uri ?? route.key.split(" ")[1]?.replaceAll("+}", "}") ?? ""}`,
      connectionType: exposure === "private" ? "VPC_LINK" : "INTERNET",
      payloadFormatVersion: "1.0",
      timeoutInMillis: route.timeoutMs ?? 30_000,
      requestParameters: {},
    })),
    authorizers: [],
    stages: [
      {
        stageName: "$default",
        autoDeploy: true,
        defaultRouteSettings: { throttlingRateLimit: rate.ratePerSecond, throttlingBurstLimit: rate.burst },
        routeSettings: Object.fromEntries(
          routes.flatMap((route) =>
            route.throttle === undefined
              ? []
              : [
                  [
                    route.key,
                    {
                      throttlingRateLimit: route.throttle.ratePerSecond,
                      throttlingBurstLimit: route.throttle.burst,
                    },
                  ],
                ],
          ),
        ),
        stageVariables: {},
      },
    ],
    ...(spec.cors === undefined || exposure === "private" ? {} : { corsConfiguration: spec.cors }),
  };
}

function roleOf(role: RoleSpec, apiIds: readonly string[]): IamRole {
  const block = { ...(role.sourceIp && { IpAddress: { "aws:SourceIp": role.sourceIp } }), ...role.condition };
  const condition = Object.keys(block).length === 0 ? {} : { Condition: block };
  return {
    name: role.name,
    roleName: `shop-${role.name}`,
    arn: `arn:aws:iam::000000000000:role/shop-${role.name}`,
    members: role.members ?? membersOf(role),
    permissions: [],
    policy: allow(role.can, apiIds, condition),
    boundaryName: "staff",
    permissionsBoundary: allow(role.boundary ?? ["*/*"], apiIds, {}),
  };
}

/** One of the lists has to fit. */
function membersOf({ groups = [], subjects = [], clientIds = [] }: RoleSpec): MembersArtifact {
  const leaves = [
    { kind: "groups", values: groups, issuer: null },
    { kind: "subject", values: subjects, issuer: null },
    { kind: "client", values: clientIds, issuer: null },
  ] as const;
  return { kind: "any", of: leaves.filter(({ values }) => values.length > 0) };
}

function allow(patterns: readonly string[], apiIds: readonly string[], more: object): PolicyDocument {
  const resources = patterns.flatMap((pattern) =>
    (apiIds.length === 0 ? Object.values(IDS) : apiIds).map(
      (id) => `arn:aws:execute-api:local:000000000000:${id}/$default/${pattern}`,
    ),
  );
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: resources, ...more }],
  };
}

export interface Keys {
  readonly verifier: TokenVerifier;
  readonly keys: KeySource;
  readonly assertions: AssertionSigner;
  token(claims?: Record<string, unknown>): Promise<string>;
  close(): void;
}

/** What tokens are taken, beside those of `ISSUER`. */
export interface Trust extends Pick<IdentityArtifact, "usedClaims" | "issuers" | "tokens"> {
  readonly revocations?: Revocations;
}

/** Providers whose keys come from memory, a verifier and a signer: the real ones. All issuers sign with one key. */
export async function createKeys(
  clock: ManualClock,
  directory: string,
  { usedClaims, issuers, tokens, revocations }: Trust = { usedClaims: [], issuers: [] },
): Promise<Keys> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", use: "sig", alg: "RS256" };
  const keysOf = async (issuer: string): Promise<KeySource> => {
    const source = createKeySource({
      issuer,
      clock,
      allowHttpLoopback: false,
      fetch: (url) =>
        Promise.resolve(
          Response.json(url.endsWith("/jwks") ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }),
        ),
    });
    await source.load();
    return source;
  };
  const keys = await keysOf(ISSUER);
  const workloadIssuers: WorkloadIssuer[] = [];
  for (const each of issuers) workloadIssuers.push({ ...each, keys: await keysOf(each.issuer) });
  const verifier = createTokenVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    claims: { groups: "groups", name: "name" },
    keys,
    tokens,
    workloadIssuers,
    usedClaims,
    revocations,
    clock,
  });
  const assertions = await createAssertionSigner({
    issuer: `${BASE_URL}/_gatehouse`,
    keyFile: join(directory, "assertion.jwk"),
    clock,
  });
  return {
    verifier,
    keys,
    assertions,
    close: () => {
      for (const each of [keys, ...workloadIssuers.map((issuer) => issuer.keys)]) each.close();
    },
    token: (claims = {}) => {
      const now = Math.floor(clock.nowMs() / 1000);
      const all = { sub: "ada", groups: ["support"], iat: now, exp: now + 600, iss: ISSUER, aud: AUDIENCE, ...claims };
      return new SignJWT(all).setProtectedHeader({ alg: "RS256", kid: "k1", typ: "at+jwt" }).sign(privateKey);
    },
  };
}

export interface Fixture extends Keys {
  readonly gateway: Gateway;
  readonly publicSocket: string;
  readonly privateSocket: string;
  readonly clock: ManualClock;
  readonly records: GatewayRecord[];
  /** The record number `index`, as soon as it is written. */
  record(index: number): Promise<GatewayRecord>;
  runtime(spec: PolicySpec): GatewayRuntime;
}

export interface FixtureOptions {
  readonly sessions?: Sessions;
  readonly clock?: ManualClock;
  readonly trust?: Trust;
  readonly wrap?: (runtime: GatewayRuntime) => GatewayRuntime;
  readonly newRequestId?: () => string;
  readonly limits?: Partial<GatewayLimits>;
  /** Runs before a record is kept. */
  readonly onRecord?: () => void;
}

export async function createDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "gw-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A gateway that listens, until the test ends. */
export async function startGateway(t: TestContext, spec: PolicySpec, options: FixtureOptions = {}): Promise<Fixture> {
  const directory = await createDirectory(t);
  const clock = options.clock ?? createManualClock(START_MS);
  const keys = await createKeys(clock, directory, options.trust);
  const records: GatewayRecord[] = [];
  const waiting: (() => void)[] = [];
  const wrap = options.wrap ?? ((runtime) => runtime);
  const runtime = (wanted: PolicySpec): GatewayRuntime =>
    wrap({
      artifacts: artifactsOf(wanted),
      verifier: keys.verifier,
      sessions: options.sessions ?? null,
      assertions: keys.assertions,
      baseUrl: BASE_URL,
    });
  const gateway = createGateway(runtime(spec), {
    clock,
    ...(options.newRequestId === undefined ? {} : { newRequestId: options.newRequestId }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    record: (record) => {
      records.push(record);
      options.onRecord?.();
      for (const wake of waiting.splice(0)) wake();
    },
  });
  const publicSocket = join(directory, "run", "public.sock");
  const privateSocket = join(directory, "run", "private.sock");
  await gateway.listen({ publicSocket, privateSocket });
  t.after(async () => {
    await gateway.close({ graceMs: 0 });
    keys.close();
  });
  return {
    ...keys,
    gateway,
    publicSocket,
    privateSocket,
    clock,
    records,
    runtime,
    async record(index) {
      for (;;) {
        const found = records[index];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}
