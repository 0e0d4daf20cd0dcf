/** Every complaint has its cases, and they are where the list says. Whether they hold is shown where they stand. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { COMPLAINTS } from "./complaints.ts";

test("complaints are numbered from 1 to 25", () => {
  assert.deepEqual(
    COMPLAINTS.map(({ number }) => number),
    Array.from({ length: 25 }, (_, i) => i + 1),
  );
});

test("each has cases that are there, or says that there is nothing yet", () => {
  const lost: string[] = [];
  for (const { number, here, cases } of COMPLAINTS) {
    if (cases.length === 0) assert.match(here, /^there is no /, `${number}`);
    for (const [file, title] of cases)
      if (!readFileSync(join(import.meta.dirname, "../..", file), "utf8").includes(title))
        lost.push(`${number}: ${file}: ${title}`);
  }
  assert.deepEqual(lost, []);
});
