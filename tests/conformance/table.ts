/** The table of conformance: how many cases of each mark hold. */
import { type Case, MARKS, type Mark } from "./case-file.ts";

export type Verdict = "held" | "not held" | "not applicable";

const VERDICTS: readonly Verdict[] = ["held", "not held", "not applicable"];

export function renderCounts(verdicts: ReadonlyMap<Case, Verdict>): string {
  const marks = Object.keys(MARKS) as Mark[];
  const count = (mark: Mark | null, verdict: Verdict): number =>
    [...verdicts].filter(([one, each]) => each === verdict && (mark === null || one.mark === mark)).length;
  const row = (name: string, mark: Mark | null): string =>
    [name.padEnd(12), ...VERDICTS.map((verdict) => String(count(mark, verdict)).padStart(14))].join("");
  const head = ["mark".padEnd(12), ...VERDICTS.map((verdict) => verdict.padStart(14))].join("");
  return `\n${[head, ...marks.map((mark) => row(mark, mark)), row("all", null)].join("\n")}\n`;
}
