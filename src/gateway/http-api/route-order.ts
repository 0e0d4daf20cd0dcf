/**
 * Which route of an API answers, in the order that AWS was seen to have.
 *
 * In: routes by key. Out: for a method and a decoded path the route key, or null.
 * Full matches, then greedy ones, then `$default`; within each the exact method before `ANY`; then segment by segment
 * from the left a literal, `{name}`, `{name+}`. It is the order of policies too, so the router is theirs.
 * Other methods than API Gateway's seven reach no route.
 * Source: API Gateway developer guide, "Create routes for HTTP APIs"; switches `trailing-slash`, `greedy-order`.
 */
import type { Route } from "../../model/index.ts";
import { METHODS, type RoutePattern, compileRouteFinder } from "../../policy/index.ts";
import type { Switches } from "./switches.ts";

export type FindRoute = (method: string, path: string) => string | null;

interface Pattern extends RoutePattern {
  readonly routeKey: string;
}

const REQUEST_METHODS: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== "ANY"));

export function compileRouteOrder(
  routes: readonly Pick<Route, "routeKey">[],
  switches: Pick<Switches, "trailing-slash" | "greedy-order">,
): FindRoute {
  const patterns: Pattern[] = [];
  let fallback: string | null = null;
  for (const { routeKey } of routes) {
    const space = routeKey.indexOf(" ");
    if (space === -1) fallback = routeKey;
    else patterns.push({ method: routeKey.slice(0, space), path: routeKey.slice(space + 1), routeKey });
  }
  const find = switches["greedy-order"] === "method-first" ? compileRouteFinder(patterns) : pathFirst(patterns);
  const ignoresSlash = switches["trailing-slash"] === "ignore";
  return (method, path) => {
    if (!REQUEST_METHODS.has(method)) return null;
    const found = find(method, path);
    if (found !== null) return found.routeKey;
    if (ignoresSlash && path.length > 1 && path.endsWith("/")) {
      const without = find(method, path.slice(0, -1));
      if (without !== null) return without.routeKey;
    }
    return fallback;
  };
}

/** Of greedy routes the more literal path wins, and the exact method only between two of one path. Rarely asked for, so a plain list. */
function pathFirst(patterns: readonly Pattern[]): (method: string, path: string) => Pattern | null {
  const full = compileRouteFinder(patterns.filter(({ path }) => !path.endsWith("+}")));
  const greedy = patterns
    .filter(({ path }) => path.endsWith("+}"))
    .map((pattern) => ({ pattern, rank: rankOf(pattern), find: compileRouteFinder([pattern]) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return (method, path) =>
    full(method, path) ?? greedy.find(({ find }) => find(method, path) !== null)?.pattern ?? null;
}

/** Sorts as routes are tried: segment by segment literal, parameter, rest; then the method. */
function rankOf({ method, path }: Pattern): string {
  const segments = path.slice(1).split("/");
  const ranks = segments.map((segment) => (segment.endsWith("+}") ? "2" : segment.startsWith("{") ? "1" : "0"));
  return `${ranks.join("")}${method === "ANY" ? "1" : "0"}`;
}
