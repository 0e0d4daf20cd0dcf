/**
 * What anyone may call after a change and might not before, and the other way round.
 *
 * In: a policy in one environment, before and after (of one policy file, or two environments of one). Out: changes, the
 * gains first, in the order of the policy. How: the requests are parted into cells by the routes of both sides; for each
 * cell who may call is compared (who.ts).
 * INVARIANT: sound: whenever a request of somebody is denied before and allowed after, there is a gain whose routes name
 * the route that answers after it, or a setting that names it (settings.ts).
 * Not here: limits, hosts and identity (settings.ts), words for people (app).
 */
import { listRoutes } from "../list-routes.ts";
import type { PolicyRoute } from "../policy.ts";
import { canonicalRouteKey } from "../route-key.ts";
import { type Cell, listCells } from "./cells.ts";
import { type Place, type View, listComparisons } from "./places.ts";
import { type Example, type Judge, findProof } from "./prove.ts";
import { type Difference, NOBODY, type Who, describeTerm, findDifferences, whoOf } from "./who.ts";
import { type Way, listWays } from "./ways.ts";

export interface AccessChange {
  readonly effect: "gain" | "loss";
  /** An example shows it; else it could not be ruled out. */
  readonly isSure: boolean;
  /** Callers in words, each alone; `everybody`, signed in or not, on an open route. */
  readonly who: readonly string[];
  /** What has to hold beside, in words; empty for nothing. */
  readonly when: string;
  /** On the other side: what had or has to hold for the same callers, or who is let in where this is everybody. */
  readonly otherwise: string | null;
  /** Roles that let in; none on an open route. */
  readonly roles: readonly string[];
  readonly routes: readonly ChangedRoute[];
  /** On the first of the routes; null unless `isSure`. */
  readonly example: Example | null;
}

export interface ChangedRoute extends Place {
  readonly service: string;
  readonly key: string;
  /** Keys of the routes that answer the same requests on the other side, null where none does. */
  readonly otherKeys: readonly (string | null)[];
  /** One of the others is the same route, names of parameters aside. */
  readonly isOnBoth: boolean;
  /** Why an open route is open. */
  readonly because: string | null;
}

/** Null is a policy without the environment: it lets in nobody. */
export function diffAccess(before: View | null, after: View | null): AccessChange[] {
  return [...findChanges("gain", after, before), ...findChanges("loss", before, after)];
}

/** What `view` lets in and `other` does not. */
function findChanges(effect: AccessChange["effect"], view: View | null, other: View | null): AccessChange[] {
  if (view === null) return [];
  const sides = { view: createSide(view, other), other: other === null ? null : createSide(other, view) };
  const found = new Map<string, AccessChange & { routes: ChangedRoute[] }>();
  const position = new Map(view.policy.services.flatMap(({ routes }) => routes).map((route, at) => [route, at]));
  const cells = listComparisons(view, other).flatMap(({ here, there, services }) => {
    const [mine, theirs] = [routesAt(view, here), other === null ? [] : routesAt(other, there)];
    return listCells(theirs, mine).flatMap((cell) =>
      cell.after !== null && services.has(cell.after.service) ? [{ ...cell, after: cell.after, here, there }] : [],
    );
  });
  cells.sort((a, b) => (position.get(a.after) ?? 0) - (position.get(b.after) ?? 0));
  const compare = createComparison(sides.view, sides.other);
  for (const cell of cells)
    for (const { difference, proof } of compare(cell)) {
      const { caller, when } = difference.term === null ? EVERYBODY : describeTerm(difference.term);
      const { otherwise, roles } = difference;
      const change = { effect, isSure: proof !== null, who: [caller], when, otherwise, roles };
      const key = JSON.stringify(change);
      const known = found.get(key);
      if (known === undefined) found.set(key, { ...change, routes: [changedRoute(cell)], example: proof });
      else addRoute(known.routes, changedRoute(cell));
    }
  return joinCallers([...found.values()]);
}

