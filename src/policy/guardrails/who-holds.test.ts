import assert from "node:assert/strict";
import { test } from "node:test";
import type { Members } from "../policy.ts";
import { type Leaf, canHold, hasMembers, isHeldThrough } from "./who-holds.ts";

const staff: Members = { kind: "groups", values: ["staff"], issuer: null };
const robot: Members = { kind: "subject", values: ["robot"], issuer: "ci" };
const department: Members = { kind: "claim", claim: "department", test: "prefix", values: ["s"], issuer: null };
const nobody: Members = { kind: "any", of: [] };
const all = (...of: Members[]): Members => ({ kind: "all", of });
const any = (...of: Members[]): Members => ({ kind: "any", of });
const not = (of: Members): Members => ({ kind: "not", of });

const rows: readonly (readonly [what: string, members: Members, people: boolean, workloads: boolean])[] = [
  ["nobody", nobody, false, false],
  ["a list without values", { kind: "groups", values: [], issuer: null }, false, false],
  ["a group", staff, true, false],
  ["a workload", robot, false, true],
  ["a group and a workload, which no identity is", all(staff, robot), false, false],
  ["a group or a workload", any(staff, robot), true, true],
  ["everybody but nobody", not(nobody), true, true],
  ["everybody but a group", not(staff), true, true],
  ["not everybody but a group", not(not(staff)), true, false],
  ["a group, but nobody", all(staff, nobody), false, false],
  ["neither group nor workload", not(any(staff, robot)), true, true],
];

for (const [what, members, people, workloads] of rows)
  test(`who could hold: ${what}`, () => {
    assert.deepEqual([canHold(members, null), canHold(members, "ci")], [people, workloads]);
    assert.equal(hasMembers(members, ["ci"]), people || workloads);
  });

const isNarrow = (leaf: Leaf): boolean => leaf.kind !== "claim";

const held: readonly (readonly [what: string, members: Members, people: boolean, workloads: boolean])[] = [
  ["a group", staff, true, true],
  ["a wide claim", department, false, true],
  ["a group and a wide claim", all(staff, department), true, true],
  ["a group or a wide claim", any(staff, department), false, true],
  ["everybody but a group, workloads too", not(staff), false, false],
  ["a group, but not others", all(staff, not(department)), true, true],
  ["a wide claim, but not a group", all(department, not(staff)), false, true],
  ["everybody but those outside of a group", not(not(staff)), true, true],
  ["everybody who is not outside of group and claim", not(any(not(staff), department)), true, true],
  ["a workload or everybody but a group", any(robot, not(staff)), false, false],
];

for (const [what, members, people, workloads] of held)
  test(`held through a narrow leaf: ${what}`, () =>
    assert.deepEqual(
      [isHeldThrough(members, null, isNarrow), isHeldThrough(members, "ci", isNarrow)],
      [people, workloads],
    ));
