/**
 * Who is signed in at a running instance, and taking rights away: of a session, of a person or client, of one token.
 *
 * In: a state directory, or the instance itself. Out: lists and what was taken away, as data and as text.
 * A revocation counts in the instance when the call returns, in every node that shares its state within about a second.
 */
import { GatehouseError } from "../core/index.ts";
import { MAX_TOKEN_ID_CHARS, type Revocation, type Revoked, type SessionSummary } from "../identity/index.ts";
import { visibleText } from "../records/index.ts";
import { callControl } from "./control.ts";
import { formatTable } from "./format-table.ts";
import type { Parts } from "./instance.ts";
import { stateDirOf } from "./load-policy.ts";
import { statePaths } from "./state.ts";

/** What somebody asks to take away. */
export type RevokeRequest =
  | { readonly kind: "session"; /** An id, or the beginning of one. */ readonly id: string }
  | { readonly kind: "subject"; readonly subject: string; readonly issuer: string | null; readonly lastsMs: number }
  | { readonly kind: "token"; readonly tokenId: string; readonly issuer: string | null; readonly lastsMs: number };

export interface SessionList {
  readonly environment: string;
  readonly sessions: readonly SessionSummary[];
}

export interface RevocationList {
  readonly environment: string;
  readonly revocations: readonly Revocation[];
}

export interface RevokeOutcome {
  readonly environment: string;
  readonly revoked: Revoked;
  /** RFC 3339: afterwards it is forgotten, as nothing of it can be left. */
  readonly until: string;
  /** Sessions that it ended. */
  readonly sessions: readonly SessionSummary[];
  /** False: the store did not take it yet; it counts in this instance, and the store gets it when it answers. */
  readonly stored: boolean;
}

/** Tokens are rarely good for longer. */
export const DEFAULT_LASTS_MS = 30 * 86_400_000;
const MIN_PREFIX = 4;

// --- at the instance

type Held = Pick<Parts, "identity" | "revocations" | "loaded">;

/** @throws GH_STORE_UNAVAILABLE */
export async function sessionsOf({ identity, loaded }: Held): Promise<SessionList> {
  return { environment: loaded.environment.name, sessions: (await identity.sessions?.list()) ?? [] };
}

export function revocationsOf({ revocations, loaded }: Held): RevocationList {
  return { environment: loaded.environment.name, revocations: revocations.list() };
}

/**
 * A store that does not answer keeps nobody from revoking a person or a token; only which session is meant has to be looked up.
 *
 * @throws GH_APP_UNKNOWN_SESSION, GH_APP_UNKNOWN_ISSUER, GH_CLI_USAGE; GH_STORE_UNAVAILABLE for a session
 */
export async function revokeAt(parts: Held, request: RevokeRequest, nowMs: number): Promise<RevokeOutcome> {
  const { revocations, loaded } = parts;
  const listed = async (): Promise<readonly SessionSummary[]> => (await sessionsOf(parts)).sessions;
  const before = await (request.kind === "session" ? listed() : listed().catch(() => []));
  const { revoked, lastsMs } = readRequest(request, parts, before, nowMs);
  const stored = await revocations.add(revoked, lastsMs).then(
    () => true,
    () => false,
  );
  const left = new Set((await listed().catch(() => before)).map(({ id }) => id));
  return {
    environment: loaded.environment.name,
    revoked,
    until: new Date(nowMs + lastsMs).toISOString(),
    sessions: before.filter(({ id }) => !left.has(id)),
    stored,
  };
}

function readRequest(
  request: RevokeRequest,
  { identity, loaded }: Held,
  sessions: readonly SessionSummary[],
  nowMs: number,
): { readonly revoked: Revoked; readonly lastsMs: number } {
  if (request.kind === "session") {
    const found = sessions.filter(({ id }) => id === request.id || isPrefix(request.id, id));
    const [session] = found;
    if (session === undefined || found.length > 1)
      throw new GatehouseError("GH_APP_UNKNOWN_SESSION", { id: request.id, found: found.length });
    return { revoked: { kind: "session", id: session.id }, lastsMs: Date.parse(session.endsAt) - nowMs };
  }
  const known = loaded.artifacts.identity.issuers.find(({ name }) => name === request.issuer);
  if (request.issuer !== null && known === undefined) {
    const names = loaded.artifacts.identity.issuers.map(({ name }) => `\`${name}\``).join(", ");
    throw new GatehouseError("GH_APP_UNKNOWN_ISSUER", { name: request.issuer, known: names === "" ? "none" : names });
  }
  const issuer = known?.issuer ?? identity.issuer;
  const { lastsMs } = request;
  if (request.kind === "token" && (request.tokenId === "" || request.tokenId.length > MAX_TOKEN_ID_CHARS))
    throw new GatehouseError("GH_CLI_USAGE", { problem: `a token's id has 1 to ${MAX_TOKEN_ID_CHARS} characters` });
  if (request.kind === "token") return { revoked: { kind: "token", issuer, tokenId: request.tokenId }, lastsMs };
  const untilSeconds = Math.floor(nowMs / 1000);
  return { revoked: { kind: "subject", issuer, subject: request.subject, untilSeconds }, lastsMs };
}

