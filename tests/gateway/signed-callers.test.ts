/** Requests signed with temporary credentials: what they may, what reaches the service, every refusal with its reason. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, describe, test } from "node:test";
import { Secret, createManualClock } from "../../src/core/index.ts";
import { signRequest } from "../../src/iam/index.ts";
import { createRevocations } from "../../src/identity/index.ts";
import {
  AUDIENCE,
  type Fixture,
  type FixtureOptions,
  ISSUER,
  type PolicySpec,
  START_MS,
  startGateway,
} from "./fixture.ts";
import { type RawAnswer, ask, headerOf } from "./raw-client.ts";
import { type Service, startService } from "./service.ts";

const HOST = "shop.localhost:8443";
const ROLE = "arn:aws:iam::000000000000:role/shop-support";
const CLERK = "arn:aws:iam::000000000000:role/shop-clerk";
const KEYS = [new Secret(new Uint8Array(32).fill(7))];

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

interface Call {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
  readonly headers?: readonly string[];
  readonly presign?: { readonly expiresSeconds: number };
  readonly service?: string;
  readonly region?: string;
  readonly nowMs?: number;
  readonly host?: string;
}

const specOf = (upstream: string): PolicySpec => ({
  routes: [
    { key: "GET /orders", upstream },
    { key: "GET /orders/{id}", upstream },
    { key: "POST /orders", upstream, needs: "orders:write", maxBodyBytes: 1000 },
    { key: "PUT /orders", upstream, needs: "orders:write", keepHeaders: ["authorization"] },
    { key: "GET /secret", upstream, needs: "orders:secret" },
    { key: "GET /open", upstream, needs: null },
  ],
  roles: [
    { name: "support", groups: ["support"], can: ["GET/orders", "GET/orders/*"] },
    { name: "clerk", groups: ["support"], can: ["POST/orders", "PUT/orders"] },
    { name: "boss", groups: ["bosses"], can: ["*/*"] },
  ],
});

interface Desk {
  readonly fixture: Fixture;
  readonly service: Service;
  readonly sts: (parameters: Readonly<Record<string, string>>) => Promise<RawAnswer>;
  readonly credentials: (more?: Readonly<Record<string, string>>) => Promise<Credentials>;
  readonly call: (credentials: Credentials, call?: Call) => Promise<RawAnswer>;
  /** Status and the reason of the record. */
  readonly reasonOf: (credentials: Credentials, call?: Call) => Promise<readonly [number, string]>;
}

async function openDesk(t: TestContext, options: FixtureOptions = {}, spec = specOf): Promise<Desk> {
  const service = await startService(t);
  const fixture = await startGateway(t, spec(service.origin), {
    wrap: (runtime) => ({ ...runtime, stsKeys: KEYS }),
    ...options,
  });
  const { publicSocket, clock } = fixture;
  const sts: Desk["sts"] = (parameters) => {
    const body = new URLSearchParams({ Version: "2011-06-15", ...parameters }).toString();
    const headers = ["Content-Type: application/x-www-form-urlencoded", `Content-Length: ${body.length}`];
    return ask(publicSocket, "POST /_gatehouse/sts HTTP/1.1", headers, body);
  };
  const credentials: Desk["credentials"] = async (more = {}) => {
    const answer = await sts({
      Action: "AssumeRoleWithWebIdentity",
      RoleArn: ROLE,
      RoleSessionName: "ada",
      ...("WebIdentityToken" in more ? {} : { WebIdentityToken: await fixture.token() }),
      ...more,
    });
    assert.equal(answer.status, 200, answer.body);
    const [accessKeyId, secretAccessKey, sessionToken] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(
      (name) => textOf(answer, name),
    ) as [string, string, string];
    return { accessKeyId, secretAccessKey, sessionToken };
  };
  const call: Desk["call"] = (given, wanted = {}) => {
    const { method = "GET", target = "/orders", body = "", headers = [], presign, host = HOST } = wanted;
    const signed = signRequest(
      {
        method,
        target,
        headers: ["host", host, ...headers],
        payloadHash: createHash("sha256").update(body).digest("hex"),
      },
      {
        ...given,
        service: wanted.service ?? "execute-api",
        region: wanted.region ?? "local",
        nowMs: wanted.nowMs ?? clock.nowMs(),
        ...(presign === undefined ? {} : { presign }),
      },
    );
    return send(publicSocket, method, signed.target, signed.headers, body);
  };
  return {
    fixture,
    service,
    sts,
    credentials,
    call,
    reasonOf: async (given, wanted) => {
      const index = fixture.records.length;
      const answer = await call(given, wanted);
      if (answer.status === 403) assert.equal(answer.body, '{"message":"Forbidden"}');
      const { reason } = await fixture.record(index);
      return [answer.status, reason];
    },
  };
}

