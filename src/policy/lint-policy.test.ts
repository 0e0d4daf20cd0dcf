import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../core/index.ts";
import { GUARDRAILS } from "./guardrails.ts";
import { lintPolicy } from "./lint-policy.ts";
import { CONDITION_CASES } from "./guardrails/testing/condition-cases.ts";
import { GRANT_CASES } from "./guardrails/testing/grant-cases.ts";
import { CLEAN, editClean } from "./guardrails/testing/guardrail-case.ts";
import { HEADER_CASES } from "./guardrails/testing/header-cases.ts";
import { MEMBER_CASES } from "./guardrails/testing/member-cases.ts";
import { NETWORK_CASES } from "./guardrails/testing/network-cases.ts";
import { ROUTE_CASES } from "./guardrails/testing/route-cases.ts";
import { describeFindings, parseGood } from "./testing/shop-policy.ts";
import { ROOT, describeAll, parseFiles } from "./testing/whole-policy.ts";

const NOW = createManualClock(Date.parse("2026-11-24T12:00:00Z"));

function lint(text: string, clock = NOW): string[] {
  return describeFindings(text, lintPolicy(parseGood(text), clock));
}

test("a good policy has no findings", () => assert.deepEqual(lint(CLEAN), []));

const CASES = {
  ...GRANT_CASES,
  ...MEMBER_CASES,
  ...CONDITION_CASES,
  ...ROUTE_CASES,
  ...NETWORK_CASES,
  ...HEADER_CASES,
};

test("every guardrail has cases", () =>
  assert.deepEqual(Object.keys(CASES).toSorted(), Object.keys(GUARDRAILS).toSorted()));

for (const [id, { bad, good }] of Object.entries(CASES)) {
  for (const [edits, ...found] of bad)
    test(`${id} finds ${edits.map(([, to]) => to.trim().replaceAll("\n", " ")).join(" and ")}`, () => {
      const fix = GUARDRAILS[id as keyof typeof GUARDRAILS]?.fix;
      assert.deepEqual(
        lint(editClean(...edits)).filter((line) => line.includes(`${id}:`)),
        found.map((line) => (line.includes(" -> ") ? line : `${line} -> ${fix}`)),
      );
    });
  for (const edits of good)
    test(`${id} accepts ${edits.map(([, to]) => to.trim().replaceAll("\n", " ")).join(" and ")}`, () =>
      assert.deepEqual(
        lint(editClean(...edits)).filter((line) => line.includes(`${id}:`)),
        [],
      ));
}

const OPEN = ["GET /health:", "POST /health:"] as const;
const waive = (fields: string): readonly [string, string] => ["waive: []", `waive: [{ ${fields} }]`];
const WORDS = "reason: agreed with ops, owner: ada";

test("PL-12.4: a waived finding stays visible with the waiver's words", () => {
  const text = editClean(OPEN, waive(`rule: guardrail/open-write, for: POST /health, ${WORDS}, expiry: 2026-12-31`));
  assert.deepEqual(lint(text), [
    "26:7 info guardrail/open-write: `POST /health` is open and may change something; waived until 2026-12-31 by ada: agreed with ops",
  ]);
});

test("a waiver without `for` covers every finding of its rule", () => {
  const text = editClean(
    ["GET /health: {", "PUT /health: { open: a }\n      DELETE /health: {"],
    waive(`rule: guardrail/open-write, ${WORDS}, expiry: 2026-12-31`),
  );
  assert.deepEqual(
    lint(text).map((line) => line.split(": ")[0]),
    ["26:7 info guardrail/open-write", "27:7 info guardrail/open-write"],
  );
});

test("PL-12.5: a waiver covers only what it is for, and says when that is nothing", () => {
  const text = editClean(OPEN, waive(`rule: guardrail/open-write, for: POST /other, ${WORDS}, expiry: 2026-12-31`));
  assert.deepEqual(lint(text), [
    `26:7 guardrail/open-write: \`POST /health\` is open and may change something -> ${GUARDRAILS["guardrail/open-write"]?.fix}`,
    "47:11 warning guardrail/waiver-unused: the waiver of `guardrail/open-write` waives nothing -> remove it",
  ]);
});

