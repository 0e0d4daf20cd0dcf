/** Guardrails on what roles grant and boundaries allow. */
import { isCatchAll, permissionMatches } from "../permission.ts";
import type { Located, Policy, Role } from "../policy.ts";
import { type Finding, type Guardrails, listAllRoutes } from "./guardrail.ts";
import { listHeldRoles } from "./members.ts";

export const GRANT_GUARDRAILS: Guardrails = {
  "guardrail/catch-all-grant": {
    severity: "error",
    why: "a role that may do everything takes in whatever is added later",
    example: `roles:
  bot: { members: { client_id: [billing] }, can: ["*"], boundary: machines }`,
    fix: "name the permissions, or one area as `orders:*`",
    sources: ["GH101", "GH119"],
    find: (policy) =>
      policy.roles.flatMap((role) =>
        role.can
          .filter(({ value }) => isCatchAll(value))
          .map(({ value, at }) => ({ subject: role.name, at, message: `role \`${role.name}\` can \`${value}\`` })),
      ),
  },
  "guardrail/catch-all-boundary": {
    severity: "error",
    why: "a boundary that allows everything is none",
    example: `boundaries:
  machines: ["*"]`,
    fix: "name the permissions, or one area as `orders:*`",
    sources: ["GH101", "GH116"],
    find: (policy) =>
      policy.boundaries.flatMap(({ name, permissions }) =>
        permissions
          .filter(({ value }) => isCatchAll(value))
          .map(({ value, at }) => ({ subject: name, at, message: `boundary \`${name}\` allows \`${value}\`` })),
      ),
  },
  "guardrail/area-grant": {
    severity: "info",
    why: "a role that has a whole area may also change things there, and whatever is added to the area later",
    example: `roles:
  bot: { members: { client_id: [billing] }, can: [orders:*], boundary: machines }`,
    fix: "name the permissions that the role needs",
    sources: ["GH102", "GH103", "cloudsplaining ServiceWildcard"],
    find: findAreaGrants,
  },
  "guardrail/dead-grant": {
    severity: "warning",
    why: "the grant reads as a right that the boundary takes away again",
    example: `boundaries:
  machines: [orders:write]`,
    fix: "remove the grant, or widen the boundary on purpose",
    sources: ["GH118"],
    find: (policy) =>
      listGrants(policy)
        .filter(({ needed, allowed }) => needed.length > 0 && allowed.length === 0)
        .map(({ role, pattern }) => ({
          subject: role.name,
          at: pattern.at,
          message: `role \`${role.name}\` can \`${pattern.value}\`, which boundary \`${role.boundary}\` does not allow`,
        })),
  },
  "guardrail/unreachable-route": {
    severity: "warning",
    why: "no role lets anybody call the route",
    example: `roles:
  bot: { members: { client_id: [billing] }, can: [orders:read], boundary: machines }`,
    fix: "grant its permission to a role, within that role's boundary, or remove the route",
    sources: ["GH118"],
    find: findUnreachableRoutes,
  },
  "guardrail/unused-boundary": {
    severity: "info",
    why: "a boundary that no role has limits nothing",
    example: `boundaries:
  spare: [orders:read]`,
    fix: "remove it, or give it to a role",
    sources: ["GH115"],
    find: (policy) =>
      policy.boundaries
        .filter(({ name }) => !policy.roles.some((role) => role.boundary === name))
        .map(({ name, at }) => ({ subject: name, at, message: `no role has boundary \`${name}\`` })),
  },
};

interface GrantReach {
  readonly role: Role;
  readonly pattern: Located<string>;
  /** Permissions of routes that the pattern covers, and those of them that the boundary lets through. */
  readonly needed: readonly string[];
  readonly allowed: readonly string[];
}

const reaches = new WeakMap<Policy, readonly GrantReach[]>();

/** The same list each time for the same policy; equal pairs of pattern and boundary are worked out once. */
function listGrants(policy: Policy): readonly GrantReach[] {
  let known = reaches.get(policy);
  if (known === undefined) reaches.set(policy, (known = workOutGrants(policy)));
  return known;
}

