/** People, clients and claims as callers: the same that a verified token of theirs would be. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ExplainRequest, explainRequest } from "../../src/app/explain.ts";
import { allCallers, callerByName, callerOfIdentity } from "../../src/app/people.ts";
import { systemClock } from "../../src/core/index.ts";
import { createKeySource, createTokenVerifier, parsePeople, startDevProvider } from "../../src/identity/index.ts";
import type { Caller } from "../../src/policy/index.ts";

const CI = "https://ci.shop.example";
const POLICY = `gatehouse: 1
name: shop
identity:
  audience: shop-api
  claims: { groups: realm.roles, name: name }
  issuers:
    ci: { issuer: "${CI}", audience: shop-ci, claims: { groups: groups, name: repository } }
environments:
  local: { identity: embedded, domain: shop.localhost }
services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes:
      GET /orders:            { needs: orders:read }
      GET /orders/{customer}: { needs: orders:own }
      POST /orders:           { needs: orders:write }
roles:
  support:
    members: { groups: [support] }
    can: [orders:read, { permission: orders:own, when: { path: { customer: claim:sub } } }]
    boundary: all
    when: { amr: [mfa], token_age: 10 minutes }
  deploy:
    members: { issuer: ci, claim: { name: repository, prefix: shop/ } }
    can: [orders:write]
    boundary: all
boundaries:
  all: [orders:read, orders:own, orders:write]
`;
const PEOPLE = `people:
  ada: { password: x, name: Ada Lovelace, email: ada@shop.example, groups: [support], claims: { amr: [pwd, mfa] } }
  bob: { password: x, groups: [support], claims: { amr: pwd, tenant: 7 } }
clients:
  billing: { secret: x, groups: [machines], claims: { repository: shop/web } }
`;

const NAMES = { groups: "realm.roles", name: "name" };
const NOW_MS = 1_800_000_000_999;
let folder: string;
let policyFile: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-callers-"));
  policyFile = join(folder, "gatehouse.yaml");
  await writeFile(policyFile, POLICY);
  await writeFile(join(folder, "people.yaml"), PEOPLE);
});
after(async () => rm(folder, { recursive: true }));

function readPeople() {
  const { people } = parsePeople("people.yaml", PEOPLE, NAMES);
  assert.ok(people !== null);
  return people;
}

function explain(as: ExplainRequest["as"], method = "GET", path = "/orders") {
  const explained = explainRequest({ policyFile, environment: undefined, method, path, as });
  assert.ok("decision" in explained, JSON.stringify("diagnostics" in explained ? explained.diagnostics : null));
  return explained;
}

describe("callers of the people file", () => {
  test("have the claims that are asked for, of the file and of the provider", () => {
    const reading = { claims: NAMES, usedClaims: ["amr", "email", "name", "realm.roles", "sub", "tenant"] };
    const [ada, bob, billing] = allCallers(readPeople(), reading, NOW_MS).map(({ caller }) => caller);
    assert.deepEqual(ada, {
      subject: "ada",
      clientId: null,
      groups: ["support"],
      issuer: null,
      claims: {
        amr: ["pwd", "mfa"],
        email: ["ada@shop.example"],
        name: ["Ada Lovelace"],
        "realm.roles": ["support"],
        sub: ["ada"],
      },
      issuedAtSeconds: 1_800_000_000,
      authTimeSeconds: 1_800_000_000,
    });
    assert.deepEqual(bob?.claims, {
      amr: ["pwd"],
      name: ["bob"],
      "realm.roles": ["support"],
      sub: ["bob"],
      tenant: ["7"],
    });
    assert.deepEqual(
      [billing?.clientId, billing?.claims],
      ["billing", { name: ["billing"], "realm.roles": ["machines"], sub: ["billing"] }],
    );
  });

  test("are what the verifier makes of a token by the embedded provider", async (t) => {
    const people = readPeople();
    const keyFile = join(folder, "provider.json");
    const options = { people, port: 0, keyFile, audience: "shop-api", loginClient: null, claims: NAMES };
    const provider = await startDevProvider(options);
    const { issuer } = provider;
    const keys = createKeySource({ issuer, clock: systemClock, allowHttpLoopback: true });
    t.after(async () => {
      keys.close();
      await provider.close();
    });
    await keys.load();
    const usedClaims = [
      "acr",
      "amr",
      "email",
      "name",
      "preferred_username",
      "realm.roles",
      "repository",
      "sub",
      "tenant",
    ];
    const audience = "shop-api";
    const verifier = createTokenVerifier({ issuer, audience, claims: NAMES, keys, usedClaims, clock: systemClock });
    for (const { name } of [...people.people, ...people.clients]) {
      const result = await verifier.verify((await provider.tokenFor(name)).accessToken);
      assert.ok(result.ok);
      const { clientId, ...verified } = callerOfIdentity(result.identity);
      const { issuedAtSeconds } = verified;
      const named = callerByName(people, name, { claims: NAMES, usedClaims }, (issuedAtSeconds ?? 0) * 1000);
      // The client through which a person signs in is part of a token, not of the person.
      assert.deepEqual({ ...named, clientId: null }, { ...verified, clientId: null }, name);
      if (named.clientId !== null) assert.equal(clientId, named.clientId);
    }
  });
});

describe("explain", () => {
  test("by name takes the claims of the people file, with a token that is new", () => {
    assert.deepEqual(explain({ name: "ada" }).caller?.claims, { amr: ["pwd", "mfa"], sub: ["ada"] });
    assert.deepEqual(explain({ name: "billing" }).caller?.claims, { repository: ["shop/web"], sub: ["billing"] });
  });

  const claimed: readonly [claims: Record<string, unknown>, caller: Partial<Caller>][] = [
    [
      { amr: ["mfa"], realm: { roles: ["support"] } },
      { issuer: null, groups: ["support"], claims: { amr: ["mfa"], sub: ["somebody"] } },
    ],
    [
      { iss: "https://other.example", sub: "ada" },
      { issuer: null, subject: "ada", claims: { sub: ["ada"] } },
    ],
    [
      { iss: CI, sub: "repo:shop/web", repository: "shop/web", groups: ["g"], realm: { roles: ["support"] } },
      { issuer: "ci", groups: ["g"], claims: { repository: ["shop/web"], sub: ["repo:shop/web"] } },
    ],
    [{ sub: "ada", iat: 1_700_000_000 }, { issuedAtSeconds: 1_700_000_000 }],
    [{ sub: "ada", amr: { a: 1 } }, { claims: { sub: ["ada"] } }],
  ];
  for (const [claims, expected] of claimed) {
    test(`by claims ${JSON.stringify(claims)}`, () => {
      const { caller } = explain({ claims: JSON.stringify(claims) });
      assert.ok(caller !== null);
      const found = Object.fromEntries(Object.keys(expected).map((key) => [key, caller[key as keyof Caller]]));
      assert.deepEqual(found, expected);
    });
  }

  test("a token of claims without a time of issue is a new one", () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const issued = explain({ claims: "{}" }).caller?.issuedAtSeconds ?? 0;
    assert.ok(issued >= nowSeconds && issued <= nowSeconds + 5, String(issued));
  });

  test("whose roles a workload identity holds: those that name its issuer, and no other's", () => {
    const runner = { sub: "x", repository: "shop/web" };
    const by = (claims: Record<string, unknown>) => ({ claims: JSON.stringify(claims) });
    assert.equal(explain(by({ ...runner, iss: CI }), "POST").decision.effect, "allow");
    assert.equal(explain(by(runner), "POST").decision.effect, "deny");
    assert.equal(explain({ name: "billing" }, "POST").decision.effect, "deny");
    const support = { amr: "mfa", groups: ["support"], realm: { roles: ["support"] } };
    assert.equal(explain(by({ ...support, iss: CI })).decision.effect, "deny");
  });
});

test("the people file that the guide shows is read without a finding", async () => {
  const guide = await readFile(new URL("../../docs/guide/people.md", import.meta.url), "utf8");
  const [, text = ""] = /^```yaml\n([\s\S]*?)^```$/m.exec(guide) ?? [];
  const { people, diagnostics } = parsePeople("people.yaml", text);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(people?.people[0]?.claims, {
    amr: ["pwd", "mfa"],
    department: "sales",
    level: 3,
    email_verified: true,
  });
});
