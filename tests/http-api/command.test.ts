import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { CallRecord } from "../../src/gateway/index.ts";
import type { ServeStatus } from "../../src/app/gateway.ts";
import { signRequest } from "../../src/iam/index.ts";
import { closedOrigin, startService } from "../gateway/service.ts";
import { headerOf } from "../gateway/raw-client.ts";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { startIssuer } from "../support/issuer.ts";
import { run } from "../support/run.ts";
import { askOn } from "./fixture.ts";

interface Running {
  readonly dir: string;
  readonly status: ServeStatus;
  readonly port: number;
  readonly process: ChildProcess;
  /** A line of stdout after the status. */
  line(index: number): Promise<string>;
  /** Until stderr has a text. */
  said(text: string): Promise<void>;
  /** Ctrl-C; gives the exit code. */
  stop(): Promise<number | null>;
}

function makeFiles(t: TestContext, files: Readonly<Record<string, string>>): string {
  const dir = makeDirectory(files);
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function serve(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Running> {
  const dir = makeFiles(t, files);
  const child = spawn(GATEHOUSE, ["gateway", "--json", ...args], { cwd: dir });
  const ended = once(child, "close");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  let out = "";
  let err = "";
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    for (const each of waiting.splice(0)) each();
  };
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    wake();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
    wake();
  });
  child.on("close", wake);
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${out}${err}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const lineAt = (index: number): string | undefined => {
    const lines = out.split("\n");
    return index < lines.length - 1 ? lines[index] : undefined;
  };
  const status = JSON.parse(await until(() => lineAt(0))) as ServeStatus;
  return {
    dir,
    status,
    port: Number(status.address?.slice(status.address.lastIndexOf(":") + 1)),
    process: child,
    line: (index) => until(() => lineAt(index + 1)),
    said: (text) => until(() => (err.includes(text) ? true : undefined)).then(() => undefined),
    async stop() {
      child.kill("SIGINT");
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}

function openApi(uri: string, path = "/pets/{id}"): string {
  return `openapi: 3.0.1
info: { title: pets, version: "1" }
paths:
  ${path}:
    get:
      responses: {}
      x-amazon-apigateway-integration:
        { type: http_proxy, httpMethod: GET, uri: "${uri}", payloadFormatVersion: "1.0" }
`;
}

test("an OpenAPI document is served: where, one line for each call, and an end that drains", async (t) => {
  const answer = Promise.withResolvers<() => void>();
  const service = await startService(t, (_req, res) => answer.resolve(() => res.end("pet")));
  const gateway = await serve(t, { "api.yaml": openApi(`${service.origin}/p/{id}`) }, "api.yaml", "--port", "0");
  const [api] = gateway.status.apis;
  assert.deepEqual([api?.name, api?.routes, api?.stages], ["pets", 1, ["$default"]]);
  assert.equal(api?.url, `http://${api?.apiId}.execute-api.localhost:${gateway.port}`);
  assert.equal(
    (await askOn(gateway.port, "GET /nothing", { host: `${api?.apiId}.execute-api.localhost` })).status,
    404,
  );
  const first = JSON.parse(await gateway.line(0)) as CallRecord;
  assert.deepEqual([first.status, first.routeKey, first.apiId], [404, null, api?.apiId]);
  const waiting = askOn(gateway.port, "GET /pets/7", { host: "localhost" });
  const release = await answer.promise;
  const stopped = gateway.stop();
  release();
  assert.equal((await waiting).body, "pet");
  assert.equal(await stopped, 0);
  assert.equal(service.seen[0]?.url, "/p/7");
});

test("lines go to a file, the socket is for an edge, an integration gets an address, a switch is taken", async (t) => {
  const service = await startService(t);
  const arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/lb/1/2";
  const account = {
    apis: [
      {
        apiId: "a1b2c3d4e5",
        name: "pets",
        routes: [{ routeKey: "GET /{p+}", target: "integrations/lb" }],
        integrations: [{ integrationId: "lb", integrationUri: arn, connectionType: "VPC_LINK", connectionId: "v1" }],
      },
    ],
  };
  const gateway = await serve(
    t,
    { "account.json": JSON.stringify(account) },
    "account.json",
    "--socket",
    "run/a.sock",
    "--log=calls.log",
    "--backend",
    `${arn}=${service.origin}`,
    "--switch=health-paths=routed",
  );
  assert.equal(gateway.status.address, null);
  const socket = join(gateway.dir, "run/a.sock");
  const answer = await askOn(socket, "GET /ping", {
    host: "a1b2c3d4e5.execute-api.localhost",
    headers: ["X-Forwarded-For: 203.0.113.7"],
  });
  assert.equal(answer.body, "ok");
  assert.equal(service.seen[0]?.url, "/ping");
  assert.equal(await gateway.stop(), 0);
  const lines = readFileSync(join(gateway.dir, "calls.log"), "utf8").trimEnd().split("\n");
  assert.equal(lines.length, 1);
  const record = JSON.parse(lines[0] ?? "") as CallRecord;
  assert.deepEqual([record.sourceIp, record.requestId], ["203.0.113.7", headerOf(answer, "apigw-requestid")]);
  assert.equal(existsSync(socket), false);
});

test("a changed file is taken over, a wrong one is told and what ran goes on", async (t) => {
  const service = await startService(t);
  const gateway = await serve(t, { "api.yaml": openApi(service.origin, "/one") }, "api.yaml", "--port", "0", "--watch");
  const ask = async (path: string): Promise<number> =>
    (await askOn(gateway.port, `GET ${path}`, { host: "localhost" })).status;
  assert.deepEqual([await ask("/one"), await ask("/two")], [200, 404]);
  const file = join(gateway.dir, "api.yaml");
  writeFileSync(file, openApi(service.origin, "two"));
  await gateway.said("what ran before goes on");
  assert.deepEqual([await ask("/one"), await ask("/two")], [200, 404]);
  writeFileSync(file, openApi(service.origin, "/two"));
  await gateway.said("api.yaml taken over");
  assert.deepEqual([await ask("/one"), await ask("/two")], [404, 200]);
  assert.equal(await gateway.stop(), 0);
});

test("what is wrong with the file is told with line and column, and nothing is served", async (t) => {
  const dir = makeFiles(t, { "api.yaml": openApi("ftp://nowhere") });
  const ran = await run(GATEHOUSE, ["gateway", "api.yaml", "--port", "0"], { cwd: dir });
  assert.equal(ran.code, 3);
  assert.match(ran.stdout + ran.stderr, /api\.yaml:8:\d+/);
  const missing = await run(GATEHOUSE, ["gateway", "none.yaml", "--port", "0"], { cwd: dir });
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /GH_APP_ACCOUNT_UNREADABLE/);
});