function workOutGrants(policy: Policy): GrantReach[] {
  const byArea = new Map<string, Set<string>>();
  for (const { access } of listAllRoutes(policy)) {
    if (access.kind !== "needs") continue;
    const area = areaOf(access.permission);
    const known = byArea.get(area) ?? new Set();
    byArea.set(area, known.add(access.permission));
  }
  const limits = new Map(policy.boundaries.map(({ name, permissions }) => [name, readLimit(permissions)]));
  const workedOut = new Map<string, Pick<GrantReach, "needed" | "allowed">>();
  const reachOf = (pattern: string, boundary: string): Pick<GrantReach, "needed" | "allowed"> => {
    const key = `${pattern} ${boundary}`;
    let reach = workedOut.get(key);
    if (reach === undefined) {
      const areas = isCatchAll(pattern) ? [...byArea.keys()] : [areaOf(pattern)];
      const needed = areas
        .flatMap((area) => [...(byArea.get(area) ?? [])])
        .filter((permission) => permissionMatches(pattern, permission));
      const isAllowed = limits.get(boundary) ?? ((): boolean => false);
      workedOut.set(key, (reach = { needed, allowed: needed.filter(isAllowed) }));
    }
    return reach;
  };
  return policy.roles.flatMap((role) =>
    role.can.map((pattern) => ({ role, pattern, ...reachOf(pattern.value, role.boundary) })),
  );
}

/** Whether a boundary lets a permission through, without looking at each of its entries. */
function readLimit(permissions: readonly Located<string>[]): (permission: string) => boolean {
  const entries = new Set(permissions.map(({ value }) => value));
  const isEverything = permissions.some(({ value }) => isCatchAll(value));
  return (permission) => isEverything || entries.has(permission) || entries.has(`${areaOf(permission)}:*`);
}

/** Grants of an area whose boundary lets a permission through that some changing route needs. */
function findAreaGrants(policy: Policy): Finding[] {
  const changing = new Map<string, string>();
  for (const { access, method, key } of listAllRoutes(policy))
    if (access.kind === "needs" && changesThings(method) && !changing.has(access.permission))
      changing.set(access.permission, key);
  const firstOf = new Map<readonly string[], string | null>();
  return listGrants(policy)
    .filter(({ pattern }) => pattern.value.endsWith(":*") && !isCatchAll(pattern.value))
    .flatMap(({ role, pattern, allowed }) => {
      let permission = firstOf.get(allowed);
      if (permission === undefined)
        firstOf.set(allowed, (permission = allowed.find((one) => changing.has(one)) ?? null));
      if (permission === null) return [];
      const message = `role \`${role.name}\` can \`${pattern.value}\`, \`${permission}\` for \`${changing.get(permission)}\` among it`;
      return [{ subject: role.name, at: pattern.at, message }];
    });
}

function findUnreachableRoutes(policy: Policy): Finding[] {
  const held = listHeldRoles(policy);
  const reachable = new Set<string>();
  // Roles share patterns and boundaries, and with them one list.
  const seen = new Set<readonly string[]>();
  for (const { role, allowed } of listGrants(policy)) {
    if (seen.has(allowed) || !held.has(role.name)) continue;
    seen.add(allowed);
    for (const permission of allowed) reachable.add(permission);
  }
  return listAllRoutes(policy).flatMap(({ key, at, access }) =>
    access.kind === "open" || reachable.has(access.permission)
      ? []
      : [{ subject: key, at, message: `\`${key}\` needs \`${access.permission}\`, which nobody can have` }],
  );
}

/** SOURCE: RFC 9110 9.2.1, safe methods. */
export function changesThings(method: string): boolean {
  return !["GET", "HEAD", "OPTIONS"].includes(method);
}

function areaOf(pattern: string): string {
  return pattern.slice(0, pattern.indexOf(":"));
}
