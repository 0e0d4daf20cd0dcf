import assert from "node:assert/strict";
import { test } from "node:test";
import type { Artifacts, HttpApi } from "../model/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compile } from "./compile.ts";

const SHOP = `gatehouse: 1
name: shop
identity:
  issuer: https://login.shop.example
  audience: shop-api
  issuers:
    ci: { issuer: "https://ci.shop.example", audience: shop-ci, claims: { groups: teams } }
environments:
  local:
    domain: shop.localhost
  prod:
    domain: api.shop.example
    certificates: { acme: ops@shop.example }
    private_network: [10.0.0.0/8]
    audience: shop-api-prod
    throttle: { default: 500/second, per_identity: 10/second }
    cors: { origins: ["https://app.shop.example"] }
    routes: { "GET /orders/{id}": { throttle: 5/second, timeout: 3 seconds, body: 1 MB, retries: 1 } }
    roles: { support: { members: { groups: [prod-support] }, when: { amr: [mfa] } } }
cors: { origins: ["https://b.example", "https://a.example"], methods: [POST, GET], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }
services:
  web:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes:
      GET /: { open: "the start page" }
  orders:
    exposure: public
    host: { local: orders.localhost, prod: orders.shop.example }
    base_path: /orders
    upstream: http://127.0.0.1:4002
    headers:
      request: { set: { x-from: edge }, remove: [x-debug] }
      response: { set: { cache-control: no-store }, remove: [x-powered-by] }
    routes:
      GET /: { needs: orders:list }
      GET /{id}: { needs: orders:read }
      PUT /{id}/{rest+}: { needs: orders:read, body: 5 MB, retries: 2 }
      GET /events: { needs: orders:read, streaming: true }
      GET /socket: { needs: orders:read, websocket: true }
  audit:
    exposure: private
    host: { prod: orders.shop.example }
    upstream: http://127.0.0.1:4003
    routes:
      GET /audit/{id}: { needs: audit:read }
roles:
  support:
    members: { any: [{ groups: [support] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }
    can: [orders:*, { permission: audit:read, when: { claim: { plan: gold } } }]
    boundary: staff
boundaries:
  staff: [orders:*, audit:read]
throttle: { default: 100/second }
`;

function artifactsOf(environment: string): Artifacts {
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", SHOP);
  assert.ok(policy, JSON.stringify(diagnostics));
  const compiled = compile(policy, environment, sources);
  assert.ok(compiled.artifacts, JSON.stringify(compiled.diagnostics));
  return compiled.artifacts;
}

const [local, prod] = [artifactsOf("local"), artifactsOf("prod")];

function urisOf(api: HttpApi | undefined): Record<string, string | undefined> {
  const integrations = new Map(api?.integrations.map((one) => [one.integrationId, one.integrationUri]));
  return Object.fromEntries(
    (api?.routes ?? []).map(({ routeKey, target }) => [
      routeKey,
      integrations.get(target.replace("integrations/", "")),
    ]),
  );
}

test("services with a host of their own have an API for it, the others share the domain's", () => {
  assert.deepEqual(
    local.apis.public?.routes.map(({ routeKey }) => routeKey),
    ["GET /"],
  );
  assert.deepEqual(
    local.apis.private?.routes.map(({ routeKey }) => routeKey),
    ["GET /audit/{id}"],
  );
  assert.deepEqual(
    local.hostApis.map(({ host, exposure, api }) => `${host} ${exposure} ${api.name}`),
    ["orders.localhost public shop-public-orders.localhost"],
  );
  assert.deepEqual(prod.apis.private, null);
  assert.deepEqual(
    prod.hostApis.map(({ host, exposure, api }) => `${host} ${exposure} ${api.name}`),
    [
      "orders.shop.example private shop-private-orders.shop.example",
      "orders.shop.example public shop-public-orders.shop.example",
    ],
  );
});

test("the edge knows each host name with its listeners", () => {
  assert.deepEqual(local.edge.hosts, [{ host: "orders.localhost", public: true, private: false }]);
  assert.deepEqual(prod.edge.hosts, [{ host: "orders.shop.example", public: true, private: true }]);
  // A private service on another host is a private service.
  assert.deepEqual(prod.edge.privateNetwork, ["10.0.0.0/8"]);
});

test("ids do not repeat between APIs and are the same in every environment, whatever the host is called", () => {
  const idsOf = ({ apis, hostApis }: Artifacts): string[] =>
    [apis.public, apis.private, ...hostApis.map(({ api }) => api)].flatMap((api) => api?.apiId ?? []);
  assert.equal(new Set(idsOf(prod)).size, 3);
  const [ordersLocal] = local.hostApis;
  const ordersProd = prod.hostApis[1];
  assert.equal(ordersLocal?.api.apiId, ordersProd?.api.apiId);
  assert.deepEqual(
    ordersLocal?.api.routes.map(({ routeId }) => routeId),
    ordersProd?.api.routes.map(({ routeId }) => routeId),
  );
});

test("the base path is in the route key and not in what the service is asked for", () => {
  assert.deepEqual(urisOf(local.hostApis[0]?.api), {
    "GET /orders": "http://127.0.0.1:4002/",
    "GET /orders/events": "http://127.0.0.1:4002/events",
    "GET /orders/socket": "http://127.0.0.1:4002/socket",
    "GET /orders/{id}": "http://127.0.0.1:4002/{id}",
    "PUT /orders/{id}/{rest+}": "http://127.0.0.1:4002/{id}/{rest}",
  });
});

