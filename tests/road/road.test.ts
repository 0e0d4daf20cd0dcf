/** The whole road through real Caddy with curl: who gets in, what the service sees, and that both logs tell one story. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createLocalJWKSet, jwtVerify } from "jose";
import { curl, curlUrl } from "../support/curl.ts";
import { type EchoService, headerOf, startEcho } from "../support/echo.ts";
import { findFreePort } from "../support/free-port.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";
import { run } from "../support/run.ts";
import { ROAD_PEOPLE, roadPolicy } from "./policies.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let orders: EchoService;
let backoffice: EchoService;
let instance: Started;
let policy: string;

before(async () => {
  orders = await startEcho();
  backoffice = await startEcho();
  policy = roadPolicy({
    orders: orders.url,
    backoffice: backoffice.url,
    down: `http://127.0.0.1:${await findFreePort()}`,
  });
  instance = await startInstance({ files: { "gatehouse.yaml": policy, "people.yaml": ROAD_PEOPLE } });
});

after(async () => {
  assert.equal(await instance.stop(), 0);
  await orders.close();
  await backoffice.close();
});

/** The record of one hop with this request id. */
async function recordOf(file: string, requestId: string): Promise<Record<string, unknown>> {
  let found: Record<string, unknown> | undefined;
  await waitFor(`${file} has ${requestId}`, () => {
    const path = join(instance.state, "logs", file);
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    const line = lines.find((text) => text.includes(requestId));
    if (line !== undefined) found = JSON.parse(line) as Record<string, unknown>;
    return found !== undefined;
  });
  return found ?? {};
}

describe("a person who may", () => {
  test("gets the service's answer, and the service learns who asks from Gatehouse alone", async () => {
    const answer = await curl(instance, "/orders?x=1&x=2", {
      token: await instance.token("alice"),
      headers: [
        "X-Gatehouse-Subject: mallory",
        "X_Gatehouse_Role: admin",
        "x-gatehouse.kind: machine",
        "X-Forwarded-For: 9.9.9.9",
        "X-Tenant: t1",
      ],
    });
    assert.equal(answer.status, 200);
    const seen = orders.last();
    assert.equal(seen.url, "/orders?x=1&x=2");
    assert.equal(headerOf(seen, "x-gatehouse-subject"), "alice");
    assert.equal(headerOf(seen, "x-gatehouse-groups"), "support");
    assert.equal(headerOf(seen, "x-gatehouse-role"), "support");
    assert.equal(headerOf(seen, "x-gatehouse-kind"), "person");
    assert.equal(headerOf(seen, "x-tenant"), "t1");
    assert.equal(headerOf(seen, "x-forwarded-for"), "127.0.0.1");
    assert.equal(headerOf(seen, "authorization"), null);
    const lookAlikes = seen.headers.filter(
      ([name]) => /^x[-_.]gatehouse/i.test(name) && !name.startsWith("x-gatehouse-"),
    );
    assert.deepEqual(lookAlikes, []);
  });

  test("is vouched for by an assertion that the published keys verify", async () => {
    await curl(instance, "/orders/17", { token: await instance.token("alice") });
    const assertion = headerOf(orders.last(), "x-gatehouse-assertion") ?? "";
    const published = await curl(instance, "/_gatehouse/jwks.json");
    assert.equal(published.status, 200);
    const discovery = await curl(instance, "/_gatehouse/.well-known/openid-configuration");
    const issuer = `${instance.status.edge.https}/_gatehouse`;
    assert.equal((JSON.parse(discovery.body) as { issuer: string }).issuer, issuer);
    const keys = createLocalJWKSet(JSON.parse(published.body) as Parameters<typeof createLocalJWKSet>[0]);
    const { payload } = await jwtVerify(assertion, keys, { issuer, audience: "orders" });
    assert.equal(payload.sub, "alice");
    assert.equal(payload["role"], "support");
  });

  test("finds one request id and one trace id in the answer, at the service, and in both logs", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const answer = await curl(instance, "/orders", {
      token: await instance.token("alice"),
      headers: [`traceparent: ${traceparent}`, "Connection: x-request-id, traceparent, x-gatehouse-subject"],
      args: ["--http1.1"],
    });
    const requestId = answer.headers["x-request-id"] ?? "";
    assert.match(requestId, UUID);
    const seen = orders.last();
    assert.equal(headerOf(seen, "x-request-id"), requestId);
    assert.equal(headerOf(seen, "x-gatehouse-subject"), "alice");
    const traceId = (headerOf(seen, "traceparent") ?? "").split("-")[1];
    assert.match(traceId ?? "", /^[0-9a-f]{32}$/);
    assert.ok(answer.headers["traceresponse"]?.startsWith(`00-${traceId}-`));
    assert.match(answer.headers["apigw-requestid"] ?? "", /^[\w-]{15}=$/);
    const gateway = await recordOf("gateway.log", requestId);
    assert.equal(gateway["traceId"], traceId);
    assert.equal(gateway["status"], 200);
    assert.equal(gateway["reason"], "role-grants");
    assert.equal(gateway["subject"], "alice");
    assert.equal(gateway["role"], "support");
    const edge = await recordOf("access.log", requestId);
    assert.ok(JSON.stringify(edge).includes(traceId ?? "nothing"));
  });

  test("keeps the trace that the caller began", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const answer = await curl(instance, "/orders", {
      token: await instance.token("alice"),
      headers: [`traceparent: ${traceparent}`, "tracestate: vendor=1"],
    });
    assert.ok(answer.headers["traceresponse"]?.startsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    const sent = headerOf(orders.last(), "traceparent") ?? "";
    assert.ok(sent.startsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert.notEqual(sent, traceparent);
    assert.equal(headerOf(orders.last(), "tracestate"), "vendor=1");
  });
});

