/**
 * An account's HTTP APIs on a real port, in front of real backends on loopback; only the clock stands still.
 *
 * Everything that a test starts is ended by its context; nothing sleeps.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type ManualClock, createManualClock } from "../../src/core/index.ts";
import { type ApiGateway, type ApiGatewayDeps, type CallRecord, createApiGateway } from "../../src/gateway/index.ts";
import type { Account, Authorizer, HttpApi, Integration, Route, Stage } from "../../src/model/index.ts";
import { type RawAnswer, parseAnswer } from "../gateway/raw-client.ts";

export const START_MS = Date.UTC(2026, 10, 24, 12, 0, 0);
export const API_ID = "a1b2c3d4e5";
export const ACCOUNT_ID = "111122223333";
export const REGION = "eu-central-1";
export const API_HOST = `${API_ID}.execute-api.${REGION}.amazonaws.com`;

export interface RouteSpec {
  readonly key: string;
  /** With placeholders. */
  readonly uri: string;
  readonly auth?: "NONE" | "AWS_IAM" | "JWT";
  readonly authorizerId?: string;
  readonly scopes?: readonly string[];
  readonly integration?: Partial<Integration>;
}

export interface ApiSpec {
  readonly apiId?: string;
  readonly routes: readonly RouteSpec[];
  readonly stages?: readonly (Partial<Stage> & { readonly stageName: string })[];
  readonly authorizers?: readonly Authorizer[];
  readonly more?: Partial<HttpApi>;
}

export function apiOf({ apiId = API_ID, routes, stages, authorizers = [], more }: ApiSpec): HttpApi {
  return {
    apiId,
    name: "pets",
    protocolType: "HTTP",
    routes: routes.map((route, at): Route => {
      const { key, auth = "NONE", authorizerId, scopes } = route;
      return {
        routeId: `r${at}`,
        routeKey: key,
        authorizationType: auth,
        ...(authorizerId === undefined ? {} : { authorizerId }),
        ...(scopes === undefined ? {} : { authorizationScopes: scopes }),
        target: `integrations/i${at}`,
      };
    }),
    integrations: routes.map(({ uri, integration }, at): Integration => ({
      integrationId: `i${at}`,
      integrationType: "HTTP_PROXY",
      integrationMethod: "ANY",
      integrationUri: uri,
      connectionType: "INTERNET",
      payloadFormatVersion: "1.0",
      timeoutInMillis: 30_000,
      requestParameters: {},
      ...integration,
    })),
    authorizers,
    stages: (stages ?? [{ stageName: "$default" }]).map((stage) => ({
      autoDeploy: true,
      defaultRouteSettings: {},
      routeSettings: {},
      stageVariables: {},
      ...stage,
    })),
    ...more,
  };
}

export function accountOf(apis: readonly HttpApi[], more: Partial<Account> = {}): Account {
  return {
    accountId: ACCOUNT_ID,
    region: REGION,
    partition: "aws",
    apis,
    domainNames: [],
    oidcProviders: [],
    roles: [],
    ...more,
  };
}

export interface Ask {
  /** Null: no `Host` at all. */
  readonly host?: string | null;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

export interface Fixture {
  readonly gateway: ApiGateway;
  readonly port: number;
  readonly clock: ManualClock;
  readonly records: CallRecord[];
  /** One call on a connection of its own; `line` without version. */
  ask(line: string, ask?: Ask): Promise<RawAnswer>;
  /** The record number `index`, as soon as it is written. */
  record(index: number): Promise<CallRecord>;
}

export async function startAccount(
  t: TestContext,
  account: Account,
  deps: Partial<ApiGatewayDeps> = {},
): Promise<Fixture> {
  const clock = createManualClock(START_MS);
  const records: CallRecord[] = [];
  const waiting: (() => void)[] = [];
  const gateway = createApiGateway(account, {
    clock,
    record: (record) => {
      records.push(record);
      for (const wake of waiting.splice(0)) wake();
    },
    ...deps,
  });
  const { port } = await gateway.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => gateway.close({ graceMs: 0 }));
  if (port === null) throw new Error("no port");
  return {
    gateway,
    port,
    clock,
    records,
    ask: (line, ask) => askOn(port, line, ask),
    async record(index) {
      for (;;) {
        const found = records[index];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

export async function startApi(t: TestContext, spec: ApiSpec, deps: Partial<ApiGatewayDeps> = {}): Promise<Fixture> {
  return startAccount(t, accountOf([apiOf(spec)]), deps);
}

/** Sends one request and gives the answer; the connection is closed by the gateway. */
export async function askOn(address: number | string, line: string, ask: Ask = {}): Promise<RawAnswer> {
  const { host = API_HOST, headers = [], body = "" } = ask;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body, "latin1");
  const length = bytes.length === 0 || headers.some((each) => /^(?:content-length|transfer-encoding):/i.test(each));
  const head = [
    `${line} HTTP/1.1`,
    ...(host === null ? [] : [`Host: ${host}`]),
    ...headers,
    ...(length ? [] : [`Content-Length: ${bytes.length}`]),
    ...(headers.some((each) => /^connection:/i.test(each)) ? [] : ["Connection: close"]),
    "",
    "",
  ].join("\r\n");
  const socket = typeof address === "number" ? connect(address, "127.0.0.1") : connect(address);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  await new Promise<void>((resolve) => {
    socket.on("error", () => resolve());
    socket.on("close", () => resolve());
    socket.write(Buffer.concat([Buffer.from(head, "latin1"), bytes]));
  });
  return parseAnswer(Buffer.concat(chunks).toString("latin1"));
}

export async function createDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "ha-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
