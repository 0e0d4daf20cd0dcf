/**
 * `gatehouse pull` against AWS by others, filled by boto3: what is read can be served, and is served as it was meant.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import type { ServeStatus } from "../../src/app/gateway.ts";
import { signRequest } from "../../src/iam/index.ts";
import type { Account } from "../../src/model/index.ts";
import { type EchoService, startEcho } from "../support/echo.ts";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { type TestIssuer, startIssuer } from "../support/issuer.ts";
import { MINISTACK_ACCOUNT, type MiniStack, ROOT, runBoto, startMiniStack } from "../support/ministack.ts";
import { type Ran, run } from "../support/run.ts";

const REGION = "eu-central-1";
const GUIDE = readFileSync(join(import.meta.dirname, "../../docs/guide/your-api-gateway.md"), "utf8");

let aws: MiniStack;
let echo: EchoService;
let issuer: TestIssuer;
let dir: string;
let api: string;

before(async () => {
  [aws, echo, issuer] = await Promise.all([startMiniStack(REGION), startEcho(), startIssuer("api")]);
  dir = makeDirectory({});
  const given = { endpoint: aws.endpoint, region: REGION, backend: echo.url, issuer: issuer.issuer, subject: "dora" };
  ({ api } = (await runBoto("seed.py", given)) as { api: string });
});

after(async () => {
  await Promise.all([aws.stop(), echo.close(), issuer.close()]);
  rmSync(dir, { recursive: true, force: true });
});

type Credentials = Readonly<Record<string, string | undefined>>;

/** Nothing of this machine's own settings for AWS is seen. */
function pull(args: readonly string[], credentials: Credentials = ROOT): Promise<Ran> {
  const none = ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  const env = {
    ...Object.fromEntries(none.map((name) => [name, undefined])),
    HOME: dir,
    XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "", ".cache"),
    AWS_EC2_METADATA_DISABLED: "true",
    ...credentials,
  };
  return run(GATEHOUSE, ["pull", "--endpoint-url", aws.endpoint, ...args], { cwd: dir, env });
}

