import assert from "node:assert/strict";
import { test } from "node:test";
import { type Layers, checkLayers, readImports } from "./layers.ts";

const layers: Layers = {
  core: { holds: "", mayImport: [] },
  policy: { holds: "", mayImport: ["core"] },
  gateway: { holds: "", mayImport: ["core", "policy"] },
  app: { holds: "", mayImport: ["core", "policy", "gateway"], everyFileIsADoor: true },
  cli: { holds: "", mayImport: ["core", "app"] },
};

const check = (files: Record<string, string>): readonly string[] =>
  checkLayers(layers, new Map(Object.entries(files))).map((f) => `${f.file}:${f.line} ${f.message}`);

test("every form of import is seen with its line", () => {
  const text = [
    'import { a } from "./a.ts";',
    "import {",
    "  b,",
    '} from "./b.ts";',
    'export * from "./c.ts";',
    'import "./d.ts";',
    'const e = await import("./e.ts");',
    'type F = import("./f.ts").F;',
    'const text = "import from ./g.ts";',
  ].join("\n");
  assert.deepEqual(readImports(text), [
    { specifier: "./a.ts", line: 1 },
    { specifier: "./b.ts", line: 4 },
    { specifier: "./c.ts", line: 5 },
    { specifier: "./d.ts", line: 6 },
    { specifier: "./e.ts", line: 7 },
    { specifier: "./f.ts", line: 8 },
  ]);
});

test("what the table allows passes: doors, verb files, own files, packages", () => {
  assert.deepEqual(
    check({
      "src/policy/parse.ts":
        'import { ok } from "../core/index.ts";\nimport { x } from "./x.ts";\nimport { z } from "zod";',
      "src/cli/main.ts": 'import { up } from "../app/up.ts";',
      "src/policy/parse.test.ts": 'import { port } from "../../tests/support/port.ts";',
    }),
    [],
  );
});

test("an import that the row does not list is found at its line", () => {
  assert.deepEqual(check({ "src/policy/parse.ts": '\nimport { listen } from "../gateway/index.ts";' }), [
    "src/policy/parse.ts:2 `policy` may not import `gateway` (script/layers.json)",
  ]);
});

test("another module's inside is not a door", () => {
  assert.deepEqual(check({ "src/gateway/run.ts": 'import { rule } from "../policy/rule.ts";' }), [
    "src/gateway/run.ts:1 imports `src/policy/rule.ts`; the door of `policy` is `src/policy/index.ts`",
  ]);
});

test("a module without a row, an example that reaches into src, and the product reaching out are found", () => {
  assert.deepEqual(
    check({
      "src/magic/spell.ts": "",
      "examples/shop/services.ts": 'import { ok } from "../../src/core/index.ts";',
      "src/core/ids.ts": 'import { run } from "../../script/check.ts";',
    }),
    [
      "src/magic/spell.ts:0 module `magic` has no row in script/layers.json",
      "examples/shop/services.ts:1 an example imports `src/core/index.ts`; examples know only the command line",
      "src/core/ids.ts:1 imports `script/check.ts`, which is not part of the product",
    ],
  );
});

test("a cycle between modules is found even where every single import is forbidden or allowed", () => {
  const findings = check({
    "src/core/ids.ts": 'import { x } from "../policy/index.ts";',
    "src/policy/parse.ts": 'import { ok } from "../core/index.ts";',
  });
  assert.deepEqual(findings, [
    "src/core/ids.ts:1 `core` may not import `policy` (script/layers.json)",
    "src/policy/parse.ts:1 closes the cycle `core` > `policy` > `core`",
  ]);
});