describe("a machine", () => {
  test("that may gets the answer over HTTP/2 and HTTP/1.1, with a body and without", async () => {
    const token = await instance.token("billing");
    for (const version of ["--http1.1", "--http2"]) {
      const answer = await curl(instance, "/orders", { token, method: "POST", data: '{"n":1}', args: [version] });
      assert.equal(answer.status, 200);
      assert.equal(answer.httpVersion, version === "--http2" ? "2" : "1.1");
      assert.equal(orders.last().body, '{"n":1}');
      assert.equal(headerOf(orders.last(), "x-gatehouse-kind"), "machine");
      assert.equal(headerOf(orders.last(), "x-gatehouse-client"), "billing");
    }
  });

  test("gets a token with client credentials from the provider itself", async () => {
    const { issuer } = instance.status.identity;
    const response = await fetch(`${issuer}/token`, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from("billing:billing-development-secret").toString("base64")}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "grant_type=client_credentials",
    });
    assert.equal(response.status, 200);
    const { access_token: token } = (await response.json()) as { access_token: string };
    assert.equal((await curl(instance, "/orders", { token })).status, 200);
  });
});

describe("a refusal", () => {
  const cases: readonly (readonly [
    name: string,
    as: string | null,
    method: string,
    path: string,
    status: number,
    body: string,
    reason: string,
  ])[] = [
    ["nobody", null, "GET", "/orders", 401, '{"message":"Unauthorized"}', "unauthenticated"],
    ["a person in no group", "bob", "GET", "/orders", 403, '{"message":"Forbidden"}', "no-role"],
    [
      "a person whose role does not grant it",
      "alice",
      "POST",
      "/orders",
      403,
      '{"message":"Forbidden"}',
      "not-granted",
    ],
    [
      "a role whose wildcard would reach a deeper route",
      "alice",
      "GET",
      "/orders/17/bill",
      403,
      '{"message":"Forbidden"}',
      "not-granted",
    ],
    [
      "a role that its boundary holds back",
      "carl",
      "POST",
      "/orders",
      403,
      '{"message":"Forbidden"}',
      "outside-boundary",
    ],
    ["a client without a role", "stranger", "GET", "/orders", 403, '{"message":"Forbidden"}', "no-role"],
    ["an unknown path", "alice", "GET", "/nowhere", 404, '{"message":"Not Found"}', "no-route"],
    ["a method that no route has", "alice", "DELETE", "/orders", 404, '{"message":"Not Found"}', "no-route"],
    ["a private route on the public listener", "alice", "GET", "/stock", 404, '{"message":"Not Found"}', "no-route"],
    [
      "a path that can be read in two ways",
      "alice",
      "GET",
      "/orders/%2e%2e/stock",
      400,
      '{"message":"Bad Request"}',
      "request-path",
    ],
    [
      "a service that is down",
      "alice",
      "GET",
      "/gone",
      503,
      '{"message":"Service Unavailable"}',
      "upstream-unreachable",
    ],
  ];
  for (const [name, as, method, path, status, body, reason] of cases) {
    test(`${name}: ${status}, the documented body, the reason in the record, and the service not called`, async () => {
      const calls = orders.seen.length;
      const answer = await curl(instance, path, {
        method,
        ...(as === null ? {} : { token: await instance.token(as) }),
      });
      assert.equal(answer.status, status);
      assert.equal(answer.body, body);
      assert.equal(answer.headers["content-type"], "application/json");
      assert.equal(answer.headers["www-authenticate"], status === 401 ? "Bearer" : undefined);
      assert.equal(orders.seen.length, calls);
      const record = await recordOf("gateway.log", answer.headers["x-request-id"] ?? "none");
      assert.equal(record["reason"], reason);
      assert.equal(record["status"], status);
    });
  }

  test("the route's throttle lets its burst through and then answers 429", async () => {
    const token = await instance.token("alice");
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await curl(instance, "/export", { token })).status);
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  });

  test("a service that is slower than its route allows: 503", async () => {
    orders.delayMs = 1500;
    const answer = await curl(instance, "/slow", { token: await instance.token("alice") });
    orders.delayMs = 0;
    assert.equal(answer.status, 503);
    assert.equal((await recordOf("gateway.log", answer.headers["x-request-id"] ?? ""))["reason"], "upstream-timeout");
  });
});