test("a live account is read whole, in the terms of an account file, the same each time, and for its owner alone", async () => {
  const ran = await pull(["--region", REGION, "--out", "account.yaml"]);
  assert.deepEqual([ran.code, ran.stdout], [0, "wrote account.yaml\n"], ran.stderr);
  assert.equal(statSync(join(dir, "account.yaml")).mode & 0o777, 0o600);
  const text = readFileSync(join(dir, "account.yaml"), "utf8");
  const account = parse(text) as Account;
  assert.deepEqual([account.accountId, account.region, account.partition], [MINISTACK_ACCOUNT, REGION, "aws"]);
  const [pets] = account.apis;
  assert.deepEqual(
    account.apis.map(({ apiId, name }) => [apiId, name]),
    [[api, "pets"]],
  );
  assert.deepEqual(
    pets?.routes.map(({ routeKey, authorizationType }) => `${routeKey} ${authorizationType}`),
    ["ANY /signed/{rest+} AWS_IAM", "GET /open/{rest+} NONE", "GET /pets/{id} JWT"],
  );
  assert.deepEqual(
    pets?.integrations
      .map(({ integrationUri, timeoutInMillis, requestParameters }) => [
        integrationUri.replace(echo.url, ""),
        timeoutInMillis,
        requestParameters ?? null,
      ])
      .toSorted(([, a], [, b]) => Number(a) - Number(b)),
    [
      ["/v1/pets/{id}", 5000, { "overwrite:header.x-user": "$context.authorizer.claims.sub" }],
      ["/{rest}", 30_000, null],
    ],
  );
  assert.deepEqual(pets?.stages, [
    {
      stageName: "$default",
      defaultRouteSettings: { throttlingRateLimit: 50, throttlingBurstLimit: 100 },
      stageVariables: { colour: "green" },
    },
    { stageName: "old", autoDeploy: false },
  ] as unknown);
  assert.deepEqual(account.domainNames, [
    { domainName: "api.pets.example", apiMappings: [{ apiMappingKey: "v1", apiId: api, stage: "$default" }] },
  ]);
  assert.deepEqual(account.oidcProviders, [{ url: issuer.issuer, clientIdList: ["api"] }]);
  const [keeper] = account.roles;
  assert.deepEqual(
    account.roles.map(({ roleName, maxSessionDuration, tags, policies }) => [
      roleName,
      maxSessionDuration,
      tags,
      policies.length,
    ]),
    [["keeper", 7200, { team: "pets" }, 2]],
    "no role that no token can assume",
  );
  assert.deepEqual(keeper?.permissionsBoundary?.Statement, [
    { Effect: "Allow", Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:*:*:*/*/GET/*" },
  ]);
  assert.match(ran.stderr, new RegExp(`warning ${api} POST /pets: the route is left out: it calls a Lambda function`));
  assert.match(ran.stderr, new RegExp(`warning ${api} stage old: the stage serves its last deployment`));
  const again = await pull(["--api", api], { ...ROOT, AWS_REGION: REGION });
  assert.deepEqual([again.code, again.stdout], [0, text]);
  const json = await pull(["--region", REGION, "--out", "account.json", "--json"]);
  const told = JSON.parse(json.stdout) as { ok: boolean; out: string; findings: { id: string; at: string }[] };
  assert.deepEqual(
    [told.ok, told.out, told.findings.map(({ id, at }) => `${id} ${at}`)],
    [true, "account.json", [`pull/left-out ${api} POST /pets`, `pull/not-deployed ${api} stage old`]],
  );
  assert.deepEqual(JSON.parse(readFileSync(join(dir, "account.json"), "utf8")), account);
});

test("what was read is served: tokens, signatures within the role's boundary, mappings and the custom domain", async (t) => {
  assert.equal((await pull(["--region", REGION, "--out", "served.yaml"])).code, 0);
  const gateway: ChildProcess = spawn(GATEHOUSE, ["gateway", "served.yaml", "--port", "0", "--sts", "0", "--json"], {
    cwd: dir,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(gateway, "close");
  t.after(async () => {
    gateway.kill("SIGKILL");
    await ended;
  });
  const [line] = (await once(gateway.stdout ?? gateway, "data")) as [Buffer];
  const { address, sts } = JSON.parse(line.toString().split("\n")[0] ?? "") as ServeStatus;
  const host = `${api}.execute-api.${REGION}.amazonaws.com`;
  const ask = (path: string, headers: readonly string[] = [], method = "GET", name = host): Promise<Ran> =>
    run("curl", [
      "-sS",
      "-w",
      "\n%{http_code}",
      "-X",
      method,
      "-H",
      `Host: ${name}`,
      ...headers.flatMap((each) => ["-H", each]),
      `${address}${path}`,
    ]);
  const statusOf = ({ stdout }: Ran): number => Number(stdout.slice(stdout.lastIndexOf("\n") + 1));
  const token = await issuer.sign();
  assert.equal(statusOf(await ask("/open/x")), 200);
  assert.equal(statusOf(await ask("/pets/7")), 401);
  const told = await ask("/pets/7", [`Authorization: ${token}`]);
  assert.equal(statusOf(told), 200);
  const echoed = JSON.parse(told.stdout.slice(0, told.stdout.lastIndexOf("\n"))) as {
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
  };
  assert.deepEqual(
    [echoed.url, echoed.headers.find(([name]) => name === "x-user")],
    ["/v1/pets/7", ["x-user", "dora"]],
  );
  assert.equal(statusOf(await ask("/v1/pets/7", [`Authorization: ${token}`], "GET", "api.pets.example")), 200);
  assert.equal(statusOf(await ask("/pets", [], "POST")), 404, "the function's route is not there");

  const credentials = await fetch(
    `${sts}/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=dora&RoleArn=arn:aws:iam::${MINISTACK_ACCOUNT}:role/keeper&WebIdentityToken=${token}`,
  ).then((answer) => answer.text());
  const partOf = (name: string): string => new RegExp(`<${name}>([^<]+)`).exec(credentials)?.[1] ?? "";
  const signed = (method: string, target: string): string[] => {
    const { headers } = signRequest(
      { method, target, headers: ["host", host], payloadHash: createHash("sha256").digest("hex") },
      {
        accessKeyId: partOf("AccessKeyId"),
        secretAccessKey: partOf("SecretAccessKey"),
        sessionToken: partOf("SessionToken"),
        region: REGION,
        service: "execute-api",
        nowMs: Date.now(),
      },
    );
    return headers.flatMap((name, at) => (at % 2 === 0 && name !== "host" ? [`${name}: ${headers[at + 1]}`] : []));
  };
  assert.equal(statusOf(await ask("/signed/a")), 403);
  assert.equal(statusOf(await ask("/signed/a", signed("GET", "/signed/a"))), 200);
  assert.equal(statusOf(await ask("/signed/a", signed("DELETE", "/signed/a"), "DELETE")), 403, "beyond the boundary");
});

test("the guide's policy is all that whoever pulls needs; with less the action is named, and nothing is written", async () => {
  const document = /```json\n([\s\S]*?)```/.exec(GUIDE)?.[1] ?? "";
  const policy = JSON.parse(document) as { Statement: { Action: string[] }[] };
  const userWith = async (name: string, statement: unknown): Promise<Credentials> =>
    (await runBoto("user.py", {
      endpoint: aws.endpoint,
      region: REGION,
      name,
      policy: { Version: "2012-10-17", Statement: statement },
    })) as Credentials;
  const enough = await pull(["--region", REGION], await userWith("enough", policy.Statement));
  assert.equal(enough.code, 0, enough.stderr);
  for (const [name, missing] of [
    ["no-apis", "apigateway:GET"],
    ["no-boundary", "iam:GetPolicyVersion"],
    ["no-roles", "iam:ListRoles"],
  ] as const) {
    const less = policy.Statement.map((each) => ({
      ...each,
      Action: [each.Action].flat().map((action) => (action === missing ? "iam:GetUser" : action)),
    }));
    const ran = await pull(["--region", REGION, "--out", `${name}.yaml`], await userWith(name, less));
    assert.deepEqual([ran.code, ran.stdout], [4, ""], ran.stderr);
    assert.match(ran.stderr, new RegExp(`AWS does not let you: \`${missing}\` is missing: .*\\[GH_AWS_DENIED\\]`));
    assert.equal(existsSync(join(dir, `${name}.yaml`)), false);
  }
});

test("no Region, no credentials, wrong ones, nobody there, no such API: each is told with the next step", async () => {
  const cases = [
    [
      [],
      ROOT,
      2,
      /neither the environment nor profile `default` names an AWS Region \[GH_AWS_REGION\]\n {2}next: give `--region/,
    ],
    [["--region", REGION], {}, 4, /no AWS credentials that count: .*\[GH_AWS_CREDENTIALS\]\n {2}next: sign in/],
    [
      ["--region", REGION],
      { AWS_ACCESS_KEY_ID: "AKIANOBODYNOBODY0000", AWS_SECRET_ACCESS_KEY: "example" },
      4,
      /token included in the request is invalid.*\[GH_AWS_CREDENTIALS\]/,
    ],
    [
      ["--region", REGION, "--endpoint-url", "http://127.0.0.1:1"],
      ROOT,
      5,
      /AWS did not answer `sts:GetCallerIdentity`: ECONNREFUSED \[GH_AWS_UNREACHABLE\]/,
    ],
    [["--region", "eu-west-1"], ROOT, 3, /error the Region: there is no HTTP API in it \[pull\/no-apis\]/],
    [
      ["--region", REGION, "--api", "0123456789"],
      ROOT,
      3,
      new RegExp(
        `error 0123456789: the Region has no HTTP API with this id .*\\n {2}next: there are ${api} \\(pets\\)`,
      ),
    ],
  ] as const;
  for (const [args, credentials, code, stderr] of cases) {
    const ran = await pull([...args, "--out", "none.yaml"], credentials);
    assert.deepEqual([ran.code, ran.stdout], [code, ""], ran.stderr);
    assert.match(ran.stderr, stderr);
    assert.doesNotMatch(ran.stderr, /example-/);
  }
  assert.equal(existsSync(join(dir, "none.yaml")), false);
  const nowhere = await pull(["--region", REGION, "--out", "none/account.yaml"]);
  assert.deepEqual([nowhere.code, nowhere.stdout], [5, ""]);
  assert.match(nowhere.stderr, /`none\/account\.yaml`: ENOENT \[GH_APP_FILE_UNWRITABLE\]/);
});

test("a route that is left out and whose requests another would take keeps the file from being written", async () => {
  await runBoto("add_route.py", { endpoint: aws.endpoint, region: REGION, api });
  const ran = await pull(["--region", REGION, "--out", "open.yaml"]);
  assert.equal(ran.code, 3);
  assert.match(ran.stderr, /POST \/pets: its requests would be taken by `\$default` \(NONE\) \[pull\/left-out-open\]/);
  assert.match(ran.stderr, /nothing was written/);
  assert.equal(existsSync(join(dir, "open.yaml")), false);
  const meant = await pull(["--region", REGION, "--out", "open.yaml", "--leave-out"]);
  assert.equal(meant.code, 0, meant.stderr);
  assert.match(meant.stderr, /warning .*\[pull\/left-out-open\]/);
});
