/**
 * What a policy says, and what is held up of it: asked of `decide`, of the gateway with signed tokens, and of the compiled
 * documents in an evaluator that others wrote; and what `check` says to a policy that would hold less than it reads.
 * Long because: ten rows share three engines and one way to ask them.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { dirname, join } from "node:path";
import { after, before, it } from "node:test";
import { compile } from "../../src/compile/index.ts";
import { formatSpan } from "../../src/core/index.ts";
import {
  compileRouteFinder,
  isMember,
  lintPolicy,
  listRoutes,
  matchRoute,
  normalizePath,
  parsePolicy,
} from "../../src/policy/index.ts";
import { type CaseIdentity, type AskedCase } from "../engines/case-file.ts";
import { compileFor, loadPolicy } from "../engines/engine.ts";
import { askReference, callerOf, payloadOf, sourceOf } from "../engines/reference.ts";
import { type RunningGateway, answerOf, startRunningGateway, statusOf } from "../engines/running-gateway.ts";
import { type SecondEvaluator, startSecondEvaluator } from "../engines/second-evaluator.ts";
import { ACCOUNT, errorOf, openDesk, role as accountRole, trusting } from "../sts/desk.ts";
import { curl } from "../support/curl.ts";
import { startEcho } from "../support/echo.ts";
import { GATEHOUSE, makeDirectory, startInstance, waitFor } from "../support/instance.ts";
import { run } from "../support/run.ts";
import { row } from "./catalogue.ts";

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const BOUNDARY = 'boundaries: { all: ["thing:*"] }\n';

/** A policy with these routes and roles, and more sections. */
function policyOf(routes: string, roles: string, more = ""): string {
  return `gatehouse: 1
name: shop
identity: { issuer: "https://login.shop.example", audience: shop-api }
environments: { local: { domain: shop.localhost } }
services:
  things:
    exposure: public
    upstream: http://service.invalid
    routes:
${routes.replace(/^(?=.)/gm, "      ")}
roles:
${roles.replace(/^(?=.)/gm, "  ")}
${BOUNDARY}${more}`;
}

let gateway: RunningGateway;
let evaluator: SecondEvaluator;

before(async () => {
  gateway = await startRunningGateway();
  evaluator = await startSecondEvaluator();
});
after(async () => {
  await evaluator.close();
  await gateway.close();
});

interface Question {
  readonly target: string;
  readonly as?: {
    readonly sub?: string;
    readonly groups?: unknown;
    readonly claims?: Readonly<Record<string, unknown>>;
  };
  readonly from?: string;
  /** Of the decision. */
  readonly reason: string;
  /** False: the evaluator does not read `${$}` in a value that is compared whole. */
  readonly iam?: boolean;
}

/** Reasons of a decision that IAM has no part in. */
const BEFORE_IAM: ReadonlySet<string> = new Set([
  "no-route",
  "request-path",
  "open-route",
  "unauthenticated",
  "no-role",
]);

/** Every engine decides each question as it says. */
async function assertDecided(text: string, questions: readonly Question[]): Promise<void> {
  const loaded = loadPolicy({ name: "row", policy: text, include: {} }, gateway.upstream);
  const environment = loaded.environment(null);
  const artifacts = compileFor(loaded, environment);
  await gateway.load(artifacts);
  gateway.setTime(NOW_MS);
  for (const { target, as = {}, from = "127.0.0.1", reason, iam = true } of questions) {
    const title = `${target} as ${JSON.stringify(as)} from ${from}`;
    const identity: CaseIdentity = {
      issuer: null,
      audience: null,
      claims: { sub: as.sub ?? "somebody", ...as.claims },
      groups: as.groups,
      issuedAtMs: NOW_MS - 60_000,
    };
    const asked: AskedCase = {
      id: title,
      environment: null,
      exposure: "public",
      host: null,
      method: "GET",
      target,
      as: identity,
      sourceIp: from,
      atMs: NOW_MS,
    };
    assert.equal(askReference(loaded.policy, environment.name, asked).reason, reason, `decide: ${title}`);
    const source = sourceOf(loaded.policy, environment, null);
    const payload = payloadOf(loaded.policy, identity);
    const token = await gateway.issuers.sign(source, payload, NOW_MS / 1000 - 60, NOW_MS);
    const host = environment.domain;
    const { status, record } = await gateway.ask({
      exposure: "public",
      method: "GET",
      target,
      host,
      sourceIp: from,
      token,
    });
    const isAllowed = reason === "role-grants" || reason === "open-route";
    assert.deepEqual(
      [status, answerOf(record).reason, record.upstreamMs !== null],
      [statusOf(reason), reason, isAllowed],
      `gateway: ${title}`,
    );
    if (!iam || BEFORE_IAM.has(reason)) continue;
    const normal = normalizePath(target);
    const match = normal.ok
      ? matchRoute(listRoutes(loaded.policy, environment, "public", host), "GET", normal.path)
      : null;
    assert.ok(normal.ok && match !== null);
    const caller = callerOf(loaded.policy, identity);
    assert.ok(artifacts.iam.roles.some(({ members }) => isMember(members, caller)));
    const said = await evaluator.isAllowed(artifacts, {
      exposure: "public",
      host,
      route: match.route,
      method: "GET",
      path: normal.path,
      caller,
      sourceIp: from,
      atMs: NOW_MS,
    });
    assert.equal(said, isAllowed, `IAM: ${title}`);
  }
}

