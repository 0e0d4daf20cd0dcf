/** Reads `routes:` of a service. Conflicts between routes are found later, over all services (check-routes.ts). */
import type { Span } from "../../core/index.ts";
import { isPermission } from "../permission.ts";
import type { PolicyRoute } from "../policy.ts";
import { KEYS } from "./keys.ts";
import { parseRouteKey } from "../route-key.ts";
import type { Entry, Tree } from "./read-tree.ts";
import { readBoolean, readCount, readDuration, readFields, readRate, readSize, readText } from "./read-values.ts";
import { readAuthentication } from "./read-authentication.ts";
import { type Report, quote } from "./report.ts";

/** SOURCE: API Gateway HTTP API quotas, integration timeout 50 ms to 30 s. */
export const TIMEOUT = { minMs: 50, maxMs: 30_000, range: "between 50 ms and 30 seconds" };

/** SOURCE: API Gateway HTTP API quotas, payload 10 MB, which is 10,485,760 bytes. */
export const BODY = { maxBytes: 10_485_760, range: "at most `10 MiB`; a route with `streaming: true` has no limit" };
export const MAX_RETRIES = 5;
/** SOURCE: RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** What stands for a permission that could not be read; no grant can be called like this. */
export const UNREADABLE_PERMISSION = "";

export interface RoutesReading {
  /** Those whose key is well formed; what else is wrong with them is in the report. */
  readonly routes: readonly PolicyRoute[];
  /** Permissions that any of the routes needs, well formed or not; `UNREADABLE_PERMISSION` among them if one is not known. */
  readonly needed: readonly string[];
  /** False when a key was not well formed, or there is none. */
  readonly hasAll: boolean;
}

/** `basePath` stands in front of every path; empty for none. */
export function readRoutes(report: Report, tree: Tree, service: string, basePath: string): RoutesReading {
  if (tree.kind !== "mapping" || tree.entries.length === 0) {
    const isEmpty = tree.kind === "nothing" || tree.kind === "mapping";
    report.add(
      isEmpty ? "parse/empty-mapping" : "parse/expected-mapping",
      tree.at,
      isEmpty ? "`routes` is empty" : "`routes` is not a mapping of route keys",
      { hint: "write `GET /orders: { needs: orders:read }`" },
    );
    return { routes: [], needed: [UNREADABLE_PERMISSION], hasAll: false };
  }
  const routes: PolicyRoute[] = [];
  const needed: string[] = [];
  for (const entry of tree.entries) {
    const { access, route } = readRoute(report, entry, service, basePath);
    if (access.kind === "needs") needed.push(access.permission);
    if (route !== null) routes.push(route);
  }
  return { routes, needed, hasAll: routes.length === tree.entries.length };
}

function readRoute(
  report: Report,
  entry: Entry,
  service: string,
  basePath: string,
): { readonly access: PolicyRoute["access"]; readonly route: PolicyRoute | null } {
  const key = parseRouteKey(entry.key);
  if (!key.ok)
    for (const { id, message, hint, start, end } of key.problems)
      report.add(id, spanWithin(report, entry, start, end), message, { hint });
  const fields = readFields(report, entry.value, "a route", entry.keyAt, KEYS.route);
  // For a key that is misspelled, one finding is enough.
  const isMisspelled = fields !== null && (fields.isMisspelled("needs") || fields.isMisspelled("open"));
  const hasAccess = fields !== null && (fields.of("needs") !== null || fields.of("open") !== null || !isMisspelled);
  const access = (hasAccess ? readAccess(report, fields.of("needs"), fields.of("open"), entry) : null) ?? {
    kind: "needs",
    permission: UNREADABLE_PERMISSION,
  };
  const authentication = readAuthentication(report, fields?.of("authentication") ?? null, access);
  const throttle = readRate(report, fields?.of("throttle") ?? null, "`throttle`");
  const timeoutMs = readDuration(report, fields?.of("timeout") ?? null, "`timeout`", TIMEOUT);
  const streaming = readBoolean(report, fields?.of("streaming") ?? null, "`streaming`", false);
  const websocket = readBoolean(report, fields?.of("websocket") ?? null, "`websocket`", false);
  const body = fields?.of("body") ?? null;
  const maxBodyBytes = readSize(report, body, "`body`", BODY);
  const retries = readCount(report, fields?.of("retries") ?? null, "`retries`", MAX_RETRIES) ?? 0;
  if (streaming && body !== null)
    report.add("route/streaming", body.at, "a streaming route has no limit of its body", {
      hint: "remove `body`, or `streaming`",
    });
  if (!key.ok) return { access, route: null };
  const { method, path } = key;
  if (websocket && method !== "GET")
    report.add("route/websocket", entry.keyAt, `${quote(entry.key)} cannot be a WebSocket`, {
      hint: "a WebSocket is opened by `GET`",
    });
  if (streaming && retries > 0)
    report.add(
      "route/retries",
      fields?.of("retries")?.at ?? entry.keyAt,
      "what passes as it comes cannot be sent again",
      {
        hint: "remove `retries`, or `streaming`",
      },
    );
  else if (retries > 0) checkRetries(report, entry.key, method, fields?.of("retries")?.at ?? entry.keyAt);
  const full = basePath === "" ? path : path === "/" ? basePath : `${basePath}${path}`;
  return {
    access,
    route: {
      method,
      path: full,
      servicePath: path,
      key: `${method} ${full}`,
      service,
      access,
      authentication,
      throttle,
      timeoutMs: timeoutMs ?? TIMEOUT.maxMs,
      maxBodyBytes: streaming ? Number.POSITIVE_INFINITY : (maxBodyBytes ?? BODY.maxBytes),
      streaming,
      websocket,
      retries,
      at: entry.keyAt,
    },
  };
}

/** Only what may be done twice is tried again. */
export function checkRetries(report: Report, key: string, method: string, at: Span): void {
  if (!IDEMPOTENT.has(method))
    report.add("route/retries", at, `${quote(key)} may do its work twice when it is tried again`, {
      hint: "remove `retries`; only GET, HEAD, OPTIONS, PUT and DELETE are idempotent",
    });
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
  const written = report.textAt(keyAt);
  const offset = written === key ? 0 : written.slice(1, -1) === key ? 1 : null;
  if (offset === null) return keyAt;
  return { file: keyAt.file, start: keyAt.start + offset + start, end: keyAt.start + offset + end };
}
