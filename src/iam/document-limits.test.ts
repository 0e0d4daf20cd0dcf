import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDocumentLimits } from "./document-limits.ts";

const rows: [kind: "managed" | "role-inline" | "trust" | "session", limit: number][] = [
  ["managed", 6144],
  ["role-inline", 10_240],
  ["trust", 2048],
  ["session", 2048],
];

for (const [kind, limit] of rows)
  test(`${kind}: ${limit} characters are taken, one more is not`, () => {
    assert.deepEqual(checkDocumentLimits(kind, "x".repeat(limit)), []);
    assert.deepEqual(checkDocumentLimits(kind, "x".repeat(limit + 1)), [
      { id: "too-long", characters: limit + 1, limit },
    ]);
    assert.deepEqual(checkDocumentLimits(kind, ["x".repeat(limit), "y"]), [
      { id: "too-long", characters: limit + 1, limit },
    ]);
  });

test("white space counts in what is passed for a session, and nowhere else", () => {
  const text = `${"x".repeat(2048)} \n\t`;
  assert.deepEqual(checkDocumentLimits("trust", text), []);
  assert.deepEqual(checkDocumentLimits("session", text), [{ id: "too-long", characters: 2051, limit: 2048 }]);
});

test("a document is measured as JSON", () => {
  const document = (length: number) =>
    ({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "*", Resource: `arn:aws:s3:::${"x".repeat(length)}` },
    }) as const;
  const frame = JSON.stringify(document(0)).length;
  assert.deepEqual(checkDocumentLimits("managed", document(6144 - frame)), []);
  assert.deepEqual(checkDocumentLimits("managed", document(6145 - frame)), [
    { id: "too-long", characters: 6145, limit: 6144 },
  ]);
});

const characters: [character: string, taken: boolean][] = [
  ["\t", true],
  ["\n", true],
  ["\r", true],
  ["\u000b", false],
  ["\u001f", false],
  [" ", true],
  ["\u007f", true],
  ["ÿ", true],
  ["Ā", false],
  ["€", false],
  ["中", false],
  ["😀", false],
];

for (const [character, taken] of characters)
  test(`U+${character.codePointAt(0)?.toString(16).padStart(4, "0")} is ${taken ? "taken" : "not taken"}`, () => {
    assert.deepEqual(
      checkDocumentLimits("trust", `{"a":"${character}"}`),
      taken ? [] : [{ id: "character", character }],
    );
  });
