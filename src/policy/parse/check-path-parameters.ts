/**
 * Conditions on path parameters against the routes that they are for: a grant whose routes lack the parameter never
 * holds.
 * INVARIANT: time grows with routes and conditions, not with their product.
 */
import { suggest } from "../../core/index.ts";
import { isCatchAll } from "../permission.ts";
import type { Condition, PolicyRoute } from "../policy.ts";
import { placeOfParameter } from "./read-condition.ts";
import type { EnvironmentReading } from "./read-environments.ts";
import type { RoleReading } from "./read-roles.ts";
import type { ServiceReading } from "./read-services.ts";
import { type Report, quote } from "./report.ts";

/** The routes that one pattern of permissions is for, and how many of them have each parameter. */
interface Meant {
  readonly routes: PolicyRoute[];
  readonly parameters: Map<string, number>;
  /** The first route without a parameter, once it was looked for. */
  readonly without: Map<string, PolicyRoute | null>;
}

export function checkPathParameters(
  report: Report,
  services: readonly ServiceReading[],
  roles: readonly RoleReading[],
  environments: readonly EnvironmentReading[],
): void {
  let meant: ReadonlyMap<string, Meant> | null = null;
  const check = (condition: Condition | null, patterns: readonly string[], subject: string): void => {
    for (const one of condition?.path ?? []) {
      const { parameter } = one;
      const index = (meant ??= indexRoutes(services));
      const sets = [...new Set(patterns)].map((pattern) => index.get(isCatchAll(pattern) ? "*" : pattern) ?? EMPTY);
      const without = findWithout(sets, parameter);
      if (condition === null || without === null) continue;
      const at = placeOfParameter(one, condition.at);
      const related = [{ message: "a route without it", span: without.at }];
      if (sets.every(({ parameters }) => !parameters.has(parameter)))
        report.add(
          "condition/path-parameter",
          at,
          `no route of ${subject} has a parameter ${quote(`{${parameter}}`)}`,
          {
            hint: () => suggest(parameter, [...new Set(sets.flatMap(({ parameters }) => [...parameters.keys()]))]),
            related,
          },
        );
      else
        report.add(
          "condition/path-parameter-missing",
          at,
          `${quote(without.key)} has no parameter ${quote(`{${parameter}}`)}, so ${subject} never allows it`,
          { hint: "put the condition on the grants of the routes that have the parameter", related },
        );
    }
  };
  for (const { role } of roles) {
    const all = role.can.map(({ value }) => value);
    const subject = `role ${quote(role.name)}`;
    check(role.when, all, subject);
    for (const { environment } of environments) {
      const { roles: overrides } = environment.overrides;
      check(Object.hasOwn(overrides, role.name) ? (overrides[role.name]?.when ?? null) : null, all, subject);
    }
    for (const grant of role.can) check(grant.when, [grant.value], `grant ${quote(grant.value)}`);
  }
}

const EMPTY: Meant = newMeant();

function newMeant(): Meant {
  return { routes: [], parameters: new Map(), without: new Map() };
}

/** By permission, `area:*`, and `*` for all. */
function indexRoutes(services: readonly ServiceReading[]): ReadonlyMap<string, Meant> {
  const index = new Map<string, Meant>();
  for (const { service } of services)
    for (const route of service.routes) {
      if (route.access.kind !== "needs") continue;
      const { permission } = route.access;
      const parameters = listParameters(route);
      for (const pattern of [permission, `${permission.slice(0, permission.indexOf(":"))}:*`, "*"]) {
        let meant = index.get(pattern);
        if (meant === undefined) index.set(pattern, (meant = newMeant()));
        meant.routes.push(route);
        for (const name of parameters) meant.parameters.set(name, (meant.parameters.get(name) ?? 0) + 1);
      }
    }
  return index;
}

/** The first route without the parameter; null when all have it. */
function findWithout(sets: readonly Meant[], parameter: string): PolicyRoute | null {
  for (const { routes, parameters, without } of sets) {
    if ((parameters.get(parameter) ?? 0) === routes.length) continue;
    let found = without.get(parameter);
    if (found === undefined)
      without.set(parameter, (found = routes.find((route) => !listParameters(route).includes(parameter)) ?? null));
    if (found !== null) return found;
  }
  return null;
}

function listParameters({ path }: PolicyRoute): string[] {
  if (!path.includes("{")) return [];
  return [...path.matchAll(/\{([^}+]*)\+?\}/g)].map(([, name]) => name ?? "");
}
