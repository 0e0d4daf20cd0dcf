/**
 * Which open routes answer requests that a permission seems to guard: the open route is as wide as, or wider than, the
 * route that needs the permission, and the order of routes lets it win there, or no other route takes what is left.
 *
 * In: the routes of one exposure and host. Out: each such open route with a request that it answers.
 * Not here: whether an open route is right (routes.ts).
 * INVARIANT: what the router answers decides; the tree below only proposes requests. Work is bounded by `STEPS_OF_ROUTE`
 * for each route, so of a policy with thousands of routes that nearly all overlap not all of them may be told.
 * Source: docs/spec/policy-language.md, PL-7.2 to PL-7.6.
 */
import { type RouteFinder, compileRouteFinder } from "../compile-routes.ts";
import { METHODS, type PolicyRoute } from "../policy.ts";

export interface OpenBeside {
  readonly open: PolicyRoute;
  readonly guarded: PolicyRoute;
  /** `GET /admin/x`, which `open` answers. */
  readonly request: string;
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | null;
  /** Guarded routes that end here. */
  readonly full: PolicyRoute[];
  /** Guarded routes with `{rest+}` from here on. */
  readonly greedy: PolicyRoute[];
}

interface Pattern {
  /** Null for a parameter. */
  readonly segments: readonly (string | null)[];
  readonly isGreedy: boolean;
}

/** How a guarded route stands to the open one, up to a node of the tree. */
interface Walk {
  /** A path that both match so far. */
  readonly path: string;
  readonly depth: number;
  /** The guarded route names a segment that the open one leaves free. */
  readonly isNarrower: boolean;
}

const REQUEST_METHODS = METHODS.filter((method) => method !== "ANY");
const STEPS_OF_ROUTE = 200;
const STEPS_AT_LEAST = 20_000;

/** In the order of the routes, each open route once, with the find that says most. */
export function findOpenBeside(routes: readonly PolicyRoute[]): OpenBeside[] {
  const guarded = routes.filter(({ access }) => access.kind === "needs");
  const open = routes.filter(({ access }) => access.kind === "open");
  if (guarded.length === 0 || open.length === 0) return [];
  const search = {
    router: compileRouteFinder(routes),
    root: growTree(guarded),
    free: findFreeSegment(routes),
    isOneFile: new Set(routes.map(({ at }) => at.file)).size === 1,
    steps: STEPS_AT_LEAST + STEPS_OF_ROUTE * routes.length,
  };
  return open.flatMap((route) => {
    const found = searchBeside(search, route);
    return found === null ? [] : [found];
  });
}

interface Search {
  readonly router: RouteFinder<PolicyRoute>;
  readonly root: Node;
  /** A segment that no route names. */
  readonly free: string;
  readonly isOneFile: boolean;
  /** Left for all routes together. */
  steps: number;
}

function searchBeside(search: Search, open: PolicyRoute): OpenBeside | null {
  const { segments, isGreedy } = readPattern(open.path);
  // A route of literals alone names exactly what it opens.
  if (!isGreedy && !segments.includes(null)) return null;
  let best: OpenBeside | null = null;
  let bestRank = 0;

  /** True when there is nothing better to look for. */
  const propose = (
    candidates: readonly PolicyRoute[],
    paths: readonly string[],
    walk: Walk,
    isWider: boolean,
  ): boolean => {
    for (const guarded of candidates)
      for (const method of open.method === "ANY" ? REQUEST_METHODS : [open.method]) {
        const isOfMethod = guarded.method === "ANY" || guarded.method === method;
        if (isOfMethod ? !isWider : !walk.isNarrower) continue;
        const path = paths.find((one) => search.steps-- > 0 && search.router(method, one) === open);
        if (path === undefined) continue;
        // A request with a slash at the end is the lesser find; one across files concerns two owners.
        const rank = (path.endsWith("/") ? 1 : 3) + (search.isOneFile || guarded.at.file !== open.at.file ? 1 : 0);
        if (rank > bestRank) {
          best = { open, guarded, request: `${method} ${path}` };
          bestRank = rank;
        }
        if (rank === 4) return true;
      }
    return false;
  };

  const visit = (node: Node, walk: Walk): boolean => {
    if (search.steps-- <= 0) return true;
    const { path, depth, isNarrower } = walk;
    const isWithin = depth < segments.length;
    // What the open route's `{rest+}` takes has at least one segment.
    const isBehind = isGreedy && depth > segments.length;
    if (node.greedy.length > 0 && (isWithin || isGreedy)) {
      const rest = segments.slice(depth).map((segment) => segment ?? search.free);
      const whole = `${path}/${[...rest, ...(isGreedy ? [search.free] : [])].join("/")}`;
      // With a slash at the end no route without `{rest+}` takes it.
      const paths = isGreedy ? [whole, `${whole}/`, ...(isBehind && isNarrower ? [`${path}/`] : [])] : [whole];
      if (propose(node.greedy, paths, walk, isNarrower || isBehind)) return true;
    }
    if (node.full.length > 0 && (isBehind || (!isGreedy && depth === segments.length))) {
      const paths = isBehind && isNarrower && !path.endsWith("/") ? [path, `${path}/`] : [path];
      if (propose(node.full, paths, walk, isNarrower || isGreedy)) return true;
    }
    if (!isWithin && !isGreedy) return false;
    const named = isWithin ? (segments[depth] ?? null) : null;
    const step = (next: Node | null | undefined, segment: string, narrows: boolean): boolean =>
      next !== null &&
      next !== undefined &&
      visit(next, { path: `${path}/${segment}`, depth: depth + 1, isNarrower: isNarrower || narrows });
    if (named !== null) return step(node.literals.get(named), named, false) || step(node.parameter, named, false);
    // `/` alone has an empty segment, which no parameter takes.
    for (const [literal, next] of node.literals) if (literal !== "" && step(next, literal, true)) return true;
    return step(node.parameter, search.free, false);
  };

  visit(search.root, { path: "", depth: 0, isNarrower: false });
  return best;
}

function growTree(routes: readonly PolicyRoute[]): Node {
  const root = newNode();
  for (const route of routes) {
    const { segments, isGreedy } = readPattern(route.path);
    let node = root;
    for (const segment of segments) {
      if (segment === null) node = node.parameter ??= newNode();
      else {
        let next = node.literals.get(segment);
        if (next === undefined) node.literals.set(segment, (next = newNode()));
        node = next;
      }
    }
    (isGreedy ? node.greedy : node.full).push(route);
  }
  return root;
}

function newNode(): Node {
  return { literals: new Map(), parameter: null, full: [], greedy: [] };
}

function readPattern(path: string): Pattern {
  const segments = path.slice(1).split("/");
  const isGreedy = segments.at(-1)?.endsWith("+}") === true;
  return {
    segments: (isGreedy ? segments.slice(0, -1) : segments).map((one) => (one.startsWith("{") ? null : one)),
    isGreedy,
  };
}

function findFreeSegment(routes: readonly PolicyRoute[]): string {
  const named = new Set(routes.flatMap(({ path }) => path.split("/")));
  let free = "x";
  while (named.has(free)) free += "x";
  return free;
}
