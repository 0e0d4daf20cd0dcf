/**
 * Every clause of the specification is cited by a test, and every citation has its clause.
 *
 * A clause is cited by its id in a test file, in a case file (cases/), or by a rule of reading, each of which is shown by
 * a case of its own (src/policy/parse/broken-policies.test.ts holds that).
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { RULES } from "../../src/policy/index.ts";

const root = join(import.meta.dirname, "..", "..");
const CLAUSE = /^- \*\*(PL-\d+\.\d+)\*\* /gm;
const CITATION = /\bPL-\d+\.\d+\b/g;

function listFiles(folder: string, ends: readonly string[]): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ends.some((end) => entry.name.endsWith(end)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => file !== import.meta.filename);
}

const specification = readFileSync(join(root, "docs", "spec", "policy-language.md"), "utf8");
const clauses = [...specification.matchAll(CLAUSE)].map(([, id]) => id as string);

/** Where each clause is cited. */
const citations = new Map<string, string[]>();
function cite(id: string, by: string): void {
  citations.set(id, [...(citations.get(id) ?? []), by]);
}
for (const file of [
  ...listFiles("src", [".test.ts"]),
  ...listFiles("tests", [".test.ts"]),
  ...listFiles("cases", [".yaml"]),
])
  for (const [id] of readFileSync(file, "utf8").matchAll(CITATION)) cite(id, relative(root, file));
for (const [rule, { clause }] of Object.entries(RULES)) cite(clause, rule);

test("clauses have ids of their own, numbered without a gap within each chapter", () => {
  const expected: string[] = [];
  const chapters = new Map<string, number>();
  for (const id of clauses) {
    const chapter = id.slice(0, id.indexOf("."));
    const number = (chapters.get(chapter) ?? 0) + 1;
    chapters.set(chapter, number);
    expected.push(`${chapter}.${number}`);
  }
  assert.deepEqual(clauses, expected);
});

test("every clause is cited, and every citation has its clause", (context) => {
  const known = new Set(clauses);
  assert.deepEqual(
    {
      "clauses that nothing cites": clauses.filter((id) => !citations.has(id)),
      "citations without a clause": [...citations].filter(([id]) => !known.has(id)),
    },
    { "clauses that nothing cites": [], "citations without a clause": [] },
  );
  const count = [...citations.values()].reduce((sum, by) => sum + by.length, 0);
  context.diagnostic(`${clauses.length} clauses, ${count} citations`);
});