/** Changes that differ only in the caller become one. */
function joinCallers(changes: readonly AccessChange[]): AccessChange[] {
  const joined = new Map<string, AccessChange>();
  for (const change of changes) {
    const { who: _, example: __, ...rest } = change;
    const key = JSON.stringify(rest);
    const known = joined.get(key);
    joined.set(key, known === undefined ? change : { ...known, who: [...known.who, ...change.who] });
  }
  return [...joined.values()];
}

const EVERYBODY = { caller: "everybody", when: "" };

type PlacedCell = Cell & { readonly after: PolicyRoute; readonly here: Place; readonly there: Place };

function routesAt({ policy, environment }: View, { exposure, host }: Place): readonly PolicyRoute[] {
  return listRoutes(policy, environment, exposure, host);
}

interface Side {
  readonly view: View;
  readonly who: (route: PolicyRoute) => Who;
  /** Equal for two routes that let in the same people in the same circumstances. */
  readonly keyOf: (route: PolicyRoute) => string;
}

function createSide(view: View, other: View | null): Side {
  const issuers = [
    ...new Set([view, other].flatMap((one) => one?.policy.identity.issuers.map(({ name }) => name) ?? [])),
  ];
  const ways = ({ access }: PolicyRoute): readonly Way[] =>
    access.kind === "open" ? [] : listWays(view.policy, access.permission);
  const keyOf = (route: PolicyRoute): string => {
    if (route.access.kind === "open") return "";
    const isPlaced = ways(route).some(({ conditions }) => conditions.some(({ path }) => path.length > 0));
    return isPlaced ? `${route.access.permission} ${route.path}` : route.access.permission;
  };
  const known = new Map<string, Who>();
  const who = (route: PolicyRoute): Who => {
    const key = keyOf(route);
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = whoOf(route, ways(route), issuers)));
    return found;
  };
  return { view, who, keyOf };
}

interface Found {
  readonly difference: Difference;
  readonly proof: Example | null;
}

/** Compares the two routes of a cell; those that ask for the same are compared once. */
function createComparison(side: Side, other: Side | null): (cell: PlacedCell) => readonly Found[] {
  const known = new Map<string, readonly Found[]>();
  return (cell) => {
    const [mine, theirs] = [cell.after, cell.before];
    const key = JSON.stringify([side.keyOf(mine), theirs === null || other === null ? null : other.keyOf(theirs)]);
    let found = known.get(key);
    if (found === undefined) {
      const otherWho = theirs === null || other === null ? NOBODY : other.who(theirs);
      const terms = otherWho.kind === "everybody" ? [] : otherWho.entries.map(({ term }) => term);
      const letsIn: Judge = { view: side.view, place: cell.here };
      const refuses: Judge = { view: other?.view ?? null, place: cell.there };
      found = findDifferences(side.who(mine), otherWho).map((difference) => ({
        difference,
        proof: findProof(difference.term, terms, cell, letsIn, refuses),
      }));
      known.set(key, found);
    }
    return found;
  };
}

function changedRoute({ after, before, here }: PlacedCell): ChangedRoute {
  const isOnBoth =
    before !== null && canonicalRouteKey(after.method, after.path) === canonicalRouteKey(before.method, before.path);
  return {
    ...here,
    service: after.service,
    key: after.key,
    otherKeys: [before?.key ?? null],
    isOnBoth,
    because: after.access.kind === "open" ? after.access.because : null,
  };
}

/** A route stands once, with all that the other side has in its place. */
function addRoute(routes: ChangedRoute[], route: ChangedRoute): void {
  // Cells come in the order of their routes, so it can only be the last one.
  const last = routes.at(-1);
  if (last?.key !== route.key || last.service !== route.service || last.host !== route.host) routes.push(route);
  else
    routes[routes.length - 1] = {
      ...last,
      otherKeys: [...last.otherKeys, ...route.otherKeys],
      isOnBoth: last.isOnBoth || route.isOnBoth,
    };
}
