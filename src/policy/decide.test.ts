import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decide } from "./decide.ts";
import { type Caller, type Decision, type DecisionRequest, REASONS } from "./decision.ts";
import { listLeaves } from "./members.ts";
import { permissionMatches } from "./permission.ts";
import type { Policy } from "./policy.ts";
import { isAddressInBlocks } from "./source-address.ts";
import { SHOP, editShop, parseGood } from "./testing/shop-policy.ts";

const POLICY = parseGood(SHOP);
const INSIDE = "10.0.1.2";

const nobody = null;
const stranger: Caller = { subject: "bob", clientId: null, groups: [] };
const support: Caller = { subject: "alice", clientId: "edge", groups: ["other", "support"] };
const billing: Caller = { subject: "service-account-billing", clientId: "billing", groups: [] };
const robot: Caller = { subject: "robot-7", clientId: null, groups: [] };

function ask(request: string, caller: Caller | null, more: Partial<DecisionRequest> = {}, policy = POLICY): Decision {
  const [method = "", path = ""] = request.split(" ");
  return decide(policy, "local", { exposure: "public", method, path, sourceIp: INSIDE, ...more }, caller);
}

const cases: readonly (readonly [
  what: string,
  request: string,
  caller: Caller | null,
  reason: keyof typeof REASONS,
  role: string | null,
  more?: Partial<DecisionRequest>,
])[] = [
  ["an open route for nobody", "GET /health", nobody, "open-route", null],
  ["an open route for somebody", "GET /health", support, "open-route", null],
  ["a group that grants", "GET /orders", support, "role-grants", "support"],
  ["a group that grants, on a parameter", "GET /orders/7", support, "role-grants", "support"],
  ["a client that grants by an area", "POST /orders", billing, "role-grants", "bot"],
  ["a subject that grants", "POST /orders", robot, "role-grants", "bot"],
  ["a private route", "DELETE /any/thing", support, "role-grants", "support", { exposure: "private" }],
  ["nobody", "GET /orders", nobody, "unauthenticated", null],
  ["a caller without role", "GET /orders", stranger, "no-role", null],
  ["a role that does not grant", "POST /orders", support, "not-granted", "support"],
  ["a source that does not fit", "GET /orders", billing, "condition-not-met", "bot", { sourceIp: "192.0.2.1" }],
  ["a path without route", "GET /nothing", support, "no-route", null],
  ["a method without route", "DELETE /orders", support, "no-route", null],
  ["a slash too much", "GET /orders/", support, "no-route", null],
  ["a private route from outside", "DELETE /any/thing", support, "no-route", null],
  ["a public route from inside", "POST /orders", stranger, "no-role", null, { exposure: "private" }],
];
for (const [what, request, caller, reason, role, more] of cases)
  test(`${reason}: ${what}`, () => {
    const decision = ask(request, caller, more);
    const effect = reason === "open-route" || reason === "role-grants" ? "allow" : "deny";
    assert.deepEqual([decision.effect, decision.reason, decision.role], [effect, reason, role]);
    assert.equal(decision.route === null, reason === "no-route");
    assert.equal(decision.statements.length === 0, reason === "no-route");
    if (effect === "allow") assert.deepEqual(decision.nearMisses, []);
  });

