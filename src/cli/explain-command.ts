/** `gatehouse explain`: why one request is let in or refused. */
import { type Command, Option } from "commander";
import type { ExplainRequest } from "../app/explain.ts";
import { EXIT } from "./exit-codes.ts";
import { type Outcome, type Shell, diagnosticsOutcome } from "./shell.ts";

type Run = (work: (shell: Shell) => Promise<Outcome>) => Promise<void>;

interface ExplainFlags {
  readonly policy?: string;
  readonly env?: string;
  readonly as?: string;
  readonly claims?: string;
  readonly issuer?: string;
  readonly token?: string;
  readonly state?: string;
  readonly ip?: string;
  readonly at?: string;
  readonly host?: string;
  readonly listener?: "public" | "private";
}

export function addExplainCommand(program: Command, run: Run): void {
  program
    .command("explain <METHOD> <PATH>")
    .summary("why a request is let in or refused")
    .description(
      "The decision, each step to it with the line of the policy, and what would change a refusal. Exit 0 when allowed, 4 when refused.",
    )
    .option("--policy <FILE>", "policy file (default: gatehouse.yaml)")
    .option("--env <NAME>", "environment (default: local, or the only one)")
    .addOption(new Option("--as <NAME>", "a person or client of the people file").conflicts(["claims", "token"]))
    .addOption(
      new Option("--claims <JSON>", `claims of a token, such as '{"sub":"ana","groups":["support"]}'`).conflicts(
        "token",
      ),
    )
    .addOption(
      new Option("--issuer <NAME>", "with --claims: the workload issuer whose token it is").conflicts(["as", "token"]),
    )
    .addOption(
      new Option("--token <TOKEN>", "a token, judged by the running instance; `-` reads it from standard input"),
    )
    .option("--state <DIR>", "state directory of the running instance, for --token")
    .option("--ip <ADDRESS>", "address the request comes from", "127.0.0.1")
    .option("--at <TIME>", "when it comes, such as 2027-01-31T08:00:00Z (default: now)")
    .option("--host <NAME>", "host name it asks for (default: the domain, or the service's own that has the route)")
    .addOption(
      new Option("--listener <NAME>", "listener it comes in on (default: the one that has the route)").choices([
        "public",
        "private",
      ]),
    )
    .action((method: string, path: string, flags: ExplainFlags) => run(() => explain(method, path, flags)));
}

async function explain(method: string, path: string, flags: ExplainFlags): Promise<Outcome> {
  const { explainRequest } = await import("../app/explain.ts");
  const { explanationJson, renderExplanation } = await import("../app/explain-text.ts");
  const { policyFileOf } = await import("../app/load-policy.ts");
  const file = policyFileOf(flags.policy);
  let environment = flags.env;
  let as: ExplainRequest["as"];
  if (flags.as !== undefined) as = { name: flags.as };
  if (flags.claims !== undefined || flags.issuer !== undefined)
    as = { claims: flags.claims ?? "{}", issuer: flags.issuer };
  if (flags.token !== undefined) {
    const { judgeToken } = await import("../app/judge-token.ts");
    const token = flags.token === "-" ? await readStdin() : flags.token;
    const judged = await judgeToken(flags.state, flags.policy, flags.env, token);
    if (!judged.ok) {
      const { reason, meaning } = judged;
      const text = `refused: the token is not accepted\nbecause ${meaning} (${reason})`;
      return { exitCode: EXIT.denied, text, json: { effect: "deny", reason, meaning } };
    }
    environment = judged.environment;
    as = { caller: judged.caller };
  }
  const explained = explainRequest({
    policyFile: file,
    environment,
    method,
    path,
    exposure: flags.listener,
    host: flags.host,
    sourceIp: flags.ip,
    at: flags.at,
    as,
  });
  if ("diagnostics" in explained)
    return diagnosticsOutcome(file, explained.diagnostics, explained.sources, { exitCode: EXIT.badInput, text: "" });
  const exitCode = explained.decision.effect === "allow" ? EXIT.done : EXIT.denied;
  return { exitCode, text: renderExplanation(explained), json: explanationJson(explained) };
}

async function readStdin(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  return text.trim();
}
