import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSpan } from "../core/index.ts";
import { inEnvironment } from "./in-environment.ts";
import { parsePolicy } from "./parse/parse-policy.ts";
import type { Environment, Policy } from "./policy.ts";
import { parseGood } from "./testing/shop-policy.ts";

const TEXT = `gatehouse: 1
name: shop
identity: { issuer: "https://login.shop.example", audience: shop-api, issuers: { ci: { issuer: "https://ci.example" }, own: { issuer: "https://own.example", audience: own-api }, k8s: { issuer: "https://k8s.example" } }, login: { client_id: edge, scopes: [openid, email] } }
environments:
  local: { domain: shop.localhost }
  prod:
    domain: prod.localhost
    audience: shop-api-prod
    issuers: [ci, own]
    login: { client_id: edge-prod }
    throttle: { per_identity: 5/second }
    cors: { origins: ["https://www.shop.example"] }
    routes: { GET /orders: { timeout: 1 second, retries: 1 }, POST /orders: { body: 1 KiB, throttle: 2/second } }
    roles: { support: { members: { subject: [ada] } }, bot: { when: { amr: [mfa] } } }
cors: { origins: ["*"], max_age: 1 hour }
services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes:
      GET /orders: { needs: orders:read, throttle: 9/second }
      POST /orders: { needs: orders:write }
  other: { exposure: public, upstream: "http://127.0.0.1:4002", routes: { GET /other: { open: a sign } } }
roles:
  support: { members: { groups: [support] }, can: [orders:read], boundary: staff, when: { source_ip: [10.0.0.0/8] } }
  bot: { members: { client_id: [bot] }, can: [orders:write], boundary: staff, when: { source_ip: [10.0.0.0/8] } }
boundaries: { staff: [orders:*] }
throttle: { default: 100/second, per_identity: 50/second }
`;

const policy = parseGood(TEXT);
const at = (name: string): Policy =>
  inEnvironment(policy, policy.environments.find((one) => one.name === name) as Environment);

test("PL-15.1: an environment that says nothing has the policy as it is, the same object each time", () => {
  assert.equal(at("local"), policy);
  assert.equal(at("prod"), at("prod"));
  const { services, roles, boundaries } = at("prod");
  assert.deepEqual(
    services.map((service) => service.routes.map(({ key, access }) => [key, access])),
    policy.services.map((service) => service.routes.map(({ key, access }) => [key, access])),
  );
  assert.deepEqual(
    roles.map(({ can, boundary }) => [can, boundary]),
    policy.roles.map(({ can, boundary }) => [can, boundary]),
  );
  assert.equal(boundaries, policy.boundaries);
});

test("PL-15.2: audience, sign-in and CORS stand in place as a whole, throttles one by one", () => {
  const { identity, cors, throttle } = at("prod");
  assert.deepEqual(
    [identity.audience, identity.login?.clientId, identity.login?.scopes, identity.issuer],
    ["shop-api-prod", "edge-prod", ["openid", "profile", "offline_access"], "https://login.shop.example"],
  );
  assert.deepEqual(
    identity.issuers.map(({ name, audience }) => [name, audience]),
    [
      ["ci", "shop-api-prod"],
      ["own", "own-api"],
    ],
  );
  assert.deepEqual([cors?.origins, cors?.maxAgeMs], [["https://www.shop.example"], 0]);
  assert.deepEqual(throttle, {
    default: { ratePerSecond: 100, burst: 100 },
    perIdentity: { ratePerSecond: 5, burst: 5 },
  });
});

test("PL-15.3: of a route and a role what the environment says stands in place, the rest stays", () => {
  const [orders, other] = at("prod").services;
  assert.deepEqual(
    orders?.routes.map(({ key, throttle, timeoutMs, maxBodyBytes, retries }) => ({
      key,
      rate: throttle?.ratePerSecond,
      timeoutMs,
      maxBodyBytes,
      retries,
    })),
    [
      { key: "GET /orders", rate: 9, timeoutMs: 1000, maxBodyBytes: 10_485_760, retries: 1 },
      { key: "POST /orders", rate: 2, timeoutMs: 30_000, maxBodyBytes: 1024, retries: 0 },
    ],
  );
  assert.equal(other, policy.services[1]);
  const [support, bot] = at("prod").roles;
  assert.deepEqual(support?.members, { kind: "subject", values: ["ada"], issuer: null });
  assert.deepEqual(support.when, policy.roles[0]?.when);
  assert.deepEqual(bot?.members, policy.roles[1]?.members);
  assert.deepEqual([bot?.when?.sourceIp, bot?.when?.claims], [null, [{ claim: "amr", values: ["mfa"] }]]);
});

test("PL-15.3: an environment cannot give a role to identities of an issuer that it does not trust", () => {
  const text = TEXT.replace(
    "members: { subject: [ada] }",
    "members: { any: [{ subject: [ada] }, { issuer: k8s, groups: [x] }] }",
  );
  const { diagnostics, sources } = parsePolicy("p.yaml", text);
  assert.deepEqual(
    diagnostics.map(({ id, message, span }) => [formatSpan(span, sources), id, message]),
    [["p.yaml:14:14", "reference/issuer", "environment `prod` does not trust issuer `k8s`"]],
  );
  assert.deepEqual(parsePolicy("p.yaml", text.replace("issuers: [ci, own]", "issuers: [ci, k8s]")).diagnostics, []);
});
