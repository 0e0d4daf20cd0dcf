/** `gatehouse access`: who may call what, and what anyone gains or loses. */
import { type Command, Option } from "commander";
import type { AccessBy } from "../app/access.ts";
import type { LoadedPolicy } from "../app/load-policy.ts";
import { GatehouseError } from "../core/index.ts";
import { EXIT } from "./exit-codes.ts";
import { type Outcome, type Shell, diagnosticsOutcome } from "./shell.ts";

type Run = (work: (shell: Shell) => Promise<Outcome>) => Promise<void>;

interface AccessFlags {
  readonly env?: string;
  readonly by: AccessBy;
  readonly role?: string;
  readonly route?: string;
  readonly service?: string;
  readonly permission?: string;
  readonly exposure?: string;
  readonly as?: string;
  readonly csv?: boolean;
  readonly diff?: string;
  readonly between?: readonly string[];
  readonly md?: boolean;
}

export function addAccessCommand(program: Command, run: Run): void {
  program
    .command("access [FILE]")
    .summary("who may call what; what a change lets anyone do")
    .description(
      "Prints who may call what in one environment. With --diff it tells what anyone gains or loses by the change from " +
        "OTHER to the policy, with --between what is different from one environment to the other; then exit 1 when " +
        "somebody may do what they might not do before, 0 otherwise.",
    )
    .option("--env <NAME>", "environment (default: local, or the only one; with --diff every one)")
    .addOption(
      new Option("--by <KIND>", "a column for each role or identity, or a list for each route")
        .choices(["role", "identity", "route"])
        .default("role"),
    )
    .option("--role <NAME>", "only this role; `*` in this and the following stands for any text")
    .option("--route <KEY>", 'only this route, such as "GET /orders*"')
    .option("--service <NAME>", "only routes of this service")
    .option("--permission <NAME>", 'only routes that need it, such as "orders:*"')
    .addOption(new Option("--exposure <NAME>", "only services with it").choices(["public", "private"]))
    .option("--as <NAME>", "only this person or client of the people file, and the roles that they hold")
    .addOption(new Option("--csv", "comma-separated values (RFC 4180)").conflicts(["diff", "between"]))
    .addOption(
      new Option(
        "--diff <OTHER>",
        "compare with another policy file, or with this one at a commit (`main`, `HEAD~1`, `COMMIT:PATH`)",
      ).conflicts("between"),
    )
    .option("--between <ENVIRONMENTS...>", "compare two environments, such as `--between dev prod`")
    .option("--md", "with --diff or --between: Markdown for a pull request")
    .action((given: string | undefined, flags: AccessFlags) =>
      run((shell) =>
        flags.diff !== undefined || flags.between !== undefined
          ? compare(shell, given, flags)
          : list(shell, given, flags),
      ),
    );
}

async function list(shell: Shell, given: string | undefined, flags: AccessFlags): Promise<Outcome> {
  const { listAccess } = await import("../app/access.ts");
  const { accessCsv, accessJson, renderAccess } = await import("../app/access-table.ts");
  const { policyFileOf } = await import("../app/load-policy.ts");
  if (flags.md === true) throw new GatehouseError("GH_CLI_USAGE", { problem: "`--md` needs `--diff` or `--between`" });
  const file = policyFileOf(given);
  const { env, by, role, route, service, permission, exposure, as } = flags;
  const filter = { role, route, service, permission, exposure, as };
  const table = listAccess({ policyFile: file, environment: env, by, filter });
  if ("diagnostics" in table) return failed(file, table);
  warn(shell, table.guardrailErrors);
  const text = flags.csv === true ? accessCsv(table) : renderAccess(table);
  return { exitCode: EXIT.done, text, json: accessJson(table) };
}

async function compare(shell: Shell, given: string | undefined, flags: AccessFlags): Promise<Outcome> {
  const { accessDiffJson, diffBetween, diffWithOther } = await import("../app/access-diff.ts");
  const { renderAccessDiff, renderAccessDiffMarkdown } = await import("../app/access-diff-text.ts");
  const { policyFileOf } = await import("../app/load-policy.ts");
  refuseFilters(flags);
  // A file behind the environments is the policy: the option takes every word that follows.
  const [from, to, ...rest] = flags.between ?? [];
  const file = policyFileOf(given ?? rest[0]);
  if (
    flags.between !== undefined &&
    (from === undefined || to === undefined || rest.length > (given === undefined ? 1 : 0))
  )
    throw new GatehouseError("GH_CLI_USAGE", { problem: "`--between` takes two environments" });
  const diff =
    from !== undefined && to !== undefined
      ? diffBetween(file, from, to)
      : diffWithOther({ policyFile: file, other: flags.diff ?? "", environment: flags.env });
  if ("diagnostics" in diff) return failed(diff.file, diff);
  warn(shell, diff.guardrailErrors);
  const text = flags.md === true ? renderAccessDiffMarkdown(diff) : renderAccessDiff(diff);
  return { exitCode: diff.widens ? EXIT.findings : EXIT.done, text, json: accessDiffJson(diff) };
}

/** A comparison that leaves something out would say that nobody gains what somebody gains. */
function refuseFilters(flags: AccessFlags): void {
  for (const name of ["role", "route", "service", "permission", "exposure", "as"] as const)
    if (flags[name] !== undefined)
      throw new GatehouseError("GH_CLI_USAGE", {
        problem: `\`--${name}\` cannot be used in a comparison, which is always of everything`,
      });
  if (flags.between !== undefined && flags.env !== undefined)
    throw new GatehouseError("GH_CLI_USAGE", {
      problem: "`--between` names its environments, so `--env` has no meaning",
    });
}

function warn(shell: Shell, guardrailErrors: number): void {
  if (guardrailErrors > 0)
    shell.reporter.warn(
      `guardrails refuse this policy (${guardrailErrors} error${guardrailErrors === 1 ? "" : "s"}); run \`gatehouse check\``,
    );
}

function failed(file: string, { diagnostics, sources }: LoadedPolicy): Outcome {
  return diagnosticsOutcome(file, diagnostics, sources, { exitCode: EXIT.badInput, text: "" });
}