const NOW_MS = Date.parse("2026-11-24T12:00:00.999Z");
const SIGNED_IN = Date.parse("2026-11-24T12:00:00Z") / 1000;
const stepUps: readonly (readonly [
  asked: string,
  claims: Caller["claims"],
  ageSeconds: number | null,
  met: boolean,
])[] = [
  ["acr: [mfa, phr]", { acr: ["phr"] }, null, true],
  ["acr: [mfa, phr]", { acr: ["pwd", "mfa"] }, null, true],
  ["acr: [mfa, phr]", { acr: ["pwd"] }, 0, false],
  ["acr: [mfa, phr]", { acr: ["MFA"] }, 0, false],
  ["acr: [mfa, phr]", { amr: ["mfa"] }, 0, false],
  ["acr: [mfa, phr]", {}, 0, false],
  ["max_age: 5 minutes", {}, 300, true],
  ["max_age: 5 minutes", {}, 301, false],
  ["max_age: 5 minutes", {}, -20, true],
  ["max_age: 5 minutes", {}, null, false],
  ["acr: [mfa], max_age: 5 minutes", { acr: ["mfa"] }, 300, true],
  ["acr: [mfa], max_age: 5 minutes", { acr: ["mfa"] }, 301, false],
  ["acr: [mfa], max_age: 5 minutes", { acr: ["pwd"] }, 0, false],
];
for (const [asked, claims, ageSeconds, met] of stepUps)
  test(`PL-5.15, PL-8.8: ${asked} of ${JSON.stringify(claims)}, signed in ${ageSeconds ?? "?"} seconds ago`, () => {
    const policy = parseGood(
      editShop(
        "GET /orders: { needs: orders:read }",
        `GET /orders: { needs: orders:read, authentication: { ${asked} } }`,
      ),
    );
    const authTimeSeconds = ageSeconds === null ? null : SIGNED_IN - ageSeconds;
    const caller: Caller = { ...support, claims: claims ?? {}, authTimeSeconds };
    const decision = ask("GET /orders", caller, { atMs: NOW_MS }, policy);
    assert.deepEqual(
      [decision.effect, decision.reason, decision.role, decision.statements.length],
      [met ? "allow" : "deny", met ? "role-grants" : "authentication-needed", "support", 4],
    );
    assert.equal(decision.nearMisses.length, met ? 0 : 1);
    // Only those are asked whom a role lets in, and no other route asks.
    assert.equal(ask("GET /orders", { ...caller, groups: [] }, { atMs: NOW_MS }, policy).reason, "no-role");
    assert.equal(ask("GET /orders/7", caller, { atMs: NOW_MS }, policy).reason, "role-grants");
    if (asked.includes("max_age")) assert.equal(ask("GET /orders", caller, {}, policy).reason, "authentication-needed");
  });

test("PL-8.8: what would let a caller in is said as the policy says it", () => {
  const policy = parseGood(
    editShop(
      "GET /orders: { needs: orders:read }",
      "GET /orders: { needs: orders:read, authentication: { acr: [mfa, phr], max_age: 5 minutes } }",
    ),
  );
  const decision = ask("GET /orders", support, { atMs: NOW_MS }, policy);
  assert.deepEqual(
    [decision.statements.at(-1)?.text, decision.nearMisses],
    [
      "`GET /orders` asks for a caller who has signed in with `mfa` or `phr` at most 5 minutes ago",
      ["would be allowed to a caller who has signed in with `mfa` or `phr` at most 5 minutes ago"],
    ],
  );
});

test("nothing below `/_gatehouse` is answered by a route, not even by one for every path (PL-5.6)", () => {
  for (const path of ["/_gatehouse", "/_gatehouse/", "/_gatehouse/health"]) {
    const decision = ask(`DELETE ${path}`, support, { exposure: "private" });
    assert.deepEqual([decision.effect, decision.reason, decision.route], ["deny", "no-route", null]);
    assert.deepEqual(decision.nearMisses, ["`/_gatehouse` and what is below it belongs to the gateway"]);
  }
  assert.equal(ask("DELETE /_gatehouses/x", support, { exposure: "private" }).reason, "role-grants");
});

test("a boundary takes away what a role grants beyond it", () => {
  const policy = parseGood(editShop("machines: [orders:read, orders:write]", "machines: [orders:read]"));
  const decision = ask("POST /orders", billing, {}, policy);
  assert.deepEqual([decision.effect, decision.reason, decision.role], ["deny", "outside-boundary", "bot"]);
  assert.deepEqual(decision.nearMisses, ["role `bot` would allow it if boundary `machines` had `orders:write`"]);
  assert.equal(ask("GET /orders", billing, {}, policy).effect, "allow");
});

