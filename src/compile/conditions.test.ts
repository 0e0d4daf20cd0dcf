import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileDocument, evaluate, invokeArn } from "../iam/index.ts";
import { type Artifacts, type IamRole, contextOf } from "../model/index.ts";
import {
  type Caller,
  type Condition,
  type Grant,
  type Policy,
  type Role,
  WEEKDAYS,
  captureParameters,
  decide,
  parsePolicy,
} from "../policy/index.ts";
import { compile } from "./compile.ts";
import { joinConditions } from "./iam-condition.ts";

const AT = { file: "gatehouse.yaml", start: 0, end: 0 };
const NOTHING: Condition = {
  sourceIp: null,
  afterMs: null,
  beforeMs: null,
  hours: null,
  path: [],
  claims: [],
  tokenAgeMs: null,
  at: AT,
};

const when = (parts: Partial<Condition>): Condition => ({ ...NOTHING, ...parts });
const blockOf = (...conditions: Condition[]): unknown => {
  const joined = joinConditions(conditions);
  assert.ok(joined.ok);
  return joined.block;
};

const SUB = "gatehouse:claim/sub";

const blocks: [title: string, conditions: Partial<Condition>[], block: unknown][] = [
  ["nothing", [], null],
  ["a network", [{ sourceIp: ["10.0.0.0/8"] }], { IpAddress: { "aws:SourceIp": ["10.0.0.0/8"] } }],
  [
    "two networks: what both hold",
    [{ sourceIp: ["10.0.0.0/8", "192.0.2.0/24"] }, { sourceIp: ["10.1.0.0/16", "192.0.0.0/16", "2001:db8::/32"] }],
    { IpAddress: { "aws:SourceIp": ["10.1.0.0/16", "192.0.2.0/24"] } },
  ],
  [
    "two networks that begin alike: the narrower one",
    [{ sourceIp: ["10.0.0.0/8", "2001:db8::/64"] }, { sourceIp: ["10.0.0.0/16", "2001:db8::/32"] }],
    { IpAddress: { "aws:SourceIp": ["10.0.0.0/16", "2001:db8::/64"] } },
  ],
  [
    "two networks without a common address never hold",
    [{ sourceIp: ["10.0.0.0/8"] }, { sourceIp: ["192.0.2.0/24"] }],
    {
      IpAddress: { "aws:SourceIp": ["10.0.0.0/8"] },
      IpAddressIfExists: { "aws:SourceIp": ["192.0.2.0/24"] },
    },
  ],
  [
    "times: the latest beginning, the earliest end",
    [
      { afterMs: Date.parse("2026-11-01T00:00:00Z"), beforeMs: Date.parse("2027-01-01T00:00:00Z") },
      { afterMs: Date.parse("2026-11-02T08:00:00.500Z"), beforeMs: Date.parse("2028-01-01T00:00:00Z") },
    ],
    {
      DateGreaterThanEquals: { "aws:CurrentTime": ["2026-11-02T08:00:00.500Z"] },
      DateLessThan: { "aws:CurrentTime": ["2027-01-01T00:00:00Z"] },
    },
  ],
  [
    "hours of one zone are intersected, another zone is another key",
    [
      { hours: { days: ["monday", "friday"], fromMinute: 480, toMinute: 1080, zone: "Europe/Berlin" } },
      { hours: { days: ["friday", "sunday"], fromMinute: 540, toMinute: 1440, zone: "Europe/Berlin" } },
      { hours: { days: ["friday"], fromMinute: 0, toMinute: 60, zone: "UTC" } },
    ],
    {
      StringEquals: { "gatehouse:weekday/Europe/Berlin": ["friday"], "gatehouse:weekday/UTC": ["friday"] },
      NumericGreaterThanEquals: { "gatehouse:minute/Europe/Berlin": ["540"], "gatehouse:minute/UTC": ["0"] },
      NumericLessThan: { "gatehouse:minute/Europe/Berlin": ["1080"], "gatehouse:minute/UTC": ["60"] },
    },
  ],
  [
    "a parameter with values and with a claim",
    [
      { path: [{ parameter: "customerId", values: null, claim: "sub" }] },
      { path: [{ parameter: "customerId", values: ["a", "${b", "*"], claim: null }] },
    ],
    {
      "ForAnyValue:StringEquals": { [SUB]: ["${gatehouse:path/customer.49.d}"] },
      StringEquals: { "gatehouse:path/customer.49.d": ["a", "${$}{b", "*"] },
    },
  ],
  [
    "the smallest age, in whole seconds",
    [{ tokenAgeMs: 600_000 }, { tokenAgeMs: 90_500 }],
    { NumericLessThanEquals: { "gatehouse:token-age": ["90"] } },
  ],
  [
    "a claim in two ways keeps both, as a claim may have several values",
    [{ claims: [{ claim: "sub", values: ["a", "b*"] }] }, { claims: [{ claim: "sub", values: ["b*", "c", "${"] }] }],
    {
      "ForAnyValue:StringEquals": { [SUB]: ["a", "b*"] },
      "ForAnyValue:StringEqualsIfExists": { [SUB]: ["b*", "c", "${$}{"] },
    },
  ],
  [
    "a claim in four ways",
    [
      {
        claims: ["a?", "b*", "c*", "${"].map((value) => ({ claim: "sub", values: [value] })),
      },
    ],
    {
      "ForAnyValue:StringEquals": { [SUB]: ["a?"] },
      "ForAnyValue:StringEqualsIfExists": { [SUB]: ["b*"] },
      "ForAnyValue:StringLike": { [SUB]: ["c${*}"] },
      "ForAnyValue:StringLikeIfExists": { [SUB]: ["${$}{"] },
    },
  ],
  [
    "a way that another one implies is left out",
    [
      { claims: [{ claim: "sub", values: ["a", "b"] }] },
      { claims: [{ claim: "sub", values: ["b"] }] },
      { claims: [{ claim: "sub", values: ["b"] }] },
    ],
    { "ForAnyValue:StringEquals": { [SUB]: ["b"] } },
  ],
];

