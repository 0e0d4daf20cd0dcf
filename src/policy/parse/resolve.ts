/**
 * Names that refer to another part of the policy: each has to lead somewhere.
 * Runs after all parts were read; a name that could not be read refers to nothing and is not reported twice.
 */
import { isCatchAll, isPermissionPattern } from "../permission.ts";
import type { Boundary, Policy, SecretSchedule } from "../policy.ts";
import { suggest } from "./nearest.ts";
import type { SecretUse } from "./read-identity.ts";
import type { RoleReading } from "./read-roles.ts";
import { UNREADABLE_PERMISSION } from "./read-routes.ts";
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

export function checkLogin(report: Report, services: readonly ServiceReading[], identity: Policy["identity"]): void {
  if (identity.login !== null) return;
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
