import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Diagnostic } from "../core/index.ts";
import { GUARDRAILS, RULES, WAIVER_FINDINGS } from "../policy/index.ts";
import { sarifLog } from "./sarif.ts";

interface Region {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}
interface Place {
  readonly artifactLocation: { readonly uri: string; readonly uriBaseId: string; readonly index: number };
  readonly region?: Region;
}
interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly [{ readonly physicalLocation: Place }];
  readonly relatedLocations?: readonly unknown[];
  readonly partialFingerprints: { readonly "gatehouseFinding/v1": string };
  readonly suppressions?: readonly unknown[];
}
interface Rule {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
  readonly fullDescription: { readonly text: string };
  readonly help: { readonly text: string };
  readonly defaultConfiguration: { readonly level: string };
}
interface Run {
  readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly Rule[] } };
  readonly columnKind: string;
  readonly artifacts: readonly { readonly location: { readonly uri: string } }[];
  readonly results: readonly Result[];
}

function runOf(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>, directory = "/src"): Run {
  const { runs } = sarifLog(diagnostics, sources, directory) as unknown as { readonly runs: readonly [Run] };
  return runs[0];
}

function finding(text: string, word: string, more: Partial<Diagnostic> = {}): Diagnostic {
  const start = text.indexOf(word);
  const span = { file: "p.yaml", start, end: start + word.length };
  return { id: "route/path", severity: "error", message: `\`${word}\` is wrong`, span, ...more };
}

const fingerprints = (run: Run): readonly string[] =>
  run.results.map((result) => result.partialFingerprints["gatehouseFinding/v1"]);

describe("places", () => {
  const cases: readonly (readonly [what: string, text: string, word: string, region: Region])[] = [
    ["lines and columns begin at one", "a: b\n", "a", { startLine: 1, startColumn: 1, endLine: 1, endColumn: 2 }],
    ["columns count UTF-16 units", "a: 😀 bad\n", "bad", { startLine: 1, startColumn: 7, endLine: 1, endColumn: 10 }],
    ["a byte order mark is no column", "\ufeffa: b\n", "a", { startLine: 1, startColumn: 1, endLine: 1, endColumn: 2 }],
    ["nor one on later lines", "\ufeffa:\r\n  b\r\n", "b", { startLine: 2, startColumn: 3, endLine: 2, endColumn: 4 }],
    ["a place may span lines", "a: 'b\n  c'\n", "'b\n  c'", { startLine: 1, startColumn: 4, endLine: 2, endColumn: 5 }],
  ];
  for (const [what, text, word, region] of cases)
    test(what, () => {
      const run = runOf([finding(text, word)], new Map([["p.yaml", text]]));
      assert.deepEqual(run.results[0]?.locations[0].physicalLocation.region, region);
      assert.equal(run.columnKind, "utf16CodeUnits");
    });

  test("a file whose text is not known has no line", () => {
    const run = runOf([finding("a", "a")], new Map());
    assert.deepEqual(run.results[0]?.locations, [
      { physicalLocation: { artifactLocation: { uri: "p.yaml", uriBaseId: "%SRCROOT%", index: 0 } } },
    ]);
  });

  const paths: readonly (readonly [file: string, uri: string])[] = [
    ["p.yaml", "p.yaml"],
    ["./teams/../p.yaml", "p.yaml"],
    ["/src/teams/p.yaml", "teams/p.yaml"],
    ["../other/p.yaml", "../other/p.yaml"],
    ["/elsewhere/p.yaml", "../elsewhere/p.yaml"],
    ["with space/ü#%.yaml", "with%20space/%C3%BC%23%25.yaml"],
    ["c:d.yaml", "c%3Ad.yaml"],
  ];
  for (const [file, uri] of paths)
    test(`the URI of ${file} is relative to the directory`, () => {
      const found = { ...finding("a", "a"), span: { file, start: 0, end: 1 } };
      const run = runOf([found], new Map([[file, "a"]]));
      assert.equal(run.results[0]?.locations[0].physicalLocation.artifactLocation.uri, uri);
      assert.deepEqual(
        run.artifacts.map(({ location }) => location.uri),
        [uri],
      );
    });
});

describe("messages", () => {
  const cases: readonly (readonly [what: string, found: Partial<Diagnostic>, text: string])[] = [
    ["message and hint are sentences", { message: "this is wrong", hint: "write that" }, "This is wrong. Write that."],
    [
      "one that has an end keeps it",
      { message: "`x` is wrong", hint: "did you mean `y`?" },
      "`x` is wrong. Did you mean `y`?",
    ],
    ["braces stand for themselves", { message: "`GET /{id}` and {0}" }, "`GET /{{id}}` and {{0}}."],
    [
      "nothing becomes a link",
      { message: "`[here](http://x.example)` is wrong" },
      "`[here\\](http://x.example)` is wrong.",
    ],
  ];
  for (const [what, found, text] of cases)
    test(what, () => {
      const run = runOf([finding("a", "a", found)], new Map([["p.yaml", "a"]]));
      assert.equal(run.results[0]?.message.text, text);
    });
});

