/**
 * IAM resources that allow exactly the routes of some permissions, or the routes that make it impossible.
 *
 * `*` crosses slashes, so a resource for `GET /orders/{id}` also names `GET /orders/7/items`. Where such a path goes to a
 * route that is not granted it is denied again, by resources that no granted path fits. Some sets of routes cannot be
 * told apart in this way; they are reported, never widened and never narrowed.
 * Paths that go to no route or to an open one do not matter: IAM is not asked about them.
 * INVARIANT: of the paths that go to a route with a permission, those of granted routes are allowed and not denied, all
 * others are denied or not allowed, but for those to which the caller is indifferent. `reachedRoutes` is exact, so this
 * holds by construction; a property test shows it.
 */
import { reachedRoutes } from "./reach.ts";
import { MANY, ONE, type Pattern, intersect, patternKey, relax, resourceText, split } from "./route-pattern.ts";
import { type ApiRoute, type MethodGroup, groupByMethod } from "./route-trie.ts";

export interface Overlap {
  readonly granted: ApiRoute;
  /** The route that could not be kept out. */
  readonly other: ApiRoute;
  /** The granted route that denying `other` would hit, null when the search was given up. */
  readonly hit: ApiRoute | null;
}

export interface ExactGrants {
  /** `METHOD/path` with IAM's wildcards, sorted. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly overlaps: readonly Overlap[];
}

/** The routes of one API, with what has been found out about them so far. */
export interface RouteIndex {
  readonly permissions: ReadonlySet<string>;
  readonly groups: readonly GroupIndex[];
}

interface GroupIndex {
  readonly group: MethodGroup;
  /** Routes that answer to the methods of the group. */
  readonly byPermission: ReadonlyMap<string, readonly IndexedRoute[]>;
  readonly reached: Map<string, readonly ApiRoute[]>;
}

/** A route with what granting it means, which is the same for every role. */
interface IndexedRoute {
  readonly route: ApiRoute;
  means: Meaning | null;
}

interface Meaning {
  /** The narrowest pattern for IAM. */
  readonly pattern: Pattern;
  /** `METHOD/path` of it; empty where other routes take every path of this one, as `GET /a` does from `ANY /a`. */
  readonly resources: readonly string[];
  /** The other routes that the pattern names. */
  readonly others: readonly { readonly other: ApiRoute; readonly needs: string }[];
}

/** How many narrower patterns are tried for one pair of routes before it is given up. */
const MAX_PIECES = 256;

export function indexRoutes(routes: readonly ApiRoute[]): RouteIndex {
  return {
    permissions: new Set(routes.flatMap((route) => permissionOf(route) ?? [])),
    groups: groupByMethod(routes).map((group) => ({
      group,
      byPermission: indexGroup(group, routes),
      reached: new Map(),
    })),
  };
}

function indexGroup({ methods }: MethodGroup, routes: readonly ApiRoute[]): Map<string, IndexedRoute[]> {
  const byPermission = new Map<string, IndexedRoute[]>();
  for (const route of routes) {
    const permission = permissionOf(route);
    const { method } = route.route;
    if (permission === null || (method !== "ANY" && !methods.includes(method))) continue;
    const list = byPermission.get(permission);
    if (list === undefined) byPermission.set(permission, [{ route, means: null }]);
    else list.push({ route, means: null });
  }
  return byPermission;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The resources for every route that needs one of `permissions`. Whether they also allow a route that needs one of
 * `indifferent` does not matter, because something else grants it anyway.
 */
export function grantExactly(
  index: RouteIndex,
  permissions: ReadonlySet<string>,
  indifferent: ReadonlySet<string> = NONE,
): ExactGrants {
  const isGranted = (route: ApiRoute): boolean => permissions.has(permissionOf(route) ?? "");
  const allow: string[] = [];
  const deny = new Set<string>();
  const overlaps: Overlap[] = [];
  for (const groupIndex of index.groups) {
    const { methods } = groupIndex.group;
    const wholes = new Map<ApiRoute, Denial>();
    for (const permission of permissions)
      for (const granted of groupIndex.byPermission.get(permission) ?? NO_ROUTES) {
        const { pattern, resources, others } = (granted.means ??= findMeaning(groupIndex, granted.route));
        for (const resource of resources) allow.push(resource);
        for (const { other, needs } of others) {
          if (permissions.has(needs) || indifferent.has(needs)) continue;
          let whole = wholes.get(other);
          if (whole === undefined) {
            const hasEnd = typeof other.template.at(-1) !== "string";
            wholes.set(other, (whole = denial(groupIndex, other.template, hasEnd, isGranted)));
            if (whole.text !== null) addDenied(deny, methods, whole.text);
          }
          if (whole.text !== null) continue;
          const pieces = denyPieces(groupIndex, pattern, other, isGranted);
          if (pieces.texts === null) overlaps.push({ granted: granted.route, other, hit: pieces.hit });
          else for (const text of pieces.texts) addDenied(deny, methods, text);
        }
      }
  }
  return { allow: allow.sort(), deny: [...deny].sort(), overlaps };
}

const NO_ROUTES: readonly IndexedRoute[] = [];

function findMeaning(index: GroupIndex, route: ApiRoute): Meaning {
  const pattern = relax(route.template);
  const reached = reach(index, pattern);
  if (!reached.includes(route)) return { pattern, resources: [], others: [] };
  const text = resourceText(pattern);
  return {
    pattern,
    resources: index.group.methods.map((method) => `${method}/${text}`),
    others: reached.filter((other) => other !== route).map((other) => ({ other, needs: permissionOf(other) ?? "" })),
  };
}

function addDenied(deny: Set<string>, methods: readonly string[], text: string): void {
  for (const method of methods) deny.add(`${method}/${text}`);
}

/** The resource that denies every path of a pattern and no granted one, or the granted route that it would hit. */
type Denial = { readonly text: string; readonly hit: null } | { readonly text: null; readonly hit: ApiRoute };

function denial(
  index: GroupIndex,
  pattern: Pattern,
  /** Whether no path of the pattern ends in a slash. */
  hasEnd: boolean,
  isGranted: (route: ApiRoute) => boolean,
): Denial {
  const relaxed = relax(pattern);
  const hit = reach(index, relaxed).find(isGranted);
  if (hit === undefined) return { text: resourceText(relaxed), hit: null };
  // `a/*` also names `a/`, which `a/{rest+}` does not answer; `a/?*` does not name it.
  if (!hasEnd) return { text: null, hit };
  const before = relaxed.slice(0, -1);
  const narrowerOnes: readonly Pattern[] = [
    [...before, ONE],
    [...before, ONE, MANY],
  ];
  for (const narrower of narrowerOnes) {
    const stillHit = reach(index, narrower).find(isGranted);
    if (stillHit !== undefined) return { text: null, hit: stillHit };
  }
  return { text: `${resourceText([...before, ""])}?*`, hit: null };
}

/** How the paths of `pattern` that go to `other` can be denied where the whole of `other` cannot. */
function denyPieces(
  index: GroupIndex,
  pattern: Pattern,
  other: ApiRoute,
  isGranted: (route: ApiRoute) => boolean,
): { readonly texts: readonly string[] } | { readonly texts: null; readonly hit: ApiRoute | null } {
  const pieces = intersect(pattern, other.template);
  if (pieces === null) return { texts: null, hit: null };
  const texts: string[] = [];
  let tried = 0;
  for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
    if (++tried > MAX_PIECES) return { texts: null, hit: null };
    if (!reach(index, piece).includes(other)) continue;
    const { text, hit } = denial(index, piece, piece.at(-1) === ONE, isGranted);
    if (text !== null) {
      texts.push(text);
      continue;
    }
    const narrower = piece.length > index.group.longest + 1 ? null : split(piece);
    if (narrower === null) return { texts: null, hit };
    pieces.push(...narrower);
  }
  return { texts };
}

/** The routes with a permission that paths of the pattern go to. */
function reach({ group, reached }: GroupIndex, pattern: Pattern): readonly ApiRoute[] {
  const key = patternKey(pattern);
  let found = reached.get(key);
  if (found === undefined) {
    found = [...reachedRoutes(group.root, pattern)].filter((route) => permissionOf(route) !== null);
    reached.set(key, found);
  }
  return found;
}

function permissionOf({ route }: ApiRoute): string | null {
  return route.access.kind === "needs" ? route.access.permission : null;
}
