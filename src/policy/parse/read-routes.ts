/** Reads `routes:` of a service. Conflicts between routes are found later, over all services (check-routes.ts). */
import type { Span } from "../../core/index.ts";
import { isPermission } from "../permission.ts";
import type { PolicyRoute } from "../policy.ts";
import { parseRouteKey } from "../route-key.ts";
import type { Entry, Tree } from "./read-tree.ts";
import { readDuration, readFields, readRate, readText } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

/** SOURCE: API Gateway HTTP API quotas, integration timeout 50 ms to 30 s. */
const TIMEOUT = { minMs: 50, maxMs: 30_000, range: "between 50 ms and 30 seconds" };

/** What stands for a permission that could not be read; no grant can be called like this. */
export const UNREADABLE_PERMISSION = "";

export interface RoutesReading {
  /** Those whose key is well formed; what else is wrong with them is in the report. */
  readonly routes: readonly PolicyRoute[];
  /** Permissions that any of the routes needs, well formed or not; `UNREADABLE_PERMISSION` among them if one is not known. */
  readonly needed: readonly string[];
}

export function readRoutes(report: Report, tree: Tree, service: string): RoutesReading {
  if (tree.kind !== "mapping" || tree.entries.length === 0) {
    const isEmpty = tree.kind === "nothing" || tree.kind === "mapping";
    report.add(
      isEmpty ? "parse/empty-mapping" : "parse/expected-mapping",
      tree.at,
      isEmpty ? "`routes` is empty" : "`routes` is not a mapping of route keys",
      { hint: "write `GET /orders: { needs: orders:read }`" },
    );
    return { routes: [], needed: [UNREADABLE_PERMISSION] };
  }
  const routes: PolicyRoute[] = [];
  const needed: string[] = [];
  for (const entry of tree.entries) {
    const { access, route } = readRoute(report, entry, service);
    if (access.kind === "needs") needed.push(access.permission);
    if (route !== null) routes.push(route);
  }
  return { routes, needed };
}

function readRoute(
  report: Report,
  entry: Entry,
  service: string,
): { readonly access: PolicyRoute["access"]; readonly route: PolicyRoute | null } {
  const key = parseRouteKey(entry.key);
  if (!key.ok)
    for (const { id, message, hint, start, end } of key.problems)
      report.add(id, spanWithin(report, entry, start, end), message, { hint });
  const fields = readFields(report, entry.value, "a route", entry.keyAt, {
    required: {},
    optional: ["needs", "open", "throttle", "timeout"],
  });
  const access = (fields === null ? null : readAccess(report, fields.of("needs"), fields.of("open"), entry)) ?? {
    kind: "needs",
    permission: UNREADABLE_PERMISSION,
  };
  const throttle = readRate(report, fields?.of("throttle") ?? null, "`throttle`");
  const timeoutMs = readDuration(report, fields?.of("timeout") ?? null, "`timeout`", TIMEOUT);
  if (!key.ok) return { access, route: null };
  const { method, path } = key;
  const shared = { key: entry.key, service, access, throttle, timeoutMs: timeoutMs ?? TIMEOUT.maxMs, at: entry.keyAt };
  return { access, route: { method, path, ...shared } };
}

function readAccess(report: Report, needs: Tree | null, open: Tree | null, entry: Entry): PolicyRoute["access"] | null {
  if ((needs === null) === (open === null)) {
    const problem =
      needs === null ? "says neither what it needs nor that it is open" : "cannot need a permission and be open";
    report.add("route/access", entry.keyAt, `${quote(entry.key)} ${problem}`, {
      hint: 'write `needs: area:action`, or `open: "why everybody may call it"`',
    });
    return null;
  }
  if (open !== null) {
    if (open.kind !== "text") {
      report.add("route/access", open.at, "`open` does not say why everybody may call the route", {
        hint: 'write a reason: `open: "load balancer probe, returns no data"`',
      });
      return null;
    }
    const because = readText(report, open, "`open`");
    return because === null ? null : { kind: "open", because: because.value };
  }
  const permission = readText(report, needs, "`needs`");
  if (permission === null) return null;
  if (isPermission(permission.value)) return { kind: "needs", permission: permission.value };
  report.add("route/permission", permission.at, `${quote(permission.value)} is not a permission`, {
    hint: permission.value.includes("*")
      ? "a route needs one permission; patterns stand in roles and boundaries"
      : "write `area:action` in lower case, for example `orders:read`",
  });
  return null;
}

/** Part of a key. A key in quotes begins one character later; one with escapes is shown whole. */
function spanWithin(report: Report, { key, keyAt }: Entry, start: number, end: number): Span {
  const written = report.text.slice(keyAt.start, keyAt.end);
  const offset = written === key ? 0 : written.slice(1, -1) === key ? 1 : null;
  if (offset === null) return keyAt;
  return { file: keyAt.file, start: keyAt.start + offset + start, end: keyAt.start + offset + end };
}
