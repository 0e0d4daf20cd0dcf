/** Reads `roles:` and `boundaries:`: who holds a role, what it grants, and what limits it. */
import type { Span } from "../../core/index.ts";
import { isPermissionPattern } from "../permission.ts";
import type { Boundary, Located, Role } from "../policy.ts";
import { readBlocks } from "./read-blocks.ts";
import type { Entry, Tree } from "./read-tree.ts";
import { readFields, readNamed, readText, readTexts } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

/** A role and the place of its boundary's name. */
export interface RoleReading {
  readonly role: Role;
  readonly boundaryAt: Span;
}

export function readRoles(report: Report, entry: Entry | null): RoleReading[] {
  if (entry === null) return [];
  const example = "support: { members: { groups: [support] }, can: [orders:read], boundary: staff }";
  return readNamed(report, entry.value, "`roles`", "role", { mayBeEmpty: true, example }).map((item) =>
    readRole(report, item),
  );
}

function readRole(report: Report, { key, keyAt, value }: Entry): RoleReading {
  const fields = readFields(report, value, `role ${quote(key)}`, keyAt, {
    required: {
      members: "members: { groups: [support] }",
      can: "can: [orders:read]",
      boundary: "boundary: staff",
    },
    optional: ["when"],
  });
  const boundary = readText(report, fields?.of("boundary") ?? null, "`boundary`");
  return {
    role: {
      name: key,
      members: readMembers(report, fields?.of("members") ?? null, fields?.keyAt("members") ?? keyAt),
      can: readPatterns(report, fields?.of("can") ?? null, "`can`"),
      boundary: boundary?.value ?? "",
      when: readCondition(report, fields?.of("when") ?? null, fields?.keyAt("when") ?? keyAt),
      at: keyAt,
    },
    boundaryAt: boundary?.at ?? keyAt,
  };
}

function readMembers(report: Report, tree: Tree | null, owner: Span): Role["members"] {
  const fields =
    tree === null
      ? null
      : readFields(report, tree, "`members`", owner, { required: {}, optional: ["groups", "subject", "client_id"] });
  const read = (key: "groups" | "subject" | "client_id"): string[] => {
    const members = readTexts(report, fields?.of(key) ?? null, `\`${key}\``, { mayBeEmpty: true });
    for (const { value, at } of members)
      if (value.includes("*"))
        report.add("role/member", at, `${quote(value)} is compared whole and would match nobody`, {
          hint: "name each member; a route for everybody is `open` and says why",
        });
    return members.map((member) => member.value);
  };
  return { groups: read("groups"), subjects: read("subject"), clientIds: read("client_id") };
}

function readCondition(report: Report, tree: Tree | null, owner: Span): Role["when"] {
  if (tree === null) return null;
  const fields = readFields(report, tree, "`when`", owner, { required: { source_ip: "source_ip: [10.0.0.0/16]" } });
  // A condition that could not be read holds nowhere.
  return { sourceIp: readBlocks(report, fields?.of("source_ip") ?? null, "`source_ip`") };
}

export function readBoundaries(report: Report, entry: Entry | null): Boundary[] {
  if (entry === null) return [];
  const example = "staff: [orders:*]";
  return readNamed(report, entry.value, "`boundaries`", "boundary", { mayBeEmpty: true, example }).map(
    ({ key, keyAt, value }) => ({
      name: key,
      permissions: readPatterns(report, value, `boundary ${quote(key)}`),
      at: keyAt,
    }),
  );
}

function readPatterns(report: Report, tree: Tree | null, what: string): Located<string>[] {
  const patterns = readTexts(report, tree, what, { mayBeEmpty: false });
  for (const { value, at } of patterns)
    if (!isPermissionPattern(value))
      report.add("role/permission", at, `${quote(value)} is not a permission`, { hint: hintForPattern(value) });
  return [...patterns];
}

function hintForPattern(value: string): string {
  const area = /^([a-z][a-z0-9-]*)[:.]/.exec(value)?.[1];
  if (value.includes("*")) return `write \`${area ?? "area"}:*\` for all actions of one area, or name the actions`;
  return "write `area:action` in lower case, for example `orders:read`";
}
