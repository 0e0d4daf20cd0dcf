import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatSpan } from "../core/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { CAPABILITIES, CAPABILITY_TARGETS, type Capability } from "./capabilities.ts";
import { compile } from "./compile.ts";
import { listUses } from "./used-features.ts";

/** A policy that uses everything; the parts in capitals are put in by the tests. */
const EVERYTHING = `gatehouse: 1
name: shop
identity:
  issuer: https://login.shop.example
  audience: shop-api
  issuers:
    ci: { issuer: "https://ci.shop.example", tokens: { proof: [dpop] } }
  login: { client_id: shop-edge }
environments:
  prod:
    domain: api.shop.example
    certificates: { acme: ops@shop.example }
    private_network: [10.0.0.0/8]
    gateway: GATEWAY
cors: { origins: ["https://app.shop.example"] }
services:
  orders:
    exposure: public
    # no sign-in, which belongs to the domain
    host: orders.shop.example
    base_path: /orders
    upstream: http://127.0.0.1:4001
    headers:
      keep: [x-tenant, authorization]
      identity: { x-user: subject }
      request: { set: { x-from: edge } }
      response: { remove: [x-powered-by] }
    routes:
      GET /health: { open: "no data" }
      GET /list: { needs: orders:read, throttle: 1/second, timeout: 1 second, body: 1 KB }
      GET /events: { needs: orders:read, streaming: true }
      GET /more: { needs: orders:read, streaming: true }
      GET /socket: { needs: orders:read, websocket: true }
      GET /again: { needs: orders:read, retries: 1 }
      GET /own/{customer}: { needs: own:read, authentication: { acr: [mfa], max_age: 5 minutes } }
  internal:
    exposure: private
    upstream: http://127.0.0.1:4002
    login: true
    routes:
      GET /stream: { needs: internal:use, streaming: true }
roles:
  people:
    members: { groups: [support], subject: [s-1], client_id: [c-1] }
    can: [orders:read, internal:use]
    boundary: staff
    when: { source_ip: [10.0.0.0/8], after: 2026-11-01, hours: { from: "08:00", to: "18:00", zone: UTC }, token_age: 10 minutes }
  machines:
    members: { all: [{ issuer: ci, claim: { name: repository, prefix: shop/ } }, { not: { subject: [s-2] } }] }
    can:
      - { permission: own:read, when: { path: { customer: claim:sub } } }
      - { permission: orders:read, when: { amr: [mfa] } }
    boundary: staff
boundaries:
  staff: [orders:read, own:read, internal:use]
throttle: { default: 100/second, per_identity: 10/second }
`;

function findings(gateway: string): string[] {
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", EVERYTHING.replace("GATEWAY", gateway));
  assert.ok(policy, JSON.stringify(diagnostics));
  return compile(policy, "prod", sources).diagnostics.map(
    ({ id, severity, span, message }) =>
      `${severity} ${id} ${formatSpan(span, sources).split(":").slice(1).join(":")} ${message}`,
  );
}

const aws = (more: string): string => `{ aws: { account: "111122223333", regions: [eu-west-1], ${more} } }`;

const NOT_THERE = [
  "error compile/not-expressible 17:3 service `orders` uses `headers.keep` of `authorization` (PL-4.4), and the call to API Gateway is signed in this header",
  "error compile/not-expressible 35:7 route `GET /orders/own/{customer}` uses `authentication` (PL-5.15), and neither IAM nor a JWT authorizer asks how, or when, a caller signed in, and neither can ask for more",
  "error compile/not-expressible 31:7 route `GET /orders/events` uses `streaming` (PL-5.11), and an HTTP API of AWS collects bodies of at most 10 MB and answers within 30 seconds",
  "error compile/not-expressible 33:7 route `GET /orders/socket` uses `websocket` (PL-5.12), and an HTTP API of AWS does not pass on `Upgrade`",
  "error compile/not-expressible 34:7 route `GET /orders/again` uses `retries` (PL-5.13), and API Gateway calls the service once and does not say whether the service was reached",
];

const edge = (severity: string): string[] => [
  "info compile/source-ip-of-the-edge 47:5 role `people` depends on `source_ip`, and AWS sees the address of the edge instead of the caller's",
  `${severity} compile/decided-at-the-edge 47:5 role \`people\` depends on \`hours\` (PL-13.4), and IAM has no key for the time of the week`,
  `${severity} compile/decided-at-the-edge 47:5 role \`people\` depends on \`token_age\` (PL-13.7), and AWS knows when its own session began, not when the caller's token was issued`,
];
const edgeOfGrants = (severity: string): string[] => [
  `${severity} compile/decided-at-the-edge 51:33 role \`machines\`, where it can \`own:read\`, depends on \`path\` (PL-13.5), and IAM has no key for a path parameter`,
  `${severity} compile/decided-at-the-edge 52:36 role \`machines\`, where it can \`orders:read\`, depends on \`claim\`, \`acr\` or \`amr\` (PL-13.6), and a role session of AWS does not carry the caller's claims`,
];

