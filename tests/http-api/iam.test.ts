import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type CredentialSource, type SignOptions, signRequest } from "../../src/iam/index.ts";
import type { AccountRole } from "../../src/model/index.ts";
import type { Principal } from "../../src/sts/index.ts";
import { type RawAnswer, RawConnection, headerOf } from "../gateway/raw-client.ts";
import { type Service, startService } from "../gateway/service.ts";
import {
  ACCOUNT_ID,
  API_HOST,
  API_ID,
  type Fixture,
  REGION,
  START_MS,
  accountOf,
  apiOf,
  startAccount,
} from "./fixture.ts";

const KEY = "ASIAEXAMPLEEXAMPLE01";
const SIGNING = "example-signing-key";
const SESSION = "example-session";
const ROLE_ARN = `arn:aws:iam::${ACCOUNT_ID}:role/reader`;
const USER_ARN = `arn:aws:sts::${ACCOUNT_ID}:assumed-role/reader/ada`;

const PRINCIPAL: Principal = {
  accountId: ACCOUNT_ID,
  arn: USER_ARN,
  userId: "AROAEXAMPLE:ada",
  accessKeyId: KEY,
  roleName: "reader",
  roleArn: ROLE_ARN,
  sessionName: "ada",
  sessionPolicies: [],
  tags: {},
  token: { issuer: "https://idp.example", subject: "ada", audience: "api" },
  facts: null,
  expiresAtMs: START_MS + 3_600_000,
};

/** Knows one session. */
function source(more: Partial<Principal> = {}): CredentialSource<Principal> {
  return {
    find: (accessKeyId, sessionToken) =>
      accessKeyId === KEY && sessionToken === SESSION
        ? { ok: true, secretAccessKey: SIGNING, principal: { ...PRINCIPAL, ...more } }
        : { ok: false, problem: "unknown" },
  };
}

const allow = (resources: readonly string[], more: object = {}): AccountRole["policies"][number] => ({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: "execute-api:Invoke",
      Resource: resources.map((each) => `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${API_ID}/${each}`),
      ...more,
    },
  ],
});

function roleOf(more: Partial<AccountRole>): AccountRole {
  return {
    roleName: "reader",
    arn: ROLE_ARN,
    assumeRolePolicyDocument: { Version: "2012-10-17", Statement: [] },
    policies: [],
    permissionsBoundary: null,
    ...more,
  };
}

interface Setup {
  readonly role?: Partial<AccountRole>;
  readonly principal?: Partial<Principal>;
  readonly switches?: Readonly<Record<string, string>>;
}

async function start(t: Parameters<typeof startAccount>[0], service: Service, setup: Setup): Promise<Fixture> {
  const api = apiOf({
    stages: [{ stageName: "$default" }, { stageName: "dev" }],
    routes: [
      { key: "ANY /pets/{proxy+}", uri: `${service.origin}/{proxy}`, auth: "AWS_IAM" },
      { key: "GET /", uri: service.origin, auth: "AWS_IAM" },
    ],
  });
  const account = accountOf([api], {
    roles: [roleOf({ policies: [allow(["$default/GET/pets/*"])], ...setup.role })],
    domainNames: [
      {
        domainName: "api.example.com",
        apiMappings: [{ apiMappingKey: "base", apiId: API_ID, stage: "$default" }],
      },
    ],
  });
  return startAccount(t, account, {
    credentials: source(setup.principal),
    ...(setup.switches === undefined ? {} : { switches: setup.switches }),
  });
}

interface Signed {
  readonly host?: string;
  readonly signedHost?: string;
  readonly body?: string;
  readonly signedBody?: string;
  readonly region?: string;
  readonly session?: string | null;
  readonly nowMs?: number;
  readonly headers?: readonly string[];
}

