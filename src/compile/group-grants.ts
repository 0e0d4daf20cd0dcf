/**
 * A role's grants by the condition under which they hold. Each group becomes an IAM role of its own, because a Deny that
 * makes one group exact would also refuse what another group allows.
 *
 * In: a role, the permissions that a pattern covers. Out: groups, the one that asks for the least first, the others in
 * the order of the file; at least one, also for a role that can do nothing.
 * INVARIANT: a permission that the first group grants is in no other one, whose conditions would add nothing.
 */
import type { Diagnostic } from "../core/index.ts";
import { canonicalCondition } from "../model/index.ts";
import type { Condition, Located, Role } from "../policy/index.ts";
import { type ConditionBlock, joinConditions } from "./iam-condition.ts";

export interface GrantGroup {
  /** Null: holds always. */
  readonly condition: ConditionBlock | null;
  readonly permissions: ReadonlySet<string>;
  /** Granted whenever this group's condition holds, by the first group. */
  readonly alsoGranted: ReadonlySet<string>;
}

interface OpenGroup {
  readonly condition: ConditionBlock | null;
  readonly permissions: Set<string>;
}

const NONE: ReadonlySet<string> = new Set();

export function groupGrants(
  role: Role,
  expand: (patterns: readonly Located<string>[]) => ReadonlySet<string>,
): { readonly groups: readonly GrantGroup[]; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const groups = new Map<string, OpenGroup>();
  const openGroup = (conditions: readonly Condition[]): OpenGroup | null => {
    const joined = joinConditions(conditions);
    if (!joined.ok) {
      diagnostics.push(notJoinable(role, conditions, joined.claim, joined.ways));
      return null;
    }
    const key = canonicalCondition(joined.block);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { condition: joined.block, permissions: new Set() }));
    return group;
  };
  const ofRole = role.when === null ? [] : [role.when];
  const first = openGroup(ofRole);
  const always = role.can.filter((grant) => grant.when === null);
  if (first !== null) for (const permission of expand(always)) first.permissions.add(permission);
  for (const grant of role.can) {
    if (grant.when === null) continue;
    const group = openGroup([...ofRole, grant.when]);
    if (group !== null) for (const permission of expand([grant])) group.permissions.add(permission);
  }
  for (const group of groups.values())
    if (group !== first) for (const permission of first?.permissions ?? []) group.permissions.delete(permission);
  const used = [...groups.values()].filter(({ permissions }) => permissions.size > 0);
  const kept = used.length > 0 || first === null ? used : [first];
  const ofFirst = first?.permissions ?? NONE;
  return {
    groups: kept.map((group) => ({ ...group, alsoGranted: group === first ? NONE : ofFirst })),
    diagnostics,
  };
}

function notJoinable(role: Role, conditions: readonly Condition[], claim: string, ways: number): Diagnostic {
  return {
    id: "compile/conditions-not-joinable",
    severity: "error",
    message: `role \`${role.name}\` asks for claim \`${claim}\` in ${ways} ways at once, a condition of IAM can hold 4`,
    span: conditions.at(-1)?.at ?? role.at,
    hint: "ask for the claim in fewer ways, or issue a claim that says all of it",
  };
}