test("of several roles any one allows, and the nearest one explains a refusal", () => {
  const both: Caller = { ...billing, groups: ["support"] };
  assert.equal(ask("GET /orders", both, { sourceIp: "192.0.2.1" }).role, "support");
  const refused = ask("POST /orders", both, { sourceIp: "192.0.2.1" });
  assert.deepEqual([refused.reason, refused.role], ["condition-not-met", "bot"]);
  assert.deepEqual(refused.nearMisses, [
    "role `bot` would allow it from `10.0.0.0/16`, the request came from `192.0.2.1`",
  ]);
});

test("an allowed request names the lines that allowed it", () => {
  const at = (span: { start: number; end: number }): string => SHOP.slice(span.start, span.end);
  assert.deepEqual(
    ask("POST /orders", billing).statements.map((statement) => [statement.text, at(statement.at)]),
    [
      ["`POST /orders` needs `orders:write`", "POST /orders"],
      ["role `bot` can `orders:*`", "orders:*"],
      ["boundary `machines` allows `orders:write`", "orders:write"],
      ["role `bot` holds from `10.0.0.0/16`", "when"],
    ],
  );
  assert.deepEqual(
    ask("GET /health", nobody).statements.map((statement) => statement.text),
    ["`GET /health` is open: probe, returns no data"],
  );
});

test("a refusal says what would change it", () => {
  assert.deepEqual(ask("GET /orders", stranger).nearMisses, [
    "would be allowed in group `support`",
    "would be allowed for subject `robot-7` from `10.0.0.0/16`",
    "would be allowed for client `billing` from `10.0.0.0/16`",
  ]);
  assert.deepEqual(ask("GET /orders", nobody).nearMisses, ask("GET /orders", stranger).nearMisses);
  assert.deepEqual(ask("POST /orders", support).nearMisses, [
    "would be allowed for subject `robot-7` from `10.0.0.0/16`",
    "would be allowed for client `billing` from `10.0.0.0/16`",
  ]);
  assert.deepEqual(ask("DELETE /orders", nobody).nearMisses, [
    "the path has a route for `GET`, `POST`",
    "the private service `backoffice` has the route `ANY /{path+}`",
  ]);
  assert.deepEqual(ask("GET /health/", nobody).nearMisses, [
    "`/health` has a route; a slash at the end makes another path",
    "the private service `backoffice` has the route `ANY /{path+}`",
  ]);
});

test("a long list of memberships is cut", () => {
  const groups = Array.from({ length: 9 }, (_, i) => `g${i}`).join(", ");
  const decision = ask("GET /orders", stranger, {}, parseGood(editShop("groups: [support]", `groups: [${groups}]`)));
  assert.equal(decision.nearMisses.length, 6);
  assert.equal(decision.nearMisses[5], "6 other memberships would allow it");
});

test("an identity of an issuer that the environment does not trust is nobody (PL-8.3, PL-15.2)", () => {
  const policy = parseGood(
    editShop("  local: { identity: embedded,", "  local: { issuers: [ci], identity: embedded,")
      .replace(
        "  login: {",
        '  issuers: { ci: { issuer: "https://ci.example" }, k8s: { issuer: "https://k8s.example" } }\n  login: {',
      )
      .replace(
        "{ groups: [support] }",
        "{ any: [{ issuer: ci, groups: [support] }, { issuer: k8s, groups: [support] }] }",
      ),
  );
  const of = (issuer: string): Caller => ({ ...support, issuer });
  assert.equal(ask("GET /orders", of("ci"), {}, policy).reason, "role-grants");
  assert.equal(ask("GET /orders", of("k8s"), {}, policy).reason, "unauthenticated");
  assert.equal(ask("GET /orders", of("unheard-of"), {}, policy).reason, "unauthenticated");
  assert.equal(ask("GET /health", of("k8s"), {}, policy).reason, "open-route");
});

