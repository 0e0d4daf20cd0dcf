/** `gatehouse gateway FILE`: HTTP APIs as API Gateway serves them, from an OpenAPI document or an account file. */
import { type Command, InvalidArgumentError } from "commander";
import { EXIT } from "./exit-codes.ts";
import { readPort } from "./read-port.ts";
import { type Outcome, type Shell, diagnosticsOutcome } from "./shell.ts";

type Run = (work: (shell: Shell) => Promise<Outcome>) => Promise<void>;

interface Flags {
  readonly port?: number;
  readonly host: string;
  readonly socket?: string;
  readonly sts?: number;
  readonly switch?: Readonly<Record<string, string>>;
  readonly switches?: boolean;
  readonly backend?: Readonly<Record<string, string>>;
  readonly log?: string;
  readonly accessLog?: string;
  readonly metrics?: number;
  readonly account?: string;
  readonly region?: string;
  readonly issuerCheck: boolean;
  readonly watch?: boolean;
}

const DEFAULT_PORT = 4000;

export function addGatewayCommand(program: Command, run: Run): void {
  program
    .command("gateway [FILE]")
    .summary("serve HTTP APIs as API Gateway does, from an OpenAPI document or an account file")
    .description(
      "Checks the file as AWS would, prints where its APIs answer, writes one JSON line for each call, ends with Ctrl-C.",
    )
    .option(
      "--port <PORT>",
      `where to listen, 0 for a free port (default: ${DEFAULT_PORT}, none with --socket)`,
      readPort,
    )
    .option("--host <ADDRESS>", "loopback address to listen on", "127.0.0.1")
    .option("--socket <PATH>", "unix socket for a server with TLS in front; its X-Forwarded-For counts")
    .option("--sts <PORT>", "STS for the account's roles, on loopback, 0 for a free port", readPort)
    .option(
      "--backend <URI=ADDRESS>",
      "address for an integration that has none on this machine; may be repeated",
      collectBackend,
    )
    .option("--account <ID>", "account of an OpenAPI document")
    .option("--region <REGION>", "Region of an OpenAPI document")
    .option("--switch <NAME=VALUE>", "choice where AWS documents nothing; may be repeated", collectSwitch)
    .option("--switches", "list the choices and end")
    .option("--no-issuer-check", "start although the issuer of an authorizer does not answer")
    .option("--log <FILE>", "where the lines of calls go (default: stdout)")
    .option("--access-log <FILE>", "where the access logs of stages go, in the format that each stage says")
    .option("--metrics <PORT>", "figures for Prometheus, on loopback, 0 for a free port", readPort)
    .option("--watch", "take over the file when it changes")
    .action((file: string | undefined, flags: Flags) =>
      run(async (shell) => {
        if (flags.switches === true) return listChoices();
        if (file === undefined) return { exitCode: EXIT.usage, text: "give a file", json: { error: "give a file" } };
        return serve(shell, file, flags);
      }),
    );
}

async function serve(shell: Shell, file: string, flags: Flags): Promise<Outcome> {
  const { isServing, renderServing, serveAccount } = await import("../app/gateway.ts");
  const { renderDiagnostic, systemClock } = await import("../core/index.ts");
  const interrupted = Promise.withResolvers<string>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => interrupted.resolve(signal));
  const serving = await serveAccount(
    {
      file,
      port: flags.port ?? (flags.socket === undefined ? DEFAULT_PORT : null),
      host: flags.host,
      socket: flags.socket ?? null,
      stsPort: flags.sts ?? null,
      switches: flags.switch ?? {},
      backends: flags.backend ?? {},
      logFile: flags.log ?? null,
      accessLogFile: flags.accessLog ?? null,
      metricsPort: flags.metrics ?? null,
      checksIssuers: flags.issuerCheck,
      watches: flags.watch === true,
      ...(flags.account === undefined ? {} : { accountId: flags.account }),
      ...(flags.region === undefined ? {} : { region: flags.region }),
    },
    { clock: systemClock, reporter: shell.reporter, line: (text) => shell.out(text) },
  );
  if (!isServing(serving))
    return diagnosticsOutcome(file, serving.diagnostics, serving.sources, { exitCode: EXIT.badInput, text: "" });
  for (const warning of serving.warnings) shell.reporter.info(renderDiagnostic(warning, serving.sources));
  // Standard output is for the lines of calls; what people read of the start goes beside it.
  if (shell.json) shell.out(JSON.stringify(serving.status));
  else shell.reporter.info(renderServing(serving.status));
  const why = await interrupted.promise;
  if (!shell.json) shell.reporter.info(`stopping (${why})`);
  await serving.close();
  return { exitCode: EXIT.done, text: "", json: undefined };
}

async function listChoices(): Promise<Outcome> {
  const { listSwitches } = await import("../app/gateway-switches.ts");
  const switches = listSwitches();
  const text = switches.map(({ name, choices, meaning }) => `${name}: ${choices.join(", ")}\n  ${meaning}`).join("\n");
  return { exitCode: EXIT.done, text, json: { switches } };
}

function collectSwitch(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("write NAME=VALUE.");
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

function collectBackend(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [, uri, address] = /^(.+?)=(https?:\/\/.+)$/.exec(text) ?? [];
  if (uri === undefined || address === undefined) throw new InvalidArgumentError("write URI=http://ADDRESS.");
  return { ...before, [uri]: address };
}
