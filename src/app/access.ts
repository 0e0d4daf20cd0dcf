/**
 * Who may call what, in one environment: every route, with each role or each person and client, or with whom in words.
 *
 * In:  a policy file, what is asked for. Out: rows with the routes that fit, in the order of the policy.
 * INVARIANT: a cell is made of the functions that a decision is made of (`judgeRole`, `isMember`, `findUnmet`) on the route
 * itself, so it is right also where other routes answer part of its paths; refusals have the reason that `decide` gives.
 */
import { GatehouseError } from "../core/index.ts";
import {
  type Caller,
  type Environment,
  type Exposure,
  type Policy,
  type PolicyRoute,
  type Reason,
  type Role,
  createExampleFinder,
  decide,
  describeAuthentication,
  describeConditions,
  describeWay,
  hostOf,
  inEnvironment,
  isMember,
  judgeRole,
  leadsTo,
  leftToMeet,
  listRoutes,
  listUsedClaims,
  listWays,
  listWaysOfRole,
  plainCondition,
} from "../policy/index.ts";
import { type AccessFilter, checkFilter, createFilter } from "./access-filter.ts";
import { countGuardrailErrors, readPolicy } from "./access-source.ts";
import { type LoadedPolicy, chooseEnvironment } from "./load-policy.ts";
import { type NamedCaller, allCallers, callerByName, loadPeople } from "./people.ts";

export type AccessBy = "role" | "identity" | "route";

export interface AccessQuery {
  readonly policyFile: string;
  readonly environment: string | undefined;
  readonly by: AccessBy;
  readonly filter: AccessFilter;
}

export interface AccessCell {
  /** `conditional`: in the circumstances that `when` says. */
  readonly access: "allow" | "conditional" | "deny";
  readonly when: string;
  /** Why not; null when it is allowed. */
  readonly reason: Reason | null;
}

/** Somebody who may call a route. */
export interface AccessLine {
  readonly who: string;
  /** Empty for in all circumstances. */
  readonly when: string;
  /** Null on an open route. */
  readonly role: string | null;
}

export interface AccessRow {
  readonly exposure: Exposure;
  readonly host: string;
  readonly service: string;
  readonly route: string;
  /** Permission needed; null for an open route. */
  readonly needs: string | null;
  /** Why an open route is open. */
  readonly because: string | null;
  /** False when other routes take every request that fits it. */
  readonly answers: boolean;
  /** By column. */
  readonly cells: Readonly<Record<string, AccessCell>>;
  /** Nobody when it is empty. */
  readonly who: readonly AccessLine[];
}

export interface AccessTable {
  readonly environment: string;
  readonly domain: string;
  readonly by: AccessBy;
  readonly columns: readonly string[];
  readonly rows: readonly AccessRow[];
  /** Errors of guardrails in the policy. */
  readonly guardrailErrors: number;
}

/** Everything that is needed to judge a route. */
interface View {
  readonly policy: Policy;
  readonly written: Policy;
  readonly environment: Environment;
}

/** @throws GH_POLICY_UNREADABLE, GH_APP_ENVIRONMENT, GH_APP_UNKNOWN_NAME, GH_APP_FILTER, GH_APP_NO_PEOPLE, GH_APP_PEOPLE_* */
export function listAccess({ policyFile, environment: wanted, by, filter }: AccessQuery): AccessTable | LoadedPolicy {
  const loaded = readPolicy(policyFile);
  if (loaded.policy === null) return loaded;
  const environment = chooseEnvironment(loaded.policy, wanted);
  const view = { policy: inEnvironment(loaded.policy, environment), written: loaded.policy, environment };
  checkFilter(filter, view.policy);
  const fits = createFilter(filter);
  const people = by === "identity" || filter.as !== undefined ? listPeople(view, policyFile, filter.as) : [];
  const roles = view.policy.roles.filter(
    (role) =>
      fits.role(role.name) && (filter.as === undefined || people.some(({ caller }) => isMember(role.members, caller))),
  );
  const columns =
    by === "role" ? roleColumns(view, roles) : by === "identity" ? identityColumns(view, people, roles, filter) : [];
  const rows = listRows(view, columns, roles, filter).filter(
    (row) => by !== "route" || row.who.length > 0 || (filter.role === undefined && filter.as === undefined),
  );
  return {
    environment: environment.name,
    domain: environment.domain,
    by,
    columns: columns.map(({ name }) => name),
    rows,
    guardrailErrors: countGuardrailErrors(loaded),
  };
}

interface Column {
  readonly name: string;
  readonly judge: (route: PolicyRoute, example: Example | null) => AccessCell;
}

/** A request that the route answers. */
interface Example {
  readonly exposure: Exposure;
  readonly host: string;
  readonly method: string;
  readonly path: string;
}

const ALLOWED: AccessCell = { access: "allow", when: "", reason: null };

function listRows(view: View, columns: readonly Column[], roles: readonly Role[], filter: AccessFilter): AccessRow[] {
  const { policy, environment } = view;
  const fits = createFilter(filter);
  const judge = createRowJudge(view, columns, roles, filter);
  const finders = new Map<string, ReturnType<typeof createExampleFinder>>();
  return policy.services.flatMap((service) => {
    const { exposure } = service;
    if (!fits.service(service.name) || !fits.exposure(exposure)) return [];
    const host = hostOf(service, environment);
    const place = `${exposure} ${host}`;
    const findExample = finders.get(place) ?? createExampleFinder(listRoutes(policy, environment, exposure, host));
    finders.set(place, findExample);
    return service.routes.flatMap((route): AccessRow[] => {
      const { access } = route;
      const needs = access.kind === "needs" ? access.permission : null;
      if (!fits.route(route.key) || !fits.permission(needs)) return [];
      const found = findExample(route);
      const example = found === null ? null : { ...found, exposure, host };
      const because = access.kind === "open" ? access.because : null;
      const answers = example !== null;
      const row = { exposure, host, service: service.name, route: route.key, needs, because, answers };
      return [{ ...row, ...judge(route, example) }];
    });
  });
}

