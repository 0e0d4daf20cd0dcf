/**
 * By which roles and grants a permission can be had. Which of a role's grants count, and whether its boundary lets them,
 * is what `judgeRole` says.
 */
import { describeCondition, findUnmet } from "../condition.ts";
import type { Caller } from "../decision.ts";
import { judgeRole } from "../judge-role.ts";
import { describeMembers } from "../members.ts";
import { permissionMatches } from "../permission.ts";
import type { Condition, Grant, Policy, PolicyRoute, Role } from "../policy.ts";
import { plainCondition, plainMembers } from "./code.ts";

export interface Way {
  readonly role: Role;
  readonly grant: Grant;
  /** All of them have to hold. */
  readonly conditions: readonly Condition[];
}

const known = new WeakMap<Policy, Map<string, readonly Way[]>>();

/** In the order of the policy, the same list each time. `policy` is as it is in one environment. */
export function listWays(policy: Policy, permission: string): readonly Way[] {
  let ways = known.get(policy);
  if (ways === undefined) known.set(policy, (ways = new Map()));
  let found = ways.get(permission);
  if (found === undefined)
    ways.set(permission, (found = policy.roles.flatMap((role) => listWaysOfRole(policy, role, permission))));
  return found;
}

/** The ways through one role: one when a grant holds without a condition of its own, else one for each grant. */
export function listWaysOfRole(policy: Policy, role: Role, permission: string): Way[] {
  const grants = role.can.filter(({ value }) => permissionMatches(value, permission));
  // Most roles have nothing to do with most permissions; only the others are worth a verdict.
  if (grants.length === 0 || judgeRole(policy, role, permission, null).outcome !== "allows") return [];
  const free = grants.find(({ when }) => when === null);
  return (free === undefined ? grants : [free]).map((grant) => ({
    role,
    grant,
    conditions: [role.when, grant.when].filter((condition) => condition !== null),
  }));
}

/** Whether the route has every parameter that the conditions ask for; else the way never leads there. */
export function leadsTo({ conditions }: Way, { path }: PolicyRoute): boolean {
  return conditions.every((condition) =>
    condition.path.every(({ parameter }) => path.includes(`{${parameter}}`) || path.includes(`{${parameter}+}`)),
  );
}

/** Who goes this way and what has to hold for them, in words; empty when nothing has to. */
export function describeWay({ role, conditions }: Way): { readonly who: string; readonly when: string } {
  return { who: describeMembers(plainMembers(role.members)), when: describeConditions(conditions.map(plainCondition)) };
}

/** What of the conditions depends on the request, for this caller; null when the caller's claims rule the way out. */
export function leftToMeet({ conditions }: Way, caller: Caller): Condition[] | null {
  const now = { caller, sourceIp: "", atMs: null, params: {} };
  const left: Condition[] = [];
  for (const condition of conditions) {
    const { claims, at } = condition;
    if (findUnmet({ ...NO_CONDITION, claims, at }, now) !== null) return null;
    const rest = { ...condition, claims: [] };
    if (describeCondition(rest) !== "") left.push(rest);
  }
  return left;
}

const NO_CONDITION = { sourceIp: null, afterMs: null, beforeMs: null, hours: null, path: [], tokenAgeMs: null };

/** `from \`10.0.0.0/8\` and with claim \`acr\` \`gold\``; empty when nothing has to hold. */
export function describeConditions(conditions: readonly Condition[]): string {
  return conditions.map((one) => describeCondition(one)).join(" and ");
}
