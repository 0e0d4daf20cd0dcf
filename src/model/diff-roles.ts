/** What changed for those who call: roles by name, their members, what they may do and from where. */
import { canonicalJson } from "../core/index.ts";
import type { PolicyDocument } from "../iam/index.ts";
import type { Artifacts, IamRole } from "./artifacts.ts";
import { type Change, compareLists, listValues } from "./change.ts";

export function diffRoles(before: Artifacts, after: Artifacts): Change[] {
  const old = new Map(before.iam.roles.map((role) => [role.name, role]));
  const changes: Change[] = [];
  for (const role of after.iam.roles) {
    const previous = old.get(role.name);
    if (previous === undefined) changes.push(describeAdded(role));
    else changes.push(...compareRoles(previous, role));
    old.delete(role.name);
  }
  for (const { name } of old.values())
    changes.push({ kind: "role-removed", subject: name, text: `role \`${name}\` is gone` });
  return changes;
}

function describeAdded({ name, permissions, members }: IamRole): Change {
  const text = `role \`${name}\` is new, held by ${showMembers(memberList(members))}, and may ${listValues(permissions)}`;
  return { kind: "role-added", subject: name, text };
}

function compareRoles(before: IamRole, after: IamRole): Change[] {
  const subject = after.name;
  const role = `role \`${subject}\``;
  const changes: Change[] = [];
  const members = compareLists(memberList(before.members), memberList(after.members));
  if (members.gained.length > 0)
    changes.push({ kind: "role-members", subject, text: `${role} is now also held by ${showMembers(members.gained)}` });
  if (members.lost.length > 0)
    changes.push({ kind: "role-members", subject, text: `${role} is no longer held by ${showMembers(members.lost)}` });
  if (before.boundaryName !== after.boundaryName) {
    const text = `${role} now has boundary \`${after.boundaryName}\` (was \`${before.boundaryName}\`)`;
    changes.push({ kind: "role-boundary", subject, text });
  }
  const grants = compareLists(before.permissions, after.permissions);
  if (grants.gained.length > 0)
    changes.push({ kind: "role-grants", subject, text: `${role} now may ${listValues(grants.gained)}` });
  if (grants.lost.length > 0)
    changes.push({ kind: "role-grants", subject, text: `${role} no longer may ${listValues(grants.lost)}` });
  const [was, now] = [conditionOf(before.policy), conditionOf(after.policy)];
  if (was !== now)
    changes.push({ kind: "role-condition", subject, text: `${role} now holds ${now} (held ${was} before)` });
  return changes;
}

function memberList({ groups, subjects, clientIds }: IamRole["members"]): string[] {
  return [
    ...groups.map((group) => `group ${group}`),
    ...subjects.map((subject) => `subject ${subject}`),
    ...clientIds.map((client) => `client ${client}`),
  ];
}

function showMembers(members: readonly string[]): string {
  return members.length === 0 ? "nobody" : listValues(members);
}

/** Under which condition the role's grants hold, in words for the one that Gatehouse writes. */
function conditionOf({ Statement }: PolicyDocument): string {
  const conditions = Statement.filter(({ Effect }) => Effect === "Allow").map(({ Condition }) => Condition);
  const distinct = new Set(conditions.map((condition) => canonicalJson(condition ?? null)));
  distinct.delete("null");
  if (distinct.size === 0) return "from anywhere";
  const addresses = conditions.map((condition) => condition?.["IpAddress"]?.["aws:SourceIp"]);
  const [first] = addresses;
  if (distinct.size === 1 && first !== undefined) return `from ${listValues([first].flat())}`;
  return `under ${listValues([...distinct].sort())}`;
}
