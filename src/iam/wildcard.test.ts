import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { bindPattern, compilePattern, literalSegmentsOf, matchPattern } from "./wildcard.ts";

function fits(pattern: string, text: string, values: Record<string, string> = {}): boolean | string {
  const compiled = compilePattern(pattern, { wildcards: true });
  if (!compiled.ok) return compiled.error;
  const bound = bindPattern(compiled.value, (key) => values[key] ?? null);
  return bound === null ? "unbound" : matchPattern(bound, text);
}

const cases: [pattern: string, text: string, expected: boolean | string, values?: Record<string, string>][] = [
  ["a/b", "a/b", true],
  ["a/b", "a/bc", false],
  ["a/*", "a/b/c", true],
  ["a/*", "a/", true],
  ["a/?*", "a/", false],
  ["a/*/c", "a/c", false],
  ["a/*/c", "a/x/y/c", true],
  ["*a*a*", "aba", true],
  ["*a*a*", "ab", false],
  ["ab*ba", "aba", false],
  ["a?c", "abc", true],
  ["a?c", "a/c", true],
  ["a?c", "ac", false],
  ["*b?d", "abcbcd", true],
  ["", "", true],
  ["*", "", true],
  ["$default/*", "$default/x", true],
  ["a${*}b", "a*b", true],
  ["a${*}b", "axb", false],
  ["a${?}b", "axb", false],
  ["a${$}b", "a$b", true],
  ["a.b", "axb", false],
  ["[ab]|(c", "[ab]|(c", true],
  ["u/${aws:principaltag/t}/*", "u/x/1", true, { "aws:principaltag/t": "x" }],
  ["u/${aws:PrincipalTag/t}/*", "u/y/1", false, { "aws:principaltag/t": "x" }],
  ["u/${aws:PrincipalTag/t}", "u/anything", false, { "aws:principaltag/t": "*" }],
  ["u/${aws:PrincipalTag/t}", "u/*", true, { "aws:principaltag/t": "*" }],
  ["u/${aws:PrincipalTag/t}", "u/", "unbound"],
  ["u/${aws:PrincipalTag/t, 'none'}", "u/none", true],
  ["u/${aws:PrincipalTag/t", "u/", "a policy variable has no closing brace"],
  ["u/${}", "u/", "a policy variable is not a context key"],
];

for (const [pattern, text, expected, values] of cases)
  test(`pattern \`${pattern}\` on \`${text}\`: ${expected}`, () => {
    assert.equal(fits(pattern, text, values), expected);
  });

/** The textbook definition, by dynamic programming. */
function fitsByDefinition(pattern: string, text: string): boolean {
  let row = Array.from({ length: text.length + 1 }, (_, i) => i === 0);
  for (const character of pattern) {
    const next = row.map(() => false);
    for (let i = 0; i <= text.length; i++)
      if (character === "*") next[i] = row[i] === true || next[i - 1] === true;
      else next[i] = i > 0 && row[i - 1] === true && (character === "?" || character === text[i - 1]);
    row = next;
  }
  return row[text.length] === true;
}

test("matching agrees with the definition on any pattern and text", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 10 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (p, t) => fits(p, t) === fitsByDefinition(p, t)),
    { numRuns: 5000 },
  );
});

test("a pattern made to make backtracking matchers explode is answered", () => {
  assert.equal(fits(`${"a*".repeat(400)}b`, "a".repeat(60_000)), false);
  assert.equal(fits(`${"aa*".repeat(400)}b*`, "a".repeat(60_000)), false);
  assert.equal(fits(`${"?a*".repeat(20)}b`, "a".repeat(20_000)), false);
});

test("the segments that every match has", () => {
  const compiled = compilePattern("api/$default/GET/*/items/x?/${aws:username}/end", { wildcards: true });
  assert.ok(compiled.ok);
  assert.deepEqual(literalSegmentsOf(compiled.value), ["api", "$default", "GET", null, "items", null, null, "end"]);
});