/** What `check` finds, as `severity id line:column`. */
function findingsOf(text: string): string[] {
  const { policy, diagnostics, sources } = parsePolicy(
    "gatehouse.yaml",
    text.replace("http://service.invalid", "http://127.0.0.1:4001"),
  );
  const all = [...diagnostics, ...(policy === null ? [] : lintPolicy(policy))];
  if (policy !== null) all.push(...compile(policy, policy.environments[0]?.name ?? "", sources).diagnostics);
  return all
    .filter(({ severity }) => severity !== "info")
    .map(({ severity, id, span }) => `${severity} ${id} ${formatSpan(span, sources).split(":").slice(1).join(":")}`);
}

function assertFound(text: string, id: string, at: string | null = null): void {
  const found = findingsOf(text);
  assert.ok(
    found.some((line) => (at === null ? line.split(" ")[1] === id : line.endsWith(` ${id} ${at}`))),
    `${id} ${at ?? ""} is not among ${found.join(", ") || "nothing"}`,
  );
}

row(103, () => {
  /** Texts that are patterns for one reader or another, and what they would fit as such. */
  const pairs = [
    ["cert-manager.io", "cert-managerXio"],
    ["a.b", "aXb"],
    ["team[1]", "team1"],
    ["a|b", "a"],
    ["(a)", "a"],
    ["a+", "aa"],
    ["\\d", "1"],
    ["a{2}", "aa"],
    ["${aws:username}", "somebody"],
    ["$", ""],
    ["a", "a\n"],
    ["a", "ab"],
    ["ab", "a"],
    ["A", "a"],
  ] as const;
  for (const [member, other] of pairs)
    it(`${JSON.stringify(member)} as member and as value is that text, and never ${JSON.stringify(other)}`, async () => {
      const text = JSON.stringify(member);
      const policy = policyOf(
        "GET /group: { needs: thing:group }\nGET /subject: { needs: thing:subject }\nGET /claim: { needs: thing:claim }\nGET /when: { needs: thing:when }",
        `by-group: { members: { groups: [${text}] }, can: [thing:group], boundary: all }
by-subject: { members: { subject: [${text}] }, can: [thing:subject], boundary: all }
by-claim: { members: { claim: { name: k, equals: ${text} } }, can: [thing:claim], boundary: all }
by-when: { members: { groups: [people] }, can: [{ permission: thing:when, when: { claim: { k: ${text} } } }], boundary: all }`,
      );
      const people = { groups: ["people"] };
      const subject = other === "" ? "x" : other;
      await assertDecided(policy, [
        { target: "/group", as: { groups: [member] }, reason: "role-grants" },
        { target: "/group", as: { groups: [other] }, reason: "no-role" },
        { target: "/group", as: { groups: ["x", other] }, reason: "no-role" },
        { target: "/subject", as: { sub: member }, reason: "role-grants" },
        { target: "/subject", as: { sub: subject }, reason: "no-role" },
        { target: "/claim", as: { claims: { k: member } }, reason: "role-grants" },
        { target: "/claim", as: { claims: { k: other } }, reason: "no-role" },
        {
          target: "/when",
          as: { ...people, claims: { k: [other, member] } },
          reason: "role-grants",
          iam: !member.includes("${"),
        },
        { target: "/when", as: { ...people, claims: { k: other } }, reason: "condition-not-met" },
        { target: "/when", as: people, reason: "condition-not-met" },
      ]);
    });

  it("what reads as a pattern for everybody is refused as a member", () => {
    for (const member of ["*", "a*", "team-*", "^a$"])
      assertFound(
        policyOf(
          "GET /a: { needs: thing:a }",
          `r: { members: { groups: ["${member}"] }, can: [thing:a], boundary: all }`,
        ),
        "role/member",
        "12:28",
      );
  });
});

