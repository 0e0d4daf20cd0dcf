/** `gatehouse import`: an OpenAPI document with API Gateway's extensions as an account file. */
import { type Command, Option } from "commander";
import { diagnosticJson, hasErrors, renderDiagnostic } from "../core/index.ts";
import { EXIT } from "./exit-codes.ts";
import type { Outcome, Shell } from "./shell.ts";

interface ImportCommandFlags {
  readonly out?: string;
  readonly format: "account" | "openapi";
  readonly failOnWarnings?: boolean;
  readonly basePath: "ignore" | "prepend" | "split";
  readonly account?: string;
  readonly region?: string;
}

export function addImportCommand(
  program: Command,
  run: (work: (shell: Shell) => Promise<Outcome>) => Promise<void>,
): void {
  program
    .command("import <FILE>")
    .summary("an OpenAPI 3.0 document as API Gateway imports it, into an account file for `gateway`")
    .description(
      "Reads an OpenAPI 3.0 document (YAML or JSON) with `x-amazon-apigateway-*` extensions and prints the HTTP API that API Gateway would make of it, as an account file. What is ignored, left out or wrong goes to stderr with line and column. Exit 0 when done, 1 when --fail-on-warnings meets a warning, 3 when the document has errors; then nothing is written.",
    )
    .option("--out <FILE>", "write there instead of to stdout; JSON when the name ends in .json")
    .addOption(
      new Option("--format <FORMAT>", "an account file, or the document as API Gateway exports it")
        .choices(["account", "openapi"])
        .default("account"),
    )
    .option("--fail-on-warnings", "write nothing when there is a warning")
    .addOption(
      new Option("--base-path <MODE>", "what becomes of the path in `servers`")
        .choices(["ignore", "prepend", "split"])
        .default("ignore"),
    )
    .option("--account <ID>", "what ${AWS::AccountId} stands for (default: 111122223333)")
    .option("--region <REGION>", "what ${AWS::Region} stands for (default: us-east-1)")
    .action((file: string, flags: ImportCommandFlags) => run((shell) => importDocument(shell, file, flags)));
}

async function importDocument(shell: Shell, file: string, flags: ImportCommandFlags): Promise<Outcome> {
  const { importFile, writeImported } = await import("../app/import.ts");
  const { out, format, failOnWarnings = false, basePath, account: accountId, region } = flags;
  const { text, account, diagnostics, sources } = importFile(file, {
    format,
    failOnWarnings,
    basePath,
    asJson: out?.endsWith(".json") === true,
    ...(accountId === undefined ? {} : { accountId }),
    ...(region === undefined ? {} : { region }),
  });
  if (!shell.json) for (const found of diagnostics) shell.reporter.info(`${renderDiagnostic(found, sources)}\n`);
  if (text !== null && out !== undefined) writeImported(out, text);
  const count = (severity: string): number => diagnostics.filter((found) => found.severity === severity).length;
  const [errors, warnings] = [count("error"), count("warning")];
  const plural = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;
  if (!shell.json && text === null)
    shell.reporter.info(`${file}: ${plural(errors, "error")}, ${plural(warnings, "warning")}; nothing was imported`);
  return {
    exitCode: text !== null ? EXIT.done : hasErrors(diagnostics) ? EXIT.badInput : EXIT.findings,
    text: text === null ? "" : out === undefined ? text : `wrote ${out}`,
    json: {
      file,
      ok: text !== null,
      errors,
      warnings,
      ...(out === undefined || text === null ? {} : { out }),
      account,
      diagnostics: diagnostics.map((found) => diagnosticJson(found, sources)),
    },
  };
}
