/** Commands about a running instance: `up`, `down`, `status`, `token`, `doctor`. */
import { type Command, InvalidArgumentError } from "commander";
import { GatehouseError } from "../core/index.ts";
import { EXIT } from "./exit-codes.ts";
import { readPort } from "./read-port.ts";
import { type Outcome, type Shell, diagnosticsOutcome } from "./shell.ts";

type Run = (work: (shell: Shell) => Promise<Outcome>) => Promise<void>;

const STATE_HELP = "state directory (default: .gatehouse here or beside the policy)";

export function addInstanceCommands(program: Command, run: Run): void {
  addUp(program, run);
  addDown(program, run);
  addStatus(program, run);
  addMetrics(program, run);
  addToken(program, run);
  addDoctor(program, run);
}

interface UpFlags {
  readonly env?: string;
  readonly state?: string;
  readonly https?: number;
  readonly http?: number;
  readonly private?: number;
  readonly identity?: number;
  readonly caddy?: string;
  readonly attach?: string;
  readonly workers?: number;
  readonly metrics?: number;
  readonly detach?: boolean;
}

function addUp(program: Command, run: Run): void {
  program
    .command("up [FILE]")
    .summary("run the policy: edge, gateway, and the embedded provider if the environment has it")
    .description("Starts everything, prints where it is, reloads when the policy file changes, ends with Ctrl-C.")
    .option("--env <NAME>", "environment (default: local, or the only one)")
    .option("--state <DIR>", STATE_HELP)
    .option(
      "--https <PORT>",
      "public listener, 0 for a free port (default: 8443; 443 with public certificates)",
      readPort,
    )
    .option("--http <PORT>", "redirects to https (default: 8080; 80 with public certificates)", readPort)
    .option("--private <PORT>", "private listener (default: 8444)", readPort)
    .option("--identity <PORT>", "embedded provider (default: 8445)", readPort)
    .option("--metrics <PORT>", "figures for Prometheus on loopback (default: none)", readPort)
    .option("--caddy <FILE>", "Caddy binary (default: the newest enough one that is found)")
    .option(
      "--attach <ADDRESS>",
      "use the Caddy that runs with this admin address, such as http://127.0.0.1:2019 or unix//run/caddy.sock",
    )
    .option("--workers <NUMBER>", "threads of the gateway, 1 to 64 (default: half of the cores)", readWorkers)
    .option("--detach", "go on in the background")
    .action((given: string | undefined, flags: UpFlags) =>
      run(async (shell) => (flags.detach === true ? upDetached(given, flags) : upHere(shell, given, flags))),
    );
}

async function upHere(shell: Shell, given: string | undefined, flags: UpFlags): Promise<Outcome> {
  const startedMs = performance.now();
  const { isRunning, up } = await import("../app/up.ts");
  const { upDeps } = await import("../app/wire.ts");
  const { policyFileOf } = await import("../app/load-policy.ts");
  const { renderScreen } = await import("../app/render-screen.ts");
  const interrupted = Promise.withResolvers<string>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => interrupted.resolve(signal));
  const policyFile = policyFileOf(given);
  const started = await up(
    {
      policyFile,
      environment: flags.env,
      stateDir: flags.state,
      ports: { https: flags.https, http: flags.http, private: flags.private, identity: flags.identity },
      caddy: flags.caddy,
      attach: flags.attach,
      workers: flags.workers,
      metricsPort: flags.metrics,
      command: commandName(),
    },
    upDeps(shell.reporter),
  );
  if (!isRunning(started)) {
    return diagnosticsOutcome(policyFile, started.diagnostics, started.sources, { exitCode: EXIT.badInput, text: "" });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  shell.out(shell.json ? JSON.stringify(started.status()) : renderScreen(started, seconds));
  const why = await Promise.race([interrupted.promise, started.stopRequested]);
  if (!shell.json) shell.reporter.info(`stopping (${why})`);
  await started.close();
  return { exitCode: EXIT.done, text: "stopped", json: undefined };
}

async function upDetached(given: string | undefined, flags: UpFlags): Promise<Outcome> {
  const { detach } = await import("../app/detach.ts");
  const { policyFileOf, isLoaded, loadEnvironment, shownPath } = await import("../app/load-policy.ts");
  const { renderStatus } = await import("../app/status.ts");
  const { defaultStateDir, statePaths } = await import("../app/state.ts");
  const policyFile = policyFileOf(given);
  const loaded = loadEnvironment(policyFile, flags.env);
  if (!isLoaded(loaded)) {
    return diagnosticsOutcome(policyFile, loaded.diagnostics, loaded.sources, { exitCode: EXIT.badInput, text: "" });
  }
  const paths = statePaths(flags.state ?? defaultStateDir(policyFile));
  const args = process.argv.slice(1).filter((arg) => arg !== "--detach" && arg !== "--json");
  const detached = await detach(paths, args);
  if (!detached.ok)
    return { exitCode: detached.exitCode, text: detached.said.trimEnd(), json: { ready: false, said: detached.said } };
  return {
    exitCode: EXIT.done,
    text: `${renderStatus(detached.status)}\nrunning in the background; end it with \`${commandName()} down --state ${shownPath(paths.dir)}\``,
    json: detached.status,
  };
}

