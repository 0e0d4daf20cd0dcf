/**
 * Promise P1 on policies that nobody thought of: 10,000 decisions about generated policies, identities and requests, each
 * by the reference and by the gateway over its socket, some by the second evaluator too.
 * The seed is printed; `GATEHOUSE_SEED=n` repeats it. `script/hunt` does the same for longer.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Find, createCounts, tryPolicy } from "./differential.ts";
import { type RunningGateway, startRunningGateway } from "./running-gateway.ts";
import { type SecondEvaluator, startSecondEvaluator } from "./second-evaluator.ts";
import { readSeed, renderCounts } from "./render-counts.ts";

const DECISIONS = 10_000;
const LEAST_EVALUATED = 200;
const MOST_REFUSED = 0.4;

describe("generated policies mean the same to every engine", () => {
  let gateway: RunningGateway;
  let evaluator: SecondEvaluator;
  const started: { close(): Promise<void> }[] = [];
  before(async () => {
    started.push((evaluator = await startSecondEvaluator()));
    started.push((gateway = await startRunningGateway()));
  });
  after(async () => {
    for (const part of started.toReversed()) await part.close();
  });

  test(`${DECISIONS} decisions`, async (context) => {
    const seed = readSeed();
    const counts = createCounts();
    const finds: Find[] = [];
    for (let index = 0; counts.decisions < DECISIONS && finds.length === 0; index++) {
      const find = await tryPolicy({ gateway, evaluator }, counts, seed, index);
      if (find !== null) finds.push(find);
    }
    context.diagnostic(renderCounts(seed, counts));
    for (const { engine, problem, caseFile } of finds)
      assert.fail(`${engine} disagrees, seed ${seed}:\n${problem}\n\n${caseFile}`);
    const refused = [...counts.refused.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(refused < MOST_REFUSED * counts.policies, `${refused} of ${counts.policies} policies are refused`);
    assert.ok(counts.evaluated >= LEAST_EVALUATED, `the second evaluator was asked ${counts.evaluated} times`);
  });
});