function send(
  socket: string,
  method: string,
  target: string,
  headers: readonly string[],
  body = "",
): Promise<RawAnswer> {
  const lines = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return ask(socket, `${method} ${target} HTTP/1.1`, lines, body);
}

function textOf(answer: RawAnswer, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.body)?.[1] ?? "";
}

test("PL-8.8: who signs cannot sign in anew, and is refused without a challenge", async (t) => {
  const asking = (upstream: string): PolicySpec => ({
    routes: [
      { key: "GET /orders", upstream, authentication: { acr: [], maxAgeSeconds: 300 } },
      { key: "GET /orders/{id}", upstream, authentication: { acr: ["mfa"], maxAgeSeconds: null } },
    ],
    roles: [{ name: "support", groups: ["support"], can: ["GET/orders", "GET/orders/*"] }],
  });
  const { call, credentials, fixture, service } = await openDesk(
    t,
    { trust: { usedClaims: ["acr"], issuers: [] } },
    asking,
  );
  const token = await fixture.token({ acr: "pwd", auth_time: START_MS / 1000 });
  const weak = await credentials({ WebIdentityToken: token });
  for (const target of ["/orders", "/orders/7"]) {
    const answer = await call(weak, { target });
    assert.deepEqual([answer.status, headerOf(answer, "www-authenticate")], [403, null], target);
    assert.equal(fixture.records.at(-1)?.reason, "authentication-needed");
  }
  assert.equal(service.seen.length, 0);
});

