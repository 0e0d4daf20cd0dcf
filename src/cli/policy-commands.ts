/** Commands about a policy file: `init`, `check`, `compile`, `explain`, `access`. Nothing has to run for them. */
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { type Command, Option } from "commander";
import type { ExplainRequest } from "../app/explain.ts";
import { GatehouseError } from "../core/index.ts";
import { EXIT } from "./exit-codes.ts";
import { type Outcome, type Shell, diagnosticsOutcome } from "./shell.ts";

type Run = (work: (shell: Shell) => Promise<Outcome>) => Promise<void>;

const ENV_HELP = "environment (default: local, or the only one)";

export function addPolicyCommands(program: Command, run: Run): void {
  addInit(program, run);
  addCheck(program, run);
  addCompile(program, run);
  addExplain(program, run);
  addAccess(program, run);
}

interface InitFlags {
  readonly service?: string;
  readonly upstream?: string;
  readonly provider?: string;
  readonly audience?: string;
  readonly force?: boolean;
}

function addInit(program: Command, run: Run): void {
  program
    .command("init [DIR]")
    .summary("write a starter policy for a service")
    .description(
      "Writes gatehouse.yaml (and people.yaml for the embedded provider) for one service. Asks for what is not given when run in a terminal.",
    )
    .option("--service <NAME>", "name of the service")
    .option("--upstream <URL>", "where it listens, such as http://127.0.0.1:3000")
    .option("--provider <ISSUER>", "`embedded`, or the address of an OpenID provider")
    .option("--audience <NAME>", "audience of its tokens (default: NAME-api)")
    .option("--force", "overwrite files that are there")
    .action((dir: string | undefined, flags: InitFlags) =>
      run(async (shell) => {
        const { initPolicy } = await import("../app/init.ts");
        const answers = await askFor(shell, flags);
        const { files } = initPolicy(dir ?? ".", answers, flags.force === true);
        const policyFile = join(dir ?? ".", "gatehouse.yaml");
        const command = process.env["GATEHOUSE_COMMAND"] ?? "gatehouse";
        const next = `next: ${command} up${policyFile === "gatehouse.yaml" ? "" : ` ${policyFile}`}`;
        const text = [...files.map((file) => `wrote ${file}`), "", next].join("\n");
        return { exitCode: EXIT.done, text, json: { files } };
      }),
    );
}

async function askFor(shell: Shell, flags: InitFlags) {
  const given = { service: flags.service, upstream: flags.upstream, provider: flags.provider };
  const defaults = { service: "app", upstream: "http://127.0.0.1:3000", provider: "embedded" };
  const questions = {
    service: "name of the service",
    upstream: "address of the service",
    provider: "OpenID provider, `embedded` for a development one",
  };
  const answers = { ...defaults, audience: flags.audience };
  const missing = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [`--${name}`] : []));
  if (!shell.isTerminal && missing.length > 0) {
    throw new GatehouseError("GH_CLI_USAGE", {
      problem: `without a terminal to ask in, ${missing.join(", ")} must be given`,
    });
  }
  const prompt = shell.isTerminal ? createInterface({ input: process.stdin, output: process.stderr }) : null;
  try {
    for (const key of ["service", "upstream", "provider"] as const) {
      const answer = given[key] ?? (await prompt?.question(`${questions[key]} [${defaults[key]}]: `));
      if (answer !== undefined && answer.trim() !== "") answers[key] = answer.trim();
    }
  } finally {
    prompt?.close();
  }
  return answers;
}

function addCheck(program: Command, run: Run): void {
  program
    .command("check [FILE]")
    .summary("everything that is wrong with a policy, at once")
    .description(
      "Parses, lints and compiles the policy for every environment. Exit 0 without findings, 1 with warnings, 3 with errors.",
    )
    .action((given: string | undefined) =>
      run(async () => {
        const { checkPolicy, policyFileOf } = await import("../app/load-policy.ts");
        const file = policyFileOf(given);
        const { policy, diagnostics, sources } = checkPolicy(file);
        const warned = diagnostics.some((d) => d.severity === "warning");
        const text = policy === null ? "" : `${file}: ok, ${describe(policy)}`;
        return diagnosticsOutcome(file, diagnostics, sources, { exitCode: warned ? EXIT.findings : EXIT.done, text });
      }),
    );
}

function describe(policy: {
  services: readonly { routes: readonly unknown[] }[];
  roles: readonly unknown[];
  environments: readonly { name: string }[];
}): string {
  const routes = policy.services.reduce((sum, service) => sum + service.routes.length, 0);
  const environments = policy.environments.map((e) => e.name).join(", ");
  return `${policy.services.length} services, ${routes} routes, ${policy.roles.length} roles, environments ${environments}`;
}

