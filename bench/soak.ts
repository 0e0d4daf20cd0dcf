/**
 * A soak of the whole road: `node bench/soak.ts [--requests N] [--samples N] [--write]`, a million requests if not said.
 *
 * Out: a table and verdicts; exit code 1 when one is bad. With `--write` also its section of bench/RESULTS.md.
 */
import { parseArgs } from "node:util";
import { describeMachine } from "./report.ts";
import { writeSection } from "./results.ts";
import { judgeCounts, judgeMemory, renderSoak } from "./soak/judge-soak.ts";
import { runSoak } from "./soak/run-soak.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    samples: { type: "string", default: "100" },
    write: { type: "boolean", default: false },
  },
});
const [requests, samples] = [Number(values.requests), Number(values.samples)];
if (!Number.isInteger(requests) || requests < 100) throw new Error("--requests takes a number from 100 on");
if (!Number.isInteger(samples) || samples < 4) throw new Error("--samples takes a number from 4 on");

const result = await runSoak({ requests, samples, say: (text) => process.stderr.write(`${text}\n`) });
const verdicts = [...judgeCounts(result), ...judgeMemory(result)];
const text = `# Results of bench/soak.ts

- Machine: ${describeMachine()}
- Versions: Node ${process.version}

${renderSoak(result, verdicts)}
`;
process.stdout.write(text);
if (values.write) writeSection(text);
if (!verdicts.every(({ isGood }) => isGood)) process.exitCode = 1;