for (const [title, conditions, block] of blocks)
  test(`condition block: ${title}`, () => {
    assert.deepEqual(blockOf(...conditions.map(when)), block);
  });

test("PL-16.3: a claim in five ways is refused with the place of the condition", () => {
  const claims = ["a", "b", "c", "d", "e"].map((value) => ({ claim: "plan", values: [value] }));
  const at = { ...AT, start: 7, end: 9 };
  const { artifacts, diagnostics } = compile(
    policyOf({ when: when({ claims, at }), can: [grant("x:read", null)] }),
    "local",
    new Map(),
  );
  assert.equal(artifacts, null);
  assert.deepEqual(diagnostics, [
    {
      id: "compile/conditions-not-joinable",
      severity: "error",
      message: "role `r` asks for claim `plan` in 5 ways at once, a condition of IAM can hold 4",
      span: at,
      hint: "ask for the claim in fewer ways, or issue a claim that says all of it",
    },
  ]);
});

const BASE = `gatehouse: 1
name: shop
identity: { issuer: https://login.shop.example, audience: shop-api }
environments: { local: { domain: shop.localhost, identity: embedded } }
services:
  s:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes:
      GET /c/{customer}: { needs: x:read }
      GET /c/{customer}/{Region}: { needs: x:write }
      GET /y/{customer}: { needs: y:use }
      GET /c/b/export: { needs: x:export }
      GET /{rest+}: { needs: z:rest }
roles:
  r: { members: { groups: [g] }, can: [x:read], boundary: b }
boundaries:
  b: [x:*, y:use, z:rest]
`;

const parsed = parsePolicy("gatehouse.yaml", BASE);
const base = parsed.policy;

function policyOf(change: Partial<Role>, boundary?: readonly string[]): Policy {
  assert.ok(base, JSON.stringify(parsed.diagnostics));
  const [role] = base.roles;
  assert.ok(role);
  return {
    ...base,
    roles: [{ ...role, ...change }],
    boundaries: base.boundaries.map((one) =>
      boundary === undefined ? one : { ...one, permissions: boundary.map((value) => ({ value, at: AT })) },
    ),
  };
}

const grant = (value: string, condition: Condition | null): Grant => ({ value, when: condition, at: AT });