function addCompile(program: Command, run: Run): void {
  program
    .command("compile [FILE]")
    .summary("write every artifact of one environment")
    .requiredOption("--out <DIR>", "directory for the artifacts")
    .option("--env <NAME>", ENV_HELP)
    .action((given: string | undefined, flags: { out: string; env?: string }) =>
      run(async () => {
        const { compileToDirectory } = await import("../app/compile.ts");
        const { policyFileOf } = await import("../app/load-policy.ts");
        const file = policyFileOf(given);
        const { diagnostics, sources, files, digest } = compileToDirectory(file, flags.env, flags.out);
        const text = [...files.map((name) => `wrote ${name}`), `digest ${digest}`].join("\n");
        return diagnosticsOutcome(file, diagnostics, sources, { exitCode: EXIT.done, text, json: { files, digest } });
      }),
    );
}

interface ExplainFlags {
  readonly policy?: string;
  readonly env?: string;
  readonly as?: string;
  readonly claims?: string;
  readonly token?: string;
  readonly state?: string;
  readonly ip?: string;
  readonly listener?: "public" | "private";
}

function addExplain(program: Command, run: Run): void {
  program
    .command("explain <METHOD> <PATH>")
    .summary("why a request is let in or refused")
    .description("The decision with the lines of the policy that made it. Exit 0 when allowed, 4 when refused.")
    .option("--policy <FILE>", "policy file (default: gatehouse.yaml)")
    .option("--env <NAME>", ENV_HELP)
    .addOption(new Option("--as <NAME>", "a person or client of the people file").conflicts(["claims", "token"]))
    .addOption(new Option("--claims <JSON>", "claims of a token").conflicts("token"))
    .addOption(
      new Option("--token <TOKEN>", "a token, judged by the running instance; `-` reads it from standard input"),
    )
    .option("--state <DIR>", "state directory of the running instance, for --token")
    .option("--ip <ADDRESS>", "address the request comes from", "127.0.0.1")
    .addOption(new Option("--listener <NAME>", "listener it comes in on").choices(["public", "private"]))
    .action((method: string, path: string, flags: ExplainFlags) =>
      run(async () => {
        const { explainRequest, explanationJson, renderExplanation } = await import("../app/explain.ts");
        const { policyFileOf } = await import("../app/load-policy.ts");
        const file = policyFileOf(flags.policy);
        let as: ExplainRequest["as"];
        if (flags.as !== undefined) as = { name: flags.as };
        if (flags.claims !== undefined) as = { claims: flags.claims };
        if (flags.token !== undefined) {
          const { judgeToken } = await import("../app/judge-token.ts");
          const judged = await judgeToken(
            flags.state,
            flags.policy,
            flags.token === "-" ? await readStdin() : flags.token,
          );
          if (!judged.ok) {
            const text = `refused: the token is not accepted\nbecause ${judged.meaning} (${judged.reason})`;
            return {
              exitCode: EXIT.denied,
              text,
              json: { effect: "deny", reason: judged.reason, meaning: judged.meaning },
            };
          }
          as = { caller: judged.caller };
        }
        const request = {
          policyFile: file,
          environment: flags.env,
          method,
          path,
          exposure: flags.listener,
          sourceIp: flags.ip,
          as,
        };
        const explained = explainRequest(request);
        if ("diagnostics" in explained) {
          return diagnosticsOutcome(file, explained.diagnostics, explained.sources, {
            exitCode: EXIT.badInput,
            text: "",
          });
        }
        const exitCode = explained.decision.effect === "allow" ? EXIT.done : EXIT.denied;
        return { exitCode, text: renderExplanation(explained), json: explanationJson(explained) };
      }),
    );
}

async function readStdin(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  return text.trim();
}

function addAccess(program: Command, run: Run): void {
  program
    .command("access [FILE]")
    .summary("who may call what")
    .option("--env <NAME>", ENV_HELP)
    .addOption(new Option("--by <KIND>", "columns").choices(["role", "identity"]).default("role"))
    .action((given: string | undefined, flags: { env?: string; by: "role" | "identity" }) =>
      run(async () => {
        const { accessMatrix, renderAccess } = await import("../app/access.ts");
        const { policyFileOf } = await import("../app/load-policy.ts");
        const file = policyFileOf(given);
        const matrix = accessMatrix(file, flags.env, flags.by);
        if ("diagnostics" in matrix) {
          return diagnosticsOutcome(file, matrix.diagnostics, matrix.sources, { exitCode: EXIT.badInput, text: "" });
        }
        return { exitCode: EXIT.done, text: renderAccess(matrix), json: matrix };
      }),
    );
}
