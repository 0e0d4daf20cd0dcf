/** Reads a list of network blocks, each in its one spelling. */
import { findBlockProblem } from "../source-address.ts";
import type { Tree } from "./read-tree.ts";
import { readTexts } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

export function readBlocks(report: Report, tree: Tree | null, what: string): string[] {
  const blocks = readTexts(report, tree, what, { mayBeEmpty: false });
  for (const { value, at } of blocks) {
    const problem = findBlockProblem(value);
    if (problem === null) continue;
    if (problem.kind === "spelling")
      report.add("network/block", at, `${quote(value)} is not how the block is written`, {
        hint: `write \`${problem.write}\``,
      });
    else
      report.add("network/block", at, `${quote(value)} is not a network block`, {
        hint: "write `10.0.0.0/16`, `192.0.2.7/32` or `2001:db8::/32`",
      });
  }
  return blocks.map((block) => block.value);
}
