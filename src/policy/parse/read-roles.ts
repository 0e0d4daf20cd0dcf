/** Reads `roles:` and `boundaries:`: who holds a role, what it grants, and what limits it. */
import type { Span } from "../../core/index.ts";
import { isPermissionPattern } from "../permission.ts";
import type { Boundary, Grant, Located, Role } from "../policy.ts";
import { KEYS } from "./keys.ts";
import { readCondition } from "./read-condition.ts";
import { type Issuers, readMembers } from "./read-members.ts";
import type { Entry, Tree } from "./read-tree.ts";
import { readFields, readList, readNamed, readText, readTexts } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

/** A role and the place of its boundary's name. */
export interface RoleReading {
  readonly role: Role;
  readonly boundaryAt: Span;
}

export function readRoles(report: Report, entry: Entry | null, issuers: Issuers): RoleReading[] {
  if (entry === null) return [];
  const example = "support: { members: { groups: [support] }, can: [orders:read], boundary: staff }";
  return readNamed(report, entry.value, "`roles`", "role", { mayBeEmpty: true, example }).map((item) =>
    readRole(report, item, issuers),
  );
}

function readRole(report: Report, { key, keyAt, value }: Entry, issuers: Issuers): RoleReading {
  const fields = readFields(report, value, `role ${quote(key)}`, keyAt, KEYS.role);
  const boundary = readText(report, fields?.of("boundary") ?? null, "`boundary`");
  return {
    role: {
      name: key,
      members: readMembers(report, fields?.of("members") ?? null, fields?.keyAt("members") ?? keyAt, issuers),
      can: readGrants(report, fields?.of("can") ?? null),
      boundary: boundary?.value ?? "",
      when: readCondition(report, fields?.of("when") ?? null, fields?.keyAt("when") ?? keyAt),
      at: keyAt,
    },
    boundaryAt: boundary?.at ?? keyAt,
  };
}

/** Patterns, and mappings of a pattern with what narrows it. */
function readGrants(report: Report, tree: Tree | null): Grant[] {
  const grants: Grant[] = [];
  const unconditional = new Map<string, Located<string>>();
  for (const item of readList(report, tree, "`can`", { mayBeEmpty: false }) ?? []) {
    const fields = item.kind === "mapping" ? readFields(report, item, "a grant", item.at, KEYS.grant) : null;
    const what = fields === null ? "an entry of `can`" : "`permission`";
    const pattern = readText(report, fields === null ? item : fields.of("permission"), what);
    if (pattern === null) continue;
    checkPattern(report, pattern);
    const when = fields === null ? null : readCondition(report, fields.of("when"), fields.keyAt("when"));
    const isConditional = fields !== null && fields.of("when") !== null;
    const first = isConditional ? undefined : unconditional.get(pattern.value);
    if (first === undefined) grants.push({ ...pattern, when });
    else
      report.add("parse/duplicate-entry", pattern.at, `${quote(pattern.value)} stands twice in \`can\``, {
        hint: "remove one of them",
        related: [{ message: "first here", span: first.at }],
      });
    if (!isConditional && first === undefined) unconditional.set(pattern.value, pattern);
  }
  checkNarrowed(report, grants, unconditional);
  return grants;
}

/** A condition on what is granted without one as well narrows nothing, whatever its author hopes. */
function checkNarrowed(
  report: Report,
  grants: readonly Grant[],
  unconditional: ReadonlyMap<string, Located<string>>,
): void {
  for (const { value, at, when } of grants) {
    if (when === null) continue;
    const area = `${value.slice(0, value.indexOf(":"))}:*`;
    const wider = [value, area, "*", "*:*"]
      .map((pattern) => unconditional.get(pattern))
      .find((one) => one !== undefined);
    if (wider !== undefined)
      report.add("parse/duplicate-entry", at, `${quote(value)} is granted without a condition too`, {
        hint: "remove one of the two; the condition narrows nothing",
        related: [{ message: "without a condition here", span: wider.at }],
      });
  }
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
  for (const pattern of patterns) checkPattern(report, pattern);
  return [...patterns];
}

function checkPattern(report: Report, { value, at }: Located<string>): void {
  if (!isPermissionPattern(value))
    report.add("role/permission", at, `${quote(value)} is not a permission`, { hint: hintForPattern(value) });
}

function hintForPattern(value: string): string {
  const area = /^([a-z][a-z0-9-]*)[:.]/.exec(value)?.[1];
  if (value.includes("*")) return `write \`${area ?? "area"}:*\` for all actions of one area, or name the actions`;
  return "write `area:action` in lower case, for example `orders:read`";
}
