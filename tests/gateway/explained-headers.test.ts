/**
 * What `explainHeaders` makes of a record, held against what arrived: any policy about headers, any caller, any body, an
 * answer with any names. The gateway of the test and the explanation share the artifacts and nothing else.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type HeaderStory, explainHeaders } from "../../src/gateway/index.ts";
import type { GatewayRecord } from "../../src/records/index.ts";
import { type PolicySpec, type RouteSpec, artifactsOf, startGateway } from "./fixture.ts";
import { ask } from "./raw-client.ts";
import { startService } from "./service.ts";

const CLIENT_NAMES = ["X-A", "x_a", "X-B", "X-Real-IP", "X-Gatehouse-Role", "remote-user", "Via", "Forwarded", "X.B"];
const RULE_NAMES = ["x-a", "x-b", "x-real-ip", "x-debug"];
const CI = "https://ci.shop.example";

/** What may differ from route to route. */
const ROUTE = fc
  .record({
    isOpen: fc.boolean(),
    isPrivate: fc.boolean(),
    isStreaming: fc.boolean(),
    keepHeaders: fc.subarray(["authorization", "x-real-ip", "forwarded"]),
    set: fc.subarray(RULE_NAMES),
    remove: fc.subarray(RULE_NAMES),
    identity: fc.subarray(["remote-user", "x-who", "x-which"]),
    responseSet: fc.subarray(["x-frame-options", "x-answer"]),
    responseRemove: fc.subarray(["x-powered-by", "x-other"]),
  })
  .map((one) => ({ ...one, remove: one.remove.filter((name) => !one.set.includes(name)) }));

const CLAIMS = fc
  .record({
    hasName: fc.boolean(),
    groups: fc.constantFrom<readonly string[]>([], ["support"], ["support", "more"]),
    hasClient: fc.boolean(),
    isWorkload: fc.boolean(),
  })
  .map(({ hasName, groups, hasClient, isWorkload }) => ({
    ...(hasName ? { name: "Ada" } : {}),
    ...(hasClient ? { azp: "shop-web" } : {}),
    ...(isWorkload ? { iss: CI, aud: "ci" } : {}),
    groups,
  }));

