import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Tree, readTree } from "../parse/read-tree.ts";
import { createReport } from "../parse/report.ts";
import { describeFindings } from "../testing/shop-policy.ts";
import { formatPolicy } from "./format-policy.ts";
import { readPlainTokens } from "./read-plain-tokens.ts";
import { readTokens } from "./read-tokens.ts";
import { LAYOUTS } from "./testing/layouts.ts";
import { messyYaml } from "./testing/messy-yaml.ts";

function format(text: string): string {
  const formatted = formatPolicy("p.yaml", text);
  assert.notEqual(formatted.text, null, describeFindings(text, formatted.diagnostics).join("\n"));
  return formatted.text ?? "";
}

/** Kinds, texts and order, without places. */
function valuesOf(text: string): unknown {
  const report = createReport("p.yaml", text.replace(/^\ufeff/, ""));
  const tree = readTree(report);
  assert.deepEqual(describeFindings(text, report.list()), []);
  return tree === null ? null : withoutPlaces(tree);
}

function withoutPlaces(tree: Tree): unknown {
  if (tree.kind === "mapping") return { mapping: tree.entries.map(({ key, value }) => [key, withoutPlaces(value)]) };
  if (tree.kind === "list") return { list: tree.items.map(withoutPlaces) };
  return { [tree.kind]: "text" in tree ? tree.text : null };
}

/** Every comment and every word as it is spelled; what is inside texts of several lines is a matter of values. */
function wordsOf(text: string): readonly string[] {
  return readTokens(text.replace(/^\ufeff/, ""))
    .filter(({ kind }) => kind !== "break" && kind !== "block")
    .map((token) => token.text.replace(/\s+/g, " ").trimEnd());
}

function assertFaithful(source: string, formatted: string): void {
  assert.deepEqual(valuesOf(formatted), valuesOf(source), "the values are the same");
  assert.deepEqual(wordsOf(formatted), wordsOf(source), "words and comments are the same, in their order");
  assert.equal(format(formatted), formatted, "what is formatted stays as it is");
}

describe("layout", () => {
  for (const { what, source, layout } of LAYOUTS)
    test(what, () => {
      assert.equal(format(source), layout);
      assertFaithful(source, layout);
    });
});

describe("whatever the text", () => {
  const messy = fc.array(fc.nat(5039), { maxLength: 250, size: "max" }).map((choices) => messyYaml(choices));

  test("values, words and comments stay, and formatting again changes nothing", () => {
    let formattedTexts = 0;
    fc.assert(
      fc.property(messy, (source) => {
        const { text } = formatPolicy("p.yaml", source);
        if (text === null) return;
        formattedTexts++;
        assertFaithful(source, text);
        assert.match(text, /^[^\r\n](?:[^\r]*[^\r])?$/);
      }),
      { numRuns: 1500 },
    );
    assert.ok(formattedTexts > 1000, `only ${formattedTexts} texts were YAML`);
  });

  test("both ways to its tokens give the same", () => {
    let plainTexts = 0;
    fc.assert(
      fc.property(messy, (source) => {
        const text = source.replace(/^\ufeff/, "");
        const report = createReport("p.yaml", text);
        const tree = readTree(report);
        const tokens = tree === null || report.list().length > 0 ? null : readPlainTokens(text, tree);
        if (tokens === null) return;
        plainTexts++;
        assert.deepEqual(tokens, readTokens(text));
      }),
      { numRuns: 1500 },
    );
    assert.ok(plainTexts > 200, `only ${plainTexts} texts were plain`);
  });

  test("nothing is thrown, and what is not formatted has a finding", () => {
    const piece = fc.constantFrom(
      ..."a;b;: ;:;- ;-;? ;\n;\n  ;\n    ; ;\t;#; # c;\n# d\n;{;};[;];, ;|;>;|2;+\n;\";';\\;---;...;\r\n;k: ;~;é;!;%;@;&;*".split(
        ";",
      ),
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (source) => {
        const formatted = formatPolicy("p.yaml", source);
        if (formatted.text !== null) assertFaithful(source, formatted.text);
        else assert.notEqual(formatted.diagnostics.length, 0);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("a text that is not YAML of the language is left alone, with its findings", () => {
  const cases: readonly (readonly [what: string, text: string, found: string])[] = [
    ["a comment alone", "# later\n", "1:1 parse/empty"],
    ["a bracket that is not closed", "a: [b\n", "1:4 parse/syntax"],
    ["a key twice", "a: 1\na: 2\n", "2:1 parse/duplicate-key"],
    ["an anchor", "a: &b c\n", "1:4 parse/anchor"],
    ["two documents", "a: 1\n---\nb: 2\n", "2:1 parse/multiple-documents"],
    ["an invisible character", "a: b\u202e\n", "1:5 parse/not-text"],
    // The package that reads YAML lets these pass.
    ["an entry below a key with a question mark", "? a\n- b\n", "2:1 parse/syntax"],
    ["a colon on a line of its own", "? a\nb\n# c\n : d\n", "4:2 parse/syntax"],
    ["a quote that the end of the file cuts off", "a: '''", "1:4 parse/syntax"],
  ];
  for (const [what, source, found] of cases)
    test(what, () => {
      const { text, diagnostics, sources } = formatPolicy("p.yaml", source);
      assert.equal(text, null);
      assert.deepEqual([...sources], [["p.yaml", source]]);
      const ids = describeFindings(source, diagnostics).map((line) => line.slice(0, line.indexOf(": ")));
      assert.deepEqual(ids, [found]);
    });
});

test("a run may be as long as a file", () => {
  assert.equal(format("- a # b\n".repeat(200_000)), "- a  # b\n".repeat(200_000));
});

test("an unknown key and a value of the wrong kind have their place in a layout", () => {
  assert.equal(format("gatehouse:   2\nnonsense: {a:   [ 1 ]}"), "gatehouse: 2\nnonsense: { a: [1] }\n");
});