row(104, () => {
  const routes = "GET /a: { needs: thing:a }\nGET /b: { needs: thing:b }";
  it("who lacks the group, the claim, or the grant is refused by every engine", async () => {
    const policy = policyOf(
      routes,
      `staff: { members: { groups: [staff] }, can: [thing:a], boundary: all }
both: { members: { all: [{ groups: [staff] }, { claim: { name: mfa, equals: true } }] }, can: [thing:b], boundary: all }`,
    );
    await assertDecided(policy, [
      { target: "/a", as: { groups: ["staff"] }, reason: "role-grants" },
      { target: "/a", as: { groups: [] }, reason: "no-role" },
      { target: "/a", reason: "no-role" },
      { target: "/a", as: { groups: ["other"] }, reason: "no-role" },
      { target: "/b", as: { groups: ["staff"] }, reason: "not-granted" },
      { target: "/b", as: { groups: ["staff"], claims: { mfa: false } }, reason: "not-granted" },
      { target: "/b", as: { groups: ["staff"], claims: { mfa: true } }, reason: "role-grants" },
      { target: "/b", as: { claims: { mfa: true } }, reason: "no-role" },
    ]);
  });

  const inEnvironment = (override: string): string =>
    policyOf(
      routes,
      "r: { members: { groups: [g] }, can: [thing:a, thing:b], boundary: all, when: { source_ip: [10.0.0.0/8] } }",
    ).replace("{ local: { domain: shop.localhost } }", `{ local: { domain: shop.localhost, ${override} } }`);
  it("an environment cannot open a route, or ask it for something else", () => {
    for (const key of ['open: "x"', "needs: thing:b", "login: true"])
      assertFound(inEnvironment(`routes: { GET /a: { ${key} } }`), "parse/unknown-key", "4:70");
    assertFound(inEnvironment("routes: { GET /c: { timeout: 1 second } }"), "reference/route", "4:60");
  });

  const inProduction = (override: string): string =>
    inEnvironment("identity: embedded").replace(
      "identity: embedded } }",
      `identity: embedded }, prod: { domain: api.shop.example, certificates: { acme: ops@shop.example }, ${override} } }`,
    );
  it("an environment that leaves out a part of a condition is told so", () => {
    const dropped = inProduction('roles: { r: { when: { hours: { from: "08:00", to: "18:00", zone: UTC } } } }');
    assertFound(dropped, "guardrail/condition-dropped");
  });

  it("a rule that nothing can hold up, or that is misspelled, is no policy", () => {
    const role = (more: string): string =>
      policyOf(routes, `r: { members: { groups: [g] }, can: [thing:a, thing:b], ${more} }`);
    assertFound(role("boundary: none"), "reference/boundary");
    assertFound(role("boundary: all, wen: { source_ip: [10.0.0.0/8] }"), "parse/unknown-key");
    assertFound(role("boundary: all, when: {}"), "parse/empty-mapping");
    assertFound(role("boundary: all, when: { source_ip: [] }"), "parse/empty-list");
    assertFound(
      policyOf("GET /a: { need: thing:a }", "r: { members: { groups: [g] }, can: [thing:a], boundary: all }"),
      "parse/unknown-key",
    );
    assertFound(
      policyOf("GET /a: {}", "r: { members: { groups: [g] }, can: [thing:a], boundary: all }"),
      "route/access",
    );
  });
});

row(105, () => {
  const policy = (upstream: string): string => `gatehouse: 1
name: road
include: [roles.yaml]
identity: { audience: road-api }
environments: { local: { identity: embedded, domain: road.localhost, certificates: internal, gateway: embedded } }
services:
  orders: { exposure: public, upstream: "${upstream}", routes: { GET /orders: { needs: orders:read } } }
`;
  const roles = `gatehouse: 1
roles: { support: { members: { groups: [support] }, can: [orders:read], boundary: staff } }
boundaries: { staff: [orders:read] }
`;
  const people = "people: { alice: { password: alice-pw, groups: [support] } }\n";

  it("a file that goes missing while it runs: the change is not taken over, and nothing opens", async (t) => {
    const echo = await startEcho();
    const files = { "gatehouse.yaml": policy(echo.url), "roles.yaml": roles, "people.yaml": people };
    const instance = await startInstance({ files });
    t.after(async () => {
      assert.equal(await instance.stop(), 0);
      await echo.close();
    });
    const token = await instance.token("alice");
    for (const [name, text] of [
      ["roles.yaml", roles],
      ["people.yaml", people],
    ] as const) {
      const [told, calls] = [instance.said().length, echo.seen.length];
      rmSync(join(instance.dir, name));
      // The file alone may be noticed or not; one that changes is.
      instance.write("gatehouse.yaml", `${policy(echo.url)}# without ${name}\n`);
      await waitFor(`${name} is missed`, () => instance.said().slice(told).includes(name));
      assert.equal((await curl(instance, "/orders")).status, 401);
      assert.equal((await curl(instance, "/orders", { token })).status, 200);
      assert.equal(echo.seen.length, calls + 1);
      instance.write(name, text);
      instance.write("gatehouse.yaml", policy(echo.url));
      await waitFor(`${name} is back`, async () => (await curl(instance, "/orders", { token })).status === 200);
    }
    const ca = instance.status.edge.caFile ?? "";
    assert.ok(existsSync(ca));
  });

  for (const [title, files, code] of [
    ["an included file", { "gatehouse.yaml": policy("http://127.0.0.1:1"), "people.yaml": people }, 3],
    ["the people", { "gatehouse.yaml": policy("http://127.0.0.1:1"), "roles.yaml": roles }, 3],
    [
      "a secret",
      {
        "gatehouse.yaml": policy("http://127.0.0.1:1")
          .replace(
            "{ audience: road-api }",
            '{ issuer: "http://127.0.0.1:9", audience: road-api, login: { client_id: x, client_secret: secret:login-client } }',
          )
          .replace("identity: embedded, ", ""),
        "roles.yaml": `${roles}secrets: { login-client: { rotate: 30 days, overlap: 1 hour } }\n`,
      },
      3,
    ],
  ] as const)
    it(`${title} missing at the start: exit ${code}, and nothing listens`, async () => {
      const dir = makeDirectory(files);
      try {
        const ran = await run(GATEHOUSE, ["up", "--json", "--https", "0"], { cwd: dir, limitMs: 20_000 });
        assert.equal(ran.code, code, ran.stdout + ran.stderr);
        assert.equal(existsSync(join(dir, ".gatehouse/run/public.sock")), false);
      } finally {
        rmSync(dir, { recursive: true });
      }
    });
});