/** Routes that need the same permission and have the same parameters are judged once. */
function createRowJudge(
  view: View,
  columns: readonly Column[],
  roles: readonly Role[],
  filter: AccessFilter,
): (route: PolicyRoute, example: Example | null) => Pick<AccessRow, "cells" | "who"> {
  const known = new Map<string, Pick<AccessRow, "cells" | "who">>();
  return (route, example) => {
    const permission = route.access.kind === "needs" ? route.access.permission : null;
    const key = JSON.stringify([permission, example === null, route.path.match(/\{[^}]*\}/g)]);
    let found = known.get(key);
    if (found === undefined) {
      const cells = Object.fromEntries(columns.map(({ name, judge }) => [name, judge(route, example)]));
      known.set(key, (found = { cells, who: listWho(view, route, roles, filter) }));
    }
    return found;
  };
}

/** Who may call the route by one of the roles. An open route is for everybody, whatever roles there are. */
function listWho({ policy }: View, route: PolicyRoute, roles: readonly Role[], filter: AccessFilter): AccessLine[] {
  const { access } = route;
  if (access.kind === "open") return filter.role === undefined ? [{ who: "everybody", when: "", role: null }] : [];
  return listWays(policy, access.permission)
    .filter((way) => roles.includes(way.role) && leadsTo(way, route))
    .map((way) => ({ ...describeWay(way), role: way.role.name }))
    .map((line) => ({ ...line, when: whenOf(route, line.when) }))
    .filter(({ who }) => who !== "nobody");
}

/** A role is judged for whoever holds it, and what its conditions ask for is told. */
function roleColumns({ policy }: View, roles: readonly Role[]): Column[] {
  return roles.map((role) => ({
    name: role.name,
    judge: (route) => {
      const { access } = route;
      if (access.kind === "open") return ALLOWED;
      const { outcome } = judgeRole(policy, role, access.permission, null);
      if (outcome !== "allows") return { access: "deny", when: "", reason: outcome };
      const ways = listWaysOfRole(policy, role, access.permission).filter((way) => leadsTo(way, route));
      if (ways.length === 0) return { access: "deny", when: "", reason: "condition-not-met" };
      return conditional(ways.map((way) => whenOf(route, describeWay(way).when)));
    },
  }));
}

/** Everybody whom the people file names and who holds one of the roles, or all of them when no role is asked for. */
function identityColumns(
  view: View,
  people: readonly NamedCaller[],
  roles: readonly Role[],
  filter: AccessFilter,
): Column[] {
  return people
    .filter(({ caller }) => filter.role === undefined || roles.some((role) => isMember(role.members, caller)))
    .map(({ name, caller }) => ({ name, judge: (route, example) => judgeCaller(view, route, example, caller) }));
}

function judgeCaller(
  { policy, written, environment }: View,
  route: PolicyRoute,
  example: Example | null,
  caller: Caller,
): AccessCell {
  const { access } = route;
  if (access.kind === "open") return ALLOWED;
  const left = listWays(policy, access.permission)
    .filter((way) => isMember(way.role.members, caller) && leadsTo(way, route))
    .flatMap((way) => {
      const conditions = leftToMeet(way, caller);
      return conditions === null ? [] : [whenOf(route, describeConditions(conditions.map(plainCondition)))];
    });
  if (left.length > 0) return conditional(left);
  if (example === null) return { access: "deny", when: "", reason: "no-route" };
  // Refused in every circumstance, so in this one too.
  const { reason } = decide(written, environment.name, { ...example, sourceIp: "unknown" }, caller);
  return { access: "deny", when: "", reason };
}

/** What has to hold on a way, and how the route wants callers to have signed in. */
function whenOf({ authentication }: PolicyRoute, when: string): string {
  const asked = authentication === null ? "" : describeAuthentication(authentication);
  return [when, asked].filter((part) => part !== "").join(" and ");
}

/** Of several ways any is enough. */
function conditional(whens: readonly string[]): AccessCell {
  return whens.includes("")
    ? ALLOWED
    : { access: "conditional", when: [...new Set(whens)].join(", or "), reason: null };
}

/** One by name, or all. @throws GH_APP_NO_PEOPLE, GH_APP_UNKNOWN_NAME */
function listPeople(
  { policy, written, environment }: View,
  file: string,
  pattern: string | undefined,
): readonly NamedCaller[] {
  if (environment.identity.kind !== "embedded")
    throw new GatehouseError("GH_APP_NO_PEOPLE", { environment: environment.name });
  const people = loadPeople({ environment, policy, file });
  const reading = { claims: policy.identity.claims, usedClaims: listUsedClaims(written) };
  const all = allCallers(people, reading);
  if (pattern === undefined) return all;
  const found = all.filter(({ name }) => createFilter({ as: pattern }).as(name));
  if (found.length === 0) callerByName(people, pattern, reading);
  return found;
}
