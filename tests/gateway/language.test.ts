/**
 * What only the whole language can say (hosts, base paths, issuers, member expressions, conditions), decided over a
 * socket as the policy's meaning says it: the same effect, reason, role and route, at several times.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/compile/index.ts";
import { createManualClock } from "../../src/core/index.ts";
import { type Caller, type DecisionRequest, decide, normalizePath, parsePolicy } from "../../src/policy/index.ts";
import { AUDIENCE, ISSUER, START_MS, startGateway } from "./fixture.ts";
import { ask } from "./raw-client.ts";
import { startService } from "./service.ts";

const CI = "https://ci.shop.example";

const policyText = (origin: string): string => `gatehouse: 1
name: shop
identity:
  issuer: ${ISSUER}
  audience: ${AUDIENCE}
  issuers: { ci: { issuer: "${CI}", audience: shop-ci, claims: { groups: teams, name: repository } } }
environments:
  local:
    domain: shop.localhost
    certificates: internal
    private_network: [10.0.0.0/16]
    roles: { night: { when: { hours: { from: "13:00", to: "24:00", zone: Europe/Berlin } } } }
services:
  shop:
    exposure: public
    upstream: "${origin}"
    routes:
      GET /{customer}/items: { needs: items:read }
      PUT /{customer}/items: { needs: items:write }
      GET /reports:          { needs: reports:read }
      GET /health:           { open: "load balancer probe, returns no data" }
  orders:
    exposure: public
    host: orders.localhost
    base_path: /v1/orders
    upstream: "${origin}"
    routes:
      GET /:                 { needs: orders:read }
      GET /{id}:             { needs: orders:read }
      DELETE /{id}:          { needs: orders:delete }
  deploy:
    exposure: private
    host: { local: deploy.localhost }
    base_path: /deploy
    upstream: "${origin}"
    routes:
      ANY /{region}/{path+}: { needs: deploy:run }
roles:
  own:
    members: { any: [ { groups: [customers] }, { claim: { name: kind, equals: customer } } ] }
    can: [ { permission: "items:*", when: { path: { customer: "claim:sub" } } }, { permission: items:read, when: { path: { customer: [public] } } } ]
    boundary: all
  night:
    members: { all: [ { groups: [staff] }, { not: { subject: [kim] } } ] }
    can: [reports:read]
    boundary: all
    when: { hours: { days: [monday], from: "00:00", to: "24:00", zone: UTC } }
  careful:
    members: { claim: { name: realm.level, one_of: [gold, 7] } }
    can: ["orders:*"]
    boundary: readers
    when: { amr: [mfa], token_age: 10 minutes }
  pipeline:
    members: { issuer: ci, all: [ { claim: { name: repository, prefix: shop/ } }, { groups: [release] } ] }
    can: [ { permission: deploy:run, when: { path: { region: [eu, us] }, source_ip: [10.0.0.0/8] } }, orders:read ]
    boundary: all
    when: { after: 2026-11-24T12:00:00Z, before: 2026-11-24T13:00:00Z }
boundaries:
  all: ["*"]
  readers: [orders:read]
throttle: { default: 100000/second burst 100000 }
`;

type Claims = Readonly<Record<string, unknown>>;

/** Who asks: the caller that the meaning speaks of, and what the token says beside it. */
const CALLERS: Readonly<Record<string, { readonly caller: Caller | null; readonly token: Claims }>> = {
  nobody: { caller: null, token: {} },
  customer: {
    caller: { subject: "ada", clientId: null, groups: ["customers"], claims: { sub: ["ada"] } },
    token: { sub: "ada", groups: ["customers"] },
  },
  byClaim: {
    caller: { subject: "bob", clientId: null, groups: [], claims: { sub: ["bob"], kind: ["x", "customer"] } },
    token: { sub: "bob", groups: [], kind: ["x", "customer"] },
  },
  staff: {
    caller: { subject: "sam", clientId: null, groups: ["staff"], claims: { sub: ["sam"] } },
    token: { sub: "sam", groups: ["staff"] },
  },
  kim: {
    caller: { subject: "kim", clientId: null, groups: ["staff"], claims: { sub: ["kim"] } },
    token: { sub: "kim", groups: ["staff"] },
  },
  gold: {
    caller: {
      subject: "gil",
      clientId: null,
      groups: [],
      claims: { sub: ["gil"], "realm.level": ["7"], amr: ["pwd", "mfa"] },
    },
    token: { sub: "gil", groups: [], realm: { level: 7 }, amr: ["pwd", "mfa"] },
  },
  goldWithoutProof: {
    caller: {
      subject: "gus",
      clientId: null,
      groups: [],
      claims: { sub: ["gus"], "realm.level": ["gold"], amr: ["pwd"] },
    },
    token: { sub: "gus", groups: [], "realm.level": "gold", amr: "pwd" },
  },
  pipeline: {
    caller: {
      subject: "repo:1",
      clientId: null,
      groups: ["release"],
      issuer: "ci",
      claims: { sub: ["repo:1"], repository: ["shop/api"] },
    },
    token: {
      iss: CI,
      aud: "shop-ci",
      sub: "repo:1",
      teams: ["release"],
      repository: "shop/api",
      groups: ["customers"],
    },
  },
  /** What the provider's groups mean is nothing when another issuer says it. */
  ciAsCustomer: {
    caller: { subject: "ada", clientId: null, groups: ["customers", "staff"], issuer: "ci", claims: { sub: ["ada"] } },
    token: { iss: CI, aud: "shop-ci", sub: "ada", teams: ["customers", "staff"] },
  },
};

