/** The seed of a run, and what was counted in it. */
import { randomInt } from "node:crypto";
import type { DifferentialCounts } from "./differential.ts";

/** `GATEHOUSE_SEED`, else one by chance. */
export function readSeed(): number {
  const given = process.env["GATEHOUSE_SEED"];
  if (given === undefined) return randomInt(1, 1_000_000_000);
  if (!/^\d{1,9}$/.test(given)) throw new Error("GATEHOUSE_SEED is a whole number of at most nine digits");
  return Number(given);
}

export function renderCounts(
  seed: number,
  { policies, decisions, evaluated, refused, reasons }: DifferentialCounts,
): string {
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
  return [
    `GATEHOUSE_SEED=${seed}: ${policies} policies, ${decisions} decisions, ${evaluated} of them by the second evaluator too`,
    `refused: ${list(refused) || "none"}`,
    `decided: ${list(reasons)}`,
  ].join("; ");
}