const groups: [
  title: string,
  role: Partial<Role>,
  expected: [roleName: string, permissions: string[], condition: unknown][],
][] = [
  [
    "by condition, the one without first",
    {
      can: [
        grant("y:use", when({ tokenAgeMs: 60_000 })),
        grant("x:read", null),
        grant("x:write", when({ sourceIp: ["10.0.0.0/8"] })),
        grant("x:export", when({ tokenAgeMs: 60_000 })),
      ],
    },
    [
      ["shop-local-r", ["x:read"], undefined],
      ["shop-local-r-2", ["x:export", "y:use"], { NumericLessThanEquals: { "gatehouse:token-age": ["60"] } }],
      ["shop-local-r-3", ["x:write"], { IpAddress: { "aws:SourceIp": ["10.0.0.0/8"] } }],
    ],
  ],
  [
    "equal conditions in another order are one",
    {
      can: [
        grant("x:read", when({ sourceIp: ["10.0.0.0/8", "192.0.2.0/24"] })),
        grant("x:write", when({ sourceIp: ["192.0.2.0/24", "10.0.0.0/8"] })),
      ],
    },
    [["shop-local-r", ["x:read", "x:write"], { IpAddress: { "aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"] } }]],
  ],
  [
    "what is granted without condition is in no other group",
    {
      can: [
        grant("x:*", null),
        grant("x:read", when({ tokenAgeMs: 60_000 })),
        grant("y:use", when({ tokenAgeMs: 60_000 })),
      ],
    },
    [
      ["shop-local-r", ["x:export", "x:read", "x:write"], undefined],
      ["shop-local-r-2", ["y:use"], { NumericLessThanEquals: { "gatehouse:token-age": ["60"] } }],
    ],
  ],
  [
    "the role's own condition is in every group",
    {
      when: when({ tokenAgeMs: 60_000 }),
      can: [
        grant("x:read", null),
        grant("y:use", when({ sourceIp: ["10.0.0.0/8"] })),
        grant("x:read", when({ sourceIp: ["10.0.0.0/8"] })),
      ],
    },
    [
      ["shop-local-r", ["x:read"], { NumericLessThanEquals: { "gatehouse:token-age": ["60"] } }],
      [
        "shop-local-r-2",
        ["y:use"],
        {
          NumericLessThanEquals: { "gatehouse:token-age": ["60"] },
          IpAddress: { "aws:SourceIp": ["10.0.0.0/8"] },
        },
      ],
    ],
  ],
  ["a role that can do nothing is there", { can: [] }, [["shop-local-r", [], undefined]]],
];

for (const [title, role, expected] of groups)
  test(`groups: ${title}`, () => {
    const roles = compile(policyOf(role), "local", new Map()).artifacts?.iam.roles;
    assert.deepEqual(
      roles?.map(({ name, roleName, permissions, policy }) => [
        name,
        roleName,
        permissions,
        policy.Statement.find(({ Effect }) => Effect === "Allow")?.Condition,
      ]),
      expected.map(([roleName, ...rest]) => ["r", roleName, ...rest]),
    );
  });

test("the name of a further group is never that of another role", () => {
  const policy = policyOf({ can: [grant("x:read", null), grant("y:use", when({ tokenAgeMs: 60_000 }))] });
  const [role] = policy.roles;
  assert.ok(role);
  const named = { ...policy, roles: [role, { ...role, name: "r-2" }] };
  assert.deepEqual(
    compile(named, "local", new Map()).artifacts?.iam.roles.map(({ name, roleName }) => `${name} ${roleName}`),
    ["r shop-local-r", "r shop-local-r-3", "r-2 shop-local-r-2", "r-2 shop-local-r-2-2"],
  );
});

test("what is granted anyway need not be kept out of a narrower group", () => {
  const text = BASE.replace("GET /y/{customer}", "GET /c/{customer}/{Region}/all")
    .replace("needs: y:use", "needs: x:read")
    .replace("      GET /{rest+}: { needs: z:rest }\n", "")
    .replace(", z:rest", "");
  const write = (grants: string): string => text.replace("can: [x:read]", `can: [${grants}]`);
  const compileText = (grants: string): readonly string[] => {
    const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", write(grants));
    assert.ok(policy, JSON.stringify(diagnostics));
    return compile(policy, "local", sources).diagnostics.map(({ id }) => id);
  };
  const narrow = "{ permission: x:read, when: { token_age: 1 minute } }";
  assert.deepEqual(compileText(narrow), ["compile/iam-overlap"]);
  assert.deepEqual(compileText(`${narrow}, x:write`), []);
});

