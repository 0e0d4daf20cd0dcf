/**
 * What broke others, as cases: each row of the catalogue has a number, the ids it is known by, and the inputs that set it
 * off, which are sent to a running Gatehouse.
 *
 * In: rows.json. Out: `row`, under which a test file writes the cases of one row.
 * INVARIANT: every row has cases, or says why it cannot apply; coverage.test.ts counts them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";

export interface AdvisoryRow {
  readonly number: number;
  /** CVE, GHSA or issue ids; empty for a technique without one. */
  readonly ids: readonly string[];
  /** Where it happened. */
  readonly product: string;
  /** What went wrong there, in a clause. */
  readonly fault: string;
  /** Why the row has no case; null when it has. */
  readonly notHere: string | null;
}

export const ROWS: readonly AdvisoryRow[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "rows.json"), "utf8"),
) as AdvisoryRow[];

/** A suite named by the row. `cases` holds one `it` for each input, or each road it takes. */
export function row(number: number, cases: () => void): void {
  const found = ROWS.find((each) => each.number === number);
  if (found === undefined || found.notHere !== null) throw new Error(`row ${number} has no cases in rows.json`);
  describe(`advisory ${number}: ${found.ids[0] ?? "technique"}, ${found.product}: ${found.fault}`, cases);
}
