/**
 * What changed for those who call: roles by name, their members, what they may do and under which conditions.
 * A role of the policy is one IAM role for each condition; here it is one role again.
 */
import { canonicalJson } from "../core/index.ts";
import type { PolicyDocument } from "../iam/index.ts";
import type { Artifacts, MembersArtifact } from "./artifacts.ts";
import { canonicalCondition, sortBy } from "./canonical.ts";
import { type Change, compareLists, listValues } from "./change.ts";
import { type ConditionBlock, describeConditionBlock } from "./describe-condition.ts";
import { type MemberEntries, listMembers } from "./describe-members.ts";

/** Compared by key, told by text. */
interface Words {
  readonly key: string;
  readonly text: string;
}

interface RoleView {
  readonly name: string;
  readonly members: MembersArtifact;
  readonly boundaryName: string;
  /** In the order of the artifacts. */
  readonly groups: readonly { readonly condition: Words; readonly permissions: readonly string[] }[];
}

const ALWAYS: Words = { key: canonicalCondition(null), text: describeConditionBlock(null) };

export function diffRoles(before: Artifacts, after: Artifacts): Change[] {
  const [old, current] = [viewRoles(before), viewRoles(after)];
  const changes: Change[] = [];
  for (const [name, role] of current) {
    const previous = old.get(name);
    if (previous === undefined) changes.push(describeAdded(role));
    else changes.push(...compareRoles(previous, role));
  }
  for (const name of old.keys())
    if (!current.has(name)) changes.push({ kind: "role-removed", subject: name, text: `role \`${name}\` is gone` });
  changes.push(...compareTrust(before, after));
  return changes;
}

/** Every role trusts alike, each in its own name. */
function compareTrust(before: Artifacts, after: Artifacts): Change[] {
  const [was, now] = [before, after].map(({ iam }) => iam.oidcProvider?.url ?? null);
  if (was === now) return [];
  const subject = after.domain;
  const text =
    now === null || now === undefined
      ? `roles on AWS are no longer taken on with tokens of \`${was}\``
      : `roles on AWS are now taken on with tokens of \`${now}\``;
  return [{ kind: "role-trust", subject, text }];
}

function viewRoles({ iam }: Artifacts): Map<string, RoleView> {
  const views = new Map<string, RoleView>();
  for (const { name, members, boundaryName, permissions, policy } of iam.roles) {
    const group = { condition: describeConditions(policy), permissions };
    const known = views.get(name);
    views.set(name, { name, members, boundaryName, groups: [...(known?.groups ?? []), group] });
  }
  return views;
}

/** Of statements with different conditions, which Gatehouse does not write, each in its own words. */
function describeConditions({ Statement }: PolicyDocument): Words {
  const distinct = new Map<string, ConditionBlock | null>();
  for (const { Effect, Condition = null } of Statement)
    if (Effect === "Allow") distinct.set(canonicalCondition(Condition), Condition);
  return joinWords([...distinct].map(([key, block]) => ({ key, text: describeConditionBlock(block) })));
}

function joinWords(conditions: readonly Words[]): Words {
  const [only, ...more] = conditions;
  if (more.length === 0) return only ?? ALWAYS;
  const sorted = sortBy(conditions, ({ text }) => text);
  return {
    key: canonicalJson(conditions.map(({ key }) => key).sort()),
    text: sorted.map(({ text }) => text).join(", or "),
  };
}

function describeAdded({ name, members, groups }: RoleView): Change {
  const rights = groups.map(({ condition, permissions }) => `may ${showRight(permissions, condition)}`);
  const text = `role \`${name}\` is new, held by ${showMembers(listMembers(members))}, and ${rights.join(" and ")}`;
  return { kind: "role-added", subject: name, text };
}

function showRight(permissions: readonly string[], { key, text }: Words): string {
  return key === ALWAYS.key ? listValues(permissions) : `${listValues(permissions)} ${text}`;
}

function compareRoles(before: RoleView, after: RoleView): Change[] {
  const subject = after.name;
  const role = `role \`${subject}\``;
  const changes: Change[] = compareMembers(before, after);
  if (before.boundaryName !== after.boundaryName) {
    const text = `${role} now has boundary \`${after.boundaryName}\` (was \`${before.boundaryName}\`)`;
    changes.push({ kind: "role-boundary", subject, text });
  }
  const [had, has] = [rightsOf(before), rightsOf(after)];
  const grants = compareLists([...had.keys()], [...has.keys()]);
  // The condition of a role with one is told for the role as a whole.
  const conditionOf = (permission: string): Words =>
    (after.groups.length === 1 ? undefined : has.get(permission)) ?? ALWAYS;
  for (const permissions of groupBy(grants.gained, (permission) => conditionOf(permission).key).values())
    changes.push({
      kind: "role-grants",
      subject,
      text: `${role} now may ${showRight(permissions, conditionOf(permissions[0] ?? ""))}`,
    });
  if (grants.lost.length > 0)
    changes.push({ kind: "role-grants", subject, text: `${role} no longer may ${listValues(grants.lost)}` });
  return [...changes, ...compareConditions(before, after, had, has)];
}

function compareMembers(before: RoleView, after: RoleView): Change[] {
  const subject = after.name;
  const [had, has] = [listMembers(before.members), listMembers(after.members)];
  const gained = withoutKeys(has, had);
  const lost = withoutKeys(had, has);
  const changes: Change[] = [];
  if (gained.size > 0)
    changes.push({
      kind: "role-members",
      subject,
      text: `role \`${subject}\` is now also held by ${showMembers(gained)}`,
    });
  if (lost.size > 0)
    changes.push({
      kind: "role-members",
      subject,
      text: `role \`${subject}\` is no longer held by ${showMembers(lost)}`,
    });
  return changes;
}

/** Of a role with one condition as a whole, else of each permission that it had and has. */
function compareConditions(before: RoleView, after: RoleView, had: Rights, has: Rights): Change[] {
  const subject = after.name;
  const role = `role \`${subject}\``;
  const [was, now] = [before.groups, after.groups].map((groups) =>
    groups.length === 1 ? groups[0]?.condition : undefined,
  );
  if (was !== undefined && now !== undefined) {
    if (was.key === now.key) return [];
    const text = `${role} now holds ${now.text} (held ${was.text} before)`;
    return [{ kind: "role-condition", subject, text }];
  }
  const changed = [...has].flatMap(([permission, to]) => {
    const from = had.get(permission) ?? to;
    return from.key === to.key ? [] : [{ permission, words: `${to.text} (${from.text} before)` }];
  });
  return [...groupBy(changed, ({ words }) => words)].map(([words, rights]) => ({
    kind: "role-condition",
    subject,
    text: `${role} now may ${listValues(rights.map(({ permission }) => permission).sort())} ${words}`,
  }));
}

/** Each permission with its conditions, one of which has to hold. */
type Rights = ReadonlyMap<string, Words>;

function rightsOf({ groups }: RoleView): Rights {
  const rights = new Map<string, Words[]>();
  for (const { condition, permissions } of groups)
    for (const permission of permissions) rights.set(permission, [...(rights.get(permission) ?? []), condition]);
  return new Map([...rights].map(([permission, conditions]) => [permission, joinWords(conditions)]));
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function withoutKeys(entries: MemberEntries, others: MemberEntries): MemberEntries {
  return new Map([...entries].filter(([key]) => !others.has(key)));
}

function showMembers(members: MemberEntries): string {
  return members.size === 0 ? "nobody" : listValues([...members.values()].sort());
}
