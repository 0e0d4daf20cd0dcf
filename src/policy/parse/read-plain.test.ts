/** The fast reader beside the package `yaml`: whatever the former takes, the latter takes too, place by place. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { SHOP } from "../testing/shop-policy.ts";
import { WHOLE } from "../testing/whole-policy.ts";
import { readPlainTree } from "./read-plain.ts";
import { readYamlTree } from "./read-yaml.ts";
import { createReport } from "./report.ts";

const EXAMPLE = readFileSync(new URL("../../../examples/shop/gatehouse.yaml", import.meta.url), "utf8");

/** Small texts in which most forms meet. */
const FORMS = [
  "a: b\nc: { d: e, f: [g, h] }\nl:\n  - x\n  - y: z\n    w: 1\n  - - q\n    - r\nm:\n- n\n- o\n",
  "- a\n- b: c\n  d:\n    - e\n",
  "x: { a: [1, 2], \"b\": 'c' }\n",
  "a:\n  b:\n    c: d # e\n  # f\n\n  g: [\n    h, # i\n    j\n    ]\n",
];

const BLANK_PIECES = "\n|\n  |\n    |\n\n| |  |:|: |:\n| #|#|- |-|[|]|{|}|,|, |'|\"|''|\"\"|- - |[[|{}|[]|---|...";
const WORDS = "&a *a !t > % @ ? ~ \\ null true 0x1 0o7 1e3 .5 +1 -1 .inf -.inf a é = a:b http://x:1 \u00a0 |";
const LINES = [
  "a: b\n",
  "  c: d\n",
  "- e\n",
  "{ f: g }",
  "[h, i]",
  "  - ",
  "\n- ",
  "k:\n",
  "  k:\n",
  "k: ",
  "{ k: ",
  "'y'",
];
const PIECES = [...BLANK_PIECES.split("|"), ...WORDS.split(" "), ...LINES];
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** True when the fast reader took the text. */
function compareReaders(text: string, told: string): boolean {
  const plain = readPlainTree("p.yaml", text);
  if (plain === null) return false;
  const report = createReport("p.yaml", text);
  const slow = readYamlTree(report, "");
  assert.deepEqual(
    { tree: plain, findings: [] },
    { tree: slow, findings: report.list() },
    `${told}: ${JSON.stringify(text)}`,
  );
  return true;
}

test("policies as people write them are read by the fast reader", () => {
  for (const text of [SHOP, EXAMPLE, ...Object.values(WHOLE), ...FORMS]) assert.ok(compareReaders(text, ""));
});

test("what is not plain is left to the package", () => {
  const others = [
    "",
    "a",
    "# a\n",
    "- a: b: c\n",
    "a: |\n  b\n",
    "a: >\n  b\n",
    "a: &x b\n",
    "a: *x\n",
    "a: !x b\n",
    "? a\n: b\n",
    "a:\tb\n",
    "a: b\r\n",
    "%YAML 1.2\n---\na: b\n",
    "---\na: b\n",
    "a: b\n...\n",
    '"a\\n": b\n',
    "a: b\n  c\n",
    "a: b\na: c\n",
    "1: a\n",
    "null: a\n",
    "<<: {}\n",
    "{ a }\n",
    "a: { b: c: d }\n",
    "a: [b: c]\n",
    "a: {b:c}\n",
    "a: { b: c\n",
    "a: { b: c\n}\n",
    "a : b\n",
    "a:\n b\n",
    "a: b\n c: d\n",
    "a: @b\n",
    "a: `b`\n",
    "a: 'b\n",
    "\ufeffa: b\n",
    "a: [,]\n",
    `a:\n${Array.from({ length: 17 }, (_, i) => `${" ".repeat(i + 1)}a:`).join("\n")}\n`,
    `a: ${"[".repeat(17)}${"]".repeat(17)}\n`,
    `${"a".repeat(1001)}: b\n`,
  ];
  for (const text of others) assert.equal(readPlainTree("p.yaml", text), null, JSON.stringify(text));
});

test("mutated and random texts are read alike by both readers", (context) => {
  const seed = Number(process.env["GATEHOUSE_SEED"] ?? Date.now() % 2 ** 31);
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  let taken = 0;
  const runs = 12_000;
  for (let run = 0; run < runs; run++) {
    let text = "";
    if (run % 3 === 0) for (let i = random(12); i >= 0; i--) text += pick(PIECES);
    else {
      text = run % 3 === 1 ? pick(FORMS) : pick([...FORMS, WHOLE["teams/events.yaml"], WHOLE["teams/more/roles.yaml"]]);
      if (random(3) === 0) {
        const lines = text.split("\n");
        const at = random(lines.length);
        lines[at] = random(2) === 0 ? ` ${lines[at]}` : (lines[at] ?? "").replace(/^ {1,2}/, "");
        text = lines.join("\n");
      }
      for (let i = random(4); i > 0; i--) {
        const at = random(text.length + 1);
        text =
          text.slice(0, at) +
          (random(4) === 0 ? "" : pick(PIECES)) +
          text.slice(at + (random(3) === 0 ? random(5) : 0));
      }
    }
    if (compareReaders(text, `GATEHOUSE_SEED=${seed}, run ${run}`)) taken++;
  }
  context.diagnostic(`seed ${seed}: ${runs} texts, ${taken} taken by the fast reader`);
  assert.ok(taken > runs / 20, "the texts are too broken for the test to show anything");
});
