/** The command line: reads arguments, calls a verb of app/, prints its outcome. All logic is in app/. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { EXIT, EXIT_MEANINGS } from "./exit-codes.ts";
import { addFormatCommand } from "./format-command.ts";
import { addImportCommand } from "./import-command.ts";
import { addGatewayCommand } from "./gateway-command.ts";
import { addInstanceCommands } from "./instance-commands.ts";
import { addPullCommand } from "./pull-command.ts";
import { addPolicyCommands } from "./policy-commands.ts";
import { addRecordCommands } from "./record-commands.ts";
import { addSchemaCommand } from "./schema-command.ts";
import { addSessionCommands } from "./session-commands.ts";
import { addTestCommand } from "./test-command.ts";
import { type Outcome, type Shell, createShell, printFault, printOutcome } from "./shell.ts";

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
  version: string;
  description: string;
};

export function createProgram(): Command {
  const program = new Command("gatehouse");
  program
    .description(manifest.description)
    .version(manifest.version)
    .option("--json", "print one JSON document instead of text")
    .showHelpAfterError("(run `gatehouse --help`)")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", () => {
      const rows = Object.entries(EXIT).map(
        ([name, code]) => `  ${String(code).padEnd(4)}${EXIT_MEANINGS[name as keyof typeof EXIT]}`,
      );
      return `\nExit codes:\n${rows.join("\n")}`;
    });
  const run = async (work: (shell: Shell) => Promise<Outcome>): Promise<void> => {
    const shell = createShell(program.opts<{ json?: boolean }>().json === true);
    try {
      printOutcome(shell, await work(shell));
    } catch (cause) {
      printFault(shell, cause);
    }
  };
  addPolicyCommands(program, run);
  addTestCommand(program, run);
  addFormatCommand(program, run);
  addSchemaCommand(program, run);
  addImportCommand(program, run);
  addPullCommand(program, run);
  addInstanceCommands(program, run);
  addSessionCommands(program, run);
  addRecordCommands(program, run);
  addGatewayCommand(program, run);
  for (const command of program.commands) {
    command.option("--json", "print one JSON document instead of text");
    command.hook("preAction", (_, action) => {
      if (action.opts<{ json?: boolean }>().json === true) program.setOptionValue("json", true);
    });
  }
  return program;
}

/** Runs the command line and leaves the exit code in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that goes away (`| head`) ends what goes on for long, in order; a terminal that is gone stops nothing.
  process.stdout.on("error", () => process.emit("SIGTERM"));
  process.stderr.on("error", () => undefined);
  const program = createProgram();
  const exit = (command: Command): void => {
    command.exitOverride();
    for (const child of command.commands) exit(child);
  };
  exit(program);
  try {
    await program.parseAsync(argv);
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    process.exitCode = cause.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

if (process.argv[1] !== undefined && import.meta.filename === process.argv[1]) await main(process.argv);
