/**
 * How many cases each row of the catalogue has: its test files are read by a process in which `it` counts and runs nothing.
 *
 * Out: the number of cases by row, those of loops and tables included. Run as a program it prints them as JSON.
 * Not here: whether the cases hold; the test files themselves are run for that.
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const LIMIT_MS = 60_000;

/** By number of the row. Rows without cases are not there. */
export function countCases(): ReadonlyMap<number, number> {
  const printed = execFileSync(process.execPath, [import.meta.filename], {
    encoding: "utf8",
    timeout: LIMIT_MS,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Map(JSON.parse(printed) as [number, number][]);
}

/** In place of `node:test`: suites are entered, cases are counted for the row whose suite they are in. */
const COUNTING = `
const cases = (globalThis.casesByRow = new Map());
let row = null;
export const describe = (name, body) => {
  const before = row;
  const found = /^advisory (\\d+): /.exec(name);
  if (found !== null) row = Number(found[1]);
  body();
  row = before;
};
export const it = () => {
  if (row !== null) cases.set(row, (cases.get(row) ?? 0) + 1);
};
export const suite = describe;
export const test = it;
export const before = () => {};
export const after = before;
export const beforeEach = before;
export const afterEach = before;
export const { mock } = process.getBuiltinModule("node:test");
export default it;
`;

if (import.meta.main) {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "node:test" ? { url: "counting:test", shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url === "counting:test" ? { format: "module", source: COUNTING, shortCircuit: true } : next(url, context),
  });
  for (const name of readdirSync(import.meta.dirname).sort())
    if (name.endsWith(".test.ts") && name !== "coverage.test.ts")
      await import(pathToFileURL(join(import.meta.dirname, name)).href);
  const { casesByRow } = globalThis as unknown as { readonly casesByRow: ReadonlyMap<number, number> };
  process.stdout.write(JSON.stringify([...casesByRow].sort(([a], [b]) => a - b)));
}
