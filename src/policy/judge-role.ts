/**
 * One role against one permission: the heart of a decision.
 * Out: how far the role goes, with the lines of the policy that say so in the order in which they were read.
 * INVARIANT: a role allows only what one of its grants and one entry of its boundary both cover, while the role's
 * condition and the grant's hold; a boundary that cannot be found allows nothing.
 */
import { type Circumstances, describeCondition, findUnmet } from "./condition.ts";
import type { Decision } from "./decision.ts";
import { permissionMatches } from "./permission.ts";
import type { Boundary, Condition, Grant, Located, Policy, Role } from "./policy.ts";

type Statement = Decision["statements"][number];

/** How far one role goes towards allowing a permission, with the lines that say so. */
export interface RoleVerdict {
  readonly role: Role;
  readonly outcome: "allows" | "condition-not-met" | "outside-boundary" | "not-granted";
  readonly statements: readonly Statement[];
  /** What does not hold, in words; null unless that is why. */
  readonly unmet: string | null;
}

/** The verdict of one role on one permission; without circumstances every condition is taken to hold. */
export function judgeRole(policy: Policy, role: Role, permission: string, now: Circumstances | null): RoleVerdict {
  const grants = role.can.filter((grant) => permissionMatches(grant.value, permission));
  const [first] = grants;
  if (first === undefined) {
    const statements = [{ text: describeRole(role), at: role.at }];
    return { role, outcome: "not-granted", statements, unmet: null };
  }
  const boundary = findBoundary(policy, role);
  const limit = boundary?.permissions.find((entry) => permissionMatches(entry.value, permission));
  if (boundary === null || limit === undefined) {
    const text = `boundary \`${role.boundary}\` does not allow \`${permission}\``;
    const statements = [describeGrant(role, first), { text, at: boundary?.at ?? role.at }];
    return { role, outcome: "outside-boundary", statements, unmet: null };
  }
  const within: Statement = { text: `boundary \`${role.boundary}\` allows \`${limit.value}\``, at: limit.at };
  // Of several grants any may allow; the first one speaks for a refusal.
  let refusal: RoleVerdict | null = null;
  for (const grant of grants) {
    const conditions = [role.when, grant.when].filter((condition) => condition !== null);
    const statements = [describeGrant(role, grant), within, ...conditions.map((one) => describeWhen(role, one))];
    const unmet = now === null ? null : findFirstUnmet(conditions, now);
    if (unmet === null) return { role, outcome: "allows", statements, unmet: null };
    refusal ??= { role, outcome: "condition-not-met", statements, unmet };
  }
  return refusal as RoleVerdict;
}

function findFirstUnmet(conditions: readonly Condition[], now: Circumstances): string | null {
  for (const condition of conditions) {
    const unmet = findUnmet(condition, now);
    if (unmet !== null) return unmet;
  }
  return null;
}

function findBoundary(policy: Policy, role: Role): Boundary | null {
  return policy.boundaries.find((boundary) => boundary.name === role.boundary) ?? null;
}

function describeGrant(role: Role, grant: Located<string>): Statement {
  return { text: `role \`${role.name}\` can \`${grant.value}\``, at: grant.at };
}

function describeWhen(role: Role, condition: Condition): Statement {
  return { text: `role \`${role.name}\` holds ${describeCondition(condition)}`, at: condition.at };
}

function describeRole(role: Role): string {
  const can = role.can.map((grant: Grant) => `\`${grant.value}\``).join(", ");
  return `role \`${role.name}\` can ${can === "" ? "nothing" : can}`;
}
