/**
 * A process of its own around `@cloud-copilot/iam-simulate`, an IAM evaluator that others wrote (AGPL: nothing that is
 * shipped imports it, and nothing of it runs in the process of a test).
 *
 * In: the folder of its packages as argument; on standard input a JSON list of `SimulatorQuestion` on each line.
 * Out: on standard output a JSON list of `SimulatorAnswer` for each line, in the same order.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { WrittenDocument } from "../../src/iam/index.ts";
import type { SimulatorAnswer, SimulatorQuestion } from "./simulator.ts";

interface Simulator {
  runSimulation(simulation: unknown, options: unknown): Promise<SimulationResult>;
}
interface SimulationResult {
  readonly resultType: string;
  readonly overallResult?: "Allowed" | "ExplicitlyDenied" | "ImplicitlyDenied";
  readonly errors?: unknown;
  readonly result?: { readonly ignoredContextKeys?: readonly string[] };
}

const [folder = ""] = process.argv.slice(2);
const { resolve } = createRequire(join(folder, "package.json"));
const simulator = (await import(pathToFileURL(resolve("@cloud-copilot/iam-simulate")).href)) as Simulator;

for await (const line of createInterface({ input: process.stdin })) {
  const answers: SimulatorAnswer[] = [];
  for (const question of JSON.parse(line) as SimulatorQuestion[]) answers.push(await judge(question));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}

async function judge(question: SimulatorQuestion): Promise<SimulatorAnswer> {
  const { principal, account, action, resource, context, identity, boundary, session, trust } = question;
  const simulation = {
    request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
    identityPolicies: identity.map((policy, index) => ({ name: `identity${index}`, policy })),
    ...(boundary === null ? {} : { permissionBoundaryPolicies: [{ name: "boundary", policy: boundary }] }),
    ...(session === null ? {} : { sessionPolicy: joinStatements(session) }),
    ...(trust === null ? {} : { resourcePolicy: trust }),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  try {
    const { resultType, overallResult, errors, result } = await simulator.runSimulation(simulation, {
      simulationMode: "Strict",
    });
    if (resultType !== "single" || overallResult === undefined)
      return { ok: false, problem: JSON.stringify(errors ?? resultType) };
    const dropped = result?.ignoredContextKeys ?? [];
    if (dropped.length > 0) return { ok: false, problem: `context keys are not known: ${dropped.join(", ")}` };
    return { ok: true, effect: overallResult };
  } catch (cause) {
    return { ok: false, problem: String(cause) };
  }
}

/** It takes one session policy; several are one with all their statements. */
function joinStatements(documents: readonly WrittenDocument[]): WrittenDocument {
  const [first] = documents;
  if (first === undefined || documents.length === 1) return first ?? { Statement: [] };
  return { ...first, Statement: documents.flatMap(({ Statement }) => Statement) };
}
