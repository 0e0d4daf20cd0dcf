/**
 * Route keys as API Gateway's HTTP APIs take them: `$default`, or `METHOD /path`.
 *
 * Not here: the narrower keys of a policy (src/policy/route-key.ts).
 * Source: API Gateway developer guide, "Create routes for HTTP APIs"; CreateRoute's own messages.
 */
import type { AccountProblemCode } from "./account-problems.ts";

export const ROUTE_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"] as const;

export type RouteKeyParts =
  | { readonly kind: "default" }
  | { readonly kind: "path"; readonly method: string; readonly segments: readonly string[] };

export interface RouteKeyFault {
  readonly code: Extract<AccountProblemCode, `route/${string}`>;
  readonly message: string;
  readonly hint: string;
}

const PART = /^(?:\{([\w.:-]+)(\+?)\}|[a-zA-Z0-9.:_-]+)$/;

/** The parts of a key, or everything that CreateRoute would not take of it. */
export function readRouteKey(
  key: string,
):
  | { readonly ok: true; readonly parts: RouteKeyParts }
  | { readonly ok: false; readonly faults: readonly RouteKeyFault[] } {
  if (key === "$default") return { ok: true, parts: { kind: "default" } };
  const [, method = "", path = ""] = /^([^ ]+) (\/[^ ]*)$/.exec(key) ?? [];
  if (path === "") return { ok: false, faults: [keyFault("the key is not method, space and path")] };
  const faults: RouteKeyFault[] = [];
  const known: readonly string[] = ROUTE_METHODS;
  if (!known.includes(method)) {
    const upper = method.toUpperCase();
    const hint = known.includes(upper) ? `write \`${upper} ${path}\`` : `write one of ${ROUTE_METHODS.join(", ")}`;
    faults.push({ ...keyFault(`\`${method}\` is not a method`), hint });
  }
  const segments = path === "/" ? [] : path.slice(1).split("/");
  const names = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    const [matched, name, plus] = PART.exec(segment) ?? [];
    if (segment === "" && isLast)
      faults.push({
        code: "route/trailing-slash",
        message: "the path ends in a slash",
        hint: `write \`${method} ${path.replace(/\/+$/, "") || "/"}\``,
      });
    else if (matched === undefined)
      faults.push({
        code: "route/path",
        message: segment === "" ? "the path has an empty segment" : `\`${segment}\` cannot be a segment`,
        hint: hintForSegment(segment),
      });
    else if (segment === "." || segment === "..")
      // Such segments are resolved before a route is looked for, so another route would take the requests.
      faults.push({
        code: "route/path",
        message: `no request has the segment \`${segment}\``,
        hint: "write the path that is meant",
      });
    else if (name !== undefined) {
      if (plus === "+" && !isLast)
        faults.push({
          code: "route/greedy",
          message: `\`${segment}\` is not the last segment`,
          hint: `write \`{${name}}\` for one segment, or end the path here`,
        });
      if (names.has(name))
        faults.push({
          code: "route/parameter",
          message: `\`{${name}}\` stands twice in the path`,
          hint: "give one of the two another name",
        });
      names.add(name);
    }
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, parts: { kind: "path", method, segments } };
}

/** One text for all keys that are the same route: parameters without their names. */
export function canonicalHttpRouteKey(key: string): string {
  return key.replace(/\{[^}]*?(\+?)\}/g, "{$1}");
}

/** Names of the path's parameters, without `+`. */
export function parametersOfKey(key: string): readonly string[] {
  return [...key.matchAll(/\{([^}]*?)\+?\}/g)].map(([, name]) => name ?? "");
}

/** Whether some request for `key` is one that the route `other` fits too. */
export function routeTakes(other: string, key: string): boolean {
  if (other === "$default") return true;
  if (key === "$default") return false;
  const [otherMethod = "", otherPath = ""] = other.split(" ");
  const [method = "", path = ""] = key.split(" ");
  if (otherMethod !== "ANY" && method !== "ANY" && otherMethod !== method) return false;
  const [theirs, ours] = [otherPath.split("/").slice(1), path.split("/").slice(1)];
  for (let index = 0; ; index++) {
    const [a, b] = [theirs[index], ours[index]];
    if (a === undefined || b === undefined) return a === b;
    if (a.endsWith("+}") || b.endsWith("+}")) return true;
    if (!a.startsWith("{") && !b.startsWith("{") && a !== b) return false;
  }
}

function keyFault(message: string): RouteKeyFault {
  return { code: "route/key", message, hint: "write `GET /orders/{id}`, or `$default`" };
}

function hintForSegment(segment: string): string {
  if (segment.includes("*")) return "write `{proxy+}` for the rest of the path";
  if (segment.startsWith(":")) return `write \`{${segment.slice(1)}}\``;
  if (segment.includes("{"))
    return "give the parameter the whole segment, `{id}`, and cut what it holds in the backend";
  return "write letters, digits and `.:_-`";
}