describe("credentials", () => {
  test("are given to who holds the role, for an hour at most", async (t) => {
    const { sts, fixture } = await openDesk(t);
    const assume = async (more: Record<string, string> = {}) =>
      sts({
        Action: "AssumeRoleWithWebIdentity",
        RoleArn: ROLE,
        RoleSessionName: "ada",
        WebIdentityToken: await fixture.token(),
        ...more,
      });
    const answer = await assume();
    assert.equal(answer.status, 200);
    assert.equal(textOf(answer, "Arn"), "arn:aws:sts::000000000000:assumed-role/shop-support/ada");
    assert.equal(textOf(answer, "Provider"), "arn:aws:iam::000000000000:oidc-provider/login.shop.example/realms/shop");
    assert.equal(textOf(answer, "Expiration"), "2026-11-24T13:00:00Z");
    assert.equal(headerOf(answer, "content-type"), "text/xml");
    assert.equal(headerOf(answer, "content-length"), String(Buffer.byteLength(answer.body)));
    assert.equal((await assume({ DurationSeconds: "3601" })).status, 400);
    const { reason, subject, path } = await fixture.record(0);
    assert.deepEqual([reason, subject, path], ["own-endpoint", null, "/_gatehouse/sts"]);
  });

  const rows: readonly [title: string, claims: Record<string, unknown>, role: string, code: string, message: string][] =
    [
      ["no member", { groups: [] }, ROLE, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"],
      [
        "a role that is not there",
        {},
        `${ROLE}s`,
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
      ],
      ["another audience", { aud: "other" }, ROLE, "InvalidIdentityToken", "Incorrect token audience"],
      [
        "another issuer",
        { iss: "https://other.example" },
        ROLE,
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for https://other.example",
      ],
      [
        "an expired token",
        { exp: START_MS / 1000 },
        ROLE,
        "ExpiredTokenException",
        "Token expired: current date/time 1795521600 must be before the expiration date/time 1795521600",
      ],
      [
        "a token for somebody's key",
        { cnf: { jkt: "x" } },
        ROLE,
        "InvalidIdentityToken",
        "The token is bound to a key that was not proven",
      ],
    ];
  for (const [title, claims, RoleArn, code, message] of rows)
    test(`are not given: ${title}`, async (t) => {
      const { sts, fixture } = await openDesk(t);
      const WebIdentityToken = await fixture.token(claims);
      const answer = await sts({
        Action: "AssumeRoleWithWebIdentity",
        RoleArn,
        RoleSessionName: "ada",
        WebIdentityToken,
      });
      assert.deepEqual([textOf(answer, "Code"), textOf(answer, "Message")], [code, message]);
    });

  test("say who they are for", async (t) => {
    const { credentials, fixture } = await openDesk(t);
    const given = await credentials();
    for (const target of ["/_gatehouse/sts", "/_gatehouse/sts/"]) {
      const body = "Action=GetCallerIdentity&Version=2011-06-15";
      const signed = signRequest(
        {
          method: "POST",
          target,
          headers: ["host", HOST, "content-type", "application/x-www-form-urlencoded"],
          payloadHash: createHash("sha256").update(body).digest("hex"),
        },
        { ...given, service: "sts", region: "us-east-1", nowMs: START_MS },
      );
      const answer = await send(fixture.publicSocket, "POST", signed.target, signed.headers, body);
      assert.equal(textOf(answer, "Arn"), "arn:aws:sts::000000000000:assumed-role/shop-support/ada");
    }
  });

  test("are not given on the private listener, on another host, or where there are no keys", async (t) => {
    const { fixture } = await openDesk(t, {}, (upstream) => ({
      ...specOf(upstream),
      routes: [
        ...specOf(upstream).routes,
        { key: "GET /x", upstream, host: "files.localhost" },
        { key: "GET /y", upstream, exposure: "private" },
      ],
    }));
    const line = "GET /_gatehouse/sts?Action=GetCallerIdentity&Version=2011-06-15 HTTP/1.1";
    assert.equal((await ask(fixture.publicSocket, line)).status, 403);
    assert.equal((await ask(fixture.publicSocket, line, ["Host: files.localhost"])).status, 404);
    assert.equal((await ask(fixture.privateSocket, line)).status, 404);
    const bare = await startGateway(t, specOf("http://127.0.0.1:9"));
    assert.equal((await ask(bare.publicSocket, line)).status, 404);
    const signed = ["Authorization: AWS4-HMAC-SHA256 Credential=x"];
    assert.equal((await ask(bare.publicSocket, "GET /orders HTTP/1.1", signed)).status, 401);
  });

  test("a body of more than 64 KB is not read", async (t) => {
    const { fixture } = await openDesk(t);
    const tooLarge = await ask(fixture.publicSocket, "POST /_gatehouse/sts HTTP/1.1", ["Content-Length: 65537"]);
    assert.deepEqual([tooLarge.status, tooLarge.body], [413, "HTTP content length exceeded 65536 bytes."]);
    const chunk = "x".repeat(65_537);
    const chunked = await ask(
      fixture.publicSocket,
      "POST /_gatehouse/sts HTTP/1.1",
      ["Transfer-Encoding: chunked"],
      `${chunk.length.toString(16)}\r\n${chunk}\r\n0\r\n\r\n`,
    );
    assert.equal(chunked.status, 413);
  });
});

describe("a signed request", () => {
  test("is decided as the token would be, with that one role", async (t) => {
    const { credentials, reasonOf, fixture } = await openDesk(t);
    const support = await credentials();
    assert.deepEqual(await reasonOf(support), [200, "role-grants"]);
    assert.deepEqual(await reasonOf(support, { target: "/orders/7" }), [200, "role-grants"]);
    // The token's other role would allow it.
    assert.deepEqual(await reasonOf(support, { method: "POST", body: "{}" }), [403, "not-granted"]);
    assert.deepEqual(await reasonOf(support, { target: "/secret" }), [403, "not-granted"]);
    const clerk = await credentials({ RoleArn: CLERK });
    assert.deepEqual(await reasonOf(clerk, { method: "POST", body: "{}" }), [200, "role-grants"]);
    assert.deepEqual(await reasonOf(clerk), [403, "not-granted"]);
    const records = fixture.records.filter(({ path }) => path === "/orders");
    assert.deepEqual(
      records.map(({ subject, role }) => [subject, role]),
      [
        ["ada", "support"],
        ["ada", "support"],
        ["ada", "clerk"],
        ["ada", "clerk"],
      ],
    );
  });

  test("tells the service who asks, and nothing of the signature", async (t) => {
    const { credentials, call, service } = await openDesk(t);
    await call(await credentials({ RoleArn: CLERK }), {
      method: "PUT",
      target: "/orders?a=1&b=2%20",
      body: "{}",
      headers: ["x-tenant", "blue"],
    });
    const [seen] = service.seen;
    assert.deepEqual([seen?.method, seen?.url, seen?.body], ["PUT", "/orders?a=1&b=2%20", "{}"]);
    const headers = new Map(seen?.headers.map(([name, value]) => [name.toLowerCase(), value]));
    assert.deepEqual(
      ["x-gatehouse-subject", "x-gatehouse-role", "x-gatehouse-groups", "x-tenant", "content-length"].map((name) =>
        headers.get(name),
      ),
      ["ada", "clerk", "support", "blue", "2"],
    );
    assert.equal(headers.has("authorization"), false);
    assert.equal(headers.has("x-amz-security-token"), false);
    assert.ok(headers.get("x-gatehouse-assertion"));
  });

  test("tells the service who acts for the caller, as the token did", async (t) => {
    const { credentials, call, service, fixture } = await openDesk(t);
    const act = { sub: "bot", act: { sub: "runner", iss: "https://ci.example" } };
    const token = await fixture.token({ act });
    await call(await credentials({ RoleArn: CLERK, WebIdentityToken: token }), { method: "PUT", target: "/orders" });
    const headers = new Map(service.seen[0]?.headers.map(([name, value]) => [name.toLowerCase(), value]));
    const [, payload = ""] = (headers.get("x-gatehouse-assertion") ?? "").split(".");
    const said = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
    assert.deepEqual([said["sub"], said["act"]], ["ada", act]);
  });

  test("in the query reaches the service without it", async (t) => {
    const { credentials, reasonOf, service, fixture } = await openDesk(t);
    const given = await credentials();
    const presigned = { target: "/orders?a=1&X-Tenant=b", presign: { expiresSeconds: 60 } };
    assert.deepEqual(await reasonOf(given, presigned), [200, "role-grants"]);
    assert.deepEqual(await reasonOf(given, { presign: { expiresSeconds: 60 } }), [200, "role-grants"]);
    assert.deepEqual(
      service.seen.map(({ url }) => url),
      ["/orders?a=1&X-Tenant=b", "/orders"],
    );
    assert.equal(JSON.stringify(fixture.records).includes("X-Amz"), false);
    const old = { ...presigned, nowMs: START_MS - 61_000 };
    assert.deepEqual(await reasonOf(given, old), [403, "signature-expired"]);
  });

  test("a body in pieces goes on whole, one that is too large does not", async (t) => {
    const { credentials, fixture, service } = await openDesk(t);
    const given = await credentials({ RoleArn: CLERK });
    const sendChunked = (body: string): Promise<RawAnswer> => {
      const { headers } = signRequest(
        {
          method: "POST",
          target: "/orders",
          headers: ["host", HOST],
          payloadHash: createHash("sha256").update(body).digest("hex"),
        },
        { ...given, service: "execute-api", region: "local", nowMs: START_MS },
      );
      const chunks = body.match(/.{1,700}/g)?.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`) ?? [];
      const lines: string[] = ["Transfer-Encoding: chunked"];
      for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
      return ask(fixture.publicSocket, "POST /orders HTTP/1.1", lines, `${chunks.join("")}0\r\n\r\n`);
    };
    assert.equal((await sendChunked("x".repeat(1000))).status, 200);
    assert.equal(service.seen[0]?.body, "x".repeat(1000));
    const refused = await sendChunked("x".repeat(1001));
    assert.deepEqual([refused.status, refused.body], [413, "HTTP content length exceeded 1000 bytes."]);
    assert.equal(service.seen.length, 1);
  });

  test("counts for the caller's rate as the token does", async (t) => {
    const { credentials, call, fixture } = await openDesk(t, {}, (upstream) => ({
      ...specOf(upstream),
      perIdentity: { ratePerSecond: 1, burst: 2 },
    }));
    const given = await credentials();
    assert.equal((await call(given)).status, 200);
    const bearer = [`Authorization: Bearer ${await fixture.token()}`];
    assert.equal((await ask(fixture.publicSocket, "GET /orders HTTP/1.1", bearer)).status, 200);
    assert.equal((await call(given)).status, 429);
  });

  test("may do what the session's policy leaves", async (t) => {
    const { credentials, reasonOf } = await openDesk(t);
    const policyOf = (statement: object): string =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*", ...statement },
      });
    const one = await credentials({ Policy: policyOf({ Resource: "arn:aws:execute-api:*:*:*/$default/GET/orders" }) });
    assert.deepEqual(await reasonOf(one), [200, "role-grants"]);
    assert.deepEqual(await reasonOf(one, { target: "/orders/7" }), [403, "session-policy"]);
    // It cannot add anything.
    assert.deepEqual(await reasonOf(one, { target: "/secret" }), [403, "not-granted"]);
    const elsewhere = await credentials({
      Policy: policyOf({ Condition: { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } } }),
    });
    assert.deepEqual(await reasonOf(elsewhere, { headers: ["x-forwarded-for", "192.0.2.9"] }), [200, "role-grants"]);
    assert.deepEqual(await reasonOf(elsewhere, { headers: ["x-forwarded-for", "198.51.100.9"] }), [
      403,
      "session-policy",
    ]);
  });
});

describe("a signed request is refused with 403", () => {
  const rows: readonly [title: string, reason: string, change: (c: Credentials) => Credentials, call: Call][] = [
    ["a wrong secret", "signature-mismatch", (c) => ({ ...c, secretAccessKey: "x".repeat(40) }), {}],
    ["no session token", "credentials-unknown", (c) => ({ ...c, sessionToken: null }), {}],
    ["another's session token", "credentials-unknown", (c) => ({ ...c, sessionToken: `A${c.sessionToken}` }), {}],
    ["another service", "signature-scope", (c) => c, { service: "s3" }],
    ["another Region", "signature-scope", (c) => c, { region: "eu-west-1" }],
    ["a time six minutes ago", "signature-expired", (c) => c, { nowMs: START_MS - 360_000 }],
    ["a time in six minutes", "signature-not-yet-current", (c) => c, { nowMs: START_MS + 360_000 }],
    [
      "a body that is not the one that was signed",
      "payload-mismatch",
      (c) => c,
      { method: "POST", body: "{}", headers: ["x-amz-content-sha256", "0".repeat(64)] },
    ],
    [
      "a body without hash, with a wrong secret",
      "signature-mismatch",
      (c) => ({ ...c, secretAccessKey: "x".repeat(40) }),
      { method: "POST", body: "{}" },
    ],
  ];
  for (const [title, reason, change, wanted] of rows)
    test(`${title}: ${reason}`, async (t) => {
      const { credentials, reasonOf, service } = await openDesk(t);
      const given = change(await credentials({ RoleArn: wanted.method === "POST" ? CLERK : ROLE }));
      assert.deepEqual(await reasonOf(given, wanted), [403, reason]);
      assert.equal(service.hits(), 0);
    });

  test("signed for another host, whatever x-forwarded-host says", async (t) => {
    const { credentials, fixture } = await openDesk(t);
    const given = await credentials();
    const { headers } = signRequest(
      {
        method: "GET",
        target: "/orders",
        headers: ["host", "elsewhere.example"],
        payloadHash: createHash("sha256").digest("hex"),
      },
      { ...given, service: "execute-api", region: "local", nowMs: START_MS },
    );
    const index = fixture.records.length;
    const sent = ["host", HOST, "x-forwarded-host", "elsewhere.example", ...headers.slice(2)];
    assert.equal((await send(fixture.publicSocket, "GET", "/orders", sent)).status, 403);
    assert.equal((await fixture.record(index)).reason, "signature-mismatch");
  });

  for (const [text, reason] of [
    ["AWS4-HMAC-SHA256 Credential=x", "signature-incomplete"],
    ["AWS4-ECDSA-P256-SHA256 Credential=x", "signature-incomplete"],
  ] as const)
    test(`${text}: ${reason}`, async (t) => {
      const { fixture } = await openDesk(t);
      const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [`Authorization: ${text}`]);
      assert.deepEqual([answer.status, answer.body], [403, '{"message":"Forbidden"}']);
      assert.equal((await fixture.record(0)).reason, reason);
    });

  test("credentials that have expired, in that second", async (t) => {
    const { credentials, reasonOf, fixture } = await openDesk(t);
    const given = await credentials({ DurationSeconds: "900" });
    // The token itself ends after 600 seconds: as on AWS, the credentials do not end with it.
    fixture.clock.advance(899_999);
    assert.deepEqual(await reasonOf(given), [200, "role-grants"]);
    fixture.clock.advance(1);
    assert.deepEqual(await reasonOf(given), [403, "credentials-expired"]);
  });

  test("without credentials a body is not waited for", async (t) => {
    const { fixture } = await openDesk(t);
    const { headers } = signRequest(
      { method: "POST", target: "/orders", headers: ["host", HOST], payloadHash: "0".repeat(64) },
      {
        accessKeyId: "ASIAAAAAAAAAAAAAAAAA",
        secretAccessKey: "x",
        sessionToken: "AQ",
        service: "execute-api",
        region: "local",
        nowMs: START_MS,
      },
    );
    // The body never comes.
    const answer = await send(fixture.publicSocket, "POST", "/orders", [...headers, "content-length", "1000"]);
    assert.equal(answer.status, 403);
  });
});

describe("when the policy changes", () => {
  test("who is no member any more is refused, and who gets a permission has it", async (t) => {
    const { credentials, reasonOf, fixture, service } = await openDesk(t);
    const given = await credentials();
    const { routes, roles = [] } = specOf(service.origin);
    const others = roles.filter(({ name }) => name !== "support");
    fixture.gateway.replace(
      fixture.runtime({ routes, roles: [...others, { name: "support", groups: ["support"], can: ["GET/*"] }] }),
    );
    assert.deepEqual(await reasonOf(given, { target: "/secret" }), [200, "role-grants"]);
    fixture.gateway.replace(
      fixture.runtime({ routes, roles: [...others, { name: "support", groups: ["helpers"], can: ["GET/*"] }] }),
    );
    assert.deepEqual(await reasonOf(given), [403, "no-role"]);
    fixture.gateway.replace(fixture.runtime({ routes, roles: others }));
    assert.deepEqual(await reasonOf(given), [403, "no-role"]);
  });

  test("what was not read of the token then makes the credentials worthless", async (t) => {
    const { credentials, reasonOf, fixture, service } = await openDesk(t);
    const given = await credentials();
    const runtime = fixture.runtime(specOf(service.origin));
    const identity = { ...runtime.artifacts.identity, usedClaims: ["tier"] };
    fixture.gateway.replace({ ...runtime, artifacts: { ...runtime.artifacts, identity } });
    assert.deepEqual(await reasonOf(given), [403, "credentials-outdated"]);
  });
});

test("an open route takes no part in signatures: the session token goes where Authorization goes", async (t) => {
  const { fixture, service } = await openDesk(t, {}, (upstream) => ({
    routes: [
      { key: "GET /open", upstream, needs: null },
      { key: "GET /kept", upstream, needs: null, keepHeaders: ["authorization"] },
    ],
  }));
  const headers = ["Authorization: AWS4-HMAC-SHA256 x", "X-Amz-Security-Token: t", "X_Amz_Security_Token: t"];
  await ask(fixture.publicSocket, "GET /open?X-Amz-Signature=s HTTP/1.1", headers);
  await ask(fixture.publicSocket, "GET /kept HTTP/1.1", headers);
  const names = service.seen.map(({ headers: seen }) =>
    seen.map(([name]) => name.toLowerCase()).filter((name) => /^(authorization|x.amz.*)$/.test(name)),
  );
  assert.deepEqual(names, [[], ["authorization", "x-amz-security-token"]]);
  assert.equal(service.seen[0]?.url, "/open?X-Amz-Signature=s");
});

test("a workload issuer's tokens get credentials with what the policy knows of them", async (t) => {
  const CI = "https://ci.example";
  const trust = {
    usedClaims: ["repository"],
    issuers: [{ name: "ci", issuer: CI, audience: "deploy", claims: { groups: "groups", name: "name" } }],
  };
  const spec = (upstream: string): PolicySpec => ({
    routes: [{ key: "GET /orders", upstream }],
    roles: [
      {
        name: "support",
        members: {
          kind: "all",
          of: [
            { kind: "subject", values: ["deployer"], issuer: "ci" },
            { kind: "claim", claim: "repository", test: "equals", values: ["shop/api"], issuer: "ci" },
          ],
        },
        can: ["GET/orders"],
      },
    ],
  });
  const { credentials, reasonOf, sts, fixture, service } = await openDesk(
    t,
    {
      trust,
      wrap: (runtime) => ({
        ...runtime,
        stsKeys: KEYS,
        artifacts: { ...runtime.artifacts, identity: { ...runtime.artifacts.identity, ...trust } },
      }),
    },
    spec,
  );
  const claims = { iss: CI, aud: "deploy", sub: "deployer", groups: undefined };
  const given = await credentials({
    WebIdentityToken: await fixture.token({ ...claims, repository: "shop/api" }),
  });
  assert.deepEqual(await reasonOf(given), [200, "role-grants"]);
  const seen = new Map(service.seen[0]?.headers);
  assert.deepEqual([seen.get("x-gatehouse-issuer"), seen.get("x-gatehouse-kind")], ["ci", "machine"]);
  const other = await sts({
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: ROLE,
    RoleSessionName: "ada",
    WebIdentityToken: await fixture.token({ ...claims, repository: "shop/other" }),
  });
  assert.equal(textOf(other, "Code"), "AccessDenied");
  // The provider's own subject of that name is somebody else.
  const own = await sts({
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: ROLE,
    RoleSessionName: "ada",
    WebIdentityToken: await fixture.token({ iss: ISSUER, aud: AUDIENCE, sub: "deployer", repository: "shop/api" }),
  });
  assert.equal(textOf(own, "Code"), "AccessDenied");
});

test("credentials that were got with a right that is taken away are refused from then on, and others are not", async (t) => {
  const clock = createManualClock(START_MS);
  const revocations = createRevocations({ clock });
  const desk = await openDesk(t, { clock, trust: { usedClaims: [], issuers: [], revocations } });
  const token = await desk.fixture.token({ jti: "taken-away" });
  const [taken, other] = [await desk.credentials({ WebIdentityToken: token }), await desk.credentials()];
  for (const each of [taken, other]) assert.deepEqual(await desk.reasonOf(each), [200, "role-grants"]);
  await revocations.add({ kind: "token", issuer: ISSUER, tokenId: "taken-away" }, 3_600_000);
  assert.deepEqual(await desk.reasonOf(taken), [403, "credentials-revoked"]);
  assert.deepEqual(await desk.reasonOf(other), [200, "role-grants"]);
  // And nobody gets new ones with it.
  const again = await desk.sts({
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: ROLE,
    RoleSessionName: "ada",
    WebIdentityToken: token,
  });
  assert.equal(again.status, 400);
  assert.match(again.body, /The token has been revoked/);
  await revocations.add({ kind: "subject", issuer: ISSUER, subject: "ada", untilSeconds: START_MS / 1000 }, 3_600_000);
  assert.deepEqual(await desk.reasonOf(other), [403, "credentials-revoked"]);
});
