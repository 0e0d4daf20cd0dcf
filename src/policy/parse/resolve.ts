/**
 * Names that refer to another part of the policy: each has to lead somewhere.
 * Runs after all parts were read; a name that could not be read refers to nothing and is not reported twice.
 */
import { isCatchAll, isPermissionPattern, permissionMatches } from "../permission.ts";
import type { Boundary, Condition, Policy, PolicyRoute, SecretSchedule } from "../policy.ts";
import { suggest } from "./nearest.ts";
import type { EnvironmentReading } from "./read-environments.ts";
import type { SecretUse } from "./read-identity.ts";
import type { RoleReading } from "./read-roles.ts";
import { UNREADABLE_PERMISSION, checkRetries } from "./read-routes.ts";
import type { ServiceReading } from "./read-services.ts";
import { type Report, quote } from "./report.ts";

/** Secrets that Gatehouse itself uses, beside those that the policy names. */
const OWN_SECRETS = ["session-key"];

export function checkBoundaryNames(
  report: Report,
  roles: readonly RoleReading[],
  boundaries: readonly Boundary[],
): void {
  const known = boundaries.map((boundary) => boundary.name);
  for (const { role, boundaryAt } of roles)
    if (role.boundary !== "" && !known.includes(role.boundary))
      report.add("reference/boundary", boundaryAt, `there is no boundary ${quote(role.boundary)}`, {
        hint: suggest(role.boundary, known),
      });
}

/** Grants and boundary entries against what routes need. Without every route's permission nothing can be said. */
export function checkPermissions(
  report: Report,
  services: readonly ServiceReading[],
  roles: readonly RoleReading[],
  boundaries: readonly Boundary[],
): void {
  const needed = new Set(services.flatMap((reading) => reading.needed));
  if (services.length === 0 || needed.has(UNREADABLE_PERMISSION)) return;
  const known = [...needed];
  const areas = new Set(known.map((permission) => `${permission.slice(0, permission.indexOf(":"))}:*`));
  const leadsNowhere = (pattern: string): boolean =>
    isPermissionPattern(pattern) && !isCatchAll(pattern) && !needed.has(pattern) && !areas.has(pattern);

  for (const { role } of roles)
    for (const { value, at } of role.can)
      if (leadsNowhere(value))
        report.add("reference/permission", at, `no route needs ${quote(value)}`, { hint: suggest(value, known) });
  for (const boundary of boundaries)
    for (const { value, at } of boundary.permissions)
      if (leadsNowhere(value))
        report.add("reference/unused-boundary-entry", at, `no route needs ${quote(value)}`, {
          hint: suggest(value, known),
        });
}

export function checkLogin(
  report: Report,
  services: readonly ServiceReading[],
  identity: Policy["identity"],
  environments: readonly EnvironmentReading[],
): void {
  const isSetUp =
    environments.length > 0 && environments.every(({ environment }) => environment.overrides.login !== null);
  if (identity.login !== null || isSetUp) return;
  for (const { service, loginAt } of services)
    if (service.login)
      report.add("reference/login", loginAt, `service ${quote(service.name)} asks for sign-in, which is not set up`, {
        hint: "add `login: { client_id: ... }` under `identity`",
      });
}

export function checkSecrets(report: Report, uses: readonly SecretUse[], schedules: readonly SecretSchedule[]): void {
  const scheduled = schedules.map((schedule) => schedule.name);
  for (const { name, at } of uses)
    if (name !== "" && !scheduled.includes(name))
      report.add("reference/secret", at, `secret ${quote(name)} has no schedule`, {
        hint: `add \`${name}: { rotate: 90 days, overlap: 1 day }\` under \`secrets\``,
      });
  if (uses.some((use) => use.name === "")) return;
  const used = [...OWN_SECRETS, ...uses.map((use) => use.name)];
  for (const { name, at } of schedules)
    if (!used.includes(name))
      report.add("reference/unused-secret", at, `nothing uses secret ${quote(name)}`, { hint: suggest(name, used) });
}

