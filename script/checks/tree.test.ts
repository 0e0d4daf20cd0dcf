import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTree } from "./tree.ts";

const check = (file: string, text: string): readonly string[] =>
  checkTree(new Map([[file, text]])).map((f) => `${f.line} ${f.message}`);

// What is forbidden is written in halves, so that this file passes the check itself.
const halves = (...parts: readonly string[]): string => parts.join("");
const REGISTRY = halves("registry.", "npmjs.example");

test("hosts of registries, absolute paths of a machine and ways out of the repository are found", () => {
  assert.deepEqual(check("README.md", `see https://${REGISTRY}/x`), [
    "1 names the host of a package registry; packages come by name",
  ]);
  assert.deepEqual(check("docs/a.md", `\nopen \`${halves("/ro", "ot/")}x\``), [
    "2 holds an absolute path of one machine",
  ]);
  assert.deepEqual(check("docs/a.md", halves("see ..", "/shared/x")), ["1 points outside the repository"]);
  assert.deepEqual(check("docs/a.md", "GET /orders/work/1, the root of the tree, /rooted"), []);
});

test("unfinished work, a silenced compiler and a lonely test are found in code, not in prose", () => {
  const todo = halves("TO", "DO");
  assert.deepEqual(check("src/a.ts", `// ${todo} later`), ["1 unfinished work is no comment"]);
  assert.deepEqual(check("docs/a.md", `the word ${todo}`), []);
  assert.deepEqual(check("src/a.ts", halves("// @ts-", "ignore")), [
    "1 the type checker is overruled only by `@ts-expect-error: reason`",
  ]);
  assert.deepEqual(check("src/a.test.ts", halves("test.", 'only("x", () => {});')), [
    "1 a test is run or it is not there",
  ]);
});

test("the compiler may be overruled for one line with its reason", () => {
  assert.deepEqual(check("src/a.ts", "// @ts-expect-error: the types lag behind"), []);
  assert.equal(check("src/a.ts", halves("// @ts-expect", "-error")).length, 1);
});

test("a rule may be switched off by name and with a reason only", () => {
  const message = "1 a rule is switched off only by name and with its reason (`-- reason`)";
  assert.deepEqual(check("src/a.ts", halves("// oxlint-", "disable-next-line no-console")), [message]);
  assert.deepEqual(check("src/a.ts", halves("/* oxlint-", "disable */")), [message]);
  assert.deepEqual(check("src/a.ts", halves("// oxlint-", "disable-next-line no-console -- the one place")), []);
});

test("a lock file must not hold addresses", () => {
  assert.deepEqual(check("package-lock.json", '{ "resolved": "https://x.example/a.tgz" }'), [
    "0 holds addresses of a registry; `.npmrc` keeps them out",
  ]);
});

test("names that say nothing and files that are too long are found; a reason lifts the length", () => {
  assert.deepEqual(check("src/gateway/utils.ts", ""), ["0 the name says nothing; name what is inside"]);
  const long = "x;\n".repeat(501);
  assert.deepEqual(check("src/a.ts", long), [
    "0 has 501 lines, the limit is 500; split it, or say `Long because: …` in its header",
  ]);
  assert.deepEqual(check("src/a.ts", "x;\n".repeat(500)), []);
  assert.deepEqual(check("src/a.ts", `// Long because: one table\n${long}`), []);
  assert.deepEqual(check("src/a.test.ts", long), []);
});
