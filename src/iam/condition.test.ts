import assert from "node:assert/strict";
import { test } from "node:test";
import { compileDocument } from "./compile-document.ts";
import type { Statement } from "./document.ts";
import { evaluate } from "./evaluate.ts";

type Context = Record<string, string | string[]>;

/** Whether a statement with that condition applies. */
function applies(effect: "Allow" | "Deny", condition: NonNullable<Statement["Condition"]>, context: Context): boolean {
  const document = compileDocument({
    Version: "2012-10-17",
    Statement: [{ Effect: effect, Action: "*", Resource: "*", Condition: condition }],
  });
  const { effect: outcome } = evaluate(
    { action: "execute-api:Invoke", resource: "arn:aws:execute-api:r:a:api/s/GET/x", context },
    { identity: [document], boundary: null },
  );
  return outcome === (effect === "Allow" ? "Allowed" : "ExplicitlyDenied");
}

const rows: [operator: string, wanted: string | string[], given: string | string[] | undefined, expected: boolean][] = [
  ["StringEquals", "x", "x", true],
  ["StringEquals", "x", "X", false],
  ["StringEquals", ["x", "y"], "y", true],
  ["StringEquals", "x", undefined, false],
  ["StringEquals", "*", "x", false],
  ["StringEquals", "cert-manager.io", "cert-managerXio", false],
  ["StringEquals", "[a|b](*", "[a|b](*", true],
  ["StringEqualsIgnoreCase", "Ab", "aB", true],
  ["StringNotEquals", "x", "y", true],
  ["StringNotEquals", ["x", "y"], "y", false],
  ["StringNotEquals", "x", undefined, true],
  ["StringNotEqualsIgnoreCase", "X", "x", false],
  ["StringEqualsIfExists", "x", undefined, true],
  ["StringEqualsIfExists", "x", "y", false],
  ["StringLike", "a*c", "abbc", true],
  ["StringLike", "a?c", "abbc", false],
  ["StringLike", "a${*}c", "abc", false],
  ["StringNotLike", "a*", "b", true],
  ["StringNotLike", "a*", undefined, true],
  ["NumericEquals", "10", "10.0", true],
  ["NumericNotEquals", "10", "11", true],
  ["NumericLessThan", "10", "9", true],
  ["NumericLessThan", "10", "10", false],
  ["NumericLessThanEquals", "10", "10", true],
  ["NumericGreaterThan", "-1.5", "-1", true],
  ["NumericGreaterThanEquals", "3", "2", false],
  ["DateEquals", "2026-01-01T00:00:00Z", "1767225600", true],
  ["DateLessThan", "2026-01-01", "2025-12-31T23:59:59.999Z", true],
  ["DateGreaterThan", "2026-01-01T00:00:00+01:00", "2025-12-31T23:00:00Z", false],
  ["DateGreaterThanEquals", "2026-01-01T00:00:00+01:00", "2025-12-31T23:00:00Z", true],
  ["Bool", "true", "TRUE", true],
  ["Bool", "true", "false", false],
  ["DateEquals", "2026-02", "2026-02-01T00:00Z", true],
  ["DateEquals", "2026", "2026", true],
  ["DateEquals", "2026", "1970-01-01T00:33:46Z", true],
  ["BinaryEquals", "QmluYXJ5", "QmluYXJ5", true],
  ["BinaryEquals", "QQ==", "QR==", true],
  ["BinaryEquals", "QQ==", "QUE=", false],
  ["BinaryEquals", "QQ==", undefined, false],
  ["BinaryEqualsIfExists", "QQ==", undefined, true],
  ["ForAnyValue:BinaryEquals", ["QQ==", "Qg=="], ["eA==", "Qg=="], true],
  ["IpAddress", "10.0.0.0/8", "10.0.0.1", true],
  ["IpAddress", "10.0.0.0/8", "::ffff:10.0.0.1", true],
  ["IpAddress", ["192.0.2.1", "2001:db8::/32"], "2001:db8::5", true],
  ["IpAddress", "10.0.0.0/8", undefined, false],
  ["NotIpAddress", "10.0.0.0/8", "10.0.0.1", false],
  ["NotIpAddress", "10.0.0.0/8", "11.0.0.1", true],
  ["NotIpAddress", "10.0.0.0/8", undefined, true],
  ["Null", "true", undefined, true],
  ["Null", "true", [], true],
  ["Null", "true", "x", false],
  ["Null", "false", "x", true],
  ["ArnLike", "arn:aws:iam::*:role/a*", "arn:aws:iam::111122223333:role/ab", true],
  ["ArnEquals", "arn:aws:iam::*:role/a", "arn:aws:iam::1:2:role/a", false],
  ["ArnNotLike", "arn:aws:iam::*:role/a*", "arn:aws:iam::111122223333:role/b", true],
  ["ForAllValues:StringEquals", ["a", "b"], ["a", "b", "a"], true],
  ["ForAllValues:StringEquals", ["a", "b"], ["a", "c"], false],
  ["ForAllValues:StringEquals", "a", undefined, true],
  ["ForAllValues:StringEquals", "a", [], true],
  ["ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], true],
  ["ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], false],
  ["ForAnyValue:StringEquals", ["a", "b"], ["x", "b"], true],
  ["ForAnyValue:StringEquals", "a", ["x", "y"], false],
  ["ForAnyValue:StringEquals", "a", undefined, false],
  ["ForAnyValue:StringNotEquals", "a", ["a", "x"], true],
  ["ForAnyValue:StringEqualsIfExists", "a", undefined, true],
  ["ForAnyValue:StringLike", "a*", ["x", "ab"], true],
  ["ForAllValues:StringEquals", "a", "", true],
  ["ForAllValues:StringEquals", "a", ["", ""], true],
  ["ForAllValues:StringEquals", "a", ["", "b"], false],
  ["ForAnyValue:StringEquals", "", [""], false],
  ["ForAnyValue:StringEqualsIfExists", "a", [""], false],
  ["ForAnyValue:StringNotEquals", "a", undefined, false],
  ["ForAllValues:NumericLessThan", "10", ["1", "9"], true],
  ["ForAllValues:NumericLessThan", "10", ["1", "10"], false],
  ["ForAnyValue:IpAddress", "10.0.0.0/8", ["192.0.2.1", "10.1.1.1"], true],
  ["ForAllValues:DateLessThanIfExists", "2026-01-01", undefined, true],
  ["Null", "true", "", true],
  ["Null", "false", [""], false],
  ["Null", "false", ["", "x"], true],
  ["StringEquals", "", "", true],
  ["StringNotEqualsIfExists", "x", undefined, true],
];

for (const [operator, wanted, given, expected] of rows)
  test(`${operator} ${JSON.stringify(wanted)} on ${JSON.stringify(given) ?? "nothing"}: ${expected}`, () => {
    const context: Context = given === undefined ? {} : { "K:Y": given };
    assert.equal(applies("Allow", { [operator]: { "k:y": wanted } }, context), expected);
    assert.equal(applies("Deny", { [operator]: { "k:y": wanted } }, context), expected);
  });

const undecided: [operator: string, wanted: string, given: string | string[]][] = [
  ["IpAddress", "10.0.0.0/8", "0x0a000001"],
  ["NotIpAddress", "10.0.0.0/8", "010.0.0.1"],
  ["NotIpAddress", "10.0.0.0/8", "fe80::1%eth0"],
  ["NumericLessThan", "10", "many"],
  ["DateLessThan", "2026-01-01", "soon"],
  ["DateGreaterThan", "2026-01-01", "2026-02-30"],
  ["Bool", "false", "no"],
  ["StringEquals", "a", ["a", "b"]],
  ["StringNotEquals", "c", ["a", "b"]],
  ["ArnNotLike", "arn:aws:iam::*:role/a*", "role"],
  ["BinaryEquals", "QQ==", "A"],
  ["ForAllValues:NumericLessThan", "10", ["1", "many"]],
];

for (const [operator, wanted, given] of undecided)
  test(`${operator} ${wanted} on ${JSON.stringify(given)} cannot be decided: allows nothing, denies`, () => {
    assert.equal(applies("Allow", { [operator]: { k: wanted } }, { k: given }), false);
    assert.equal(applies("Deny", { [operator]: { k: wanted } }, { k: given }), true);
  });

test("operators and keys are joined by and", () => {
  const condition = { StringEquals: { a: "1", b: "2" }, Bool: { c: "true" } };
  assert.equal(applies("Allow", condition, { a: "1", b: "2", c: "true" }), true);
  assert.equal(applies("Allow", condition, { a: "1", b: "2", c: "false" }), false);
  assert.equal(applies("Allow", condition, { a: "1", b: "3", c: "true" }), false);
});

test("a variable is compared by its value, which is literal; without a value the statement is void", () => {
  const like = { StringLike: { k: "team-${aws:PrincipalTag/team}" } };
  assert.equal(applies("Allow", like, { k: "team-x", "aws:PrincipalTag/team": "x" }), true);
  assert.equal(applies("Allow", like, { k: "team-y", "aws:PrincipalTag/team": "*" }), false);
  for (const operator of ["StringLike", "StringNotLike", "StringEquals", "StringNotEquals"])
    for (const context of [{ k: "team-x" }, {}]) {
      const condition = { [operator]: { k: "${aws:PrincipalTag/team}" } };
      assert.equal(applies("Allow", condition, context), false, operator);
      assert.equal(applies("Deny", condition, context), false, operator);
    }
});

test("a variable without a value beside a value that fits leaves it open; a set with one that does not fit does not", () => {
  const mixed = ["team-x", "${aws:PrincipalTag/team}"];
  const mixedRows: [operator: string, given: string[], allows: boolean, denies: boolean][] = [
    ["StringEquals", ["team-x"], false, true],
    ["StringEquals", ["team-y"], false, false],
    ["StringNotEquals", ["team-x"], false, false],
    ["StringNotEquals", ["team-y"], false, false],
    ["ForAnyValue:StringEquals", ["team-y", "team-x"], false, true],
    ["ForAnyValue:StringEquals", ["team-x", "team-y"], false, true],
    ["ForAllValues:StringEquals", ["team-x", "team-y"], false, false],
    ["ForAllValues:StringEquals", ["team-x"], false, true],
  ];
  for (const [operator, given, allows, denies] of mixedRows) {
    assert.equal(applies("Allow", { [operator]: { k: mixed } }, { k: given }), allows, operator);
    assert.equal(applies("Deny", { [operator]: { k: mixed } }, { k: given }), denies, operator);
  }
});

test("a missing key does not make up for a variable without a value, unless the key need not be there", () => {
  const team = "${aws:PrincipalTag/team}";
  const arn = `arn:aws:iam::111122223333:role/${team}`;
  const missing: [operator: string, value: string, expected: boolean][] = [
    ["StringNotEquals", team, false],
    ["ArnNotLike", arn, false],
    ["StringNotEqualsIfExists", team, true],
    ["StringEqualsIfExists", team, true],
    ["ForAllValues:StringEquals", team, true],
    ["StringNotEquals", "${aws:PrincipalTag/team, 'none'}", true],
  ];
  for (const [operator, value, expected] of missing)
    assert.equal(applies("Allow", { [operator]: { k: value } }, {}), expected, `${operator} ${value}`);
});