function addDown(program: Command, run: Run): void {
  program
    .command("down")
    .summary("end the running instance")
    .option("--state <DIR>", STATE_HELP)
    .action((flags: { state?: string }) =>
      run(async () => {
        const { down } = await import("../app/down.ts");
        const { shownPath } = await import("../app/load-policy.ts");
        const { stopped, state } = await down(flags.state);
        return {
          exitCode: EXIT.done,
          text: stopped ? `stopped what ran in ${shownPath(state)}` : `nothing runs in ${shownPath(state)}`,
          json: { stopped, state },
        };
      }),
    );
}

function addStatus(program: Command, run: Run): void {
  program
    .command("status")
    .summary("what runs, and where")
    .option("--state <DIR>", STATE_HELP)
    .action((flags: { state?: string }) =>
      run(async () => {
        const { readStatus, renderStatus } = await import("../app/status.ts");
        const status = await readStatus(flags.state);
        return { exitCode: EXIT.done, text: renderStatus(status), json: status };
      }),
    );
}

function addMetrics(program: Command, run: Run): void {
  program
    .command("metrics")
    .summary("figures of the running instance under API Gateway's names")
    .description("Counts, times and bytes by API, stage and route since the start. For Prometheus, see `up --metrics`.")
    .option("--state <DIR>", STATE_HELP)
    .action((flags: { state?: string }) =>
      run(async () => {
        const { readMetrics, renderMetrics } = await import("../app/metrics.ts");
        const metrics = await readMetrics(flags.state);
        return { exitCode: EXIT.done, text: renderMetrics(metrics), json: { metrics } };
      }),
    );
}

interface TokenFlags {
  readonly as?: string;
  readonly client?: string;
  readonly state?: string;
  readonly credentialProcess?: boolean;
  readonly role?: string;
}

function addToken(program: Command, run: Run): void {
  program
    .command("token")
    .summary("a token for a person or client")
    .description(
      "From the embedded provider of the running instance; from a real provider by device login. Printed and kept nowhere.",
    )
    .option("--credential-process", "temporary credentials for it instead, as AWS's SDKs and the aws command take them")
    .option("--role <NAME>", "with --credential-process: a role that the identity holds (default: the only one)")
    .option("--as <NAME>", "a person or client of the people file")
    .option("--client <ID>", "public client for device login at a real provider")
    .option("--state <DIR>", STATE_HELP)
    .action((flags: TokenFlags) =>
      run(async (shell) => {
        const aborted = new AbortController();
        process.once("SIGINT", () => aborted.abort());
        const request = { as: flags.as, clientId: flags.client, stateDir: flags.state };
        if (flags.credentialProcess === true) {
          const { getProcessCredentials } = await import("../app/credential-process.ts");
          const asked = { ...request, role: flags.role };
          const json = await getProcessCredentials(asked, shell.reporter, aborted.signal);
          return { exitCode: EXIT.done, text: JSON.stringify(json), json };
        }
        if (flags.role !== undefined)
          throw new GatehouseError("GH_CLI_USAGE", { problem: "`--role` goes with `--credential-process`" });
        const { getToken } = await import("../app/token.ts");
        const { accessToken, expiresInSeconds } = await getToken(request, shell.reporter, aborted.signal);
        return { exitCode: EXIT.done, text: accessToken, json: { accessToken, tokenType: "Bearer", expiresInSeconds } };
      }),
    );
}

function addDoctor(program: Command, run: Run): void {
  program
    .command("doctor [FILE]")
    .summary("what is wrong with this machine or this set-up")
    .option("--env <NAME>", "environment (default: local, or the only one)")
    .option("--state <DIR>", STATE_HELP)
    .action((given: string | undefined, flags: { env?: string; state?: string }) =>
      run(async () => {
        const { examine, renderExamination } = await import("../app/doctor.ts");
        const { upDeps } = await import("../app/wire.ts");
        const { silentReporter } = await import("../core/index.ts");
        const checks = await examine(
          { policyFile: given, environment: flags.env, stateDir: flags.state },
          upDeps(silentReporter),
        );
        const wrong = checks.some((c) => c.result !== "ok");
        return {
          exitCode: wrong ? EXIT.findings : EXIT.done,
          text: renderExamination(checks),
          json: { ok: !wrong, checks },
        };
      }),
    );
}

function readWorkers(text: string): number {
  const workers = Number(text);
  if (!/^\d+$/.test(text) || workers < 1 || workers > 64)
    throw new InvalidArgumentError("threads are a number from 1 to 64.");
  return workers;
}

/** How this command was called, for lines to paste. */
function commandName(): string {
  return process.env["GATEHOUSE_COMMAND"] ?? "gatehouse";
}
