/** Commands about what has happened: `trace` and `logs`. They read the records of a state directory. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT } from "./exit-codes.ts";
import type { Outcome, Shell } from "./shell.ts";

type Run = (work: (shell: Shell) => Promise<Outcome>) => Promise<void>;

const STATE_HELP = "state directory (default: .gatehouse here or beside the policy)";

export function addRecordCommands(program: Command, run: Run): void {
  program
    .command("trace <ID>")
    .summary("the joined story of one request")
    .description("ID is a request id, a trace id or an apigw-requestid, as every response carries them.")
    .option("--state <DIR>", STATE_HELP)
    .option("--headers", "what each hop did to each header, by name and never by value")
    .action((id: string, flags: { state?: string; headers?: boolean }) =>
      run(async () => {
        const { readTrace } = await import("../app/trace.ts");
        const { json, text } = await readTrace(id, flags.state, flags.headers === true);
        return { exitCode: EXIT.done, text, json };
      }),
    );
  addLogs(program, run);
}

interface LogFlags {
  readonly state?: string;
  readonly follow?: boolean;
  readonly limit: number;
  readonly hop?: "edge" | "gateway";
  readonly text?: string;
  readonly status?: string;
  readonly service?: string;
  readonly subject?: string;
  readonly route?: string;
  readonly reason?: string;
  readonly since?: string;
}

function addLogs(program: Command, run: Run): void {
  program
    .command("logs")
    .summary("recent records of both hops; --follow goes on")
    .option("--state <DIR>", STATE_HELP)
    .option("-f, --follow", "go on until Ctrl-C")
    .option("-n, --limit <COUNT>", "how many of the latest to show", readCount, 20)
    .addOption(new Option("--hop <NAME>", "only records of this hop").choices(["edge", "gateway"]))
    .option("--status <STATUS>", "only this status, a class such as 4xx, or a range such as 400-499")
    .option("--service <NAME>", "only this service")
    .option("--subject <NAME>", "only this subject or client")
    .option("--route <KEY>", 'only this route, such as "GET /orders/{id}"')
    .option("--reason <WORD>", "only this reason, such as token-expired")
    .option("--text <TEXT>", "only records with this text in them")
    .option("--since <DURATION>", 'only the latest, such as "5 minutes"')
    .action((flags: LogFlags) =>
      run(async (shell) => {
        const { followLogs, readLogs, renderLine } = await import("../app/logs.ts");
        const records = await readLogs(flags);
        if (flags.follow !== true) {
          return { exitCode: EXIT.done, text: records.map((r) => renderLine(r)).join("\n"), json: { records } };
        }
        const stop = new AbortController();
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
        const print = (record: (typeof records)[number]): void => {
          shell.out(shell.json ? JSON.stringify(record) : renderLine(record));
        };
        for (const record of records) print(record);
        for await (const record of followLogs(flags, stop.signal)) print(record);
        return { exitCode: EXIT.done, text: "", json: undefined };
      }),
    );
}

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 100_000)
    throw new InvalidArgumentError("a count is a number from 1 to 100000.");
  return count;
}