row(106, () => {
  const routes = "GET /a: { needs: thing:a }";
  const role = (text: string): string => policyOf(routes, `r: ${text}`);
  it("what is true of everybody, or of whoever is not meant, is refused", () => {
    assertFound(role("{ members: { all: [{ not: { groups: [g] } }] }, can: [thing:a], boundary: all }"), "role/not");
    assertFound(role("{ members: { not: { groups: [g] } }, can: [thing:a], boundary: all }"), "role/not");
    assertFound(role('{ members: { groups: [g] }, can: ["*"], boundary: all }'), "guardrail/catch-all-grant");
    assertFound(role('{ members: { groups: [g] }, can: ["*:*"], boundary: all }'), "guardrail/catch-all-grant");
    assertFound(
      role("{ members: { groups: [g] }, can: [thing:a], boundary: all }").replace('["thing:*"]', '["*"]'),
      "guardrail/catch-all-boundary",
    );
    assertFound(
      role('{ members: { groups: [g] }, can: [thing:a], boundary: all, when: { source_ip: ["0.0.0.0/0"] } }'),
      "guardrail/wide-source-network",
    );
    assertFound(
      role('{ members: { claim: { name: iss, prefix: "https://" } }, can: [thing:a], boundary: all }'),
      "guardrail/everybody-is-member",
    );
    for (const key of ["NotAction", "not_can", "if_exists", "for_all_values"])
      assertFound(
        role(`{ members: { groups: [g] }, can: [thing:a], boundary: all, when: { ${key}: [x] } }`),
        "parse/unknown-key",
      );
  });

  it("a condition on what is absent holds for nobody", async () => {
    const policy = policyOf(
      routes,
      "r: { members: { groups: [g] }, can: [{ permission: thing:a, when: { claim: { level: [1, 2] } } }], boundary: all }",
    );
    const g = { groups: ["g"] };
    await assertDecided(policy, [
      { target: "/a", as: { ...g, claims: { level: 1 } }, reason: "role-grants" },
      { target: "/a", as: g, reason: "condition-not-met" },
      { target: "/a", as: { ...g, claims: { level: [] } }, reason: "condition-not-met" },
      { target: "/a", as: { ...g, claims: { level: null } }, reason: "condition-not-met" },
      { target: "/a", as: { ...g, claims: { level: "" } }, reason: "condition-not-met" },
      { target: "/a", as: { ...g, claims: { level: "*" } }, reason: "condition-not-met" },
      { target: "/a", as: { ...g, claims: { level: { 0: 1 } } }, reason: "condition-not-met" },
    ]);
  });

  it("no document says `NotAction`, `NotResource`, `IfExists`, `ForAllValues`, or that anything fits", () => {
    const text = policyOf(
      `${routes}\nGET /c/{x}: { needs: thing:c }`,
      `r: { members: { groups: [g] }, can: [{ permission: thing:a, when: { claim: { level: [1, 2] }, source_ip: [10.0.0.0/8], after: 2026-01-01 } }], boundary: all }
s: { members: { groups: [g] }, can: [{ permission: thing:c, when: { path: { x: ["y", claim:sub] } } }], boundary: all }`,
    );
    const loaded = loadPolicy({ name: "row", policy: text, include: {} }, "http://127.0.0.1:1");
    const { iam } = compileFor(loaded, loaded.environment(null));
    for (const { policy } of iam.roles) {
      assert.doesNotMatch(
        JSON.stringify(policy),
        /NotAction|NotResource|NotPrincipal|IfExists|ForAllValues|"Resource":"\*"|"Action":"[^"]*\*/,
      );
      for (const { Condition = {} } of policy.Statement)
        for (const [operator, keys] of Object.entries(Condition))
          if (/Like/.test(operator))
            for (const value of Object.values(keys).flat()) assert.notEqual(value, "*", operator);
    }
  });
});

