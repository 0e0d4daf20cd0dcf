/** A process that keeps the keys of a file for two years, an hour at a time. Prints all keys that it saw: name, and time from when on. */
import { createManualClock } from "../../src/core/index.ts";
import { openAssertionKeys } from "../../src/identity/index.ts";

const [file = "", startMs = "0"] = process.argv.slice(2);
const HOUR_MS = 3_600_000;
const clock = createManualClock(Number(startMs));
const seen = new Map<string, number>();
const warnings: string[] = [];
const keys = await openAssertionKeys({ file, clock, changed: () => {}, warn: (text) => warnings.push(text) });
const look = (): void => {
  for (const { kid, signsFromSeconds } of keys.current()) seen.set(kid, signsFromSeconds ?? 0);
};
for (let hour = 0; hour < 2 * 365 * 24; hour++) {
  look();
  clock.advance(HOUR_MS);
  // Most hours nothing is due, and reading the file each time would only take long.
  if (hour % 30 === 0 || isNearRotation(hour)) await keys.keep();
}
look();
process.stdout.write(JSON.stringify({ seen: [...seen], warnings, states: keys.states().map(({ state }) => state) }));

function isNearRotation(hour: number): boolean {
  const inPeriod = hour % (30 * 24);
  return inPeriod >= 30 * 24 - 4 || inPeriod <= 26;
}
