/**
 * The second opinion on IAM documents: `@cloud-copilot/iam-simulate` in a process of its own.
 *
 * In: documents as written and one request. Out: the effect that it sees, or why it has none.
 * It knows only context keys that AWS has; `aws:PrincipalTag/...` are taken for keys with one value, `aws:TagKeys` and the
 * like for keys with several.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Evaluation, RequestContext, WrittenDocument } from "../../src/iam/index.ts";
import { installPartners } from "../support/partners.ts";

export interface SimulatorQuestion {
  readonly principal: string;
  readonly account: string;
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
  readonly identity: readonly WrittenDocument[];
  readonly boundary: WrittenDocument | null;
  readonly session: readonly WrittenDocument[] | null;
  /** Of the role that is the resource; null for any other resource. */
  readonly trust: WrittenDocument | null;
}

export type SimulatorAnswer =
  | { readonly ok: true; readonly effect: Evaluation["effect"] }
  | { readonly ok: false; readonly problem: string };

export interface Simulator {
  /** One answer for each question, in their order. */
  ask(questions: readonly SimulatorQuestion[]): Promise<readonly SimulatorAnswer[]>;
  close(): Promise<void>;
}

export async function startSimulator(): Promise<Simulator> {
  const folder = await installPartners();
  const script = join(import.meta.dirname, "simulator-process.ts");
  const child: ChildProcess = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, folder], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("the simulator has no standard streams");
  const waiting: { resolve: (answers: readonly SimulatorAnswer[]) => void; reject: (cause: Error) => void }[] = [];
  createInterface({ input: stdout }).on("line", (line) =>
    waiting.shift()?.resolve(JSON.parse(line) as readonly SimulatorAnswer[]),
  );
  child.on("exit", (code) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`the simulator ended with ${code}`));
  });
  return {
    ask: (questions) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        stdin.write(`${JSON.stringify(questions)}\n`);
      }),
    async close() {
      stdin.end();
      if (child.exitCode === null && child.signalCode === null)
        await new Promise<void>((resolve) => child.once("exit", () => resolve()));
    },
  };
}