row(107, () => {
  it("the token of somebody else's repository, of a client, or for another audience takes no role", async () => {
    const subject = "login.shop.example/realms/shop:sub";
    const meant = "repo:shop/web:ref:refs/heads/main";
    const desk = openDesk({ roles: [accountRole("support", trusting({ StringEquals: { [subject]: meant } }))] });
    assert.equal((await desk.assume({ WebIdentityToken: desk.token({ sub: meant }) })).status, 200);
    for (const claims of [
      { sub: "repo:evil/web:ref:refs/heads/main" },
      { sub: `${meant}2` },
      { sub: meant.toUpperCase() },
      { sub: "*" },
      { sub: "repo:shop/*" },
      { sub: `x${meant}` },
    ]) {
      const answer = await desk.assume({ WebIdentityToken: desk.token(claims) });
      assert.deepEqual(errorOf(answer).slice(0, 3), [403, "Sender", "AccessDenied"]);
      assert.ok(!answer.body.includes("AccessKeyId") && answer.body.includes("sts:AssumeRoleWithWebIdentity"));
    }
    const other = await desk.assume({ WebIdentityToken: desk.token({ sub: meant, aud: "somebody-else" }) });
    assert.equal(other.status, 400);
    assert.ok(!other.body.includes("AccessKeyId"));
    assert.match(ACCOUNT, /^\d{12}$/);
  });

  const workload = (members: string): string =>
    policyOf("GET /a: { needs: thing:a }", `r: { members: ${members}, can: [thing:a], boundary: all }`).replace(
      "audience: shop-api }",
      'audience: shop-api, issuers: { ci: { issuer: "https://token.actions.githubusercontent.com", audience: shop-ci } } }',
    );
  it("a policy that trusts an issuer of many without saying whose workload it is does not pass", () => {
    assertFound(
      workload("{ issuer: ci, claim: { name: ref, equals: refs/heads/main } }"),
      "guardrail/workload-not-pinned",
    );
    assertFound(workload('{ issuer: ci, claim: { name: repository, prefix: "" } }'), "parse/empty-text");
    assertFound(workload('{ issuer: ci, subject: ["repo:shop/*"] }'), "role/member");
    assertFound(workload('{ issuer: ci, claim: { name: repository, prefix: "shop" } }'), "guardrail/open-ended-prefix");
    assert.deepEqual(findingsOf(workload("{ issuer: ci, claim: { name: repository, equals: shop/web } }")), []);
  });

  it("a role that IAM's trust policy cannot hold up alone is not compiled for it", () => {
    const direct = policyOf(
      "GET /a: { needs: thing:a }",
      "r: { members: { groups: [g] }, can: [thing:a], boundary: all }",
    )
      .replace(
        "{ local: { domain: shop.localhost } }",
        '{ prod: { domain: api.shop.example, certificates: { acme: a@shop.example }, gateway: { aws: { account: "111122223333", regions: [eu-west-1], federation: direct } } } }',
      )
      .replace("http://service.invalid", "https://orders.shop.example");
    assertFound(direct, "compile/role-not-enforceable-by-iam", "12:3");
  });
});

