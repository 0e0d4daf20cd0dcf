/**
 * Runs script/check, then the tests of tests/ one file after another: they start real servers, and two at a time on
 * two cores would wait for each other. Ends with one line that counts both.
 *
 * Out: exit 0 when the check and every test passed and no credential was printed, else 1. With files as arguments only those
 * run.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { findCredentials } from "./checks/credentials.ts";

const root = join(import.meta.dirname, "..");
// Hundreds of processes load the same modules; what Node made of them once does for all.
process.env["NODE_COMPILE_CACHE"] ??= join(root, "node_modules", ".cache", "compile");

interface Ended {
  readonly code: number;
  readonly output: string;
}

function run(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const)
      from.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        to.write(chunk);
      });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function count(output: string, pattern: RegExp): number {
  return Number(pattern.exec(output)?.[1] ?? 0);
}

const only = process.argv.slice(2);
const check = only.length === 0 ? await run(["script/check.ts"]) : { code: 0, output: "" };
const files = only.length === 0 ? globSync("tests/**/*.test.ts", { cwd: root }).sort() : only;
const tests = await run(["--test", "--test-reporter=spec", "--test-concurrency=1", ...files]);

/** What tests counted (clauses, cases, decisions, seeds), once more where it is seen. */
const RUNNERS_OWN = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;
for (const [, text = ""] of tests.output.matchAll(/^\s*\u2139 (.+)$/gm))
  if (!RUNNERS_OWN.test(text)) console.log(`  ${text}`);

const passed = count(check.output, /(\d+) passed, \d+ failed/) + count(tests.output, /^\S+ pass (\d+)$/m);
const failed = count(check.output, /\d+ passed, (\d+) failed/) + count(tests.output, /^\S+ fail (\d+)$/m);
const skipped = count(check.output, /\d+ failed, (\d+) skipped/) + count(tests.output, /^\S+ skipped (\d+)$/m);
if (check.code !== 0) console.log("script/check failed, see above");
const credentials = findCredentials(check.output + tests.output);
for (const { line, kind } of credentials) console.log(`line ${line} of the output has ${kind}`);
if (credentials.length === 0) console.log("no token, session or key is in the output");
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = check.code === 0 && tests.code === 0 && credentials.length === 0 ? 0 : 1;
