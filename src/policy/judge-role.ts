/**
 * One role against one permission: the heart of a decision.
 * Out: how far the role goes, with the lines of the policy that say so in the order in which they were read.
 * INVARIANT: a role allows only what one of its grants and one entry of its boundary both cover, while its conditions
 * hold; a boundary that cannot be found allows nothing.
 */
import type { Caller, Decision } from "./decision.ts";
import { permissionMatches } from "./permission.ts";
import type { Boundary, Located, Policy, Role } from "./policy.ts";
import { isAddressInBlocks } from "./source-address.ts";

type Statement = Decision["statements"][number];

/** How far one role goes towards allowing a permission, with the lines that say so. */
export interface RoleVerdict {
  readonly role: Role;
  readonly outcome: "allows" | "condition-not-met" | "outside-boundary" | "not-granted";
  readonly statements: readonly Statement[];
}

/** Whether the caller holds the role: by at least one of its lists. */
export function holdsRole({ members }: Role, caller: Caller): boolean {
  return (
    members.groups.some((group) => caller.groups.includes(group)) ||
    members.subjects.includes(caller.subject) ||
    (caller.clientId !== null && members.clientIds.includes(caller.clientId))
  );
}

/** The verdict of one role on one permission for a request from `sourceIp`; a null address skips the condition. */
export function judgeRole(policy: Policy, role: Role, permission: string, sourceIp: string | null): RoleVerdict {
  const statements: Statement[] = [];
  const grant = findPattern(role.can, permission);
  if (grant === null) return { role, outcome: "not-granted", statements: [{ text: describeRole(role), at: role.at }] };
  statements.push({ text: `role \`${role.name}\` can \`${grant.value}\``, at: grant.at });

  const boundary = findBoundary(policy, role);
  const limit = boundary === null ? null : findPattern(boundary.permissions, permission);
  if (limit === null) {
    const text = `boundary \`${role.boundary}\` does not allow \`${permission}\``;
    return { role, outcome: "outside-boundary", statements: [...statements, { text, at: boundary?.at ?? role.at }] };
  }
  statements.push({ text: `boundary \`${role.boundary}\` allows \`${limit.value}\``, at: limit.at });

  if (role.when !== null) {
    const from = role.when.sourceIp.map((block) => `\`${block}\``).join(", ");
    statements.push({ text: `role \`${role.name}\` holds from ${from}`, at: role.at });
    if (sourceIp !== null && !isAddressInBlocks(sourceIp, role.when.sourceIp))
      return { role, outcome: "condition-not-met", statements };
  }
  return { role, outcome: "allows", statements };
}

function findPattern(patterns: readonly Located<string>[], permission: string): Located<string> | null {
  return patterns.find((pattern) => permissionMatches(pattern.value, permission)) ?? null;
}

function findBoundary(policy: Policy, role: Role): Boundary | null {
  return policy.boundaries.find((boundary) => boundary.name === role.boundary) ?? null;
}

function describeRole(role: Role): string {
  const can = role.can.map((pattern) => `\`${pattern.value}\``).join(", ");
  return `role \`${role.name}\` can ${can === "" ? "nothing" : can}`;
}
