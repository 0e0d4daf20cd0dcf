/** The screen that `up` shows when everything answers. */
import { shownPath } from "./load-policy.ts";
import type { Running } from "./up.ts";

export function renderScreen(running: Running, seconds: number): string {
  const status = running.status();
  const rows: [string, string][] = [["public", `${status.edge.https}   (${status.edge.http} redirects there)`]];
  if (status.edge.private !== null) rows.push(["private", status.edge.private]);
  rows.push([
    "provider",
    `${status.identity.issuer}${status.identity.embedded ? "   development only, this machine only" : ""}`,
  ]);
  const people = running.callers.filter((c) => c.kind === "person");
  const clients = running.callers.filter((c) => c.kind === "client");
  if (people.length > 0) rows.push(["people", people.map(withGroups).join(", ")]);
  if (clients.length > 0) rows.push(["clients", clients.map(withGroups).join(", ")]);
  if (status.edge.caFile !== null) rows.push(["CA file", shownPath(status.edge.caFile)]);
  rows.push(["state", shownPath(status.state)]);
  const lines = [
    `${status.policy}, environment ${status.environment}: ready after ${seconds.toFixed(1)} s`,
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(9)} ${value}`),
  ];
  for (const { status: code, what, line } of running.curlLines) lines.push("", `  ${code}, ${what}:`, `  ${line}`);
  lines.push("", "Ctrl-C stops everything. A change of the policy file is taken over at once.");
  return lines.join("\n");
}

function withGroups({ name, groups }: { readonly name: string; readonly groups: readonly string[] }): string {
  return groups.length === 0 ? name : `${name} (${groups.join(", ")})`;
}