async function askSigned(api: Fixture, line: string, signed: Signed = {}): Promise<RawAnswer> {
  const [method = "", target = ""] = line.split(" ");
  const { host = API_HOST, body = "", nowMs = START_MS } = signed;
  const request = signRequest(
    {
      method,
      target,
      headers: ["host", signed.signedHost ?? host],
      payloadHash: createHash("sha256")
        .update(signed.signedBody ?? body)
        .digest("hex"),
    },
    {
      accessKeyId: KEY,
      secretAccessKey: SIGNING,
      sessionToken: signed.session === undefined ? SESSION : signed.session,
      service: "execute-api",
      region: signed.region ?? REGION,
      nowMs,
    },
  );
  const headers: string[] = [];
  for (let i = 0; i < request.headers.length; i += 2)
    if (request.headers[i]?.toLowerCase() !== "host") headers.push(`${request.headers[i]}: ${request.headers[i + 1]}`);
  return api.ask(`${method} ${request.target}`, { host, body, headers: [...headers, ...(signed.headers ?? [])] });
}

const FORBIDDEN = '{"message":"Forbidden"}';

test("an unsigned call is refused with the error type that an HTTP API has, and the reason is in the record", async (t) => {
  const service = await startService(t);
  const api = await start(t, service, {});
  const answer = await api.ask("GET /pets/1");
  assert.deepEqual([answer.status, answer.body], [403, FORBIDDEN]);
  assert.equal(headerOf(answer, "x-amzn-errortype"), "IncompleteSignatureException");
  const record = await api.record(0);
  assert.deepEqual([record.authorizer, record.caller, record.responseType], ["AWS_IAM", null, "ACCESS_DENIED"]);
  assert.match(record.authorizerError ?? "", /missing Authentication Token/);
  const silent = await start(t, service, { switches: { "iam-error-type": "never" } });
  assert.equal(headerOf(await silent.ask("GET /pets/1"), "x-amzn-errortype"), null);
  assert.equal(service.hits(), 0);
});

test("who signs may do what the role's documents allow, with method and path as they were called", async (t) => {
  const service = await startService(t);
  const api = await start(t, service, {});
  const answer = await askSigned(api, "GET /pets/1?b=2&a=1");
  assert.equal(answer.status, 200);
  assert.equal((await api.record(0)).caller, USER_ARN);
  assert.equal(service.seen[0]?.url, "/1?b=2&a=1");
  const refused = await askSigned(api, "POST /pets/1", { body: "{}" });
  assert.deepEqual([refused.status, refused.body], [403, FORBIDDEN]);
  assert.equal(headerOf(refused, "x-amzn-errortype"), null);
  assert.equal(
    (await api.record(1)).authorizerError,
    `User: ${USER_ARN} is not authorized to perform: execute-api:Invoke on resource: ` +
      `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${API_ID}/$default/POST/pets/1 ` +
      "because no identity-based policy allows the execute-api:Invoke action",
  );
  // Another stage is another resource, and so is what a path becomes once its dots are resolved.
  assert.equal((await askSigned(api, "GET /dev/pets/1")).status, 403);
  assert.equal((await askSigned(api, "GET /")).status, 403);
  assert.equal((await askSigned(api, "GET /pets//x/../%31")).status, 200);
  assert.equal(service.seen.at(-1)?.url, "/%31");
  const typed = await start(t, service, { switches: { "iam-error-type": "always" } });
  assert.equal(headerOf(await askSigned(typed, "POST /pets/1"), "x-amzn-errortype"), "AccessDeniedException");
});