test("grants name the API of the route's host", () => {
  const [domain, host] = [local.apis.private?.apiId, local.hostApis[0]?.api.apiId];
  const arn = "arn:aws:execute-api:local:000000000000:";
  assert.deepEqual(
    local.iam.roles.map(({ roleName, policy }) => [roleName, policy.Statement[0]?.Resource]),
    [
      [
        "shop-local-support",
        [
          `${arn}${host}/$default/GET/orders`,
          `${arn}${host}/$default/GET/orders/*`,
          `${arn}${host}/$default/GET/orders/events`,
          `${arn}${host}/$default/GET/orders/socket`,
          `${arn}${host}/$default/PUT/orders/*/*`,
        ],
      ],
      ["shop-local-support-2", [`${arn}${domain}/$default/GET/audit/*`]],
    ],
  );
});

test("the additions of each route", () => {
  const id = local.hostApis[0]?.api.apiId;
  const rules = {
    requestHeaders: { set: { "x-from": "edge" }, remove: ["x-debug"] },
    responseHeaders: { set: { "cache-control": "no-store" }, remove: ["x-powered-by"] },
  };
  const shown = Object.entries(local.routes).map(([key, { maxBodyBytes, streaming, websocket, retries }]) => [
    key.replace(`${id}/`, ""),
    [maxBodyBytes, streaming, websocket, retries],
  ]);
  const own = Object.fromEntries(shown.filter(([key]) => String(key).includes("/orders")));
  assert.deepEqual(own, {
    "GET /orders": [10_485_760, false, false, 0],
    "GET /orders/{id}": [10_485_760, false, false, 0],
    "PUT /orders/{id}/{rest+}": [5_000_000, false, false, 2],
    "GET /orders/events": [null, true, false, 0],
    "GET /orders/socket": [10_485_760, false, true, 0],
  });
  const { requestHeaders, responseHeaders } = local.routes[`${id}/GET /orders/{id}`] ?? {};
  assert.deepEqual({ requestHeaders, responseHeaders }, rules);
});

test("CORS belongs to the public APIs, in one order", () => {
  const cors = {
    allowOrigins: ["https://a.example", "https://b.example"],
    allowMethods: ["GET", "POST"],
    allowHeaders: ["content-type"],
    exposeHeaders: ["x-total"],
    maxAge: 600,
    allowCredentials: true,
  };
  assert.deepEqual(local.apis.public?.corsConfiguration, cors);
  assert.deepEqual(local.hostApis[0]?.api.corsConfiguration, cors);
  assert.equal(local.apis.private?.corsConfiguration, undefined);
});

test("identity: further issuers and the claims that are asked for", () => {
  assert.deepEqual(local.identity.issuers, [
    {
      name: "ci",
      issuer: "https://ci.shop.example",
      audience: "shop-ci",
      claims: { groups: "teams", name: "name" },
    },
  ]);
  assert.deepEqual(local.identity.usedClaims, ["amr", "plan", "repository"]);
});

test("PL-3.15: what is asked of tokens, which issuers have from the provider unless they have their own", () => {
  const rules = (provider: string, ci: string) => {
    const text = SHOP.replace("  audience: shop-api\n", `  audience: shop-api\n${provider}`).replace(
      "claims: { groups: teams } }",
      `claims: { groups: teams }${ci} }`,
    );
    const { policy, sources, diagnostics } = parsePolicy("gatehouse.yaml", text);
    assert.ok(policy, JSON.stringify(diagnostics));
    const { artifacts } = compile(policy, "local", sources);
    assert.ok(artifacts);
    const { identity, edge } = artifacts;
    return [identity.tokens, identity.issuers[0]?.tokens, edge.asksForCertificate];
  };
  const dpop = { proof: ["dpop"], requireProof: true, profile: null };
  const provider = "  tokens: { proof: [dpop], require_proof: true }\n";
  assert.deepEqual(rules("", ""), [undefined, undefined, undefined]);
  assert.deepEqual(rules(provider, ""), [dpop, dpop, undefined]);
  assert.deepEqual(rules(provider, ", tokens: {}"), [dpop, undefined, undefined]);
  const both = { proof: ["dpop", "mtls"], requireProof: false, profile: "rfc9068" };
  const own = ", tokens: { proof: [mtls, dpop], profile: rfc9068 }";
  assert.deepEqual(rules("", own), [undefined, both, true]);
});

test("what an environment says differently is in its artifacts", () => {
  assert.equal(prod.identity.audience, "shop-api-prod");
  assert.deepEqual(prod.apis.public?.authorizers[0]?.jwtConfiguration.audience, ["shop-api-prod"]);
  assert.deepEqual(prod.perIdentityThrottle, { ratePerSecond: 10, burst: 10 });
  assert.equal(local.perIdentityThrottle, null);
  assert.deepEqual(prod.apis.public?.corsConfiguration?.allowOrigins, ["https://app.shop.example"]);
  const api = prod.hostApis[1]?.api;
  assert.deepEqual(api?.stages[0]?.routeSettings, {
    "GET /orders/{id}": { throttlingRateLimit: 5, throttlingBurstLimit: 5 },
  });
  const route = prod.routes[`${api?.apiId}/GET /orders/{id}`];
  assert.deepEqual([route?.maxBodyBytes, route?.retries], [1_000_000, 1]);
  const [always, narrow] = prod.iam.roles;
  assert.deepEqual(always?.members, { kind: "groups", values: ["prod-support"], issuer: null });
  const amr = { "gatehouse:claim/amr": ["mfa"] };
  assert.deepEqual(always?.policy.Statement[0]?.Condition, { "ForAnyValue:StringEquals": amr });
  assert.deepEqual(narrow?.policy.Statement[0]?.Condition, {
    "ForAnyValue:StringEquals": { ...amr, "gatehouse:claim/plan": ["gold"] },
  });
});
