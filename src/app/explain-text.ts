/** A decision as a short argument: what was decided and why, each step with its place, and what would change it. */
import { formatSpan, spanJson } from "../core/index.ts";
import { REASONS, plain } from "../policy/index.ts";
import type { Explanation } from "./explain.ts";

export function renderExplanation(e: Explanation): string {
  const { decision, sources, request } = e;
  const lines = [
    `${decision.effect === "allow" ? "allowed" : "refused"}: ${request.method} ${e.path} as ${describeCaller(e)}, ${describePlace(e)}`,
    `because ${REASONS[decision.reason]} (${decision.reason})`,
  ];
  const places = e.steps.map(({ at }) => formatSpan(at, sources));
  const width = Math.max(0, ...places.map((place) => place.length));
  if (places.length > 0) lines.push("");
  for (const [i, { text }] of e.steps.entries()) lines.push(`  ${(places[i] ?? "").padEnd(width)}  ${text}`);
  if (e.dependsOnTime) lines.push("", `at ${formatTime(request.atMs)}`);
  if (decision.nearMisses.length > 0) lines.push("", "what would change it:");
  for (const near of decision.nearMisses) lines.push(`  ${near}`);
  return lines.join("\n");
}

function describeCaller({ caller }: Explanation): string {
  if (caller === null) return "nobody";
  const groups = caller.groups.map((group) => `\`${plain(group)}\``).join(", ");
  const parts = [
    ...(groups === "" ? [] : [`${caller.groups.length === 1 ? "group" : "groups"} ${groups}`]),
    ...(caller.clientId === null ? [] : [`client \`${plain(caller.clientId)}\``]),
    ...(caller.issuer === null || caller.issuer === undefined ? [] : [`issuer \`${caller.issuer}\``]),
  ];
  return `\`${plain(caller.subject)}\`${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
}

function describePlace({ request, environment, isOwnHost }: Explanation): string {
  const host = isOwnHost ? ` at \`${request.host}\`` : "";
  return `${request.exposure} listener of \`${environment}\`${host}`;
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

export function explanationJson(e: Explanation): Record<string, unknown> {
  const { decision, request } = e;
  return {
    effect: decision.effect,
    reason: decision.reason,
    meaning: REASONS[decision.reason],
    environment: e.environment,
    exposure: request.exposure,
    host: request.host,
    method: request.method,
    path: e.path,
    sourceIp: request.sourceIp,
    at: formatTime(request.atMs),
    dependsOnTime: e.dependsOnTime,
    route: decision.route?.key ?? null,
    service: decision.route?.service ?? null,
    role: decision.role,
    caller: e.caller,
    statements: e.steps.map(({ text, at }) => ({ text, at: spanJson(at, e.sources) })),
    nearMisses: decision.nearMisses,
  };
}