test("an environment that the policy does not have refuses everything", () => {
  const request = { exposure: "public", method: "GET", path: "/health", sourceIp: INSIDE } as const;
  const decision = decide(POLICY, "test", request, support);
  assert.deepEqual([decision.effect, decision.reason], ["deny", "no-route"]);
  assert.deepEqual(decision.nearMisses, ["the policy has no environment `test`, it has `local`, `prod`"]);
});

test("members are compared whole, character by character", () => {
  const policy = parseGood(
    editShop("groups: [support]", 'groups: ["cert-manager.io", "a[b", "x|y", "(z)", "caf\\u00e9"]'),
  );
  const holds = (group: string): boolean =>
    ask("GET /orders", { ...stranger, groups: [group] }, {}, policy).effect === "allow";
  for (const group of ["cert-manager.io", "a[b", "x|y", "(z)", "caf\u00e9"]) assert.ok(holds(group), group);
  for (const group of ["cert-managerXio", "CERT-MANAGER.IO", "a", "x", "y", "z", "cafe\u0301", "caf\u00e9 ", ""])
    assert.ok(!holds(group), group);
});

test("a client is not a subject, and a subject is not a group", () => {
  assert.equal(ask("POST /orders", { subject: "billing", clientId: null, groups: [] }).reason, "no-role");
  assert.equal(ask("POST /orders", { subject: "x", clientId: "robot-7", groups: [] }).reason, "no-role");
  assert.equal(ask("GET /orders", { subject: "support", clientId: "support", groups: [] }).reason, "no-role");
  assert.equal(ask("POST /orders", { subject: "x", clientId: null, groups: ["billing", "robot-7"] }).reason, "no-role");
});

test("an address has the same meaning in each of its forms", () => {
  for (const sourceIp of ["10.0.1.2", "::ffff:10.0.1.2", "::ffff:a00:102", "::FFFF:10.0.1.2"])
    assert.equal(ask("POST /orders", billing, { sourceIp }).effect, "allow", sourceIp);
  for (const sourceIp of [
    "10.1.0.0",
    "0x0a000102",
    "010.0.1.2",
    "167772418",
    "10.0.258",
    "",
    "localhost",
    "::a00:102",
    "a00:102::",
  ])
    assert.equal(ask("POST /orders", billing, { sourceIp }).reason, "condition-not-met", sourceIp);
});

test("a policy in which a boundary is missing allows nothing through it", () => {
  const broken: Policy = { ...POLICY, boundaries: [] };
  assert.deepEqual([ask("GET /orders", support, {}, broken).reason], ["outside-boundary"]);
});

