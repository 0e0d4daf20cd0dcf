import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { isCollection, isScalar, parseDocument, visit } from "yaml";
import { decide } from "../decide.ts";
import { lintPolicy } from "../lint-policy.ts";
import { SHOP, editShop, parseGood } from "../testing/shop-policy.ts";
import { parsePolicy } from "./parse-policy.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const MINIMAL = `gatehouse: 1
name: tiny
identity: { audience: tiny-api }
environments: { local: { identity: embedded, domain: localhost } }
services: { web: { exposure: public, upstream: http://127.0.0.1:4001, routes: { GET /: { open: it is a sign } } } }
`;

const NO_RULES = { set: {}, remove: [] };
const NO_OVERRIDES = {
  audience: null,
  issuers: null,
  login: null,
  throttle: { default: null, perIdentity: null },
  cors: null,
  routes: {},
  roles: {},
};

test("a policy is read into its types, in the order of the file", () => {
  const policy = parseGood(SHOP);
  const { issuer, audience, claims, login } = policy.identity;
  assert.deepEqual(
    { name: policy.name, file: policy.file, issuer, audience, claims },
    {
      name: "shop",
      file: "p.yaml",
      issuer: "https://login.shop.example",
      audience: "shop-api",
      claims: { groups: "groups", name: "name" },
    },
  );
  assert.deepEqual(
    { ...login, at: null },
    {
      clientId: "edge",
      clientSecret: "login-client",
      scopes: ["openid"],
      sessionIdleMs: HOUR_MS / 2,
      sessionMaxMs: 12 * HOUR_MS,
      sessionStore: "cookie",
      title: null,
      page: null,
      at: null,
    },
  );
  assert.deepEqual(
    policy.environments.map((environment) => ({ ...environment, at: null })),
    [
      {
        name: "local",
        identity: { kind: "embedded", peopleFile: "people.yaml" },
        domain: "shop.localhost",
        certificates: { kind: "internal" },
        gateway: { kind: "embedded" },
        privateNetwork: [],
        state: null,
        overrides: NO_OVERRIDES,
        at: null,
      },
      {
        name: "prod",
        identity: { kind: "issuer", issuer: "https://login.shop.example" },
        domain: "api.shop.example",
        certificates: { kind: "acme", email: "ops@shop.example", directory: null },
        gateway: {
          kind: "aws",
          account: "111122223333",
          regions: ["eu-west-1"],
          authorize: "iam",
          federation: "brokered",
        },
        privateNetwork: ["10.0.0.0/16"],
        state: "valkey://cache.shop.internal:6379",
        overrides: NO_OVERRIDES,
        at: null,
      },
    ],
  );
  const [orders, backoffice] = policy.services;
  assert.deepEqual(
    { ...orders, routes: orders?.routes.map((route) => ({ ...route, at: null })), at: null },
    {
      name: "orders",
      exposure: "public",
      upstream: { local: "http://127.0.0.1:4001", prod: "http://orders.shop.internal:8080" },
      hosts: {},
      basePath: "",
      login: true,
      headers: { keep: ["x-tenant"], identity: { "x-user": "subject" }, request: NO_RULES, response: NO_RULES },
      routes: [
        readRoute("GET", "/orders", { needs: "orders:read" }),
        readRoute("GET", "/orders/{id}", { needs: "orders:read" }),
        {
          ...readRoute("POST", "/orders", { needs: "orders:write" }),
          throttle: { ratePerSecond: 50, burst: 100 },
          timeoutMs: 10_000,
        },
        readRoute("GET", "/health", { open: "probe, returns no data" }),
      ],
      at: null,
    },
  );
  assert.deepEqual(backoffice?.upstream, { local: "http://127.0.0.1:4002", prod: "http://127.0.0.1:4002" });
  assert.equal(backoffice?.login, false);
  const [support, bot] = policy.roles;
  assert.deepEqual(support?.members, { kind: "groups", values: ["support"], issuer: null });
  assert.equal(support?.when, null);
  assert.deepEqual(bot?.members, {
    kind: "any",
    of: [
      { kind: "subject", values: ["robot-7"], issuer: null },
      { kind: "client", values: ["billing"], issuer: null },
    ],
  });
  assert.deepEqual(
    bot?.can.map(({ value }) => value),
    ["orders:*"],
  );
  assert.equal(bot?.boundary, "machines");
  assert.deepEqual(
    { ...bot?.when, at: null },
    {
      sourceIp: ["10.0.0.0/16"],
      afterMs: null,
      beforeMs: null,
      hours: null,
      path: [],
      claims: [],
      tokenAgeMs: null,
      at: null,
    },
  );
  assert.deepEqual(
    policy.boundaries.map(({ name, permissions }) => [name, ...permissions.map(({ value }) => value)]),
    [
      ["staff", "orders:*", "backoffice:use"],
      ["machines", "orders:read", "orders:write"],
    ],
  );
  assert.deepEqual(policy.throttle, {
    default: { ratePerSecond: 1000, burst: 2000 },
    perIdentity: { ratePerSecond: 100, burst: 100 },
  });
  assert.deepEqual(
    policy.secrets.map(({ name, rotateMs, overlapMs }) => [name, rotateMs, overlapMs]),
    [
      ["login-client", 90 * DAY_MS, DAY_MS],
      ["session-key", 30 * DAY_MS, DAY_MS / 2],
    ],
  );
  assert.deepEqual(
    policy.waivers.map((waiver) => ({ ...waiver, at: null })),
    [
      {
        rule: "guardrail/open-write",
        subject: "POST /orders",
        reason: "agreed",
        owner: "ops",
        expiresAtMs: Date.parse("2027-02-01T00:00:00Z"),
        at: null,
      },
    ],
  );
});

function readRoute(method: string, path: string, says: { needs: string } | { open: string }): object {
  return {
    method,
    path,
    servicePath: path,
    key: `${method} ${path}`,
    service: "orders",
    access: "needs" in says ? { kind: "needs", permission: says.needs } : { kind: "open", because: says.open },
    authentication: null,
    throttle: null,
    timeoutMs: 30_000,
    maxBodyBytes: 10_485_760,
    streaming: false,
    websocket: false,
    retries: 0,
    at: null,
  };
}

test("PL-3.1: a short policy gets every default", () => {
  const policy = parseGood(MINIMAL);
  assert.equal(policy.identity.issuer, "");
  assert.equal(policy.identity.login, null);
  assert.deepEqual(policy.identity.claims, { groups: "groups", name: "name" });
  assert.deepEqual(policy.environments[0]?.certificates, { kind: "internal" });
  assert.deepEqual(policy.environments[0]?.gateway, { kind: "embedded" });
  assert.deepEqual(policy.services[0]?.headers, { keep: [], identity: {}, request: NO_RULES, response: NO_RULES });
  assert.deepEqual(policy.throttle, { default: { ratePerSecond: 10_000, burst: 5000 }, perIdentity: null });
  assert.deepEqual([policy.roles, policy.boundaries, policy.secrets, policy.waivers], [[], [], [], []]);
});

test("sign-in without details gets scopes that keep a session alive", () => {
  const policy = parseGood(MINIMAL.replace("tiny-api }", "tiny-api, login: { client_id: web } }"));
  const { clientSecret, scopes, sessionIdleMs, sessionMaxMs } = policy.identity.login ?? {};
  assert.deepEqual(
    { clientSecret, scopes, sessionIdleMs, sessionMaxMs },
    {
      clientSecret: null,
      scopes: ["openid", "profile", "offline_access"],
      sessionIdleMs: HOUR_MS / 2,
      sessionMaxMs: 12 * HOUR_MS,
    },
  );
});

const accepted: readonly (readonly [what: string, from: string, to: string])[] = [
  ["a people file of another name", "identity: embedded", "identity: { embedded: dev/people.yaml }"],
  ["an issuer for one environment", "identity: embedded", "identity: { issuer: https://other.example/ }"],
  ["an issuer in short", "identity: embedded", "identity: https://other.example"],
  ["an issuer on this machine", "identity: embedded", "identity: { issuer: http://127.0.0.1:9000/realm }"],
  [
    "an ACME directory",
    "acme: ops@shop.example",
    "acme: { email: ops@shop.example, directory: https://127.0.0.1:14000/dir }",
  ],
  ["internal certificates for a public name", "{ acme: ops@shop.example }", "internal"],
  ["an IPv6 upstream", "upstream: http://127.0.0.1:4002", 'upstream: "http://[::1]:4002"'],
  ["an upstream with final slash", "upstream: http://127.0.0.1:4002", "upstream: http://127.0.0.1:4002/"],
  ["an https upstream", "upstream: http://127.0.0.1:4002", "upstream: https://orders.example:443"],
  ["a root route", "GET /health:", "GET /:"],
  ["a literal with every character", "GET /health:", "'GET /a-b.c_d~e!f$g&h''i(j)k+l,m=n:o@p':"],
  ["a well-known path", "GET /health:", "GET /.well-known/security.txt:"],
  ["one key for both exposures", "ANY /{path+}:", "GET /orders:"],
  ["paths that differ in case", "GET /health:", "GET /Orders:"],
  ["a byte order mark", "gatehouse: 1", "\ufeffgatehouse: 1"],
  ["a name called like a built-in", "  machines: [", "  constructor: [orders:read]\n  machines: ["],
  ["a subject of another provider", "[robot-7]", '["auth0|5f|x", "a.b+c@d", "arn:aws:sts::1:x/y"]'],
  ["an authorization header that is kept", "[x-tenant]", "[authorization, x-tenant]"],
  [
    "identity in a header that many services know",
    "x-user: subject",
    "x-forwarded-user: name, x-webauth-groups: groups",
  ],
];
for (const [what, from, to] of accepted)
  test(`accepts ${what}`, () => assert.deepEqual(parsePolicy("p.yaml", editShop(from, to)).diagnostics, []));

test("addresses are kept in one spelling", () => {
  const upstream = (text: string): string | undefined =>
    parseGood(editShop("upstream: http://127.0.0.1:4002", `upstream: "${text}"`)).services[1]?.upstream["prod"];
  assert.equal(upstream("http://127.0.0.1:80/"), "http://127.0.0.1");
  assert.equal(upstream("https://orders.example:443"), "https://orders.example");
  assert.equal(upstream("http://[0:0:0:0:0:0:0:1]:4002"), "http://[::1]:4002");
  const issuer = parseGood(editShop("identity: embedded", "identity: { issuer: https://other.example/ }"));
  assert.deepEqual(issuer.environments[0]?.identity, { kind: "issuer", issuer: "https://other.example/" });
});

test("line breaks of either kind give the same policy", () => {
  const plain = parseGood(SHOP);
  const windows = parseGood(SHOP.replaceAll("\n", "\r\n"));
  const withoutPlaces = (value: unknown): string =>
    JSON.stringify(value, (key, inner: unknown) => (key === "at" ? undefined : inner));
  assert.equal(withoutPlaces(windows), withoutPlaces(plain));
});

test("places point at the words that people wrote", () => {
  const policy = parseGood(SHOP);
  const textAt = ({ start, end }: { start: number; end: number }): string => SHOP.slice(start, end);
  assert.equal(textAt(policy.identity.at), "identity");
  assert.deepEqual(
    policy.environments.map(({ at }) => textAt(at)),
    ["local", "prod"],
  );
  assert.deepEqual(
    policy.services.map(({ at }) => textAt(at)),
    ["orders", "backoffice"],
  );
  assert.deepEqual(
    policy.services.flatMap((service) => service.routes.map(({ at }) => textAt(at))),
    ["GET /orders", "GET /orders/{id}", "POST /orders", "GET /health", "ANY /{path+}"],
  );
  assert.deepEqual(
    policy.roles.map(({ at }) => textAt(at)),
    ["support", "bot"],
  );
  assert.deepEqual(
    policy.roles[0]?.can.map(({ at }) => textAt(at)),
    ["orders:read", "backoffice:use"],
  );
  assert.deepEqual(
    policy.boundaries[1]?.permissions.map(({ at }) => textAt(at)),
    ["orders:read", "orders:write"],
  );
});

test("a policy is frozen all the way down", () => {
  const check = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    assert.ok(Object.isFrozen(value));
    Object.values(value).forEach(check);
  };
  check(parseGood(SHOP));
});

test("the example of the shop is good and passes every guardrail", () => {
  const file = new URL("../../../examples/shop/gatehouse.yaml", import.meta.url);
  const { policy, diagnostics } = parsePolicy("gatehouse.yaml", readFileSync(file, "utf8"));
  assert.deepEqual(diagnostics, []);
  assert.ok(policy !== null);
  assert.deepEqual(lintPolicy(policy), []);
});

/** A text is read, and used if it can be; whatever it says, every finding has a place in it. */
function checkTotal(text: string): void {
  const { policy, diagnostics } = parsePolicy("p.yaml", text);
  for (const { span, message, hint } of diagnostics) {
    assert.equal(span.file, "p.yaml");
    assert.ok(Number.isInteger(span.start) && span.start >= 0 && span.start <= span.end && span.end <= text.length);
    assert.ok(message !== "" && !message.includes("\n") && hint !== "");
  }
  assert.equal(
    policy === null,
    diagnostics.some((finding) => finding.severity === "error"),
  );
  if (policy === null) return;
  lintPolicy(policy);
  const request = { exposure: "public", method: "GET", path: "/orders", sourceIp: "10.0.0.1" } as const;
  decide(policy, "local", request, { subject: "s", clientId: null, groups: ["support"] });
}

const NODES = ((): number => {
  let count = 0;
  visit(parseDocument(SHOP), { Node: () => void count++ });
  return count;
})();

test("a policy with any one value exchanged is read or refused with places", () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom("*", "secret:x", "__proto__", "GET /a", "a:b", "1 day", "http://x", "embedded", 1, true, null),
  );
  fc.assert(
    fc.property(fc.nat({ max: NODES - 1 }), value, fc.boolean(), (index, replacement, remove) => {
      const document = parseDocument(SHOP);
      let at = 0;
      visit(document, {
        Node: (_key, node) => {
          if (at++ !== index || node === document.contents) return undefined;
          if (remove && (isScalar(node) || isCollection(node))) return visit.REMOVE;
          return document.createNode(replacement);
        },
      });
      let text: string;
      try {
        text = document.toString();
      } catch {
        // Not every value can stand for every node; such a text does not exist.
        return;
      }
      checkTotal(text);
    }),
    { numRuns: 200 },
  );
});

test("a policy with a few characters exchanged is read or refused with places", () => {
  const characters = fc.string({
    unit: fc.constantFrom(...Array.from("{}[]:,&*!|>'\"%@#-? \n\t\r\0\ufeffaé1/")),
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.nat({ max: SHOP.length }), fc.nat({ max: 6 }), characters, (start, length, inserted) =>
      checkTotal(SHOP.slice(0, start) + inserted + SHOP.slice(start + length)),
    ),
    { numRuns: 200 },
  );
});

test("any text is refused with places", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), checkTotal), { numRuns: 150 });
});