const BODIES: readonly (readonly [method: string, framing: readonly string[], body: string])[] = [
  ["GET", [], ""],
  ["DELETE", [], ""],
  ["POST", [], ""],
  ["POST", ["Content-Length: 0"], ""],
  ["POST", ["Content-Length: 3"], "abc"],
  ["PUT", ["Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\n\r\n"],
  ["PUT", ["Transfer-Encoding: chunked"], "0\r\n\r\n"],
  ["HEAD", [], ""],
];
const BODY = fc.constantFrom(...BODIES);

const LINES = fc.record({
  names: fc.array(fc.constantFrom(...CLIENT_NAMES), { maxLength: 8 }),
  trace: fc.constantFrom<readonly string[]>(
    [],
    ["traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    ["traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=1", "tracestate: b=2"],
    ["traceparent: nothing", "tracestate: a=1"],
  ),
  cookies: fc.array(fc.constantFrom("a=1", "a=1; __Host-gatehouse=x", "__Host-gatehouse.1=x", ""), { maxLength: 3 }),
  named: fc.subarray(["x-a", "x-real-ip", "cookie", "authorization", "x-request-id", "content-length", "absent"]),
});

function sentNames(headers: readonly (readonly [string, string])[]): string[] {
  return headers.map(([name]) => name);
}

function story(spec: PolicySpec, record: GatewayRecord): HeaderStory {
  const told = explainHeaders(artifactsOf(spec), record);
  assert.ok(told !== null);
  return told;
}

test("whatever the policy, the caller and the body are, what is explained is what arrived, in its order", async (t) => {
  const service = await startService(t);
  const everybody = { kind: "any", of: [null, "ci"].map((issuer) => ({ kind: "subject", values: ["ada"], issuer })) };
  const specOf = (route: RouteSpec): PolicySpec => ({
    routes: [route],
    roles: [{ name: "all", members: everybody as never, can: ["*/*"] }],
    cors: {
      allowOrigins: ["https://app.example"],
      allowMethods: ["GET"],
      allowHeaders: [],
      exposeHeaders: [],
      maxAge: 0,
      allowCredentials: false,
    },
  });
  const fixture = await startGateway(t, specOf({ key: "ANY /a", upstream: service.origin }), {
    trust: {
      usedClaims: [],
      issuers: [{ name: "ci", issuer: CI, audience: "ci", claims: { groups: "groups", name: "name" } }],
    },
  });
  let count = 0;
  await fc.assert(
    fc.asyncProperty(ROUTE, CLAIMS, BODY, LINES, async (route, claims, [method, framing, body], lines) => {
      const { names, trace, cookies, named } = lines;
      const identity = route.identity.map((name, index) => [name, ["name", "groups", "issuer"][index] ?? "kind"]);
      const keepHeaders = route.keepHeaders.filter((name) => ![...route.set, ...route.remove].includes(name));
      const spec = specOf({
        key: "ANY /a",
        upstream: service.origin,
        exposure: route.isPrivate ? "private" : "public",
        needs: route.isOpen ? null : "orders:read",
        streaming: route.isStreaming,
        keepHeaders,
        identityHeaders: Object.fromEntries(identity) as never,
        requestHeaders: { set: Object.fromEntries(route.set.map((name) => [name, "policy"])), remove: route.remove },
        responseHeaders: {
          set: Object.fromEntries(route.responseSet.map((name) => [name, "policy"])),
          remove: route.responseRemove,
        },
      });
      fixture.gateway.replace(fixture.runtime({ ...spec, digest: `d${count}` }));
      const socket = route.isPrivate ? fixture.privateSocket : fixture.publicSocket;
      const before = service.seen.length;
      const answer = await ask(
        socket,
        `${method} /a HTTP/1.1`,
        [
          `Authorization: Bearer ${await fixture.token(claims)}`,
          ...names.map((name, index) => `${name}: mark-${index}`),
          ...trace,
          ...cookies.map((value) => `Cookie: ${value}`),
          ...(named.length === 0 ? [] : [`Connection: ${named.join(", ")}`]),
          "Origin: https://app.example",
          ...framing,
        ],
        body,
      );
      const record = await fixture.record(count++);
      assert.equal(answer.status, 200);
      assert.equal(service.seen.length, before + 1);
      const arrived = service.seen[before]?.headers ?? [];
      const told = story(spec, record);
      assert.deepEqual(told.request.sent, sentNames(arrived));
      assert.deepEqual(
        told.request.fates
          .filter(({ name, change }) => change === "kept" && CLIENT_NAMES.includes(name))
          .map((f) => f.name),
        arrived.filter(([, value]) => value.startsWith("mark-")).map(([name]) => name),
      );
      const ofConnection = /^(?:connection|keep-alive|transfer-encoding)$/i;
      assert.deepEqual(
        told.response.sent?.map((name) => name.toLowerCase()).toSorted(),
        sentNames(answer.headers)
          .filter((name) => !ofConnection.test(name))
          .map((name) => name.toLowerCase())
          .toSorted(),
      );
    }),
    { numRuns: 150 },
  );
});

test("of a route that the artifacts do not have, and of a record without names, nothing is said", async (t) => {
  const service = await startService(t);
  const spec: PolicySpec = { routes: [{ key: "GET /a", upstream: service.origin, needs: null }] };
  const fixture = await startGateway(t, spec);
  await ask(fixture.publicSocket, "GET /a HTTP/1.1");
  const record = await fixture.record(0);
  assert.notEqual(explainHeaders(artifactsOf(spec), record), null);
  const other = artifactsOf({ routes: [{ key: "GET /b", upstream: service.origin, needs: null }] });
  assert.equal(explainHeaders(other, record), null);
  assert.equal(explainHeaders(artifactsOf(spec), { ...record, headers: null }), null);
  assert.equal(explainHeaders(artifactsOf(spec), { ...record, host: "other.example" }), null);
});

test("a request that no route answers has a story too: nothing is sent, the gateway answers", async (t) => {
  const fixture = await startGateway(t, { routes: [{ key: "GET /a", upstream: "http://127.0.0.1:9", needs: null }] });
  await ask(fixture.publicSocket, "GET /none HTTP/1.1", ["X-A: 1", "X-Gatehouse-Role: admin"]);
  const told = story(
    { routes: [{ key: "GET /a", upstream: "http://127.0.0.1:9", needs: null }] },
    await fixture.record(0),
  );
  assert.deepEqual([told.request.sent, told.answeredBy], [null, "gateway"]);
  assert.deepEqual(
    told.request.fates.find(({ name }) => name === "X-Gatehouse-Role"),
    { name: "X-Gatehouse-Role", change: "dropped", why: "look-alike" },
  );
});