function isPrefix(start: string, id: string): boolean {
  return start.length >= MIN_PREFIX && id.startsWith(start);
}

// --- at the command line

/** @throws GH_CONTROL_NOT_RUNNING, GH_STORE_UNAVAILABLE */
export async function listSessions(stateDir: string | undefined, subject: string | undefined): Promise<SessionList> {
  const list = (await call(stateDir, "sessions")) as SessionList;
  const isWanted = (each: SessionSummary): boolean =>
    subject === undefined || each.subject === subject || each.name === subject;
  return { ...list, sessions: list.sessions.filter(isWanted) };
}

/** @throws GH_CONTROL_NOT_RUNNING */
export async function listRevocations(stateDir: string | undefined): Promise<RevocationList> {
  return (await call(stateDir, "revocations")) as RevocationList;
}

/** @throws GH_CONTROL_NOT_RUNNING, GH_APP_UNKNOWN_SESSION, GH_APP_UNKNOWN_ISSUER, GH_STORE_UNAVAILABLE */
export async function revoke(stateDir: string | undefined, request: RevokeRequest): Promise<RevokeOutcome> {
  return (await call(stateDir, "revoke", request)) as RevokeOutcome;
}

async function call(stateDir: string | undefined, name: string, input: unknown = null): Promise<unknown> {
  return callControl(statePaths(stateDirOf(stateDir, undefined)).controlSocket, name, input);
}

export function renderSessions({ environment, sessions }: SessionList): string {
  if (sessions.length === 0) return `nobody is signed in in \`${environment}\``;
  const rows = sessions.map(({ id, subject, name, startedAt, activeAt, endsAt }) =>
    [id, name === null || name === subject ? subject : `${subject} (${name})`, startedAt, activeAt, endsAt].map(
      (cell) => visibleText(cell),
    ),
  );
  return formatTable(["session", "person", "since", "last used", "ends at the latest"], rows);
}

export function renderRevocations({ environment, revocations }: RevocationList): string {
  if (revocations.length === 0) return `nothing is revoked in \`${environment}\``;
  const rows = revocations.map(({ revoked, atMs, endsAtMs }) => [
    visibleText(describeRevoked(revoked)),
    new Date(atMs).toISOString(),
    new Date(endsAtMs).toISOString(),
  ]);
  return formatTable(["revoked", "at", "remembered until"], rows);
}

export function renderRevoked({ revoked, until, sessions, stored }: RevokeOutcome): string {
  const ended = sessions.map(({ id, subject, startedAt }) => `  session ${id} of ${subject}, since ${startedAt}`);
  const lines = [
    `revoked: ${describeRevoked(revoked)} (remembered until ${until})`,
    ...(ended.length === 0 ? ["it ended no session that is known"] : ["ended:", ...ended]),
  ];
  if (!stored) lines.push("it counts in this instance; the store did not take it yet, and gets it when it answers");
  return lines.map((line) => visibleText(line)).join("\n");
}

function describeRevoked(revoked: Revoked): string {
  switch (revoked.kind) {
    case "session":
      return `session ${revoked.id}`;
    case "provider-session":
      return `sessions of ${revoked.sid} at ${revoked.issuer}`;
    case "token":
      return `token ${revoked.tokenId} of ${revoked.issuer}`;
    case "subject":
      return `tokens and sessions of ${revoked.subject} at ${revoked.issuer} until ${timeOf(revoked.untilSeconds)}`;
    case "sign-ins":
      return `sessions of ${revoked.subject} at ${revoked.issuer} until ${timeOf(revoked.untilSeconds)}`;
    default:
      return revoked satisfies never;
  }
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
