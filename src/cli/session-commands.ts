/** Commands about who is signed in: `sessions`, `revoke`. */
import { type Command, InvalidArgumentError } from "commander";
import type { RevokeRequest } from "../app/sessions.ts";
import { GatehouseError, parseDuration } from "../core/index.ts";
import { EXIT } from "./exit-codes.ts";
import type { Outcome, Shell } from "./shell.ts";

type Run = (work: (shell: Shell) => Promise<Outcome>) => Promise<void>;

const STATE_HELP = "state directory (default: .gatehouse here or beside the policy)";

export function addSessionCommands(program: Command, run: Run): void {
  program
    .command("sessions")
    .summary("who is signed in; what has been revoked")
    .description(
      "Sessions of the running instance, and of all nodes that share its state. Those that began last come first.",
    )
    .option("--state <DIR>", STATE_HELP)
    .option("--subject <NAME>", "only sessions of this person")
    .option("--revoked", "what was taken away and is remembered, in place of sessions")
    .action((flags: { state?: string; subject?: string; revoked?: boolean }) =>
      run(async () => {
        const app = await import("../app/sessions.ts");
        if (flags.revoked === true) {
          const list = await app.listRevocations(flags.state);
          return { exitCode: EXIT.done, text: app.renderRevocations(list), json: list };
        }
        const list = await app.listSessions(flags.state, flags.subject);
        return { exitCode: EXIT.done, text: app.renderSessions(list), json: list };
      }),
    );
  addRevoke(program, run);
}

interface RevokeFlags {
  readonly state?: string;
  readonly subject?: string;
  readonly tokenId?: string;
  readonly issuer?: string;
  readonly for?: number;
}

function addRevoke(program: Command, run: Run): void {
  program
    .command("revoke [SESSION]")
    .summary("take a right away: of a session, a person or client, a token")
    .description(
      "Ends SESSION (an id of `gatehouse sessions`, or its first characters); or with --subject every session that began " +
        "and every token that was issued up to now; or with --token-id one token. It counts at once, and open streams end.",
    )
    .option("--state <DIR>", STATE_HELP)
    .option("--subject <NAME>", "the subject (`sub`) of a person or client")
    .option("--token-id <ID>", "the id (`jti`) of a token")
    .option("--issuer <NAME>", "of a workload issuer of the policy (default: the environment's provider)")
    .option(
      "--for <DURATION>",
      'how long tokens of before can be good, such as "12 hours" (default: 30 days)',
      readDuration,
    )
    .action((session: string | undefined, flags: RevokeFlags) =>
      run(async () => {
        const app = await import("../app/sessions.ts");
        const outcome = await app.revoke(flags.state, readRequest(session, flags, app.DEFAULT_LASTS_MS));
        return { exitCode: EXIT.done, text: app.renderRevoked(outcome), json: outcome };
      }),
    );
}

/** @throws GH_CLI_USAGE */
function readRequest(session: string | undefined, flags: RevokeFlags, defaultMs: number): RevokeRequest {
  const { subject, tokenId, issuer = null, for: lastsMs = defaultMs } = flags;
  if ([session, subject, tokenId].filter((each) => each !== undefined).length !== 1)
    throw new GatehouseError("GH_CLI_USAGE", { problem: "give one of SESSION, `--subject NAME` and `--token-id ID`" });
  if (subject !== undefined) return { kind: "subject", subject, issuer, lastsMs };
  if (tokenId !== undefined) return { kind: "token", tokenId, issuer, lastsMs };
  return { kind: "session", id: session ?? "" };
}

function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms < 1000)
    throw new InvalidArgumentError('a duration is a number and a unit, such as "12 hours".');
  return ms;
}
