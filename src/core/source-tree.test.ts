import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSpan } from "./diagnostic.ts";
import { childOf, nearestSpan, plainValue, pointerStep, readSourceTree } from "./source-tree.ts";

function read(text: string): { readonly value: unknown; readonly said: readonly string[] } {
  const { tree, diagnostics } = readSourceTree("f", text);
  const sources = new Map([["f", text]]);
  return {
    value: tree === null ? undefined : plainValue(tree),
    said: diagnostics.map(({ id, message, span }) => `${formatSpan(span, sources)} ${id}: ${message}`),
  };
}

test("values of YAML and JSON, with keys that are texts whatever they look like", () => {
  assert.deepEqual(read('200: { a: [1, 2.50, true, ~, "x", no] }\n').value, {
    "200": { a: [1, 2.5, true, null, "x", "no"] },
  });
  assert.deepEqual(read('{\n\t"a": {"__proto__": 1}\n}').value, { a: JSON.parse('{"__proto__": 1}') });
});

test("a number keeps its spelling", () => {
  const { tree } = readSourceTree("f", "v: 1.0\n");
  const value = childOf(tree, "v");
  assert.deepEqual(value?.kind === "number" ? value.text : null, "1.0");
});

test("aliases and merge keys stand for what they name, own keys first", () => {
  assert.deepEqual(read("a: &x { b: 1, c: 2 }\nd: *x\ne: { <<: *x, b: 3 }\nf: { <<: [*x, { g: 4 }] }\n").value, {
    a: { b: 1, c: 2 },
    d: { b: 1, c: 2 },
    e: { b: 3, c: 2 },
    f: { b: 1, c: 2, g: 4 },
  });
});

for (const [what, text, said] of [
  ["an empty text", "", ["f:1:1 file/empty: the file is empty"]],
  ["a tag of CloudFormation", "a: !Sub x\n", ["f:1:9 file/tag: the tag `!Sub` is not taken"]],
  ["a key that stands twice", "a: 1\na: 2\n", ["f:2:1 file/syntax: the key stands here a second time"]],
  ["a key that is a mapping", "{{a}: 1}\n", ["f:1:2 file/key: the key is not a text"]],
  ["a second document", "a: 1\n---\nb: 2\n", ["f:2:1 file/syntax: a second document begins here"]],
  ["an alias of nothing", "a: *x\n", ["f:1:4 file/alias: there is no anchor `x` before this"]],
  ["bytes that are no text", "a: \ufffd\n", ["f:1:4 file/not-text: the file is not UTF-8 text"]],
  ["a control character", "a: \u0007\n", ["f:1:4 file/not-text: the file is not UTF-8 text"]],
  ["brackets without end", "[".repeat(100_000), ["f:1:257 file/too-deep: more than 64 levels stand inside each other"]],
  ["dashes without end", "- ".repeat(10_000), ["f:1:257 file/too-deep: more than 64 levels stand inside each other"]],
] as const)
  test(`tells of ${what}, in one finding`, () => {
    assert.deepEqual(read(text).said, said);
  });

test("indentation without end is one finding, whatever the parser makes of it", () => {
  const deep = Array.from({ length: 1500 }, (_, level) => `${" ".repeat(level)}a:`).join("\n");
  assert.deepEqual(
    readSourceTree("f", deep).diagnostics.map(({ id }) => id),
    ["file/too-deep"],
  );
});

test("an alias bomb is refused in bounded time", () => {
  const references = (level: number): string => Array.from({ length: 9 }, () => `*a${level}`).join(", ");
  const bomb = Array.from({ length: 12 }, (_, i) => `a${i}: &a${i} [${i === 0 ? "x" : references(i - 1)}]`).join("\n");
  assert.deepEqual(
    readSourceTree("f", bomb).diagnostics.map(({ id }) => id),
    ["file/too-deep"],
  );
});

test("a file that is too large is not read", () => {
  assert.deepEqual(
    readSourceTree("f", "x".repeat(6 * 1024 * 1024 + 1)).diagnostics.map(({ id }) => id),
    ["file/too-large"],
  );
});

test("a pointer without a place is at the nearest thing around it", () => {
  const at = { file: "f", start: 3, end: 4 };
  const places = new Map([[`/a${pointerStep("b/c")}`, at]]);
  assert.deepEqual(nearestSpan(places, "/a/b~1c/0/x"), at);
  assert.equal(nearestSpan(places, "/a/b"), null);
});
