/** Reads a host name, of an environment or of a service. */
import { isHostName } from "../origin.ts";
import type { Tree } from "./read-tree.ts";
import { readText } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

export function readHostName(
  report: Report,
  tree: Tree | null,
  what: string,
  rule: "environment/domain" | "service/host",
): string | null {
  const text = readText(report, tree, what);
  if (text === null || isHostName(text.value)) return text?.value ?? null;
  const bare = text.value
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/[:/].*$/, "")
    .replace(/\.$/, "");
  const hint = text.value.includes("*")
    ? "name each host; wildcards are not taken"
    : "write a host name in lower case, without scheme and port";
  report.add(rule, text.at, `${quote(text.value)} is not a host name`, {
    hint: isHostName(bare) ? `write ${quote(bare)}` : hint,
  });
  return null;
}