const REQUESTS: readonly (readonly [
  exposure: DecisionRequest["exposure"],
  host: string,
  method: string,
  path: string,
])[] = [
  ["public", "shop.localhost", "GET", "/ada/items"],
  ["public", "shop.localhost", "GET", "/a%64a/items"],
  ["public", "shop.localhost", "PUT", "/ada/items"],
  ["public", "shop.localhost", "GET", "/bob/items"],
  ["public", "shop.localhost", "GET", "/public/items"],
  ["public", "shop.localhost", "PUT", "/public/items"],
  ["public", "shop.localhost", "GET", "/ADA/items"],
  ["public", "shop.localhost", "GET", "/*/items"],
  ["public", "shop.localhost", "GET", "/reports"],
  ["public", "shop.localhost", "GET", "/health"],
  ["public", "shop.localhost", "GET", "/v1/orders/7"],
  ["public", "orders.localhost", "GET", "/v1/orders"],
  ["public", "orders.localhost", "GET", "/v1/orders/7"],
  ["public", "orders.localhost", "DELETE", "/v1/orders/7"],
  ["public", "orders.localhost", "GET", "/7"],
  ["public", "orders.localhost", "GET", "/reports"],
  ["private", "deploy.localhost", "POST", "/deploy/eu/api/now"],
  ["private", "deploy.localhost", "POST", "/deploy/asia/api"],
  ["private", "deploy.localhost", "POST", "/eu/api"],
  ["public", "deploy.localhost", "POST", "/deploy/eu/api"],
];

const MINUTE = 60_000;

