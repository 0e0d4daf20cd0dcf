/** `gatehouse whatif`: recorded requests against a policy that has not run yet. */
import type { Command } from "commander";
import { EXIT } from "./exit-codes.ts";
import { type Outcome, type Shell, diagnosticsOutcome } from "./shell.ts";

type Run = (work: (shell: Shell) => Promise<Outcome>) => Promise<void>;

interface WhatifFlags {
  readonly policy?: string;
  readonly env?: string;
  readonly asRecorded?: boolean;
  readonly md?: boolean;
}

export function addWhatifCommand(program: Command, run: Run): void {
  program
    .command("whatif <RECORDS>")
    .summary("which recorded decisions a policy would flip")
    .description(
      "Replays the requests that a gateway recorded against a policy and lists every decision that flips. RECORDS is a " +
        "gateway.log, a state directory, or `-` for standard input. Records hold no groups and no claims: who stands in the " +
        "people file is asked for as it says; everybody else is taken to hold exactly the role that was recorded. Exit 1 " +
        "when a decision flips or none could be judged, 0 otherwise.",
    )
    .option("--policy <FILE>", "policy file (default: gatehouse.yaml)")
    .option("--env <NAME>", "environment that wrote the records (default: local, or the only one)")
    .option("--as-recorded", "take roles as they were recorded also where there is a people file")
    .option("--md", "Markdown for a pull request")
    .action((records: string, flags: WhatifFlags) => run((shell) => replay(shell, records, flags)));
}

async function replay(shell: Shell, records: string, flags: WhatifFlags): Promise<Outcome> {
  const { replayRecords } = await import("../app/whatif.ts");
  const { renderWhatif, renderWhatifMarkdown, whatifJson } = await import("../app/whatif-text.ts");
  const { policyFileOf } = await import("../app/load-policy.ts");
  const policyFile = policyFileOf(flags.policy);
  const found = await replayRecords({
    records,
    policyFile,
    environment: flags.env,
    asRecorded: flags.asRecorded === true,
  });
  if ("diagnostics" in found)
    return diagnosticsOutcome(policyFile, found.diagnostics, found.sources, { exitCode: EXIT.badInput, text: "" });
  if (found.guardrailErrors > 0) shell.reporter.warn("guardrails refuse this policy; run `gatehouse check`");
  const text = flags.md === true ? renderWhatifMarkdown(found) : renderWhatif(found);
  return {
    exitCode: found.flipped > 0 || found.judged === 0 ? EXIT.findings : EXIT.done,
    text,
    json: whatifJson(found),
  };
}
