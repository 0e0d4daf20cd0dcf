import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UPSTREAM, listClauses, readCaseFile, readCaseFiles } from "./case-file.ts";
import { type Answer, findDifference, loadPolicy } from "./engine.ts";

const CLAUSES = new Set(["PL-8.1"]);
/** Put together here, so that nobody takes this file for one that cites it. */
const UNKNOWN_CLAUSE = ["PL", "0.1"].join("-");
const GOOD = `
clauses: [PL-8.1]
policy: "text"
people: { ada: { groups: [staff] } }
cases:
  - { id: one, request: GET /a b, as: ada, expect: { deny: no-route } }
`;

function read(text: string) {
  return readCaseFile("some", text, CLAUSES);
}

test("a case has every default filled in", () => {
  assert.deepEqual(read(GOOD), {
    name: "some",
    policy: "text",
    include: {},
    cases: [
      {
        id: "one",
        clauses: ["PL-8.1"],
        environment: null,
        exposure: "public",
        host: null,
        method: "GET",
        target: "/a b",
        as: {
          issuer: null,
          audience: null,
          claims: { sub: "somebody" },
          groups: ["staff"],
          issuedAtMs: Date.UTC(2026, 10, 24, 11, 59),
        },
        sourceIp: "127.0.0.1",
        atMs: Date.UTC(2026, 10, 24, 12),
        expect: { effect: "deny", reason: "no-route", role: null, route: null, service: null },
        gatewayReason: null,
        edgeStatus: null,
        notCarried: {},
      },
    ],
  });
});

describe("a file with anything else in it is not used", () => {
  const broken: readonly (readonly [what: string, from: string, to: string, problem: RegExp])[] = [
    ["an unknown key of the file", "policy:", "polizei: x\npolicy:", /Unrecognized key: "polizei"/],
    ["an unknown key of a case", "as: ada", "as: ada, form: x", /Unrecognized key: "form"/],
    ["an unknown key of a person", "groups: [staff]", "group: [staff]", /Unrecognized key: "group"/],
    ["an unknown key of an expectation", "deny: no-route", "deny: no-route, rule: x", /Unrecognized key: "rule"/],
    ["a reason that there is not", "deny: no-route", "deny: no-rout", /cases\[0\]\.expect\.deny/],
    ["a reason of the other effect", "deny: no-route", "deny: open-route, route: GET /a", /cases\[0\]\.expect\.deny/],
    ["neither allow nor deny", "deny: no-route", "edge: 403", /either `allow` or `deny`/],
    ["allow and deny", "deny: no-route", "deny: no-role, allow: open-route, route: GET /a", /either `allow` or `deny`/],
    ["a route where none answers", "deny: no-route", "deny: no-route, route: GET /a", /the route that answers/],
    ["no route where one answers", "deny: no-route", "deny: no-role", /the route that answers/],
    ["no role where roles decide", "deny: no-route", "allow: role-grants, route: GET /a", /by roles names one/],
    ["a role where none decides", "deny: no-route", "deny: no-role, route: GET /a, role: x", /by roles names one/],
    [
      "a reason for not being carried that is not in the list",
      "as: ada",
      "as: ada, not: { caddy: slow }",
      /not\.caddy/,
    ],
    ["a time without its offset", "as: ada", 'as: ada, at: "2026-11-24T12:00:00"', /cases\[0\]\.at/],
    ["somebody whom nobody knows", "as: ada", "as: bob", /there is nobody of that name/],
    ["nobody who asks", "as: ada, ", "", /cases\[0\]\.as/],
    [
      "a clause that is not in the specification",
      "clauses: [PL-8.1]",
      `clauses: [${UNKNOWN_CLAUSE}]`,
      /there is no clause/,
    ],
    ["no clause", "clauses: [PL-8.1]\n", "", /cites no clause/],
    [
      "an id that stands twice",
      "cases:",
      "cases:\n  - { id: one, request: GET /b, as: nobody, expect: { deny: no-route } }",
      /stands twice/,
    ],
  ];
  for (const [what, from, to, problem] of broken)
    test(what, () => {
      assert.ok(GOOD.includes(from));
      assert.throws(() => read(GOOD.replace(from, to)), problem);
    });
});

test("a difference in any part is told", () => {
  const expect = { effect: "allow", reason: "role-grants", role: "a", route: "GET /", service: "s" } as const;
  const answer: Answer = { ...expect };
  assert.equal(findDifference(expect, answer), null);
  assert.equal(findDifference({ ...expect, service: null }, answer), null);
  const others: readonly Partial<Answer>[] = [
    { effect: "deny" },
    { reason: "open-route" },
    { role: "b" },
    { role: null },
    { route: "GET /a" },
    { service: "t" },
  ];
  for (const other of others) assert.notEqual(findDifference(expect, { ...answer, ...other }), null);
});

test("every policy of a case file is accepted, and names no address of its own", () => {
  for (const file of readCaseFiles()) {
    assert.ok(file.policy.includes(UPSTREAM));
    const { policy } = loadPolicy(file, "http://127.0.0.1:9");
    const upstreams = policy.services.flatMap(({ upstream }) => Object.values(upstream));
    assert.deepEqual([...new Set(upstreams)], ["http://127.0.0.1:9"], file.name);
  }
});

test("the cases cite the chapters that decide", () => {
  const cited = new Set(readCaseFiles().flatMap(({ cases }) => cases.flatMap(({ clauses }) => clauses)));
  const decisive = [...listClauses()].filter((id) => /^PL-(?:6|7|8|9|13|15)\./.test(id));
  // Warnings and refusals of the reader, and sentences for people, decide nothing.
  const silent = new Set(["PL-8.7", "PL-9.7"]);
  assert.deepEqual(
    decisive.filter((id) => !cited.has(id) && !silent.has(id)),
    [],
  );
});