const word = fc.oneof(
  fc.constantFrom(
    "support",
    "billing",
    "robot-7",
    "GET",
    "POST",
    "ANY",
    "/orders",
    "/health",
    "/",
    "",
    "__proto__",
    "constructor",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const request: fc.Arbitrary<DecisionRequest> = fc.record({
  exposure: fc.constantFrom("public", "private"),
  method: fc.oneof(fc.constantFrom("GET", "POST"), word),
  path: fc.oneof(fc.constantFrom("/orders", "/orders/1", "/health"), word),
  sourceIp: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(INSIDE), word),
});
const caller: fc.Arbitrary<Caller | null> = fc.option(
  fc.record({ subject: word, clientId: fc.option(word), groups: fc.array(word, { maxLength: 4 }) }),
);

test("every request of every caller gets a decision, and the same one again", () => {
  fc.assert(
    fc.property(fc.oneof(fc.constant("local"), word), request, caller, (environment, asked, who) => {
      const decision = decide(POLICY, environment, asked, who);
      assert.ok(decision.reason in REASONS);
      assert.equal(decision.effect === "allow", ["open-route", "role-grants"].includes(decision.reason));
      assert.equal(decision.effect === "allow" && decision.nearMisses.length > 0, false);
      assert.deepEqual(decide(POLICY, environment, asked, who), decision);
    }),
    { numRuns: 1000 },
  );
});

const some = <T>(...values: T[]): fc.Arbitrary<T[]> => fc.subarray(values);
const generatedPolicy = fc
  .record({
    groups: some("support", "night"),
    can: fc.subarray(["orders:read", "orders:write", "orders:*", "backoffice:use"], { minLength: 1 }),
    boundary: fc.subarray(["orders:read", "orders:write", "orders:*", "backoffice:use"], { minLength: 1 }),
    blocks: fc.option(fc.subarray(["10.0.0.0/16", "192.0.2.0/24"], { minLength: 1 })),
  })
  .map(({ groups, can, boundary, blocks }) =>
    parseGood(
      editShop(
        "{ members: { groups: [support] }, can: [orders:read, backoffice:use], boundary: staff }",
        `{ members: { groups: [${groups.join()}] }, can: [${can.join()}], boundary: staff${blocks === null ? "" : `, when: { source_ip: [${blocks.join()}] }`} }`,
      ).replace("staff: [orders:*, backoffice:use]", `staff: [${boundary.join()}]`),
    ),
  );
const knownCaller = fc.record({
  subject: fc.constantFrom("a", "robot-7"),
  clientId: fc.constantFrom(null, "billing", "c"),
  groups: some("support", "night", "other"),
});
const knownRequest = fc.record({
  exposure: fc.constantFrom("public" as const, "private" as const),
  method: fc.constantFrom("GET", "POST", "DELETE"),
  path: fc.constantFrom("/orders", "/orders/1", "/health", "/x/y"),
  sourceIp: fc.constantFrom("10.0.0.1", "192.0.2.9", "203.0.113.5"),
});

test("whatever is allowed is open, or granted and within the boundary of a role held, its conditions met", () => {
  fc.assert(
    fc.property(generatedPolicy, knownRequest, fc.option(knownCaller), (policy, asked, who) => {
      const { effect, route } = decide(policy, "local", asked, who);
      if (route === null) return assert.equal(effect, "deny");
      if (route.access.kind === "open") return assert.equal(effect, "allow");
      const { permission } = route.access;
      const expected =
        who !== null &&
        policy.roles.some(
          ({ members, can, boundary, when }) =>
            listLeaves(members).some(
              ({ kind, values }) =>
                (kind === "groups" && values.some((group) => who.groups.includes(group))) ||
                (kind === "subject" && values.includes(who.subject)) ||
                (kind === "client" && values.some((clientId) => clientId === who.clientId)),
            ) &&
            can.some(({ value }) => permissionMatches(value, permission)) &&
            policy.boundaries
              .filter(({ name }) => name === boundary)
              .some(({ permissions }) => permissions.some(({ value }) => permissionMatches(value, permission))) &&
            (when === null || when.sourceIp === null || isAddressInBlocks(asked.sourceIp, when.sourceIp)),
        );
      return assert.equal(effect, expected ? "allow" : "deny");
    }),
    { numRuns: 200 },
  );
});

test("more roles, grants and groups never take a right away; a narrower boundary never gives one", () => {
  fc.assert(
    fc.property(generatedPolicy, knownRequest, knownCaller, (policy, asked, who) => {
      if (decide(policy, "local", asked, who).effect === "deny") {
        const boundaries = policy.boundaries.map((one) => ({ ...one, permissions: one.permissions.slice(1) }));
        const narrower = { ...policy, boundaries };
        assert.equal(decide(narrower, "local", asked, who).effect, "deny");
        return;
      }
      assert.equal(decide(policy, "local", asked, { ...who, groups: [...who.groups, "another"] }).effect, "allow");
      const useless = policy.roles.map((role) => ({ ...role, name: `${role.name}-too`, can: [] }));
      const wider = { ...policy, roles: [...useless, ...policy.roles] };
      assert.equal(decide(wider, "local", asked, who).effect, "allow");
    }),
    { numRuns: 150 },
  );
});