/** Every issuer is named once, in each environment: it alone says which rules hold for a token. */
export function checkIssuers(
  report: Report,
  identity: Policy["identity"],
  environments: readonly EnvironmentReading[],
): void {
  const first = new Map<string, string>();
  for (const { environment } of environments)
    if (environment.identity.kind === "issuer")
      first.set(environment.identity.issuer, `environment \`${environment.name}\``);
  for (const { name, issuer, at } of identity.issuers) {
    const other = first.get(issuer);
    if (issuer !== "" && other !== undefined)
      report.add("identity/issuer-twice", at, `issuer ${quote(name)} is the same as that of ${other}`, {
        hint: "remove it, and use members without `issuer`, or write its own address",
      });
    else first.set(issuer, `\`${name}\``);
  }
}

/** What environments override has to exist, and stays idempotent where it is tried again. */
export function checkOverrides(
  report: Report,
  services: readonly ServiceReading[],
  roles: readonly RoleReading[],
  environments: readonly EnvironmentReading[],
): void {
  const routes = new Map(services.flatMap(({ service }) => service.routes).map((route) => [route.key, route]));
  const roleNames = roles.map(({ role }) => role.name);
  for (const reading of environments) {
    const { overrides } = reading.environment;
    for (const { key, at, retriesAt } of reading.routes) {
      const route = routes.get(key);
      if (route === undefined)
        report.add("reference/route", at, `there is no route ${quote(key)}`, {
          hint: suggest(key, [...routes.keys()]),
        });
      else if (retriesAt !== null && (overrides.routes[key]?.retries ?? 0) > 0)
        checkRetries(report, key, route.method, retriesAt);
    }
    for (const { key, at } of reading.roles)
      if (!roleNames.includes(key))
        report.add("reference/role", at, `there is no role ${quote(key)}`, { hint: suggest(key, roleNames) });
  }
}

/** A condition on a path parameter, against the routes that the grant is for. */
export function checkPathParameters(
  report: Report,
  services: readonly ServiceReading[],
  roles: readonly RoleReading[],
  environments: readonly EnvironmentReading[],
): void {
  const routes = services.flatMap(({ service }) => service.routes);
  const check = (condition: Condition | null, patterns: readonly string[], subject: string): void => {
    for (const { parameter } of condition?.path ?? []) {
      const meant = routes.filter(
        ({ access }) =>
          access.kind === "needs" && patterns.some((pattern) => permissionMatches(pattern, access.permission)),
      );
      const without = meant.filter((route) => !hasParameter(route, parameter));
      const at = condition?.at;
      const [first] = without;
      if (at === undefined || first === undefined) continue;
      const related = [{ message: "a route without it", span: first.at }];
      if (without.length === meant.length)
        report.add(
          "condition/path-parameter",
          at,
          `no route of ${subject} has a parameter ${quote(`{${parameter}}`)}`,
          {
            hint: suggest(parameter, [...new Set(meant.flatMap(listParameters))]),
            related,
          },
        );
      else
        report.add(
          "condition/path-parameter-missing",
          at,
          `${quote(first.key)} has no parameter ${quote(`{${parameter}}`)}, so ${subject} never allows it`,
          {
            hint: "put the condition on the grants of the routes that have the parameter",
            related,
          },
        );
    }
  };
  for (const { role } of roles) {
    const all = role.can.map(({ value }) => value);
    check(role.when, all, `role \`${role.name}\``);
    for (const { environment } of environments)
      check(environment.overrides.roles[role.name]?.when ?? null, all, `role \`${role.name}\``);
    for (const grant of role.can) check(grant.when, [grant.value], `grant \`${grant.value}\``);
  }
}

function hasParameter(route: PolicyRoute, parameter: string): boolean {
  return route.path.includes(`{${parameter}}`) || route.path.includes(`{${parameter}+}`);
}

function listParameters(route: PolicyRoute): string[] {
  return [...route.path.matchAll(/\{([^}+]*)\+?\}/g)].map(([, name]) => name ?? "");
}
