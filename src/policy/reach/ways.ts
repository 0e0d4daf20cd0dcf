/**
 * By which roles and grants a permission can be had. Which of a role's grants count, and whether its boundary lets them,
 * is what `judgeRole` says.
 */
import { describeCondition } from "../condition.ts";
import { judgeRole } from "../judge-role.ts";
import { permissionMatches } from "../permission.ts";
import type { Condition, Grant, Policy, Role } from "../policy.ts";

export interface Way {
  readonly role: Role;
  readonly grant: Grant;
  /** All of them have to hold. */
  readonly conditions: readonly Condition[];
}

/** In the order of the policy. `policy` is as it is in one environment. */
export function listWays(policy: Policy, permission: string): Way[] {
  return policy.roles.flatMap((role) => listWaysOfRole(policy, role, permission));
}

/** The ways through one role: one when a grant holds without a condition of its own, else one for each grant. */
export function listWaysOfRole(policy: Policy, role: Role, permission: string): Way[] {
  if (judgeRole(policy, role, permission, null).outcome !== "allows") return [];
  const grants = role.can.filter(({ value }) => permissionMatches(value, permission));
  const free = grants.find(({ when }) => when === null);
  return (free === undefined ? grants : [free]).map((grant) => ({
    role,
    grant,
    conditions: [role.when, grant.when].filter((condition) => condition !== null),
  }));
}

/** `from \`10.0.0.0/8\` and with claim \`acr\` \`gold\``; empty when nothing has to hold. */
export function describeConditions(conditions: readonly Condition[]): string {
  return conditions.map(describeCondition).join(" and ");
}
