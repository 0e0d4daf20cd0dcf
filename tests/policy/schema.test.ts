/**
 * The JSON Schema and the readers say the same, as far as a schema can: an independent validator (ajv) beside
 * `parsePolicy` on policies that are changed at random.
 *
 * What is shown: a file that the readers accept is valid; one that is valid has only findings of `BEYOND`, which no
 * schema can have.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import { parseDocument } from "yaml";
import { parsePolicy, policyJsonSchema } from "../../src/policy/index.ts";
import { SHOP } from "../../src/policy/testing/shop-policy.ts";
import { hasErrors } from "../../src/core/index.ts";

/** What a schema cannot say: other values count, or more than the spelling. */
const BEYOND: ReadonlySet<string> = new Set([
  // Whether a name exists, and what fits together.
  "reference/environment",
  "reference/boundary",
  "reference/permission",
  "reference/unused-boundary-entry",
  "reference/login",
  "reference/secret",
  "reference/unused-secret",
  "reference/rule",
  "reference/issuer",
  "reference/route",
  "reference/role",
  "identity/issuer-missing",
  "identity/issuer-twice",
  "identity/session",
  "identity/proof",
  "environment/certificates-missing",
  "service/upstream-missing",
  "service/header-twice",
  "service/login-host",
  "route/conflict",
  "route/order-unconfirmed",
  "route/retries",
  "route/streaming",
  "route/websocket",
  "secret/overlap",
  "secret/assertion-overlap",
  "condition/never",
  "condition/path-parameter",
  "condition/path-parameter-missing",
  "parse/duplicate-entry",
  // The value behind a spelling: ranges, days that exist, address blocks, time zones, segments of paths.
  "parse/range",
  "parse/instant",
  "waiver/expiry",
  "network/block",
  "condition/zone",
  "environment/domain",
  "identity/issuer",
  "service/upstream",
  "service/host",
  "service/base-path",
  "environment/state",
  "cors/origin",
  "cors/credentials",
  // Names that browsers keep to themselves.
  "cors/header",
  "service/header-reserved",
  "route/path",
  "route/parameter",
  "route/greedy",
  "route/trailing-slash",
  "route/reserved",
  "route/key",
  "identity/scope",
  "parse/too-many",
  "environment/acme",
  // What stands in other files.
  "include/path",
  "include/unreadable",
  "include/cycle",
  "include/twice",
  // Characters that no file may have, and lengths in UTF-16 units.
  "parse/not-text",
  "parse/text",
]);

