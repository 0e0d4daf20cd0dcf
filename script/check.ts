/**
 * The one check: runs every step, two at a time, prints a line for each with its time, and for a step that failed its
 * output and the command that mends it.
 *
 * Out: exit 0 when all passed, 1 when one failed. `--verbose` prints every step's output.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";

interface Step {
  readonly name: string;
  readonly run: readonly string[];
  readonly mend: string;
}

const root = join(import.meta.dirname, "..");
// Hundreds of processes load the same modules; what Node made of them once does for all.
process.env["NODE_COMPILE_CACHE"] ??= join(root, "node_modules", ".cache", "compile");
const bin = (name: string): string => join(root, "node_modules", ".bin", name);
const script = (name: string): readonly string[] => [process.execPath, join(root, "script", name)];

// The longest first, so that the short ones fill the gaps.
const STEPS: readonly Step[] = [
  {
    name: "unit tests",
    run: [
      process.execPath,
      "--test",
      "--test-reporter=spec",
      `--test-concurrency=${availableParallelism()}`,
      "src/**/*.test.ts",
      "script/**/*.test.ts",
    ],
    mend: "node --test FILE, for the test that failed",
  },
  { name: "lint", run: [bin("oxlint"), "--type-aware"], mend: "npm run lint -- --fix, then by hand" },
  { name: "types", run: [bin("tsc")], mend: "npm run types" },
  { name: "format", run: [bin("oxfmt"), "--check"], mend: "npm run format" },
  { name: "layers", run: [...script("check-tree.ts"), "layers"], mend: "see docs/generated/layers.md" },
  { name: "links", run: [...script("check-tree.ts"), "links"], mend: "mend the link or the heading it names" },
  { name: "house rules", run: [...script("check-tree.ts"), "tree"], mend: "see CONTRIBUTING.md" },
  { name: "generated pages", run: [...script("generate.ts"), "--check"], mend: "npm run generate" },
];

interface Outcome {
  readonly step: Step;
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
}

function runStep(step: Step): Promise<Outcome> {
  const started = performance.now();
  const [command = "", ...args] = step.run;
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const done = (passed: boolean): void =>
      resolve({ step, passed, seconds: (performance.now() - started) / 1000, output });
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", (error) => {
      output += error.message;
      done(false);
    });
    child.on("close", (code) => done(code === 0));
  });
}

function report({ step, passed, seconds, output }: Outcome, verbose: boolean): void {
  const note = step.name === "unit tests" ? `  ${countTests(output)}` : "";
  console.log(`${passed ? "ok  " : "FAIL"} ${step.name.padEnd(16)}${seconds.toFixed(1).padStart(6)} s${note}`);
  // What passed is of no interest beside what failed.
  const shown = verbose ? output : output.replace(/^ *✔.*\n/gm, "");
  if (!passed || verbose) console.log(shown.trim().replace(/^/gm, "     "));
  if (!passed) console.log(`     mend: ${step.mend}`);
}

/** The totals of the test runner's closing lines. */
function countTests(output: string): string {
  const count = (word: string): string => new RegExp(`^\\S+ ${word} (\\d+)$`, "m").exec(output)?.[1] ?? "?";
  return `${count("pass")} passed, ${count("fail")} failed, ${count("skipped")} skipped`;
}

const started = performance.now();
const verbose = process.argv.includes("--verbose");
const waiting = [...STEPS];
let failed = 0;
const lanes = Array.from({ length: 2 }, async () => {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const outcome = await runStep(step);
    if (!outcome.passed) failed++;
    report(outcome, verbose);
  }
});
await Promise.all(lanes);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  `check: ${failed === 0 ? "all steps passed" : `${failed} of ${STEPS.length} steps failed`} in ${seconds} s`,
);
process.exitCode = failed === 0 ? 0 : 1;