const rows: [gateway: string, expected: string[]][] = [
  ["embedded", []],
  [aws("authorize: iam"), [...edge("info"), ...edgeOfGrants("info"), ...NOT_THERE]],
  [
    aws("federation: direct"),
    [
      "error compile/role-not-enforceable-by-iam 43:3 role `people` is held by group `support`, and a trust policy cannot read groups: any token of the provider could take the role",
      ...edge("warning"),
      "error compile/role-not-enforceable-by-iam 48:3 role `machines` is held by claim `repository` beginning with `shop/` of issuer `ci`, and a trust policy cannot read this claim: any token of the issuer could take the role",
      "error compile/role-not-enforceable-by-iam 48:3 role `machines` is held by not subject `s-2`, and a trust policy says who may take a role, and what it does not read it cannot leave out",
      ...edgeOfGrants("warning"),
      ...NOT_THERE,
    ],
  ],
  [
    aws("authorize: jwt"),
    [
      "error compile/role-not-enforceable-by-jwt 10:3 a JWT authorizer checks issuer, audience and scopes; it cannot hold up roles",
      "error compile/not-expressible 7:5 issuer `ci` uses `identity.issuers` (PL-3.12), and a JWT authorizer takes the tokens of one issuer, IAM those of many",
      ...NOT_THERE.slice(1),
    ],
  ],
];

for (const [gateway, expected] of rows)
  test(`what a target does not hold up: ${gateway}`, () => {
    assert.deepEqual(findings(gateway), expected);
  });

test("a JWT authorizer will do where public routes are open, and never where one needs a permission", () => {
  const write = (access: string, roles: string): string => `gatehouse: 1
name: shop
identity: { issuer: https://login.shop.example, audience: shop-api }
environments:
  prod: { domain: api.shop.example, certificates: internal, gateway: ${aws("authorize: jwt")} }
services:
  s: { exposure: public, upstream: http://127.0.0.1:4001, routes: { GET /a: ${access} } }
${roles}`;
  const idsOf = (text: string): string[] => {
    const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", text);
    assert.ok(policy, JSON.stringify(diagnostics));
    return compile(policy, "prod", sources).diagnostics.map(({ id }) => id);
  };
  assert.deepEqual(idsOf(write('{ open: "no data" }', "")), []);
  assert.deepEqual(idsOf(write("{ needs: a:read }", "")), ["compile/role-not-enforceable-by-jwt"]);
});

test("routes of one service are one finding, with the others beside it", () => {
  const { policy, sources } = parsePolicy("gatehouse.yaml", EVERYTHING.replace("GATEWAY", aws("authorize: iam")));
  assert.ok(policy);
  const found = compile(policy, "prod", sources).diagnostics.find(({ message }) => message.includes("streaming"));
  assert.deepEqual(
    found?.related?.map(({ message, span }) => `${formatSpan(span, sources)} ${message}`),
    ["gatehouse.yaml:32:7 route `GET /orders/more` too"],
  );
  assert.equal(found?.hint, "remove `streaming`, or keep the environment on the embedded gateway");
});

test("an environment may leave out what its target cannot do", () => {
  const text = EVERYTHING.replace(
    "GATEWAY",
    `${aws("authorize: iam")}\n    routes: { GET /orders/again: { retries: 0 } }`,
  );
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", text);
  assert.ok(policy, JSON.stringify(diagnostics));
  const { diagnostics: found } = compile(policy, "prod", sources);
  assert.equal(found.filter(({ message }) => message.includes("retries")).length, 0);
});

test("PL-16.1: every row of the table is found where a policy uses it, and no policy uses anything else", () => {
  const page =
    "services:\n  page: { exposure: public, login: true, upstream: http://127.0.0.1:4003, routes: { GET /: { needs: own:read } } }";
  const text = EVERYTHING.replace("GATEWAY", "embedded").replace("services:", page);
  const { policy } = parsePolicy("gatehouse.yaml", text);
  const [environment] = policy?.environments ?? [];
  assert.ok(policy && environment);
  const used = new Set(listUses(policy, environment).map(({ feature }) => feature));
  assert.deepEqual([...used].sort(), Object.keys(CAPABILITIES).sort());
});

test("each row: a clause that the specification has, Gatehouse itself can do it, and a way out where there is a no", () => {
  const spec = readFileSync(join(import.meta.dirname, "../../docs/spec/policy-language.md"), "utf8");
  for (const [feature, row] of Object.entries<Capability>(CAPABILITIES)) {
    assert.ok(spec.includes(`**${row.clause}**`), `${feature}: ${row.clause}`);
    assert.equal(row.verdicts.embedded, "yes", feature);
    const isMissing = CAPABILITY_TARGETS.some((target) => row.verdicts[target] === "no");
    if (row.group === "other") assert.equal(row.wayOut !== null, isMissing, feature);
    assert.match(row.why, /^[a-zA-Z].*[^.]$/);
  }
});