/** Says a little of everything. */
const RICH = {
  gatehouse: 1,
  name: "shop",
  identity: {
    issuer: "https://login.shop.example",
    audience: "shop-api",
    claims: { groups: "groups", name: "name" },
    issuers: { ci: { issuer: "https://ci.shop.example", audience: "shop-ci", claims: { name: "repository" } } },
    login: {
      client_id: "edge",
      client_secret: "secret:login-client",
      scopes: ["openid"],
      session: { idle: "30 minutes", max: "12 hours" },
    },
  },
  environments: {
    local: { identity: "embedded", domain: "shop.localhost" },
    stage: { identity: { issuer: "https://stage.shop.example" }, domain: "stage.localhost", certificates: "internal" },
    prod: {
      domain: "api.shop.example",
      certificates: { acme: { email: "ops@shop.example", directory: "https://acme.shop.example/dir" } },
      private_network: ["10.0.0.0/16"],
      gateway: { aws: { account: "111122223333", regions: ["eu-west-1"], authorize: "iam", federation: "brokered" } },
      state: "valkey://cache.shop.internal:6379",
      audience: "shop-api-prod",
      login: { client_id: "edge-prod" },
      throttle: { default: "500/second" },
      cors: { origins: ["*"] },
      routes: { "GET /orders": { throttle: "5/second", timeout: "3 seconds", body: "1 MB", retries: 1 } },
      roles: { support: { members: { groups: ["prod"] }, when: { amr: ["mfa"] } } },
    },
  },
  cors: {
    origins: ["https://app.shop.example"],
    methods: ["GET"],
    headers: ["content-type"],
    expose_headers: ["x-total"],
    max_age: "10 minutes",
    credentials: true,
  },
  services: {
    orders: {
      exposure: "public",
      login: false,
      host: { local: "orders.localhost" },
      upstream: { local: "http://127.0.0.1:4001", stage: "http://127.0.0.1:4001", prod: "https://orders.internal" },
      headers: {
        keep: ["x-tenant"],
        identity: { "x-user": "subject" },
        request: { set: { "x-from": "edge" }, remove: ["x-debug"] },
        response: { set: { "cache-control": "no-store" } },
      },
      routes: {
        "GET /orders": { needs: "orders:read", retries: 2 },
        "GET /{customer}/orders": { needs: "orders:own" },
        "POST /orders": { needs: "orders:write", throttle: "50/second burst 100", timeout: "10 seconds", body: "5 MB" },
        "GET /events": { needs: "orders:read", streaming: true },
        "GET /socket": { needs: "orders:read", websocket: true },
        "GET /health": { open: "probe" },
      },
    },
    inside: {
      exposure: "private",
      upstream: "http://127.0.0.1:4002",
      base_path: "/in",
      routes: { "ANY /{path+}": { needs: "orders:read" } },
    },
  },
  roles: {
    support: { members: { groups: ["support"], subject: ["ada"] }, can: ["orders:read"], boundary: "staff" },
    own: {
      members: { all: [{ any: [{ groups: ["a"] }, { client_id: ["b"] }] }, { not: { subject: ["eve"] } }] },
      can: [{ permission: "orders:own", when: { path: { customer: "claim:sub" } } }, "orders:read"],
      boundary: "staff",
      when: {
        source_ip: ["10.0.0.0/8"],
        after: "2026-01-01",
        before: "2027-01-01T00:00:00Z",
        hours: { days: ["monday"], from: "08:00", to: "24:00", zone: "Europe/Berlin" },
        claim: { email_verified: true, level: [1, 2] },
        acr: ["gold"],
        token_age: "10 minutes",
      },
    },
    pipeline: {
      members: { issuer: "ci", claim: { name: "repository", prefix: "shop/" } },
      can: ["orders:write"],
      boundary: "staff",
    },
  },
  boundaries: { staff: ["orders:*"] },
  throttle: { default: "1000/second burst 2000", per_identity: "100/second" },
  secrets: { "login-client": { rotate: "90 days", overlap: "1 day" } },
  guardrails: {
    waive: [
      { rule: "guardrail/open-write", reason: "agreed", owner: "ops", expiry: "2027-01-31", for: "POST /orders" },
    ],
  },
} as const;

const validate = new Ajv({ allErrors: false, strict: true, strictRequired: false, allowUnionTypes: true }).compile(
  policyJsonSchema(),
);

function judge(value: unknown): {
  readonly valid: boolean;
  readonly ids: readonly string[];
  readonly accepted: boolean;
} {
  const { diagnostics } = parsePolicy("p.yaml", JSON.stringify(value));
  return { valid: validate(value), ids: diagnostics.map(({ id }) => id), accepted: !hasErrors(diagnostics) };
}

test("PL-1.5: the policies of the tests and the examples are valid", () => {
  assert.deepEqual(judge(RICH), { valid: true, ids: [], accepted: true });
  const examples = join(import.meta.dirname, "..", "..", "examples", "shop", "gatehouse.yaml");
  for (const text of [SHOP, readFileSync(examples, "utf8")]) {
    const value: unknown = parseDocument(text).toJS();
    assert.ok(validate(value), JSON.stringify(validate.errors));
  }
});

