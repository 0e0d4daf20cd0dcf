/**
 * Two lists of routes as one tree of segments, and the paths on which their answers can differ.
 *
 * How: paths that take the same turns in the tree fit the same routes of both lists, so one path for each kind of turn is
 * enough. At a node every literal below it is a turn, any other segment is one, and so are the end and a last slash.
 * INVARIANT: for every path there is a visited one that fits the same routes, unless both lists answer it alike.
 * Not here: which of the routes that fit answers (compile-routes.ts).
 */
import type { PolicyRoute } from "../policy.ts";

export type Side = "before" | "after";
type Ends = Partial<Record<Side, PolicyRoute>>;

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | null;
  /** What ends here, by method. */
  readonly leaves: Map<string, Ends>;
  /** What goes on with `{rest+}`, by method. */
  readonly greedy: Map<string, Ends>;
  /** Both lists are alike here and below. */
  isAlike: boolean;
}

/** Whether two routes ask for the same: then it does not matter which of them answers. */
export function haveSameAccess(a: PolicyRoute, b: PolicyRoute): boolean {
  if (a.access.kind === "open" || b.access.kind === "open") return a.access.kind === b.access.kind;
  return a.access.permission === b.access.permission;
}

/** The tree of the routes that can answer `method`. */
export function buildTree(method: string, before: readonly PolicyRoute[], after: readonly PolicyRoute[]): Node {
  const root = newNode();
  for (const [side, routes] of [["before", before] as const, ["after", after] as const])
    for (const route of routes) if (route.method === method || route.method === "ANY") insert(root, side, route);
  compare(root);
  return root;
}

function newNode(): Node {
  return { literals: new Map(), parameter: null, leaves: new Map(), greedy: new Map(), isAlike: false };
}

function insert(root: Node, side: Side, route: PolicyRoute): void {
  const segments = route.path.slice(1).split("/");
  const isGreedy = segments.at(-1)?.endsWith("+}") === true;
  let node = root;
  for (const segment of isGreedy ? segments.slice(0, -1) : segments) {
    if (segment.startsWith("{")) node = node.parameter ??= newNode();
    else {
      let next = node.literals.get(segment);
      if (next === undefined) node.literals.set(segment, (next = newNode()));
      node = next;
    }
  }
  const ends = isGreedy ? node.greedy : node.leaves;
  const known = ends.get(route.method);
  if (known === undefined) ends.set(route.method, { [side]: route });
  else known[side] ??= route;
}

function compare(node: Node): boolean {
  let isAlike = areAlike(node.leaves) && areAlike(node.greedy);
  for (const child of [...node.literals.values(), ...(node.parameter === null ? [] : [node.parameter])])
    if (!compare(child)) isAlike = false;
  node.isAlike = isAlike;
  return isAlike;
}

function areAlike(ends: ReadonlyMap<string, Ends>): boolean {
  for (const { before, after } of ends.values())
    if (before === undefined || after === undefined || !haveSameAccess(before, after)) return false;
  return true;
}

/**
 * Visits the paths on which the two lists can answer differently.
 *
 * @param other a segment that is no literal of the tree
 * @param budget how many nodes may be looked at; when it is used up, paths are missing
 */
export function visitPaths(root: Node, other: string, budget: { left: number }, visit: (path: string) => void): void {
  /** `nodes` are all places in the tree to which `path` leads; `passedDiffers`: a `{rest+}` above is not alike. */
  const step = (nodes: readonly Node[], path: string, passedDiffers: boolean): void => {
    if (budget.left-- <= 0) return;
    if (path !== "") visit(path);
    if (path !== "" && passedDiffers) visit(`${path}/`);
    const differs = passedDiffers || nodes.some(({ greedy }) => !areAlike(greedy));
    const parameters = nodes.flatMap(({ parameter }) => parameter ?? []);
    const follow = (segment: string, next: readonly Node[]): void => {
      if (differs || next.some(({ isAlike }) => !isAlike)) step(next, `${path}/${segment}`, differs);
    };
    for (const label of new Set(nodes.flatMap(({ literals }) => [...literals.keys()])))
      follow(label, [
        ...nodes.flatMap(({ literals }) => literals.get(label) ?? []),
        ...(label === "" ? [] : parameters),
      ]);
    if (parameters.length > 0) follow(other, parameters);
    else if (differs) visit(`${path}/${other}`);
  };
  if (!root.isAlike) step([root], "", false);
}
