/** The same policy in other words: nobody gains or loses anything, in any environment, in either direction. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePolicy } from "../parse/parse-policy.ts";
import type { Policy } from "../policy.ts";
import { diffPolicies, widensAccess } from "./diff-policies.ts";
import { createChance } from "./testing/chance.ts";
import { type RandomPolicy, randomPolicy } from "./testing/random-policies.ts";
import { rewordPolicy } from "./testing/reword-policy.ts";

const SEED = Number(process.env["GATEHOUSE_SEED"] ?? Date.now() % 1_000_000);
const POLICIES = 250;

test(`other words change nothing: ${POLICIES} policies`, (t) => {
  let compared = 0;
  for (let number = 0; compared < POLICIES; number++) {
    assert.ok(number < POLICIES * 3, "most policies can be read");
    const chance = createChance(SEED * 7 + number);
    const tree = randomPolicy(chance);
    const other = rewordPolicy(chance, tree);
    const [policy, reworded] = [read(tree), read(other)];
    if (policy === null || reworded === null) continue;
    compared++;
    for (const environment of ["dev", "prod"])
      for (const [before, after] of [
        [policy, reworded],
        [reworded, policy],
      ] as const) {
        const diff = diffPolicies({ policy: before, environment }, { policy: after, environment });
        const source = `seed ${SEED}, number ${number}\n${JSON.stringify(tree)}\n${JSON.stringify(other)}`;
        assert.deepEqual(diff, { changes: [], settings: [] }, source);
        assert.equal(widensAccess(diff), false);
      }
  }
  t.diagnostic(`seed ${SEED}`);
});

function read(tree: RandomPolicy): Policy | null {
  return parsePolicy("p.yaml", JSON.stringify(tree)).policy;
}