row(108, () => {
  const policy = policyOf(
    "GET /net: { needs: thing:net }\nGET /six: { needs: thing:six }",
    `net: { members: { groups: [g] }, can: [thing:net], boundary: all, when: { source_ip: [10.0.0.0/24] } }
six: { members: { groups: [g] }, can: [thing:six], boundary: all, when: { source_ip: ["2001:db8::/32"] } }`,
  );
  const as = { groups: ["g"] };
  it("one address is one address, however a socket writes it", async () => {
    await assertDecided(policy, [
      { target: "/net", as, from: "10.0.0.1", reason: "role-grants" },
      { target: "/net", as, from: "10.0.1.1", reason: "condition-not-met" },
      { target: "/six", as, from: "2001:db8::1", reason: "role-grants" },
      { target: "/six", as, from: "2001:DB8:0:0:0:0:0:1", reason: "role-grants" },
      { target: "/six", as, from: "2001:db9::1", reason: "condition-not-met" },
    ]);
  });

  it("an address that is written as no address of a network is in none", async () => {
    const loaded = loadPolicy({ name: "row", policy, include: {} }, gateway.upstream);
    await gateway.load(compileFor(loaded, loaded.environment(null)));
    gateway.setTime(NOW_MS);
    const source = sourceOf(loaded.policy, loaded.environment(null), null);
    const token = await gateway.issuers.sign(source, { sub: "s", groups: ["g"] }, NOW_MS / 1000 - 60, NOW_MS);
    const expected = new Map([
      // As a socket of both families reports IPv4.
      ["::ffff:10.0.0.1", 200],
      ["::FFFF:10.0.0.1", 200],
      ["::ffff:a00:1", 200],
      ["10.0.0.1, 10.0.9.9", 403],
      ["10.0.9.9, 10.0.0.1", 200],
    ]);
    for (const odd of [
      "0x0a000001",
      "010.0.0.1",
      "10.0.0.01",
      "10.1",
      "167772161",
      "10.0.0.1:80",
      "[::ffff:10.0.0.1]",
      "fe80::1%eth0",
      "::10.0.0.1",
      "10.0.0.1/24",
      "10.0.0.1%00",
      "",
      "unknown",
    ])
      expected.set(odd, 403);
    for (const [from, status] of expected) {
      const asked = {
        exposure: "public",
        method: "GET",
        target: "/net",
        host: "shop.localhost",
        sourceIp: from,
        token,
      } as const;
      const { record, ...answer } = await gateway.ask(asked);
      assert.deepEqual([answer.status, record.upstreamMs !== null], [status, status === 200], from);
      assert.equal(record.reason, status === 200 ? "role-grants" : "condition-not-met", from);
    }
  });

  it("a policy writes a block in one way", () => {
    for (const block of [
      "10.0.0.1/24",
      "010.0.0.0/24",
      "0x0a000000/24",
      "10.0.0.0",
      "10.0.0.0/024",
      "10.0/16",
      "10.0.0.0/33",
      "::ffff:10.0.0.0/120",
      "2001:DB8::/32",
      "2001:db8:0::/32",
      "fe80::%eth0/64",
      "10.0.0.0/255.255.255.0",
    ])
      assertFound(
        policyOf(
          "GET /net: { needs: thing:net }",
          `r: { members: { groups: [g] }, can: [thing:net], boundary: all, when: { source_ip: ["${block}"] } }`,
        ),
        "network/block",
      );
  });
});

row(109, () => {
  it("a path has no patterns within a segment", () => {
    for (const path of [
      "/{a}-{b}",
      "/{a}{b}",
      "/x{a}",
      "/{a}x",
      "/{a+}/b",
      "/{a*}",
      "/{a:(x+)+}",
      "/:a",
      "/(a+)+",
      "/{a}/{a}",
    ]) {
      const found = findingsOf(
        policyOf(`"GET ${path}": { needs: thing:a }`, "r: { members: { groups: [g] }, can: [thing:a], boundary: all }"),
      );
      // `(`, `)` and `+` are letters of a path like others.
      if (path === "/(a+)+") assert.deepEqual(found, []);
      else assert.match(found[0] ?? "", /^error route\/(?:parameter|greedy|path) 10:\d+$/, path);
    }
  });

  it("patterns in claims and members are texts", async () => {
    const policy = policyOf(
      "GET /a: { needs: thing:a }",
      'r: { members: { claim: { name: k, equals: "(a+)+$" } }, can: [thing:a], boundary: all }',
    );
    await assertDecided(policy, [
      { target: "/a", as: { claims: { k: "(a+)+$" } }, reason: "role-grants" },
      { target: "/a", as: { claims: { k: `${"a".repeat(3000)}!` } }, reason: "no-role" },
    ]);
  });

  it("60 kB of a path cost 500 routes with parameters no more than reading it", () => {
    const routes = Array.from({ length: 500 }, (_, n) => `GET /r/{a}/{b}/x${n}/{rest+}: { needs: thing:a }`).join("\n");
    const { policy } = parsePolicy(
      "p",
      policyOf(routes, "r: { members: { groups: [g] }, can: [thing:a], boundary: all }"),
    );
    const [environment] = policy?.environments ?? [];
    assert.ok(policy !== null && environment !== undefined);
    const finder = compileRouteFinder(listRoutes(policy, environment, "public", "shop.localhost"));
    const paths = [
      `/r/${"-a".repeat(30_000)}`,
      `/r${"/a".repeat(30_000)}`,
      `/r/a/b${"/x1".repeat(20_000)}`,
      "/r".repeat(30_000),
    ];
    const { user } = process.cpuUsage();
    for (let n = 0; n < 20; n++) for (const path of paths) finder("GET", path);
    // Generous for slow machines; what grows with the square of the length misses it by far.
    assert.ok(process.cpuUsage().user - user < 5_000_000);
    assert.notEqual(finder("GET", `/r/a/b/x1${"/y".repeat(30_000)}`), null);
    assert.equal(finder("GET", `/r/a/b/y${"/y".repeat(30_000)}`), null);
  });
});

