/**
 * A process of its own around `@cloud-copilot/iam-simulate`, an IAM evaluator that others wrote (AGPL: nothing that is
 * shipped imports it, and nothing of it runs in the process of a test).
 *
 * In: the folder of its packages as argument; on standard input a JSON document on each line (`Question`).
 * Out: on standard output one line for each (`Verdict`), in the same order.
 * It knows only context keys that AWS has and drops all others, so keys of ours are renamed before: see
 * second-evaluator.ts.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { Question, Verdict } from "./second-evaluator.ts";

interface Simulator {
  runSimulation(simulation: unknown, options: unknown): Promise<SimulationResult>;
}
interface SimulationResult {
  readonly resultType: string;
  readonly overallResult?: string;
  readonly errors?: unknown;
  readonly result?: { readonly ignoredContextKeys?: readonly string[] };
}

const [folder = ""] = process.argv.slice(2);
const { resolve } = createRequire(join(folder, "package.json"));
const simulator = (await import(pathToFileURL(resolve("@cloud-copilot/iam-simulate")).href)) as Simulator;

for await (const line of createInterface({ input: process.stdin })) {
  const verdict = await judge(JSON.parse(line) as Question);
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
}

async function judge({ principal, account, action, resource, context, policy, boundary }: Question): Promise<Verdict> {
  const simulation = {
    request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
    identityPolicies: [{ name: "role", policy }],
    permissionBoundaryPolicies: [{ name: "boundary", policy: boundary }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  const { resultType, overallResult, errors, result } = await simulator.runSimulation(simulation, {
    simulationMode: "Strict",
  });
  if (resultType !== "single") return { ok: false, problem: JSON.stringify(errors ?? resultType) };
  const dropped = result?.ignoredContextKeys ?? [];
  if (dropped.length > 0) return { ok: false, problem: `context keys are not known: ${dropped.join(", ")}` };
  return { ok: true, isAllowed: overallResult === "Allowed" };
}
