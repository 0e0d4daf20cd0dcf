/** `gatehouse schema`: the JSON Schema of the policy file. */
import type { Command } from "commander";
import { EXIT } from "./exit-codes.ts";
import type { Outcome, Shell } from "./shell.ts";

export function addSchemaCommand(
  program: Command,
  run: (work: (shell: Shell) => Promise<Outcome>) => Promise<void>,
): void {
  program
    .command("schema")
    .summary("the JSON Schema of the policy file, for editors")
    .description(
      "Prints the JSON Schema (draft 7). `gatehouse init` writes it beside the policy, whose first line names it; after an update: `gatehouse schema > gatehouse.schema.json`.",
    )
    .option("--include", "the schema of an included file instead")
    .action((flags: { include?: boolean }) =>
      run(async () => {
        const { schemaText } = await import("../app/schema.ts");
        const text = schemaText(flags.include === true ? "include" : "policy");
        return { exitCode: EXIT.done, text, json: JSON.parse(text) };
      }),
    );
}
