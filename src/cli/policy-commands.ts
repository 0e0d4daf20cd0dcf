/** Commands about a policy file, `init`, `check` and `compile` among them. Nothing has to run for them. */
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { GatehouseError } from "../core/index.ts";
import { addAccessCommand } from "./access-command.ts";
import { addExplainCommand } from "./explain-command.ts";
import { EXIT } from "./exit-codes.ts";
import { type Outcome, type Shell, diagnosticsOutcome } from "./shell.ts";
import { addWhatifCommand } from "./whatif-command.ts";

type Run = (work: (shell: Shell) => Promise<Outcome>) => Promise<void>;

const ENV_HELP = "environment (default: local, or the only one)";

export function addPolicyCommands(program: Command, run: Run): void {
  addInit(program, run);
  addCheck(program, run);
  addCompile(program, run);
  addExplainCommand(program, run);
  addAccessCommand(program, run);
  addWhatifCommand(program, run);
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
    .option("--sarif", "print the findings as a SARIF 2.1.0 log, for code hosts and editors")
    .action((given: string | undefined, flags: { sarif?: boolean }) =>
      run(async () => {
        const { checkPolicy, policyFileOf } = await import("../app/load-policy.ts");
        const file = policyFileOf(given);
        const { policy, diagnostics, sources } = checkPolicy(file);
        const warned = diagnostics.some((d) => d.severity === "warning");
        const text = policy === null ? "" : `${file}: ok, ${describe(policy)}`;
        const outcome = diagnosticsOutcome(file, diagnostics, sources, {
          exitCode: warned ? EXIT.findings : EXIT.done,
          text,
        });
        if (flags.sarif !== true) return outcome;
        const { sarifLog } = await import("../app/sarif.ts");
        const log = sarifLog(diagnostics, sources, process.cwd());
        return { ...outcome, text: JSON.stringify(log, null, 2), json: log };
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