test("an authorizer whose issuer does not answer is not served, unless that is asked for", async (t) => {
  const service = await startService(t);
  const withIssuer = (issuer: string): string =>
    `${openApi(service.origin, "/one").replace("      responses", "      security: [{ idp: [] }]\n      responses")}components:
  securitySchemes:
    idp:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration: { issuer: "${issuer}", audience: [api] }
`;
  const silent = withIssuer(await closedOrigin());
  const dir = makeFiles(t, { "api.yaml": silent });
  const ran = await run(GATEHOUSE, ["gateway", "api.yaml", "--port", "0"], { cwd: dir });
  assert.equal(ran.code, 5);
  assert.match(
    ran.stderr,
    /api\.yaml:17:37: authorizer `idp` cannot be made: Caught exception when connecting to .*GH_APP_ISSUER_SILENT/,
  );
  const unchecked = await serve(t, { "api.yaml": silent }, "api.yaml", "--port", "0", "--no-issuer-check");
  assert.equal((await askOn(unchecked.port, "GET /one", { host: "localhost" })).status, 401);

  const issuer = await startIssuer("api");
  t.after(() => issuer.close());
  const checked = await serve(t, { "api.yaml": withIssuer(issuer.issuer) }, "api.yaml", "--port", "0");
  const headers = [`Authorization: ${await issuer.sign()}`];
  assert.equal((await askOn(checked.port, "GET /one", { host: "localhost", headers })).status, 200);
});

test("choices are listed; one that is not there, an address that is not loopback and no file are bad usage", async (t) => {
  const dir = makeFiles(t, { "api.yaml": openApi("http://127.0.0.1:1") });
  const listed = await run(GATEHOUSE, ["gateway", "--switches", "--json"], { cwd: dir });
  const { switches } = JSON.parse(listed.stdout) as {
    switches: { name: string; default: string; choices: string[] }[];
  };
  assert.deepEqual(switches.find(({ name }) => name === "scheme")?.choices, ["https", "actual"]);
  for (const { default: first, choices } of switches) assert.equal(first, choices[0]);
  const cases = [
    ["api.yaml", "--port", "0", "--switch", "no-such=1"],
    ["api.yaml", "--port", "0", "--host", "0.0.0.0"],
    ["api.yaml", "--switch", "scheme"],
    ["api.yaml", "--backend", "arn"],
    [],
  ];
  for (const args of cases)
    assert.equal((await run(GATEHOUSE, ["gateway", ...args], { cwd: dir })).code, 2, args.join(" "));
});