row(110, () => {
  const head = "gatehouse: 1\nname: shop\n";
  const good = policyOf("GET /a: { needs: thing:a }", "r: { members: { groups: [g] }, can: [thing:a], boundary: all }");
  const texts: Readonly<Record<string, readonly [text: string, finding: string]>> = {
    "an alias bomb": [`${head}a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n`, "parse/anchor 3:4"],
    "an alias to itself": [`${head}a: &a [*a]\n`, "parse/anchor 3:4"],
    "a key twice": [`${head}name: other\n`, "parse/duplicate-key 3:1"],
    "a key twice, once in quotes": [`${head}"name": other\n`, "parse/duplicate-key 3:1"],
    "a merge key": [`${head}identity: { <<: { audience: a } }\n`, "parse/merge-key 3:13"],
    "a tag": [`${head}identity: !!js/function "x"\n`, "parse/tag 3:11"],
    "a directive": [`%YAML 1.1\n---\n${head}`, "parse/directive 1:1"],
    "two documents": [`${good}---\n${good}`, "parse/multiple-documents"],
    "a tab": [`${head}identity:\n\taudience: a\n`, "parse/tab 4:1"],
    "a number for a name": [good.replace("name: shop", "name: 0777"), "parse/expected-text 2:7"],
    "a number with an exponent for a name": [good.replace("name: shop", "name: 1e3"), "parse/expected-text 2:7"],
    "`true` for a name": [good.replace("name: shop", "name: true"), "parse/expected-text 2:7"],
    "nothing for a name": [good.replace("name: shop", "name: ~"), "parse/expected-text 2:7"],
    "a time for the version": [good.replace("gatehouse: 1", "gatehouse: 1.0e0x"), "parse/version 1:12"],
    "`__proto__` as a key": [good.replace("name: shop", "name: shop\n__proto__: { name: x }"), "parse/unknown-key 3:1"],
    "`constructor` as a key": [good.replace("name: shop", "name: shop\nconstructor: x"), "parse/unknown-key 3:1"],
    NUL: [good.replace("shop\n", "sh\u0000op\n"), "parse/not-text"],
    "a byte order mark within": [good.replace("name: shop", "name: sh\ufeffop"), "parse/"],
    "brackets without end": ["[".repeat(100_000), "parse/too-deep"],
    "50 MB": ["#".repeat(50_000_000), "parse/too-large"],
    "nothing at all": ["", "parse/empty"],
  };
  for (const [title, [text, finding]] of Object.entries(texts))
    it(`${title}: ${finding}`, () => {
      const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", text);
      assert.equal(policy, null);
      const found = diagnostics.map(
        ({ id, span }) => `${id} ${formatSpan(span, sources).split(":").slice(1).join(":")}`,
      );
      assert.ok(
        found.some((each) => each.startsWith(finding)),
        found.slice(0, 5).join(", "),
      );
    });

  it("`no` is a text, as YAML 1.2 says, and a byte order mark at the start is none of it", () => {
    for (const text of [
      good.replace("groups: [g]", "groups: [no, off, y]"),
      `\ufeff${good}`,
      good.replaceAll("\n", "\r\n"),
    ])
      assert.deepEqual(findingsOf(text), []);
  });

  it("`check` ends with 3 and says where", async () => {
    const dir = makeDirectory({ "gatehouse.yaml": `${head}a: &a [x]\nb: [*a, *a]\n` });
    try {
      const ran = await run(GATEHOUSE, ["check"], { cwd: dir });
      assert.equal(ran.code, 3);
      assert.match(ran.stdout + ran.stderr, /gatehouse\.yaml:3:4 error .*parse\/anchor/s);
      assert.doesNotMatch(ran.stderr, /at .*\.ts:\d+/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

row(111, () => {
  const role = "r: { members: { groups: [g] }, can: [thing:a, thing:b], boundary: all }";
  it("two keys for one route are refused, with both places", () => {
    const twice = policyOf("GET /a/{x}: { needs: thing:a }\nGET /a/{y}: { needs: thing:b }", role);
    assertFound(twice, "route/conflict", "11:7");
    assertFound(
      policyOf("GET /a/: { needs: thing:a }\nGET /b: { needs: thing:b }", role),
      "route/trailing-slash",
      "10:13",
    );
    assertFound(policyOf("get /a: { needs: thing:a }\nGET /b: { needs: thing:b }", role), "route/method");
    assertFound(policyOf("GET /caf\u00e9: { needs: thing:a }\nGET /b: { needs: thing:b }", role), "route/path");
  });

  it("paths are compared letter by letter, and every engine does so", async () => {
    const as = { groups: ["g"] };
    await assertDecided(
      policyOf(
        "GET /A: { needs: thing:a }\nGET /a: { needs: thing:b }\nGET /p/{x}: { needs: thing:b }",
        "r: { members: { groups: [g] }, can: [thing:b], boundary: all }\ns: { members: { groups: [s] }, can: [thing:a], boundary: all }",
      ),
      [
        { target: "/a", as, reason: "role-grants" },
        { target: "/%61", as, reason: "role-grants" },
        { target: "/A", as, reason: "not-granted" },
        { target: "/%41", as, reason: "not-granted" },
        { target: "/A", as: { groups: ["s"] }, reason: "role-grants" },
        { target: "/a/", as, reason: "no-route" },
        { target: "/p/", as, reason: "no-route" },
        { target: "/p/caf%C3%A9", as, reason: "role-grants" },
        { target: "/p/cafe%CC%81", as, reason: "role-grants" },
      ],
    );
  });

  it("names that look alike, or are parts of every object, are other names", async () => {
    const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"];
    const policy = policyOf(
      "GET /a: { needs: thing:a }\nGET /b: { needs: thing:b }",
      `one: { members: { groups: ["${composed}"] }, can: [thing:a], boundary: all }
two: { members: { groups: [__proto__, constructor] }, can: [thing:b], boundary: all }`,
    );
    await assertDecided(policy, [
      { target: "/a", as: { groups: [composed] }, reason: "role-grants" },
      { target: "/a", as: { groups: [decomposed] }, reason: "no-role" },
      { target: "/a", as: { groups: ["CAF\u00c9"] }, reason: "no-role" },
      { target: "/b", as: { groups: ["__proto__"] }, reason: "role-grants" },
      { target: "/b", as: { groups: ["toString"] }, reason: "no-role" },
      { target: "/b", as: { groups: [] }, reason: "no-role" },
    ]);
    for (const name of ["__proto__", "Support", "caf\u00e9", "a--", "-a"])
      assertFound(
        policyOf(
          "GET /a: { needs: thing:a }",
          `"${name}": { members: { groups: [g] }, can: [thing:a], boundary: all }`,
        ),
        "parse/name",
      );
  });
});

row(112, () => {
  it("figures, the provider and Caddy's own interface answer to this machine under their own names alone", async (t) => {
    const echo = await startEcho();
    const policy = `gatehouse: 1
name: road
identity: { audience: road-api }
environments: { local: { identity: embedded, domain: road.localhost, certificates: internal, gateway: embedded } }
services:
  orders: { exposure: public, upstream: "${echo.url}", routes: { GET /orders: { needs: orders:read } } }
roles: { support: { members: { groups: [support] }, can: [orders:read], boundary: staff } }
boundaries: { staff: [orders:read] }
`;
    const people = "people: { alice: { password: alice-pw, groups: [support] } }\n";
    const instance = await startInstance({
      files: { "gatehouse.yaml": policy, "people.yaml": people },
      args: ["--metrics", "0"],
    });
    t.after(async () => {
      assert.equal(await instance.stop(), 0);
      await echo.close();
    });
    const { metrics, identity, gateway: own } = instance.status;
    assert.ok(metrics !== null);
    const own127 = new URL(metrics).host;
    const ask = async (path: string, headers: Record<string, string>, base = metrics) =>
      new Promise<{ status: number; origin: unknown; body: string }>((resolve, reject) => {
        const { hostname, port } = new URL(base);
        httpRequest({ hostname, port, path, headers, agent: false }, (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
          const origin = response.headers["access-control-allow-origin"];
          response.on("end", () => resolve({ status: response.statusCode ?? 0, origin, body }));
        })
          .on("error", reject)
          .end();
      });
    assert.equal((await ask("/metrics", { host: own127 })).status, 200);
    for (const host of [
      "evil.test",
      `evil.test:${new URL(metrics).port}`,
      `${own127}.evil.test`,
      `evil.test#${own127}`,
      "127.0.0.1.evil.test",
    ]) {
      assert.equal((await ask("/metrics", { host })).status, 421, host);
      assert.equal((await ask("/jwks", { host }, identity.issuer)).status, 421, host);
    }
    // A page of another site may ask, and may not read. (The provider's keys are for everybody, its pages are not.)
    const crossSite = { host: own127, origin: "https://evil.test", "sec-fetch-site": "cross-site" };
    assert.equal((await ask("/metrics", crossSite)).origin, undefined);
    const page = await ask("/device", { ...crossSite, host: new URL(identity.issuer).host }, identity.issuer);
    assert.deepEqual([page.status, page.origin], [200, undefined]);
    for (const path of [
      "/metrics/../config_dump",
      "/config",
      "/config/",
      "/debug/pprof/",
      "//metrics",
      "/metrics/",
      "/METRICS",
      "/%6detrics",
    ])
      assert.deepEqual([(await ask(path, { host: own127 })).status, path], [404, path]);
    // Caddy's interface and our own are sockets in a directory of the owner's.
    assert.equal(statSync(dirname(own.socket)).mode & 0o077, 0);
    const config = readFileSync(join(instance.state, "logs", "caddy.log"), "utf8");
    assert.doesNotMatch(config, /admin endpoint started[^\n]*localhost:2019/);
    for (const path of [
      "/metrics",
      "/config/",
      "/debug/pprof/",
      "/_gatehouse/metrics",
      "/_gatehouse/status",
      "/_gatehouse/config",
    ])
      assert.equal((await curl(instance, path)).status, 404, path);
    assert.equal(echo.seen.length, 0);
  });
});
