/**
 * Which routes answer the same request before and after a change.
 *
 * In: the routes of one host name on one listener, before and after. Out: cells: a pair of routes that answer one request,
 * with that request; the answer is the router's.
 * INVARIANT: every pair of routes that differ in access and answer one request is a cell, and so is every route that both
 * lists have. Where two lists cross each other in too many ways there are also cells of routes that meet nowhere.
 */
import { compileRouteFinder } from "../compile-routes.ts";
import { METHODS, type PolicyRoute } from "../policy.ts";
import { canonicalRouteKey } from "../route-key.ts";
import { buildTree, haveSameAccess, visitPaths } from "./route-tree.ts";

export interface Cell {
  readonly method: string;
  readonly path: string;
  readonly before: PolicyRoute | null;
  readonly after: PolicyRoute | null;
}

const REQUEST_METHODS = METHODS.filter((method) => method !== "ANY");
const MAX_STEPS = 300_000;

/** The cells of two lists, each pair once. */
export function listCells(
  before: readonly PolicyRoute[],
  after: readonly PolicyRoute[],
  maxSteps: number = MAX_STEPS,
): Cell[] {
  const cells = new Map<string, Cell>();
  const numbers = new Map([...before, ...after].map((route, number) => [route, number]));
  const add = (cell: Cell): void => {
    const key = [cell.before, cell.after].map((route) => (route === null ? "" : numbers.get(route))).join(" ");
    if (!cells.has(key)) cells.set(key, cell);
  };
  const other = unusedSegment([...before, ...after]);
  const [findBefore, findAfter] = [compileRouteFinder(before), compileRouteFinder(after)];
  const budget = { left: maxSteps };
  for (const method of listMethods([...before, ...after]))
    visitPaths(buildTree(method, before, after), other, budget, (path) => {
      const [old, current] = [findBefore(method, path), findAfter(method, path)];
      if (old !== null || current !== null) add({ method, path, before: old, after: current });
    });
  for (const cell of listTwins(before, after)) add(cell);
  if (budget.left < 0) for (const cell of listOverlaps(before, after)) add(cell);
  return [...cells.values()];
}

/** Requests that `route` can answer among `routes`, or that nothing answers; none when others take all of them. */
export function createExampleFinder(
  routes: readonly PolicyRoute[],
): (route: PolicyRoute) => Pick<Cell, "method" | "path"> | null {
  const other = unusedSegment(routes);
  const find = compileRouteFinder(routes);
  const depth = routes.reduce((most, { path }) => Math.max(most, path.split("/").length), 0);
  return (route) => {
    const filled = fill(route, other);
    const paths = [filled];
    // A last slash, which only `{rest+}` takes, and more segments than any route has.
    if (route.path.endsWith("+}"))
      paths.push(`${filled}/`, ...Array.from({ length: depth }, (_, i) => filled + `/${other}`.repeat(i + 1)));
    for (const path of paths)
      for (const method of route.method === "ANY" ? REQUEST_METHODS : [route.method])
        if (find(method, path) === route) return { method, path };
    return null;
  };
}

/** Every method that a route names, and one that speaks for all others. */
function listMethods(routes: readonly PolicyRoute[]): string[] {
  const named = new Set<string>(routes.map(({ method }) => method));
  const rest = named.has("ANY") ? REQUEST_METHODS.find((method) => !named.has(method)) : undefined;
  return [...REQUEST_METHODS.filter((method) => named.has(method)), ...(rest === undefined ? [] : [rest])];
}

/** Routes that both lists have with the same access, whatever the names of their parameters. */
function listTwins(before: readonly PolicyRoute[], after: readonly PolicyRoute[]): Cell[] {
  const known = new Map(before.map((route) => [canonicalRouteKey(route.method, route.path), route]));
  const findExample = createExampleFinder(after);
  return after.flatMap((route) => {
    const twin = known.get(canonicalRouteKey(route.method, route.path));
    const example = twin === undefined || !haveSameAccess(twin, route) ? null : findExample(route);
    return twin === undefined || example === null ? [] : [{ ...example, before: twin, after: route }];
  });
}

/** More pairs than there can be: each two routes that fit one request, of which one is not in the other list. */
function listOverlaps(before: readonly PolicyRoute[], after: readonly PolicyRoute[]): Cell[] {
  const textOf = ({ method, path, access }: PolicyRoute): string =>
    JSON.stringify([canonicalRouteKey(method, path), access.kind === "open" ? null : access.permission]);
  const [old, current] = [new Set(before.map(textOf)), new Set(after.map(textOf))];
  const isTwin = (route: PolicyRoute): boolean => old.has(textOf(route)) && current.has(textOf(route));
  const cells: Cell[] = [];
  const add = (was: PolicyRoute | null, is: PolicyRoute | null): void => {
    const route = is ?? was;
    if (route === null) return;
    cells.push({
      method: route.method === "ANY" ? "GET" : route.method,
      path: fill(route, "x"),
      before: was,
      after: is,
    });
  };
  for (const was of before) {
    if (!isTwin(was)) add(was, null);
    for (const is of after) if (!(isTwin(was) && isTwin(is)) && canMeet(was, is)) add(was, is);
  }
  for (const is of after) if (!isTwin(is)) add(null, is);
  return cells;
}

/** Whether one request fits both routes. */
function canMeet(a: PolicyRoute, b: PolicyRoute): boolean {
  if (a.method !== b.method && a.method !== "ANY" && b.method !== "ANY") return false;
  const [left, right] = [a.path.slice(1).split("/"), b.path.slice(1).split("/")];
  for (let i = 0; ; i++) {
    const [one, other] = [left[i], right[i]];
    if (one === undefined || other === undefined) return one === other;
    if (one.endsWith("+}") || other.endsWith("+}")) return true;
    if (one !== other && !one.startsWith("{") && !other.startsWith("{")) return false;
  }
}

function fill({ path }: PolicyRoute, segment: string): string {
  return path.replaceAll(/\{[^}]*\}/g, segment);
}

/** A segment that is no literal of any route. */
function unusedSegment(routes: readonly PolicyRoute[]): string {
  const used = new Set(routes.flatMap(({ path }) => path.split("/")));
  for (let i = 0; ; i++) {
    const segment = i === 0 ? "x" : `x${i}`;
    if (!used.has(segment)) return segment;
  }
}