test("a waived finding has its rule's level and words, and the waiver's as justification", () => {
  const text = "route\nwaiver\n";
  const waiver = { file: "p.yaml", start: 6, end: 12 };
  const message = "`POST /a` is open";
  const found = finding(text, "route", {
    id: "guardrail/open-write",
    severity: "info",
    message: `${message}; waived until 2027-01-31 by ann: agreed`,
    waived: { severity: "error", message, owner: "ann", reason: "agreed (issue 7)", until: "2027-01-31" },
    related: [{ message: "the waiver", span: waiver }],
  });
  const [result] = runOf([found], new Map([["p.yaml", text]])).results;
  const physicalLocation = {
    artifactLocation: { uri: "p.yaml", uriBaseId: "%SRCROOT%", index: 0 },
    region: { startLine: 2, startColumn: 1, endLine: 2, endColumn: 7 },
  };
  assert.deepEqual([result?.level, result?.message.text], ["error", "`POST /a` is open."]);
  assert.deepEqual(result?.relatedLocations, [{ id: 1, message: { text: "The waiver." }, physicalLocation }]);
  assert.deepEqual(result?.suppressions, [
    {
      kind: "inSource",
      status: "accepted",
      justification: "ann, until 2027-01-31: agreed (issue 7)",
      location: { physicalLocation },
    },
  ]);
  const bare = finding(text, "route", { id: "guardrail/open-write", message });
  assert.deepEqual(
    fingerprints(runOf([found], new Map([["p.yaml", text]]))),
    fingerprints(runOf([bare], new Map([["p.yaml", text]]))),
    "a waiver does not make it another finding",
  );
});

describe("fingerprints", () => {
  test("stay when lines move, and tell findings apart", () => {
    const before = "a: bad\nc: worse\nd: bad\n";
    const after = `# new\n\n${before.replace("c", "   c")}`;
    const find = (text: string): readonly string[] => {
      const second = finding(text, "bad");
      const start = text.lastIndexOf("bad");
      const found = [finding(text, "bad"), finding(text, "worse"), { ...second, span: { ...second.span, start } }];
      return fingerprints(runOf(found, new Map([["p.yaml", text]])));
    };
    assert.deepEqual(find(after), find(before));
    assert.equal(new Set(find(before)).size, 3);
  });

  test("are the same in a file of another name, and differ by rule", () => {
    const found = finding("a", "a");
    const of = (one: Diagnostic): readonly string[] => fingerprints(runOf([one], new Map([[one.span.file, "a"]])));
    assert.deepEqual(of({ ...found, span: { ...found.span, file: "q.yaml" } }), of(found));
    assert.notDeepEqual(of({ ...found, id: "route/key" }), of(found));
  });
});

describe("rules", () => {
  test("are all that are known, in order, each with its words and level", () => {
    const { rules } = runOf([], new Map()).tool.driver;
    const known = [...Object.keys(RULES), ...Object.keys(GUARDRAILS), ...Object.keys(WAIVER_FINDINGS)].sort();
    assert.deepEqual(
      rules.map(({ id }) => id),
      known,
    );
    for (const rule of rules) {
      for (const { text } of [rule.shortDescription, rule.fullDescription, rule.help])
        assert.match(text, /^\S.*[.!?]$/);
      assert.ok(["error", "warning", "note"].includes(rule.defaultConfiguration.level));
    }
    const guardrail = rules.find(({ id }) => id === "guardrail/open-write");
    assert.deepEqual(guardrail?.defaultConfiguration, { level: "error" });
    assert.match(guardrail?.fullDescription.text ?? "", / What to do: give the route a permission /);
  });

  test("are found by the index of each result, also where no catalogue has the rule", () => {
    const found = [finding("a", "a"), finding("a", "a", { id: "compile/no-upstream", severity: "warning" })];
    const run = runOf(found, new Map([["p.yaml", "a"]]));
    for (const result of run.results) assert.equal(run.tool.driver.rules[result.ruleIndex]?.id, result.ruleId);
    assert.deepEqual(
      run.results.map(({ ruleId, level }) => [ruleId, level]),
      [
        ["route/path", "error"],
        ["compile/no-upstream", "warning"],
      ],
    );
  });
});