test("the access log of a stage and figures of all calls are kept where they are asked for", async (t) => {
  const service = await startService(t);
  const account = {
    apis: [
      {
        apiId: "a1b2c3d4e5",
        name: "pets",
        routes: [{ routeKey: "GET /pets/{id}", target: "integrations/pets" }],
        integrations: [{ integrationId: "pets", integrationUri: service.origin }],
        stages: [
          {
            stageName: "$default",
            accessLogSettings: { format: "$context.requestId $context.routeKey $context.path $context.status" },
          },
        ],
      },
    ],
  };
  const files = { "account.json": JSON.stringify(account) };
  const args = ["--port", "0", "--access-log", "access.log", "--metrics", "0"];
  const gateway = await serve(t, files, "account.json", ...args);
  const answer = await askOn(gateway.port, "GET /pets/7?x=1", { host: "localhost" });
  await askOn(gateway.port, "GET /nothing", { host: "localhost" });
  await gateway.line(1);
  const figures = await (await fetch(gateway.status.metrics ?? "")).text();
  const counted = figures.split("\n").filter((line) => line.startsWith("gatehouse_http_requests_total{"));
  assert.deepEqual(
    counted.map((line) => /route="([^"]*)",code="(\d+)",reason="([^"]*)"\} (\d+)$/.exec(line)?.slice(1)),
    [
      ["GET /pets/{id}", "200", "answered", "1"],
      ["", "404", "RESOURCE_NOT_FOUND", "1"],
    ],
    figures,
  );
  assert.equal(await gateway.stop(), 0);
  const lines = readFileSync(join(gateway.dir, "access.log"), "utf8").trimEnd().split("\n");
  assert.equal(lines[0], `${headerOf(answer, "apigw-requestid")} GET /pets/{id} /pets/7 200`);
  assert.match(lines[1] ?? "", /^[A-Za-z0-9_-]{15}= - \/nothing 404$/);
});

test("a token becomes credentials of a role, and a call signed with them does what the role allows", async (t) => {
  const service = await startService(t);
  const issuer = await startIssuer("api");
  t.after(() => issuer.close());
  const provider = issuer.issuer.replace("http://", "");
  const account = {
    region: "eu-central-1",
    apis: [
      {
        apiId: "a1b2c3d4e5",
        name: "pets",
        routes: [{ routeKey: "ANY /pets/{id}", target: "integrations/pets", authorizationType: "AWS_IAM" }],
        integrations: [{ integrationId: "pets", integrationUri: service.origin }],
      },
    ],
    oidcProviders: [{ url: issuer.issuer, clientIdList: ["api"] }],
    roles: [
      {
        roleName: "reader",
        assumeRolePolicyDocument: {
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${provider}` },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: { StringEquals: { [`${provider}:aud`]: "api", [`${provider}:sub`]: "dora" } },
          },
        },
        policies: [
          {
            Version: "2012-10-17",
            Statement: {
              Effect: "Allow",
              Action: "execute-api:Invoke",
              Resource: "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/$default/GET/pets/*",
            },
          },
        ],
      },
    ],
  };
  const files = { "account.json": JSON.stringify(account) };
  const gateway = await serve(t, files, "account.json", "--port", "0", "--sts", "0");
  const answer = await fetch(gateway.status.sts ?? "", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: "arn:aws:iam::111122223333:role/reader",
      RoleSessionName: "dora",
      WebIdentityToken: await issuer.sign(),
    }),
  });
  const xml = await answer.text();
  assert.equal(answer.status, 200, xml.replaceAll(/<(?:SecretAccessKey|SessionToken)>[^<]*/g, ""));
  const valueOf = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
  const host = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com";
  const statusOf = async (method: string): Promise<number> => {
    const { headers } = signRequest(
      { method, target: "/pets/1", headers: ["host", host], payloadHash: createHash("sha256").digest("hex") },
      {
        accessKeyId: valueOf("AccessKeyId"),
        secretAccessKey: valueOf("SecretAccessKey"),
        sessionToken: valueOf("SessionToken"),
        service: "execute-api",
        region: "eu-central-1",
        nowMs: Date.now(),
      },
    );
    const lines = headers.flatMap((name, at) =>
      at % 2 === 0 && name !== "host" ? [`${name}: ${headers[at + 1]}`] : [],
    );
    return (await askOn(gateway.port, `${method} /pets/1`, { host, headers: lines })).status;
  };
  assert.deepEqual([await statusOf("GET"), await statusOf("DELETE")], [200, 403]);
  const allowed = JSON.parse(await gateway.line(0)) as CallRecord;
  assert.equal(allowed.caller, "arn:aws:sts::111122223333:assumed-role/reader/dora");
  const refused = await gateway.line(1);
  assert.match((JSON.parse(refused) as CallRecord).authorizerError ?? "", /because no identity-based policy allows/);
  assert.equal(refused.includes(valueOf("SessionToken")), false);
  assert.equal(await gateway.stop(), 0);
});