test("deny, boundary and session each take away", async (t) => {
  const service = await startService(t);
  const everything = allow(["*"]);
  const pets = allow(["$default/GET/pets/1"]);
  const deny = allow(["$default/GET/pets/2"], { Effect: "Deny" });
  const setups: readonly (readonly [Setup, number, number])[] = [
    [{ role: { policies: [everything] } }, 200, 200],
    [{ role: { policies: [everything, deny] } }, 200, 403],
    [{ role: { policies: [everything], permissionsBoundary: pets } }, 200, 403],
    [{ role: { policies: [], permissionsBoundary: everything } }, 403, 403],
    [{ role: { policies: [everything] }, principal: { sessionPolicies: [pets] } }, 200, 403],
    [{ role: { policies: [pets] }, principal: { sessionPolicies: [everything] } }, 200, 403],
    [{ role: { policies: [everything] }, principal: { accountId: "999999999999" } }, 403, 403],
    [{ role: { policies: [everything] }, principal: { roleArn: `${ROLE_ARN}-gone` } }, 403, 403],
  ];
  for (const [at, [setup, first, second]] of setups.entries()) {
    const api = await start(t, service, setup);
    assert.deepEqual(
      [(await askSigned(api, "GET /pets/1")).status, (await askSigned(api, "GET /pets/2")).status],
      [first, second],
      String(at),
    );
  }
});

test("conditions see the caller, the session's tags before the role's, the token and the call", async (t) => {
  const service = await startService(t);
  const statusFor = async (condition: object, setup: Setup = {}): Promise<number> => {
    const policies = [allow(["*"], { Condition: condition })];
    const api = await start(t, service, { ...setup, role: { policies, ...setup.role } });
    return (await askSigned(api, "GET /pets/1", { headers: ["User-Agent: probe/1"] })).status;
  };
  const tagged: Setup = { role: { tags: { Team: "red", level: "1" } }, principal: { tags: { team: "blue" } } };
  const holds: readonly (readonly [object, Setup?])[] = [
    [{ IpAddress: { "aws:SourceIp": "127.0.0.0/8" } }],
    [{ StringEquals: { "aws:PrincipalTag/team": "blue", "aws:PrincipalTag/level": "1" } }, tagged],
    [{ ArnEquals: { "aws:PrincipalArn": ROLE_ARN } }],
    [{ DateEquals: { "aws:CurrentTime": "2026-11-24T12:00:00Z" } }],
    [{ NumericEquals: { "aws:EpochTime": String(START_MS / 1000) } }],
    [{ Bool: { "aws:SecureTransport": "true" } }],
    [{ StringLike: { "aws:UserAgent": "probe/*" } }],
    [{ StringEquals: { "idp.example:sub": "ada", "idp.example:aud": "api" } }],
    [{ StringEquals: { "aws:FederatedProvider": `arn:aws:iam::${ACCOUNT_ID}:oidc-provider/idp.example` } }],
  ];
  for (const [condition, setup] of holds)
    assert.equal(await statusFor(condition, setup), 200, JSON.stringify(condition));
  assert.equal(await statusFor({ StringEquals: { "aws:PrincipalTag/team": "red" } }, tagged), 403);
  assert.equal(await statusFor({ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }), 403);
  assert.equal(await statusFor({ Bool: { "aws:SecureTransport": "true" } }, { switches: { scheme: "actual" } }), 403);
});

test("a signature counts for the host, body, region, time and session that it was made for", async (t) => {
  const service = await startService(t);
  const api = await start(t, service, { role: { policies: [allow(["*"])] } });
  assert.equal((await askSigned(api, "POST /pets/1", { body: "{}" })).status, 200);
  const refused: readonly Signed[] = [
    { signedHost: "other.example" },
    { body: "{}", signedBody: "{ }" },
    { region: "us-east-1" },
    { nowMs: START_MS - 360_000 },
    { nowMs: START_MS + 360_000 },
    { session: null },
    { session: "another" },
  ];
  for (const signed of refused) {
    const answer = await askSigned(api, "POST /pets/1", signed);
    assert.deepEqual([answer.status, answer.body], [403, FORBIDDEN], Object.keys(signed).join());
  }
  for (const nowMs of [START_MS - 240_000, START_MS + 240_000])
    assert.equal((await askSigned(api, "POST /pets/1", { nowMs })).status, 200);
  // On a custom domain the path is signed with its base path, and the resource is without it.
  assert.equal((await askSigned(api, "GET /base/pets/1", { host: "api.example.com" })).status, 200);
  assert.equal(service.hits(), 4);
});