/** Numbers from a seed: xorshift32. */
function createRandom(seed: number): (below: number) => number {
  let state = seed === 0 ? 1 : seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  7,
  -1,
  2.5,
  1e21,
  "",
  " ",
  "x",
  "X",
  "a b",
  "a-b",
  "a:b",
  "a:*",
  "*",
  "*:*",
  "0123",
  "10 seconds",
  "10 second",
  "ms",
  "5 ms",
  "5/second",
  "0/second",
  "5/second burst 0",
  "5 MB",
  "5MB",
  "5 mb",
  "2026-02-30",
  "2026-02-03",
  "08:00",
  "8:00",
  "24:00",
  "24:01",
  "https://a.example",
  "http://b.example/x",
  "embedded",
  "internal",
  "public",
  "secret:a",
  "secret:A",
  "claim:sub",
  "GET /x",
  "a@b.example",
  "10.0.0.0/8",
  "a".repeat(49),
  "a".repeat(1025),
  "ä",
  "line\nbreak",
  "tab\there",
  "x-a",
  "x--a",
  "X-A",
  "guardrail/open-write",
  [],
  {},
  ["x"],
  [["x"]],
  [{}],
  { x: 1 },
  { a: "b" },
  ["a:b"],
  [1],
  [true],
  ["x", "x"],
  [null],
  { groups: ["x"] },
  { not: { groups: ["x"] } },
  { all: [{ not: { groups: ["x"] } }] },
  { any: [] },
  { issuer: "ci" },
  { groups: ["x"], claim: { name: "a", equals: 1 } },
  { claim: { name: "a", equals: 1, prefix: "b" } },
  { needs: "a:b" },
  { open: "yes" },
  { needs: "a:b", open: "yes" },
  { set: { a: "b" } },
  { acme: "a@b.example" },
];

/** The value with one node replaced, removed, renamed, copied or added to. */
function mutate(value: unknown, random: (below: number) => number): unknown {
  const copy: unknown = structuredClone(value);
  const nodes: { readonly of: Record<string, unknown>; readonly key: string }[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      nodes.push({ of: node as Record<string, unknown>, key });
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  const { of, key } = nodes[random(nodes.length)] as (typeof nodes)[number];
  const { of: otherOf, key: otherKey } = nodes[random(nodes.length)] as (typeof nodes)[number];
  switch (random(6)) {
    case 0:
      if (Array.isArray(of)) of.splice(Number(key), 1);
      else delete of[key];
      break;
    case 1:
      of[key] = structuredClone(otherOf[otherKey]);
      break;
    case 2:
      if (!Array.isArray(of)) of[String(ODD[random(ODD.length)])] = of[key];
      break;
    case 3: {
      const node = of[key];
      if (Array.isArray(node)) node.push(structuredClone(ODD[random(ODD.length)]));
      else if (typeof node === "object" && node !== null)
        (node as Record<string, unknown>)[otherKey] = structuredClone(otherOf[otherKey]);
      break;
    }
    default:
      of[key] = structuredClone(ODD[random(ODD.length)]);
  }
  return copy;
}

const RUNS = 3000;

test("PL-1.3: whatever the readers accept is valid; what is valid lacks nothing but what a schema cannot say", (context) => {
  const seed = Number(process.env["GATEHOUSE_SEED"] ?? Date.now() % 2 ** 31);
  const random = createRandom(seed);
  let accepted = 0;
  let valid = 0;
  for (let run = 0; run < RUNS; run++) {
    let value: unknown = RICH;
    for (let times = 0; times <= random(2); times++) value = mutate(value, random);
    const verdict = judge(value);
    if (verdict.accepted) accepted++;
    if (verdict.valid) valid++;
    const told = `GATEHOUSE_SEED=${seed}, run ${run}: ${JSON.stringify(validate.errors)} ${JSON.stringify(verdict.ids)}\n${JSON.stringify(value)}`;
    if (verdict.accepted) assert.ok(verdict.valid, told);
    // `services` may stand in an included file, which nobody can see here.
    const isBeyond = (id: string): boolean =>
      BEYOND.has(id) || (id === "parse/missing-key" && verdict.ids.includes("include/unreadable"));
    if (verdict.valid)
      assert.deepEqual(
        verdict.ids.filter((id) => !isBeyond(id)),
        [],
        told,
      );
  }
  context.diagnostic(`seed ${seed}: ${RUNS} policies, ${valid} valid, ${accepted} accepted by the readers`);
  assert.ok(accepted > RUNS / 50 && valid < RUNS * 0.8, `${accepted} accepted, ${valid} valid: the test has no teeth`);
});
