/**
 * Which route answers a request: a router compiled once, whose cost does not depend on how many routes there are.
 *
 * In: routes with `method` and `path` (`/orders/{id}`, `{rest+}` last), and paths in normal form. Out: route and
 * captured parameters, or null. Not here: what may stand in a route's path (route-key.ts).
 * Order: routes without `{rest+}` before those with it; within these the exact method before `ANY`; then segment by
 * segment from the left a literal, then `{name}`, then `{rest+}`.
 * Source: API Gateway developer guide, "Create routes for HTTP APIs"; docs/spec/policy-language.md chapter 7.
 */
import { METHODS } from "./policy.ts";

export interface RoutePattern {
  readonly method: string;
  readonly path: string;
}

export interface RouteMatch<T> {
  readonly route: T;
  /** Captured values by parameter name, decoded; of `{rest+}` without leading slash. */
  readonly params: Readonly<Record<string, string>>;
}

export type Router<T> = (method: string, path: string) => RouteMatch<T> | null;
/** A router for those who do not need the captured values. */
export type RouteFinder<T> = (method: string, path: string) => T | null;

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  parameter: Node<T> | null;
  /** Ends here. */
  leaf: T | null;
  /** `{rest+}` follows. */
  greedy: T | null;
}

/** The routes of one method: literal paths by text, the others as a tree of segments. */
interface Table<T> {
  readonly literal: Map<string, T>;
  readonly full: Node<T>;
  readonly greedy: Node<T>;
}

const REQUEST_METHODS: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== "ANY"));

/** A router over `routes`. Of two routes that say the same the first one stays. */
export function compileRoutes<T extends RoutePattern>(routes: readonly T[]): Router<T> {
  const find = compileRouteFinder(routes);
  return (method, path) => {
    const route = find(method, path);
    return route === null ? null : { route, params: captureParameters(route.path, path) };
  };
}

/** The same router without the captured values, which cost more than the search. */
export function compileRouteFinder<T extends RoutePattern>(routes: readonly T[]): RouteFinder<T> {
  const tables = new Map<string, Table<T>>();
  for (const route of routes) {
    let table = tables.get(route.method);
    if (table === undefined)
      tables.set(route.method, (table = { literal: new Map(), full: newNode(), greedy: newNode() }));
    addRoute(table, route);
  }
  const any = tables.get("ANY");

  return (method, path) => {
    if (!REQUEST_METHODS.has(method)) return null;
    const exact = tables.get(method);
    return (
      (exact === undefined ? null : findFull(exact, path)) ??
      (any === undefined ? null : findFull(any, path)) ??
      (exact === undefined ? null : findGreedy(exact.greedy, path, 1)) ??
      (any === undefined ? null : findGreedy(any.greedy, path, 1))
    );
  };
}

const compiled = new WeakMap<readonly RoutePattern[], Router<RoutePattern>>();

/** The route that answers `method` and `path`; the router of a list is kept as long as the list itself. */
export function matchRoute<T extends RoutePattern>(
  routes: readonly T[],
  method: string,
  path: string,
): RouteMatch<T> | null {
  let router = compiled.get(routes);
  if (router === undefined) compiled.set(routes, (router = compileRoutes<RoutePattern>(routes)));
  return router(method, path) as RouteMatch<T> | null;
}

function newNode<T>(): Node<T> {
  return { literals: new Map(), parameter: null, leaf: null, greedy: null };
}

function addRoute<T extends RoutePattern>(table: Table<T>, route: T): void {
  const segments = route.path.slice(1).split("/");
  const isGreedy = segments.at(-1)?.endsWith("+}") === true;
  if (!route.path.includes("{")) {
    if (!table.literal.has(route.path)) table.literal.set(route.path, route);
    return;
  }
  let node = isGreedy ? table.greedy : table.full;
  for (const segment of isGreedy ? segments.slice(0, -1) : segments) {
    if (segment.startsWith("{")) node = node.parameter ??= newNode();
    else {
      let next = node.literals.get(segment);
      if (next === undefined) node.literals.set(segment, (next = newNode()));
      node = next;
    }
  }
  if (isGreedy) node.greedy ??= route;
  else node.leaf ??= route;
}

function findFull<T>(table: Table<T>, path: string): T | null {
  // A path of literals only is the leftmost literal at every segment, hence first within its method.
  return table.literal.get(path) ?? findLeaf(table.full, path, 1);
}

/** `start` is where the next segment begins; beyond the end of the path there is none left. */
function findLeaf<T>(node: Node<T>, path: string, start: number): T | null {
  if (start > path.length) return node.leaf;
  const slash = path.indexOf("/", start);
  const end = slash === -1 ? path.length : slash;
  if (node.literals.size > 0) {
    const next = node.literals.get(path.slice(start, end));
    const found = next === undefined ? null : findLeaf(next, path, end + 1);
    if (found !== null) return found;
  }
  return node.parameter !== null && end > start ? findLeaf(node.parameter, path, end + 1) : null;
}

function findGreedy<T>(node: Node<T>, path: string, start: number): T | null {
  if (start >= path.length) return null;
  const slash = path.indexOf("/", start);
  const end = slash === -1 ? path.length : slash;
  if (end === start) return null;
  if (node.literals.size > 0) {
    const next = node.literals.get(path.slice(start, end));
    const found = next === undefined ? null : findGreedy(next, path, end + 1);
    if (found !== null) return found;
  }
  const found = node.parameter === null ? null : findGreedy(node.parameter, path, end + 1);
  return found ?? node.greedy;
}

/** The values of a pattern's parameters in a path that it matches, by name. */
export function captureParameters(pattern: string, path: string): Record<string, string> {
  const params: Record<string, string> = {};
  if (!pattern.includes("{")) return params;
  let start = 1;
  for (const segment of pattern.slice(1).split("/")) {
    if (segment.endsWith("+}")) {
      params[segment.slice(1, -2)] = path.slice(start);
      break;
    }
    const slash = path.indexOf("/", start);
    const end = slash === -1 ? path.length : slash;
    if (segment.startsWith("{")) params[segment.slice(1, -1)] = path.slice(start, end);
    start = end + 1;
  }
  return params;
}
