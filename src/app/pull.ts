/**
 * `gatehouse pull`: the HTTP APIs of a live account as an account file, which `gatehouse gateway` serves.
 *
 * Out: the text, and everything found; no text when something is an error.
 * Not here: what AWS is asked (src/aws), what is wrong with an account (read-account.ts).
 * INVARIANT: what is written can be read again; nothing is changed at AWS.
 */
import { stringify } from "yaml";
import {
  type AwsPlace,
  type LiveFinding,
  type LiveSelection,
  createAwsClients,
  readLiveAccount,
} from "../aws/index.ts";
import { type Diagnostic, GatehouseError, type Sources, isGatehouseError } from "../core/index.ts";
import type { Account } from "../model/index.ts";
import { loadAccountText } from "./read-account.ts";
import { errnoOf, writeFileWhole } from "./state.ts";

export interface PullFlags extends AwsPlace, LiveSelection {
  /** Routes that cannot run here are left out even where others take their requests. */
  readonly leavesOut: boolean;
  /** JSON instead of YAML. */
  readonly asJson: boolean;
  /** What diagnostics call the text. */
  readonly name: string;
}

export interface Pulled {
  readonly text: string | null;
  readonly account: Account | null;
  readonly findings: readonly LiveFinding[];
  /** Of the text that would be written. */
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

/** @throws GH_AWS_* */
export async function pullAccount(flags: PullFlags, say: (text: string) => void): Promise<Pulled> {
  const clients = await createAwsClients(flags);
  const live = await readLiveAccount(clients, flags, say);
  const findings = live.findings.map((found): LiveFinding =>
    flags.leavesOut && found.id === "pull/left-out-open" ? { ...found, severity: "warning" } : found,
  );
  if (findings.some(({ severity }) => severity === "error"))
    return { text: null, account: null, findings, diagnostics: [], sources: new Map() };
  const text = flags.asJson
    ? `${JSON.stringify(live.account, null, 2)}\n`
    : stringify(live.account, { lineWidth: 0, aliasDuplicateObjects: false });
  const { account, diagnostics, sources } = loadAccountText(flags.name, text);
  return { text: account === null ? null : text, account, findings, diagnostics, sources };
}

/** Only its owner can read it: integrations and stage variables may hold what nobody else should see. @throws GH_APP_FILE_UNWRITABLE */
export function writePulled(file: string, text: string): void {
  try {
    writeFileWhole(file, text);
  } catch (cause) {
    if (!isGatehouseError(cause)) throw cause;
    throw new GatehouseError("GH_APP_FILE_UNWRITABLE", { file, reason: errnoOf(cause.cause) ?? "unknown" }, { cause });
  }
}
