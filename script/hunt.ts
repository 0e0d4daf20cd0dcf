/**
 * The differential test without its limit: generated policies, identities and requests through the reference, the gateway
 * and the second evaluator, until the time is over.
 *
 * Out: each disagreement once, as a case file to put into cases/; counts at the end. Exit 1 when there was any.
 */
import { parseArgs } from "node:util";
import { createCounts, tryPolicy } from "../tests/engines/differential.ts";
import { readSeed, renderCounts } from "../tests/engines/render-counts.ts";
import { startRunningGateway } from "../tests/engines/running-gateway.ts";
import { startSecondEvaluator } from "../tests/engines/second-evaluator.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, seed: { type: "string" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error("--minutes is a number above zero");
if (values.seed !== undefined) process.env["GATEHOUSE_SEED"] = values.seed;
const seed = readSeed();

const MAX_FINDS = 20;
const REPORT_MS = 60_000;

const evaluator = await startSecondEvaluator();
const gateway = await startRunningGateway();
const counts = createCounts();
const endMs = performance.now() + minutes * 60_000;
let nextReportMs = performance.now() + REPORT_MS;
let finds = 0;
try {
  for (let index = 0; performance.now() < endMs && finds < MAX_FINDS; index++) {
    const find = await tryPolicy({ gateway, evaluator }, counts, seed, index);
    if (find !== null) {
      finds++;
      console.log(`# ${find.engine} disagrees: ${find.problem.replaceAll("\n", "; ")}\n${find.caseFile}`);
    }
    if (performance.now() < nextReportMs) continue;
    nextReportMs += REPORT_MS;
    console.error(`${counts.policies} policies, ${counts.decisions} decisions, ${finds} finds`);
  }
} finally {
  await gateway.close();
  await evaluator.close();
}
console.error(renderCounts(seed, counts));
console.error(`${finds} finds`);
process.exitCode = finds === 0 ? 0 : 1;