describe("the edge", () => {
  test("redirects http to https on its port", async () => {
    const answer = await curlUrl(`${instance.status.edge.http}/orders?a=b`, null);
    assert.equal(answer.status, 308);
    assert.equal(answer.headers["location"], `${instance.status.edge.https}/orders?a=b`);
  });

  test("announces HTTP/3 on the same port", async () => {
    const answer = await curl(instance, "/health");
    assert.equal(answer.status, 200);
    const port = new URL(instance.status.edge.https).port;
    assert.match(answer.headers["alt-svc"] ?? "", new RegExp(`h3=":${port}"`));
  });

  test("serves no other name", async () => {
    const port = new URL(instance.status.edge.https).port;
    const answer = await curl(instance, "/health", { headers: ["Host: other.localhost"], args: ["--http1.1"] });
    assert.equal(answer.status, 421);
    await assert.rejects(
      curlUrl(`https://other.localhost:${port}/`, instance.status.edge.caFile),
      /curl ended with 35/,
    );
  });

  test("takes private routes on the private listener alone, for who may", async () => {
    const { private: privateUrl, caFile } = instance.status.edge;
    assert.ok(privateUrl !== null);
    const allowed = await curlUrl(`${privateUrl}/stock`, caFile, { token: await instance.token("alice") });
    assert.equal(allowed.status, 200);
    assert.equal(headerOf(backoffice.last(), "x-gatehouse-subject"), "alice");
    assert.equal((await curlUrl(`${privateUrl}/orders`, caFile, { token: await instance.token("alice") })).status, 404);
    assert.equal((await curlUrl(`${privateUrl}/stock`, caFile)).status, 401);
  });
});

