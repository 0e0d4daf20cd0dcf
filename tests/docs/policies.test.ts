import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { renderDiagnostic } from "../../src/core/index.ts";
import { lintPolicy, parsePolicy } from "../../src/policy/index.ts";

const root = join(import.meta.dirname, "..", "..");
const pages = globSync(["*.md", "docs/**/*.md", "examples/**/*.md"], { cwd: root }).sort();

/** Fenced blocks that are whole policies, with the line they begin on. */
function listPolicies(page: string): readonly { readonly line: number; readonly text: string }[] {
  const markdown = readFileSync(join(root, page), "utf8");
  return [...markdown.matchAll(/^```yaml\n(gatehouse: 1\n[\s\S]*?)^```$/gm)].map((match) => ({
    line: markdown.slice(0, match.index).split("\n").length + 1,
    text: match[1] ?? "",
  }));
}

describe("every whole policy that a page shows is read without a finding", () => {
  const shown = pages.flatMap((page) => listPolicies(page).map((policy) => ({ page, ...policy })));
  test("there is one to look at", () => assert.ok(shown.length > 0));
  for (const { page, line, text } of shown)
    test(`${page}:${line}`, () => {
      const { policy, diagnostics, sources } = parsePolicy(page, text);
      const findings = [...diagnostics, ...(policy === null ? [] : lintPolicy(policy))];
      assert.deepEqual(
        findings.map((finding) => renderDiagnostic(finding, sources)),
        [],
      );
    });
});
