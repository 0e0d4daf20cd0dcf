/** `gatehouse pull`: the HTTP APIs of a live AWS account as an account file. */
import type { Command } from "commander";
import { diagnosticJson, renderDiagnostic } from "../core/index.ts";
import { EXIT } from "./exit-codes.ts";
import type { Outcome, Shell } from "./shell.ts";

interface PullCommandFlags {
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly api?: readonly string[];
  readonly leaveOut?: boolean;
  readonly out?: string;
}

export function addPullCommand(
  program: Command,
  run: (work: (shell: Shell) => Promise<Outcome>) => Promise<void>,
): void {
  program
    .command("pull")
    .summary("the HTTP APIs of a live AWS account, into an account file for `gateway`")
    .description(
      "Reads the HTTP APIs of one Region, their stages and custom domain names, and where a route is signed also the OpenID providers and the roles that tokens can assume; prints them as an account file. Credentials are found as the `aws` command finds them; nothing at AWS is changed. Exit 0 when done, 3 when something keeps the file from being written, 4 when AWS does not let you.",
    )
    .option("--region <REGION>", "which Region (default: that of the environment or the profile)")
    .option("--profile <NAME>", "a profile of ~/.aws/config")
    .option("--endpoint-url <URL>", "ask there instead of AWS")
    .option("--api <ID...>", "only these APIs")
    .option("--leave-out", "leave out routes that cannot run here even where others take their requests")
    .option("--out <FILE>", "write there instead of to stdout, for its owner alone; JSON when the name ends in .json")
    .action((flags: PullCommandFlags) => run((shell) => pull(shell, flags)));
}

async function pull(shell: Shell, flags: PullCommandFlags): Promise<Outcome> {
  const { pullAccount, writePulled } = await import("../app/pull.ts");
  const { region, profile, endpointUrl, api, leaveOut = false, out } = flags;
  const name = out ?? "account.yaml";
  const { text, account, findings, diagnostics, sources } = await pullAccount(
    {
      name,
      leavesOut: leaveOut,
      asJson: name.endsWith(".json"),
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
      ...(endpointUrl === undefined ? {} : { endpointUrl }),
      ...(api === undefined ? {} : { apiIds: api }),
    },
    (line) => {
      if (!shell.json) shell.reporter.info(`reading ${line}`);
    },
  );
  if (!shell.json) {
    for (const { severity, id, at, message, hint } of findings)
      shell.reporter.info(`${severity} ${at}: ${message} [${id}]\n  next: ${hint}`);
    for (const found of diagnostics) shell.reporter.info(`${renderDiagnostic(found, sources)}\n`);
    if (text === null) shell.reporter.info("nothing was written");
  }
  if (text !== null && out !== undefined) writePulled(out, text);
  return {
    exitCode: text === null ? EXIT.badInput : EXIT.done,
    text: text === null ? "" : out === undefined ? text : `wrote ${out}`,
    json: {
      ok: text !== null,
      ...(out === undefined || text === null ? {} : { out }),
      account,
      findings,
      diagnostics: diagnostics.map((found) => diagnosticJson(found, sources)),
    },
  };
}
