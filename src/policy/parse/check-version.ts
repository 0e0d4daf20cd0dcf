/** The version of the language, which is the first thing that any file says. */
import type { Tree } from "./read-tree.ts";
import { type Report, quote } from "./report.ts";

/** False when the rest of the file is in a language that is not this one. */
export function isVersionOne(report: Report, tree: Tree | null): boolean {
  if (tree === null || (tree.kind === "number" && tree.text === "1")) return true;
  if (tree.kind === "text" && tree.text === "1")
    report.add("parse/version", tree.at, "the version is a text instead of a number", {
      hint: "write `gatehouse: 1`, without quotes",
    });
  else {
    const found = tree.kind === "number" || tree.kind === "text" ? quote(tree.text) : "this";
    const problem = `${found} is not a version of the language that is known here`;
    report.add("parse/version", tree.at, tree.kind === "nothing" ? "`gatehouse` says no version" : problem, {
      hint: "write `gatehouse: 1`",
    });
  }
  return tree.kind !== "number";
}