describe("a policy that is edited while it runs", () => {
  test("loses none of 200 requests in flight, and holds for the next one", async () => {
    orders.delayMs = 4000;
    const token = await instance.token("alice");
    const url = `${instance.status.edge.https}/orders/[1-200]`;
    const calls = run("curl", [
      "-sS",
      "--parallel",
      "--parallel-immediate",
      "--parallel-max",
      "200",
      "--http1.1",
      "--cacert",
      instance.status.edge.caFile ?? "",
      "-H",
      `Authorization: Bearer ${token}`,
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}\n",
      url,
    ]);
    const callsBefore = orders.seen.length;
    await waitFor("all are in flight", () => orders.seen.length === callsBefore + 200);
    instance.write(
      "gatehouse.yaml",
      policy.replace("GET /orders/{id}:      { needs: orders:read }", "GET /orders/{id}:      { needs: orders:bill }"),
    );
    await waitFor("the change is told", () => instance.said().includes("policy reloaded"));
    const { code, stdout } = await calls;
    orders.delayMs = 0;
    assert.equal(code, 0);
    const statuses = stdout.trim().split("\n");
    assert.equal(statuses.length, 200);
    assert.deepEqual([...new Set(statuses)], ["200"]);
    assert.equal((await curl(instance, "/orders/17", { token })).status, 403);
    assert.match(instance.said(), /GET \/orders\/\{id\}/);
  });

  test("that is broken is told with line and column, and the old one goes on", async () => {
    const token = await instance.token("alice");
    instance.write("gatehouse.yaml", policy.replace("boundary: staff", "boundary: staf"));
    await waitFor("the error is told", () => instance.said().includes("not taken over"));
    assert.match(instance.said(), /gatehouse\.yaml:\d+:\d+ error /);
    assert.equal((await curl(instance, "/orders", { token })).status, 200);
    const status = JSON.parse((await instance.gatehouse("status", "--json")).stdout) as { lastReload: { ok: boolean } };
    assert.equal(status.lastReload.ok, false);
    instance.write("gatehouse.yaml", policy);
    await waitFor(
      "the old text is taken over again",
      () => instance.said().lastIndexOf("policy reloaded") > instance.said().indexOf("not taken over"),
    );
    assert.equal((await curl(instance, "/orders/17", { token })).status, 200);
  });
});

describe("what is said and written", () => {
  test("`trace` joins both hops of a request by any of its three ids", async () => {
    const answer = await curl(instance, "/orders", { token: await instance.token("alice") });
    const requestId = answer.headers["x-request-id"] ?? "";
    const traceId = (answer.headers["traceresponse"] ?? "").split("-")[1] ?? "";
    for (const id of [requestId, traceId, answer.headers["apigw-requestid"] ?? ""]) {
      const ran = await instance.gatehouse("trace", id, "--json");
      assert.equal(ran.code, 0, ran.stderr);
      assert.ok(ran.stdout.includes(requestId));
      assert.ok(ran.stdout.includes('"edge"') && ran.stdout.includes('"gateway"'));
    }
    const text = await instance.gatehouse("trace", requestId);
    assert.match(text.stdout, /GET/);
    assert.match(text.stdout, /alice/);
    assert.equal((await instance.gatehouse("trace", "00000000-0000-4000-8000-000000000000")).code, 3);
  });

  test("no token is in any file of the state directory but the keys, nor in what `up` said", async () => {
    const token = await instance.token("alice");
    await curl(instance, "/orders", { token });
    await curl(instance, `/orders?access_token=${token}`, {});
    await curl(instance, "/orders", { token: `${token}x` });
    await instance.gatehouse("trace", "x");
    const signature = token.split(".")[2] ?? "no signature";
    for (const file of ["access.log", "gateway.log", "caddy.log"]) {
      assert.ok(!readFileSync(join(instance.state, "logs", file), "utf8").includes(signature), file);
    }
    assert.ok(!instance.said().includes(signature));
  });
});

describe("people who come and go while it runs", () => {
  test("are known to the provider at once, and tokens from before stay good", async () => {
    const earlier = await instance.token("alice");
    const told = instance.said().length;
    instance.write(
      "people.yaml",
      ROAD_PEOPLE.replace("clients:", "  eve: { password: eve-pw, groups: [support] }\nclients:"),
    );
    await waitFor("the change is told", () => instance.said().slice(told).includes("identity:"));
    assert.equal((await curl(instance, "/orders", { token: await instance.token("eve") })).status, 200);
    assert.equal((await curl(instance, "/orders", { token: earlier })).status, 200);
    instance.write("people.yaml", "people: [");
    await waitFor("the error is told", () => instance.said().slice(told).includes("people.yaml:1:"));
    assert.equal((await curl(instance, "/orders", { token: await instance.token("eve") })).status, 200);
  });
});