test("every request is decided as the policy's meaning says, at each time", async (t) => {
  const service = await startService(t);
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", policyText(service.origin));
  assert.ok(policy !== null, JSON.stringify(diagnostics));
  const compiled = compile(policy, "local", sources);
  const { artifacts } = compiled;
  assert.ok(artifacts !== null, JSON.stringify(compiled.diagnostics));
  const clock = createManualClock(START_MS);
  const options = { clock, trust: artifacts.identity, wrap: (runtime: object) => ({ ...runtime, artifacts }) as never };
  const fixture = await startGateway(t, { routes: [] }, options);
  const issuedAtSeconds = START_MS / 1000;
  const tokens = new Map<string, string>();
  for (const [name, { caller, token }] of Object.entries(CALLERS))
    if (caller !== null) tokens.set(name, await fixture.token({ ...token, exp: issuedAtSeconds + 86_400 }));

  let compared = 0;
  const seen = new Set<string>();
  // From noon on: in the window, at the age's last second and after it, after the window, in the night.
  for (const atMs of [0, 10 * MINUTE, 10 * MINUTE + 1000, 60 * MINUTE - 1, 60 * MINUTE, 12 * 60 * MINUTE])
    for (const [name, { caller }] of Object.entries(CALLERS))
      for (const [exposure, host, method, target] of REQUESTS)
        for (const sourceIp of ["10.0.3.4", "192.0.2.1"]) {
          clock.set(START_MS + atMs);
          const token = tokens.get(name);
          const answer = await ask(
            exposure === "public" ? fixture.publicSocket : fixture.privateSocket,
            `${method} ${target} HTTP/1.1`,
            [
              `Host: ${host}:8443`,
              `X-Forwarded-For: ${sourceIp}`,
              ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
            ],
          );
          const record = await fixture.record(compared++);
          const normal = normalizePath(target);
          assert.ok(normal.ok);
          const asked = { exposure, host, method, path: normal.path, sourceIp, atMs: clock.nowMs() };
          const expected = decide(policy, "local", asked, caller === null ? null : { ...caller, issuedAtSeconds });
          assert.deepEqual(
            [record.reason, record.role, record.routeKey, answer.status === 200],
            [expected.reason, expected.role, expected.route?.key ?? null, expected.effect === "allow"],
            `${name} ${exposure} ${host} ${method} ${target} from ${sourceIp} at +${atMs}`,
          );
          seen.add(`${record.reason} ${record.role}`);
        }
  // Each role has allowed and has been held back, so that no comparison was of nothing with nothing.
  for (const each of [
    "role-grants own",
    "condition-not-met own",
    "role-grants night",
    "condition-not-met night",
    "role-grants careful",
    "condition-not-met careful",
    "outside-boundary careful",
    "role-grants pipeline",
    "condition-not-met pipeline",
    "no-role null",
    "open-route null",
    "unauthenticated null",
  ])
    assert.ok(seen.has(each), `${each} among ${[...seen].join(", ")}`);
  t.diagnostic(`${compared} requests compared`);
});

test("a base path is not sent to the service, on either listener", async (t) => {
  const service = await startService(t);
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", policyText(service.origin));
  assert.ok(policy !== null, JSON.stringify(diagnostics));
  const { artifacts } = compile(policy, "local", sources);
  assert.ok(artifacts !== null);
  const options = { trust: artifacts.identity, wrap: (runtime: object) => ({ ...runtime, artifacts }) as never };
  const fixture = await startGateway(t, { routes: [] }, options);
  const gil = await fixture.token(CALLERS["gold"]?.token);
  const pipeline = await fixture.token(CALLERS["pipeline"]?.token);
  const from = "X-Forwarded-For: 10.0.3.4";
  for (const [socket, host, line, token] of [
    [fixture.publicSocket, "orders.localhost", "GET /v1/orders?a=%2F HTTP/1.1", gil],
    [fixture.publicSocket, "orders.localhost", "GET /v1/orders/7%20b HTTP/1.1", gil],
    [fixture.privateSocket, "deploy.localhost", "PATCH /deploy/e%75/a/b%20c/?q HTTP/1.1", pipeline],
  ] as const)
    assert.equal((await ask(socket, line, [`Host: ${host}`, from, `Authorization: Bearer ${token}`])).status, 200);
  assert.deepEqual(
    service.seen.map(({ method, url }) => `${method} ${url}`),
    ["GET /?a=%2F", "GET /7%20b", "PATCH /e%75/a/b%20c/?q"],
  );
});
