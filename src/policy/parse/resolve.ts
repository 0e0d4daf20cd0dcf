/**
 * Names that refer to another part of the policy: each has to lead somewhere.
 * Runs after all parts were read; a name that could not be read refers to nothing and is not reported twice.
 */
import { suggest } from "../../core/index.ts";
import { isLoopbackHost } from "../origin.ts";
import { hostOf } from "../list-routes.ts";
import { listLeaves } from "../members.ts";
import { isCatchAll, isPermissionPattern } from "../permission.ts";
import type { Boundary, Overrides, Policy, PolicyRoute, SecretSchedule } from "../policy.ts";
import { canonicalRouteKey } from "../route-key.ts";
import type { EnvironmentReading } from "./read-environments.ts";
import type { IdentityReading, SecretUse } from "./read-identity.ts";
import type { RoleReading } from "./read-roles.ts";
import { ASSERTION_KEY } from "./read-limits.ts";
import { UNREADABLE_PERMISSION, checkRetries } from "./read-routes.ts";
import type { ServiceReading } from "./read-services.ts";
import { type Report, quote } from "./report.ts";

/** Secrets that Gatehouse itself uses, beside those that the policy names. */
const OWN_SECRETS = ["session-key", ASSERTION_KEY];

export function checkBoundaryNames(
  report: Report,
  roles: readonly RoleReading[],
  boundaries: readonly Boundary[],
): void {
  const known = new Set(boundaries.map((boundary) => boundary.name));
  for (const { role, boundaryAt } of roles)
    if (role.boundary !== "" && !known.has(role.boundary))
      report.add("reference/boundary", boundaryAt, `there is no boundary ${quote(role.boundary)}`, {
        hint: () => suggest(role.boundary, [...known]),
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
        report.add("reference/permission", at, `no route needs ${quote(value)}`, { hint: () => suggest(value, known) });
  for (const boundary of boundaries)
    for (const { value, at } of boundary.permissions)
      if (leadsNowhere(value))
        report.add("reference/unused-boundary-entry", at, `no route needs ${quote(value)}`, {
          hint: () => suggest(value, known),
        });
}

export function checkLogin(
  report: Report,
  services: readonly ServiceReading[],
  identity: Policy["identity"],
  environments: readonly EnvironmentReading[],
): void {
  for (const { service, loginAt } of services)
    if (service.login && environments.some(({ environment }) => hostOf(service, environment) !== environment.domain))
      report.add("service/login-host", loginAt, "people signed in at the domain are not signed in at another host", {
        hint: "remove `login`, or `host`: sign-in and its cookie belong to the environment's `domain`",
      });
  const isSetUp =
    environments.length > 0 && environments.every(({ environment }) => environment.overrides.login !== null);
  if (identity.login !== null || isSetUp) return;
  for (const { name, login } of identity.issuers)
    if (login !== null)
      report.add("identity/issuer-login", login.at, `people of ${quote(name)} sign in, and nothing says how long for`, {
        hint: "add `login: { client_id: ... }` under `identity`: sessions of all people have its limits",
      });
  for (const { service, loginAt } of services)
    if (service.login)
      report.add("reference/login", loginAt, `service ${quote(service.name)} asks for sign-in, which is not set up`, {
        hint: "add `login: { client_id: ... }` under `identity`",
      });
}

export function checkSecrets(report: Report, uses: readonly SecretUse[], schedules: readonly SecretSchedule[]): void {
  const scheduled = new Set(schedules.map((schedule) => schedule.name));
  for (const { name, at } of uses)
    if (name !== "" && !scheduled.has(name))
      report.add("reference/secret", at, `secret ${quote(name)} has no schedule`, {
        hint: `add \`${name}: { rotate: 90 days, overlap: 1 day }\` under \`secrets\``,
      });
  if (uses.some((use) => use.name === "")) return;
  const used = [...OWN_SECRETS, ...uses.map((use) => use.name)];
  for (const { name, at } of schedules)
    if (!used.includes(name))
      report.add("reference/unused-secret", at, `nothing uses secret ${quote(name)}`, {
        hint: () => suggest(name, used),
      });
}

/** Every issuer is named once, in each environment: it alone says which rules hold for a token. */
export function checkIssuers(
  report: Report,
  { provider, issuersAt }: IdentityReading,
  environments: readonly EnvironmentReading[],
): void {
  const first = new Map<string, string>();
  for (const { environment } of environments)
    if (environment.identity.kind === "issuer")
      first.set(environment.identity.issuer, `environment \`${environment.name}\``);
  for (const { name, issuer, at } of provider.issuers) {
    const other = first.get(issuer);
    if (issuer !== "" && other !== undefined)
      report.add(
        "identity/issuer-twice",
        issuersAt?.get(name) ?? at,
        `issuer ${quote(name)} is the same as that of ${other}`,
        {
          hint: "remove it, and use members without `issuer`, or write its own address",
        },
      );
    else first.set(issuer, `\`${name}\``);
  }
}

/**
 * What environments override has to exist, and may not undo what the route says of itself. Null stands for what is not
 * known as a whole.
 */
export function checkOverrides(
  report: Report,
  services: readonly ServiceReading[] | null,
  roles: readonly RoleReading[] | null,
  environments: readonly EnvironmentReading[],
  /** Names of the workload issuers; another name was reported where it stands. */
  issuers: readonly string[],
): void {
  const list = (services ?? []).flatMap(({ service }) => service.routes);
  let byForm: ReadonlyMap<string, PolicyRoute> | null = null;
  const routes = new Map(list.map((route) => [route.key, route]));
  // A route whose key or base path could not be read may be the one that is meant.
  const knowsRoutes = services !== null && (!report.hasErrors() || services.every((one) => one.hasAllRoutes));
  const roleNames = new Set((roles ?? []).map(({ role }) => role.name));
  for (const reading of environments) {
    if (services !== null)
      for (const override of reading.routes) {
        const route = routes.get(override.key);
        if (route !== undefined) checkRouteOverride(report, route, override, reading);
        else if (knowsRoutes)
          report.add("reference/route", override.at, `there is no route ${quote(override.key)}`, {
            hint: () => hintForRoute(override.key, list, (byForm ??= indexForms(list))),
          });
      }
    const { name, overrides } = reading.environment;
    for (const { key, at } of reading.roles) {
      const members = overrides.roles[key]?.members ?? null;
      const named = members === null ? [] : listLeaves(members).flatMap((leaf) => leaf.issuer ?? []);
      const issuer = named.find((one) => issuers.includes(one) && !isTrusted(overrides, one));
      if (issuer !== undefined)
        report.add("reference/issuer", at, `environment ${quote(name)} does not trust issuer ${quote(issuer)}`, {
          hint: "add it to `issuers` of the environment, or name other members",
        });
    }
    if (roles !== null)
      for (const { key, at } of reading.roles)
        if (!roleNames.has(key))
          report.add("reference/role", at, `there is no role ${quote(key)}`, {
            hint: () => suggest(key, [...roleNames]),
          });
  }
}

function isTrusted({ issuers }: Overrides, issuer: string): boolean {
  return issuers === null || issuers.includes(issuer);
}

/** Routes by their key without names of parameters, with and without base path. */
function indexForms(routes: readonly PolicyRoute[]): ReadonlyMap<string, PolicyRoute> {
  const forms = new Map<string, PolicyRoute>();
  for (const route of routes) forms.set(canonicalRouteKey(route.method, route.servicePath), route);
  for (const route of routes) forms.set(canonicalRouteKey(route.method, route.path), route);
  return forms;
}

function hintForRoute(key: string, routes: readonly PolicyRoute[], byForm: ReadonlyMap<string, PolicyRoute>): string {
  const [method = "", path = ""] = key.split(" ");
  const meant = byForm.get(canonicalRouteKey(method, path));
  if (meant !== undefined && `${meant.method} ${meant.servicePath}` === key)
    return `write it with its base path: ${quote(meant.key)}`;
  if (meant !== undefined) return `did you mean ${quote(meant.key)}?`;
  return suggest(
    key,
    routes.map((route) => route.key),
  );
}

function checkRouteOverride(
  report: Report,
  route: PolicyRoute,
  { key, at, bodyAt, retriesAt }: EnvironmentReading["routes"][number],
  { environment }: EnvironmentReading,
): void {
  const retries = environment.overrides.routes[key]?.retries ?? 0;
  const related = [{ message: "the route", span: route.at }];
  if (route.streaming && bodyAt !== null)
    report.add("route/streaming", bodyAt, `${quote(key)} is streaming and has no limit of its body`, {
      hint: "remove `body` here, or `streaming` from the route",
      related,
    });
  if (retries === 0) return;
  if (route.streaming)
    report.add("route/retries", retriesAt ?? at, `${quote(key)} is streaming, and what passes cannot be sent again`, {
      hint: "remove `retries` here, or `streaming` from the route",
      related,
    });
  else checkRetries(report, key, route.method, retriesAt ?? at);
}

/** Domains and hosts of environments against each other: each environment is an edge of its own. */
export function checkHostNames(
  report: Report,
  services: readonly ServiceReading[],
  environments: readonly EnvironmentReading[],
): void {
  const owners = new Map<string, EnvironmentReading>();
  for (const reading of environments) {
    const { domain, name } = reading.environment;
    const first = owners.get(domain);
    if (first === undefined) owners.set(domain, reading);
    else if (domain !== "" && !isLoopbackHost(domain))
      report.add(
        "environment/domain",
        reading.domainAt,
        `${quote(domain)} is the domain of environment ${quote(first.environment.name)} too`,
        {
          hint: `write a host name that leads to environment ${quote(name)} alone`,
          related: [{ message: "first here", span: first.domainAt }],
        },
      );
  }
  const told = new Set<number>();
  for (const { service, hostsAt } of services)
    for (const { environment } of environments) {
      const host = Object.hasOwn(service.hosts, environment.name) ? service.hosts[environment.name] : undefined;
      const owner = host === undefined ? undefined : owners.get(host);
      const at = hostsAt.get(environment.name);
      if (host === environment.domain || owner === undefined || at === undefined || told.has(at.start)) continue;
      told.add(at.start);
      const message = `${quote(host ?? "")} is the domain of environment ${quote(owner.environment.name)}, and would be the host in ${quote(environment.name)}`;
      report.add("service/host", at, message, {
        hint: "remove it, as services answer for the domain of each environment anyway, or write another host name",
        related: [{ message: "the domain", span: owner.domainAt }],
      });
    }
}
