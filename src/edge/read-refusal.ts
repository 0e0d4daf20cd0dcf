/**
 * What Caddy said when it refused: one line for a person, with the causes that a user can do something about told apart.
 *
 * In:  the body of an answer of the admin API, or the `error` of a log line. Out: a fault.
 */
import { GatehouseError } from "../core/index.ts";

const MAX_REASON = 600;

/** A port fault when it is one, else `GH_EDGE_ADMIN_REFUSED` with Caddy's own words. */
export function readRefusal(body: string, status: number): GatehouseError {
  let reason = "";
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    if (typeof error === "string") reason = error;
  } catch {
    reason = body;
  }
  return (
    portFault(reason) ?? new GatehouseError("GH_EDGE_ADMIN_REFUSED", { reason: oneLine(reason) || `status ${status}` })
  );
}

/** A port that cannot be listened on, when that is what the text tells; else null. */
export function portFault(text: string): GatehouseError | null {
  const port = /listen (?:tcp|udp)[46]? \S*:(\d+): /.exec(text)?.[1];
  if (port === undefined) return null;
  if (/address already in use/.test(text)) return new GatehouseError("GH_EDGE_PORT_TAKEN", { port });
  if (/permission denied/.test(text)) return new GatehouseError("GH_EDGE_PORT_DENIED", { port });
  return null;
}

/** Fit to be shown in one line: no control character, a bounded length. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return line.length > MAX_REASON ? `${line.slice(0, MAX_REASON)}…` : line;
}