test("a path whose resource is too long to be authorized is 414", async (t) => {
  const service = await startService(t);
  const api = await start(t, service, { role: { policies: [allow(["*"])] } });
  const before = `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${API_ID}/$default/GET/pets/`.length;
  assert.equal((await askSigned(api, `GET /pets/${"a".repeat(1600 - before)}`)).status, 200);
  const answer = await askSigned(api, `GET /pets/${"a".repeat(1601 - before)}`);
  assert.deepEqual([answer.status, answer.body], [414, '{"message":"Request URI too long"}']);
});

test("whether signature and session go on to the backend is a switch", async (t) => {
  const service = await startService(t);
  const names = (): string[] => (service.seen.at(-1)?.headers ?? []).map(([name]) => name.toLowerCase());
  const passing = await start(t, service, {});
  await askSigned(passing, "GET /pets/1");
  assert.equal(names().includes("authorization") && names().includes("x-amz-security-token"), true);
  const dropping = await start(t, service, { switches: { "iam-authorization": "drop" } });
  assert.equal((await askSigned(dropping, "GET /pets/1")).status, 200);
  assert.deepEqual(
    names().filter((name) => name === "authorization" || name.startsWith("x-amz-")),
    [],
  );
});

test("a body is neither waited for nor asked for when no body could make the signature good", async (t) => {
  const service = await startService(t);
  const api = await start(t, service, { role: { policies: [allow(["$default/POST/pets/*"])] } });
  const payloadHash = createHash("sha256").update("hello").digest("hex");
  const signed = (overrides: Partial<SignOptions>): string[] => {
    const options = { accessKeyId: KEY, secretAccessKey: SIGNING, sessionToken: SESSION, region: REGION };
    const { headers } = signRequest(
      { method: "POST", target: "/pets/7", headers: ["host", API_HOST], payloadHash },
      { ...options, service: "execute-api", nowMs: START_MS, ...overrides },
    );
    const lines = headers.map((name, at) => (at % 2 === 0 ? `${name}: ${headers[at + 1]}` : null));
    return lines.filter((line) => line !== null && !line.startsWith("host: ")) as string[];
  };
  const expects = ["Content-Length: 5", "Expect: 100-continue"];
  for (const [headers, message] of [
    [[], /^Request is missing Authentication Token$/],
    [signed({ accessKeyId: "ASIAEXAMPLEEXAMPLE02" }), /security token/],
    [signed({ nowMs: START_MS - 3_600_000 }), /^Signature expired: /],
    [signed({ service: "s3" }), /^Credential should be scoped to correct service/],
  ] as const) {
    const at = api.records.length;
    // Nothing of the body is sent: who waited for it would not answer.
    const answer = await api.ask("POST /pets/7", { headers: [...headers, ...expects] });
    assert.deepEqual([answer.statusLine, answer.body], ["HTTP/1.1 403 Forbidden", '{"message":"Forbidden"}']);
    assert.match((await api.record(at)).authorizerError ?? "", message);
  }
  assert.equal(service.hits(), 0);
  // By another body the signature could be good: then it is asked for, and told.
  for (const [body, status] of [
    ["hello", "HTTP/1.1 200 OK"],
    ["hullo", "HTTP/1.1 403 Forbidden"],
  ] as const) {
    const connection = new RawConnection(api.port);
    const head = [`POST /pets/7 HTTP/1.1`, `Host: ${API_HOST}`, "Connection: close", ...signed({}), ...expects];
    connection.write(`${head.join("\r\n")}\r\n\r\n`);
    await connection.until((received) => received === "HTTP/1.1 100 Continue\r\n\r\n");
    const received = await connection.write(body).until(() => false);
    assert.ok(received.includes(`\r\n\r\n${status}\r\n`), received.slice(0, 100));
  }
  assert.deepEqual(
    service.seen.map((each) => each.body),
    ["hello"],
  );
});