test("a waiver holds to the end of its last day in UTC and is a finding from then on", () => {
  const text = editClean(OPEN, waive(`rule: guardrail/open-write, ${WORDS}, expiry: 2026-12-31`));
  const lastMoment = createManualClock(Date.parse("2027-01-01T00:00:00Z") - 1);
  assert.deepEqual(
    lint(text, lastMoment).map((line) => line.split(": ")[0]),
    ["26:7 info guardrail/open-write"],
  );
  lastMoment.advance(1);
  assert.deepEqual(lint(text, lastMoment), [
    `26:7 guardrail/open-write: \`POST /health\` is open and may change something -> ${GUARDRAILS["guardrail/open-write"]?.fix}`,
    "47:11 warning guardrail/waiver-expired: the waiver of `guardrail/open-write` by ada ended on 2026-12-31 -> correct what it waived and remove it, or decide again and set a new expiry",
  ]);
});

test("PL-12.6: a waiver that holds for more than a year is a finding", () => {
  const until = (day: string): string => editClean(OPEN, waive(`rule: guardrail/open-write, ${WORDS}, expiry: ${day}`));
  // 366 days from now end at noon of the day.
  assert.deepEqual(
    lint(until("2027-11-24")).map((line) => line.split(": ")[0]),
    ["26:7 info guardrail/open-write"],
  );
  assert.deepEqual(lint(until("2027-11-25")).slice(1), [
    "47:11 warning guardrail/waiver-long: the waiver of `guardrail/open-write` by ada holds until 2027-11-25 -> set an expiry within a year, and decide again then",
  ]);
});

/** Two teams with an open write each; `policy` and `team` are entries of the `waive` of the policy file and of one team. */
function lintTeams(policy: string, team: string): string[] {
  const service = (name: string): string =>
    `services: { ${name}: { exposure: public, upstream: http://127.0.0.1:4001, routes: { POST /${name}: { open: signed } } } }`;
  const files = {
    [ROOT]: `gatehouse: 1
name: tiny
include: [a.yaml, b.yaml]
identity: { audience: tiny-api }
environments: { local: { identity: embedded, domain: localhost } }
secrets: { session-key: { rotate: 30 days, overlap: 12 hours } }
throttle: { per_identity: 1/second }
guardrails: { waive: [${policy}] }
`,
    "a.yaml": `gatehouse: 1\n${service("a")}\nguardrails: { waive: [${team}] }\n`,
    "b.yaml": `gatehouse: 1\n${service("b")}\n`,
  };
  const parsed = parseFiles(files);
  assert.ok(parsed.policy, JSON.stringify(parsed.diagnostics));
  return describeAll(lintPolicy(parsed.policy, NOW), parsed.sources).map((line) => line.split(" -> ")[0] ?? "");
}

const OPEN_WRITE = `{ rule: guardrail/open-write, ${WORDS}, expiry: 2026-12-31 }`;
const openWrite = (place: string, level: string, route: string): string =>
  `${place} ${level}guardrail/open-write: \`${route}\` is open and may change something`;
const WAIVED = "; waived until 2026-12-31 by ada: agreed with ops; see";

test("PL-12.2: a waiver of an included file covers the findings of that file alone", () =>
  assert.deepEqual(lintTeams("", OPEN_WRITE), [
    `${openWrite("a.yaml:2:79", "info ", "POST /a")}${WAIVED} a.yaml:3:23 (the waiver)`,
    openWrite("b.yaml:2:79", "", "POST /b"),
  ]));

test("PL-12.2: a waiver of the policy file covers the findings of every file", () =>
  assert.deepEqual(lintTeams(OPEN_WRITE, ""), [
    `${openWrite("a.yaml:2:79", "info ", "POST /a")}${WAIVED} 8:23 (the waiver)`,
    `${openWrite("b.yaml:2:79", "info ", "POST /b")}${WAIVED} 8:23 (the waiver)`,
  ]));

test("PL-12.2: a waiver of an included file that names another file's route waives nothing", () =>
  assert.deepEqual(lintTeams("", OPEN_WRITE.replace("write,", "write, for: POST /b,")), [
    openWrite("a.yaml:2:79", "", "POST /a"),
    openWrite("b.yaml:2:79", "", "POST /b"),
    "a.yaml:3:23 warning guardrail/waiver-unused: the waiver of `guardrail/open-write` waives nothing in its own file, and it reaches no other",
  ]));
