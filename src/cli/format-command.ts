/** `gatehouse fmt`: policy files in one layout. */
import { type Command, Option } from "commander";
import type { FormatState, FormattedFile } from "../app/format.ts";
import { GatehouseError, renderDiagnostic } from "../core/index.ts";
import { EXIT } from "./exit-codes.ts";
import type { Outcome, Shell } from "./shell.ts";

interface FormatFlags {
  readonly check?: boolean;
  readonly stdout?: boolean;
}

const STDIN = "<stdin>";

export function addFormatCommand(
  program: Command,
  run: (work: (shell: Shell) => Promise<Outcome>) => Promise<void>,
): void {
  program
    .command("fmt [FILES...]")
    .summary("policy files in one layout, with every comment and in their order")
    .description(
      "Rewrites the files that are not in the layout of the language; by default gatehouse.yaml and what it includes. `-` formats standard input to standard output. A file that is not YAML is left alone. Exit 0 when done, 1 when --check finds a difference, 3 when a file cannot be read.",
    )
    .option("--check", "change nothing, list the files that differ")
    .addOption(new Option("--stdout", "print the one file in its layout, change nothing").conflicts("check"))
    .action((files: string[], flags: FormatFlags) => run((shell) => formatAll(shell, files, flags)));
}

async function formatAll(shell: Shell, given: readonly string[], flags: FormatFlags): Promise<Outcome> {
  const { formatFile, formattedFileJson, listPolicyFiles } = await import("../app/format.ts");
  const isInput = given.includes("-");
  if (isInput && given.length > 1)
    throw new GatehouseError("GH_CLI_USAGE", { problem: "`-` is standard input and stands alone" });
  if (flags.stdout === true && given.length !== 1)
    throw new GatehouseError("GH_CLI_USAGE", { problem: "`--stdout` prints one file, and has to be told which" });
  const isPrinted = flags.stdout === true || (isInput && flags.check !== true);
  const files = given.length === 0 ? listPolicyFiles() : given;
  const formatted = isInput
    ? [await formatInput()]
    : files.map((file) => formatFile(file, flags.check !== true && !isPrinted));
  if (!shell.json) reportProblems(shell, formatted);
  return {
    exitCode: exitCodeOf(formatted, isPrinted),
    text: isPrinted ? formatted.map(({ text }) => text ?? "").join("") : renderList(formatted, flags.check === true),
    json: {
      ok: formatted.every(
        ({ state }) => state === "unchanged" || state === "formatted" || (isPrinted && state === "differs"),
      ),
      files: formatted.map((one) => formattedFileJson(one, isPrinted)),
    },
  };
}

async function formatInput(): Promise<FormattedFile> {
  const { formatText } = await import("../app/format.ts");
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  // Bytes that are no text become U+FFFD, which the reader refuses with its place.
  return formatText(STDIN, new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(parts)));
}

/** On stderr, since stdout is a list of files or a text to be put in a file's place. */
function reportProblems(shell: Shell, formatted: readonly FormattedFile[]): void {
  for (const { diagnostics, sources, fault } of formatted) {
    for (const diagnostic of diagnostics) shell.reporter.info(renderDiagnostic(diagnostic, sources));
    if (fault !== null) shell.reporter.info(`gatehouse: ${fault.message} [${fault.code}]\n  next: ${fault.hint}`);
  }
}

function renderList(formatted: readonly FormattedFile[], isCheck: boolean): string {
  const named = (state: FormatState): string[] =>
    formatted.filter((one) => one.state === state).map(({ file }) => file);
  if (isCheck) return named("differs").join("\n");
  const changed = named("formatted");
  const unchanged = named("unchanged").length;
  const counted = unchanged === 0 ? [] : [`${unchanged} file${unchanged === 1 ? "" : "s"} unchanged`];
  return [...changed.map((file) => `formatted ${file}`), ...counted].join("\n");
}

function exitCodeOf(formatted: readonly FormattedFile[], isPrinted: boolean): number {
  const has = (...states: FormatState[]): boolean => formatted.some(({ state }) => states.includes(state));
  if (has("broken", "unreadable")) return EXIT.badInput;
  if (has("unwritable")) return EXIT.unreachable;
  return has("differs") && !isPrinted ? EXIT.findings : EXIT.done;
}
