/**
 * Whatever a policy says, what is emitted for it keeps every rule of document-rules.ts; and each of these rules finds
 * something in a document that breaks it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type EdgeRuntime, compile, compileCaddy } from "../../src/compile/index.ts";
import type { Json } from "../../src/core/index.ts";
import type { Artifacts } from "../../src/model/index.ts";
import { RULES_FOR_IAM } from "../../src/policy/guardrails/rules-for-iam.ts";
import { parsePolicy } from "../../src/policy/index.ts";
import { CONTROL_DOCUMENTS } from "./control-documents.ts";
import {
  ARTIFACT_RULES,
  DOCUMENT_RULES,
  EDGE_RULES,
  brokenRules,
  isWithinQuota,
  listArtifactFaults,
} from "./document-rules.ts";
import { policyTexts } from "./policy-texts.ts";

const RUNTIME: EdgeRuntime = {
  httpsPort: 8443,
  httpPort: 8080,
  privatePort: 8444,
  publicSocket: "/run/public.sock",
  privateSocket: "/run/private.sock",
  adminListen: "unix//run/admin.sock",
  storageDir: "/state/caddy",
  accessLog: "/state/access.log",
};

const SEED = Number(process.env["GATEHOUSE_SEED"] ?? Date.now() % 1_000_000);
const POLICIES = 300;

test(`what ${POLICIES} policies become keeps every rule, seed ${SEED}`, (t) => {
  const compiled = { embedded: 0, aws: 0 };
  let roles = 0;
  fc.assert(
    fc.property(policyTexts, (text) => {
      const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", text);
      assert.ok(policy, `${JSON.stringify(diagnostics)}\n${text}`);
      const { artifacts } = compile(policy, "here", sources);
      // Routes that no document could tell apart, or what AWS cannot hold up, are refused.
      if (artifacts === null) return;
      const target = policy.environments[0]?.gateway.kind ?? "embedded";
      compiled[target]++;
      roles += artifacts.iam.roles.length;
      assert.deepEqual(listArtifactFaults(artifacts), []);
      if (target === "aws")
        for (const { policy: document, permissionsBoundary } of artifacts.iam.roles)
          assert.ok(isWithinQuota(document) && isWithinQuota(permissionsBoundary));
      const edge = compileCaddy(artifacts.edge, RUNTIME);
      for (const { find } of Object.values(EDGE_RULES)) assert.deepEqual(find(edge), []);
    }),
    { numRuns: POLICIES, seed: SEED },
  );
  t.diagnostic(`compiled of ${POLICIES}: ${compiled.embedded} embedded, ${compiled.aws} for AWS; ${roles} roles`);
  assert.ok(Math.min(compiled.embedded, compiled.aws) > POLICIES / 10, "too few policies compiled to say anything");
});

test("every reason why something cannot be emitted has a check", () => {
  const answered = new Set(
    [...Object.values(DOCUMENT_RULES), ...Object.values(ARTIFACT_RULES), ...Object.values(EDGE_RULES)].flatMap(
      ({ answers }) => answers,
    ),
  );
  const claimed = Object.entries(RULES_FOR_IAM).flatMap(([id, { emitted }]) => (emitted === null ? [] : [id]));
  assert.deepEqual([...answered].sort(), claimed.sort());
});

for (const { what, document, ours } of CONTROL_DOCUMENTS)
  test(`a document with ${what} breaks ${ours.join(" and ")}`, () => assert.deepEqual(brokenRules(document), ours));

test("every document rule is broken by a document", () =>
  assert.deepEqual(
    Object.keys(DOCUMENT_RULES).filter((id) => !CONTROL_DOCUMENTS.some(({ ours }) => ours.includes(id))),
    [],
  ));

const GOOD = goodArtifacts();

function goodArtifacts(): Artifacts {
  const { policy, sources } = parsePolicy(
    "gatehouse.yaml",
    `gatehouse: 1
name: shop
identity: { issuer: https://login.shop.example, audience: shop-api }
environments: { here: { domain: shop.localhost, identity: embedded } }
services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes: { GET /orders: { needs: orders:read }, GET /health: { open: probe } }
roles: { bot: { members: { subject: [a] }, can: [orders:read], boundary: machines } }
boundaries: { machines: [orders:read] }
`,
  );
  assert.ok(policy);
  const { artifacts } = compile(policy, "here", sources);
  assert.ok(artifacts);
  return artifacts;
}

/** The artifacts with other values in `iam`, or in its one role. */
function withIam(
  change: Readonly<Record<string, unknown>>,
  roleChange: Readonly<Record<string, unknown>> = {},
): Artifacts {
  const [role] = GOOD.iam.roles;
  return { ...GOOD, iam: { ...GOOD.iam, ...change, roles: [{ ...role, ...roleChange }] } } as Artifacts;
}

const api = GOOD.apis.public;
const BROKEN: readonly (readonly [rule: string, artifacts: Artifacts, faults: readonly string[]])[] = [
  ["nothing-beside-roles", withIam({ users: [] }), ['key "users"']],
  ["nothing-beside-roles", withIam({}, { trustPolicy: {} }), ['key "trustPolicy"']],
  ["trusts-own-tokens", withIam({}, { assumeRolePolicyDocument: {} }), ["trust of role bot"]],
  [
    "trusts-own-tokens",
    withIam({ oidcProvider: { url: "https://other.example", clientIdList: [] } }),
    ['provider {"url":"https://other.example","clientIdList":[]}', "trust of role bot"],
  ],
  ["every-role-bounded", withIam({}, { boundaryName: "" }), ["role bot has no boundary"]],
  ["own-account", withIam({}, { arn: "arn:aws:iam::1:role/x" }), ["role arn:aws:iam::1:role/x"]],
  [
    "own-account",
    withIam({}, { policy: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Resource: ["arn:aws:s3:::b"] }] } }),
    ['resource "arn:aws:s3:::b"'],
  ],
  [
    "every-route-guarded",
    {
      ...GOOD,
      apis: {
        ...GOOD.apis,
        public:
          api === null
            ? null
            : { ...api, routes: api.routes.map((route) => ({ ...route, authorizationType: "NONE" })) },
      },
    },
    ["route GET /orders with NONE"],
  ],
];

for (const [rule, artifacts, faults] of BROKEN)
  test(`artifacts that break ${rule}: ${faults.join(", ")}`, () =>
    assert.deepEqual(ARTIFACT_RULES[rule]?.find(artifacts), faults));

test("every artifact rule is broken by artifacts", () =>
  assert.deepEqual(
    Object.keys(ARTIFACT_RULES).filter((id) => !BROKEN.some(([rule]) => rule === id)),
    [],
  ));

test("a server without log and a lower limit of TLS are found at the edge", () => {
  const config: Json = {
    apps: {
      http: { servers: { public: { tls_connection_policies: [{ protocol_min: "tls1.0" }] }, private: { logs: {} } } },
    },
  };
  assert.deepEqual(EDGE_RULES["every-server-logs"]?.find(config), ["server public"]);
  assert.deepEqual(EDGE_RULES["own-tls-limits"]?.find(config), ["protocol_min"]);
});
