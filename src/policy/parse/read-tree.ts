/**
 * Text of a policy file to a tree of plain values that all know their place.
 *
 * In: the text of a report. Out: the tree; what is wrong is in the report.
 * Not here: what the values mean; YAML itself (read-plain.ts for nearly every file, read-yaml.ts for the others).
 * INVARIANT: time and memory are bounded by the size limit; nothing is thrown.
 */
import { findInvisibleInFile } from "./invisible.ts";
import { readPlainTree } from "./read-plain.ts";
import { readYamlTree, spanAt } from "./read-yaml.ts";
import type { Report } from "./report.ts";
import type { Tree } from "./tree.ts";

export type { Entry, Tree } from "./tree.ts";

/** Of one file. */
export const MAX_BYTES = 2 * 1024 * 1024;

/** The tree of `report.text`, or null when the text cannot be read as YAML; problems are in the report. */
export function readTree(report: Report, hintWhenEmpty = "run `gatehouse init` to write one"): Tree | null {
  if (!checkText(report)) return null;
  return readPlainTree(report.file, report.text) ?? readYamlTree(report, hintWhenEmpty);
}

function checkText(report: Report): boolean {
  const { text } = report;
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES) {
    const message = `the file has more than ${MAX_BYTES} bytes`;
    report.add("parse/too-large", spanAt(report, 0, 0), message, { hint: "split it and name the parts in `include`" });
    return false;
  }
  const bad = findInvisibleInFile(text.startsWith("\ufeff") ? text.slice(1) : text);
  if (bad === null) return true;
  const start = bad.index + (text.startsWith("\ufeff") ? 1 : 0);
  report.add("parse/not-text", spanAt(report, start, start + 1), `the file ${bad.problem}`, { hint: bad.hint });
  return false;
}