test("routes that cannot be told apart under different conditions: the way out is one condition", () => {
  const text = BASE.replace("      GET /{rest+}: { needs: z:rest }\n", "")
    .replace(", z:rest", "")
    .replace("GET /y/{customer}", "GET /c/{customer}/{Region}/all")
    .replace("needs: y:use", "needs: x:read");
  const write = (age: string): string =>
    text.replace(
      "can: [x:read]",
      `can: [{ permission: x:read, when: { token_age: 1 minute } }, { permission: x:write, when: { token_age: ${age} } }]`,
    );
  const compileText = (age: string): ReturnType<typeof compile>["diagnostics"] => {
    const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", write(age));
    assert.ok(policy, JSON.stringify(diagnostics));
    return compile(policy, "local", sources).diagnostics;
  };
  const [found, ...more] = compileText("2 minutes");
  assert.equal(more.length, 0);
  assert.match(found?.hint ?? "", /^grant the permissions of both together, under the same condition, or move /);
  assert.equal(
    found?.related?.at(-1)?.message,
    "role `r` has `GET /c/{customer}` but not `GET /c/{customer}/{Region}` under the same condition",
  );
  assert.deepEqual(compileText("1 minute"), []);
});

// Small alphabets, so that conditions and requests meet; with all that IAM's text patterns treat specially.
const text = fc.oneof(
  { arbitrary: fc.constantFrom("a", "b", "*"), weight: 3 },
  { arbitrary: fc.constantFrom("A", "?", "$", "${", "${gatehouse:path/customer}", "${*}", "a*", ""), weight: 1 },
);
const segment = text.filter((value) => value !== "" && value !== "A");
/** A policy cannot say an empty value (PL-2.1); a token can have one. */
const texts = fc.uniqueArray(
  text.filter((value) => value !== ""),
  { minLength: 1, maxLength: 3 },
);
const claim = fc.constantFrom("sub", "Plan.of", "acr");
const parameter = fc.constantFrom("customer", "Region", "nowhere");
const DAY_MS = 86_400_000;
const NOON_MS = Date.parse("2026-03-29T00:30:00Z");
const instant = fc.constantFrom(...[0, 1, -1, 1000, DAY_MS, -DAY_MS, 3_600_000].map((ms) => NOON_MS + ms));
const block = fc.constantFrom(
  "0.0.0.0/0",
  "10.0.0.0/8",
  "10.0.0.0/16",
  "10.1.0.0/16",
  "192.0.2.0/24",
  "2001:db8::/32",
  "::/0",
);
const minute = fc.constantFrom(0, 29, 30, 90, 91, 720, 1439, 1440);

const nullable = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ arbitrary: fc.constant(null), weight: 3 }, { arbitrary: one, weight: 1 });
const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> =>
  fc.oneof(
    { arbitrary: fc.constant([]), weight: 2 },
    { arbitrary: fc.array(one, { minLength: 1, maxLength: 3 }), weight: 1 },
  );

const condition: fc.Arbitrary<Condition> = fc.record({
  sourceIp: nullable(fc.uniqueArray(block, { minLength: 1, maxLength: 3 })),
  afterMs: nullable(instant),
  beforeMs: nullable(instant),
  hours: nullable(
    fc.record({
      days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS, "sunday" as const), { minLength: 1, maxLength: 5 }),
      fromMinute: minute,
      toMinute: minute,
      zone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kolkata"),
    }),
  ),
  path: some(
    fc.oneof(
      fc.record({ parameter, values: texts, claim: fc.constant(null) }),
      fc.record({ parameter, values: fc.constant(null), claim }),
    ),
  ),
  claims: some(fc.record({ claim, values: texts })),
  tokenAgeMs: nullable(fc.constantFrom(1000, 1500, 60_000)),
  at: fc.constant(AT),
});

const permission = fc.constantFrom("x:read", "x:write", "y:use", "x:export", "z:rest", "x:*", "*");
const role = fc.record({
  when: nullable(condition),
  can: fc.array(fc.record({ value: permission, when: nullable(condition), at: fc.constant(AT) }), {
    minLength: 1,
    maxLength: 4,
  }),
});
/** One grant of everything, so that nothing but conditions decides. */
const narrowed = fc.record({
  when: nullable(condition),
  can: fc.tuple(fc.record({ value: fc.constant("*"), when: condition, at: fc.constant(AT) })),
});

interface Call {
  readonly path: string;
  readonly sourceIp: string;
  readonly atMs: number;
  readonly claims: Readonly<Record<string, readonly string[]>>;
  readonly issuedAtSeconds: number | null;
}

const call: fc.Arbitrary<Call> = fc.record({
  path: fc.oneof(
    segment.map((a) => `/c/${a}`),
    fc.tuple(segment, segment).map((parts) => `/c/${parts.join("/")}`),
    segment.map((a) => `/y/${a}`),
    fc.constantFrom("/c/b/export", "/elsewhere", "/c/"),
  ),
  sourceIp: fc.constantFrom("10.1.2.3", "10.2.0.1", "::ffff:10.1.2.3", "192.0.2.9", "2001:db8::7"),
  atMs: instant,
  claims: fc.dictionary(claim, fc.array(text, { minLength: 1, maxLength: 3 }), { minKeys: 1, maxKeys: 3 }),
  issuedAtSeconds: fc.option(fc.constantFrom(-61, -60, -1, 0, 5).map((age) => Math.floor(NOON_MS / 1000) + age)),
});

/** Keys of conditions and of variables in their values. */
function keysOf({ policy }: IamRole): string[] {
  return policy.Statement.flatMap(({ Condition = {} }) =>
    Object.values(Condition).flatMap((keys) =>
      Object.entries(keys).flatMap(([key, values]) => [
        key,
        ...[values].flat().flatMap((value) => [...value.matchAll(/\$\{([a-z][^}]*)\}/g)].map(([, name]) => name ?? "")),
      ]),
    ),
  );
}

const NEARNESS = ["condition-not-met", "outside-boundary", "not-granted"];

/** What an engine that has nothing but the artifacts makes of a call, as API Gateway would by itself. */
function decideByIam(artifacts: Artifacts, request: Call, params: Record<string, string>): string {
  const { partition, region, account, roles } = artifacts.iam;
  const apiId = artifacts.apis.public?.apiId ?? "";
  const resource = invokeArn({
    partition,
    region,
    account,
    apiId,
    stage: "$default",
    method: "GET",
    path: request.path,
  });
  const reasons = roles.map((one) => {
    const context = contextOf(keysOf(one), { ...request, params });
    const identity = [compileDocument(one.policy)];
    const boundary = compileDocument(one.permissionsBoundary);
    const { effect, by, conditional } = evaluate(
      { action: "execute-api:Invoke", resource, context },
      { identity, boundary },
    );
    if (effect === "Allowed") return "role-grants";
    if (by === "boundary") return "outside-boundary";
    return by === "none" && conditional ? "condition-not-met" : "not-granted";
  });
  return ["role-grants", ...NEARNESS].find((reason) => reasons.some((found) => found === reason)) ?? "";
}

const SEED = Number(process.env["GATEHOUSE_SEED"] ?? Date.now() % 2 ** 31);

const boundaries = fc.constantFrom(["*"], ["x:*"], ["x:read", "y:use", "z:rest"]);

for (const [title, roles, limits, reasons] of [
  ["conditions say in IAM what they say in the policy", narrowed, fc.constant(["*"]), []],
  ["grants with different conditions decide as the policy does", role, boundaries, ["outside-boundary", "not-granted"]],
] as const)
  test(title, (t) => {
    t.diagnostic(`GATEHOUSE_SEED=${SEED}`);
    const seen = new Map<string, number>();
    const count = (key: string): void => {
      seen.set(key, (seen.get(key) ?? 0) + 1);
    };
    const calls = fc.array(call, { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(roles, limits, calls, (one, limit, requests) => {
        const policy = policyOf(one, limit);
        const { artifacts, diagnostics } = compile(policy, "local", new Map());
        if (artifacts === null) {
          for (const { id } of diagnostics) count(id);
          return;
        }
        for (const request of requests) {
          const { path, sourceIp, atMs, claims, issuedAtSeconds } = request;
          const caller: Caller = { subject: "s", clientId: null, groups: ["g"], claims, issuedAtSeconds };
          const decision = decide(policy, "local", { exposure: "public", method: "GET", path, sourceIp, atMs }, caller);
          count(decision.reason);
          if (decision.reason === "no-route") continue;
          const params = captureParameters(decision.route?.path ?? "", path);
          assert.equal(decideByIam(artifacts, request, params), decision.reason, path);
        }
      }),
      { numRuns: 500, seed: SEED },
    );
    t.diagnostic([...seen].map(([key, times]) => `${key} ${times}`).join(", "));
    for (const key of ["role-grants", "condition-not-met", ...reasons])
      assert.ok((seen.get(key) ?? 0) > 50, `${key}: ${seen.get(key) ?? 0}`);
  });
