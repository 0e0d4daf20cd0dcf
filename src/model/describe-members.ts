/**
 * Who holds a role, in words, and who does now and did not before.
 * INVARIANT: two expressions of the same members in another order have the same entries; entries are compared by what
 * they say, never by their words, which names with blanks could forge.
 */
import { canonicalJson } from "../core/index.ts";
import type { MembersArtifact } from "./artifacts.ts";

/** Members by key: each alone is enough to hold the role. */
export type MemberEntries = ReadonlyMap<string, string>;

/** `group support`, `claim repository beginning with shop/ of issuer ci`, `group a and not client b`. */
export function listMembers(members: MembersArtifact): MemberEntries {
  const entries = new Map<string, string>();
  const add = (part: MembersArtifact): void => {
    if ("values" in part)
      for (const value of part.values) {
        const one = { ...part, values: [value] };
        entries.set(canonicalMembers(one), describe(one));
      }
    else if (part.kind === "any") for (const one of part.of) add(one);
    else {
      const [only, ...more] = part.kind === "all" ? part.of : [];
      if (only !== undefined && more.length === 0) add(only);
      else entries.set(canonicalMembers(part), describe(part));
    }
  };
  add(members);
  return entries;
}

function canonicalMembers(members: MembersArtifact): string {
  switch (members.kind) {
    case "all":
    case "any": {
      const parts = [...new Set(members.of.map(canonicalMembers))].sort();
      const [only] = parts;
      return parts.length === 1 && only !== undefined ? only : canonicalJson([members.kind, ...parts]);
    }
    case "not":
      return canonicalJson(["not", canonicalMembers(members.of)]);
    default:
      return canonicalJson({ ...members, values: members.values.toSorted() });
  }
}

function describe(members: MembersArtifact): string {
  switch (members.kind) {
    case "all":
      return members.of.map(describePart).join(" and ");
    case "any":
      return members.of.length === 0 ? "nobody" : members.of.map(describePart).join(" or ");
    case "not":
      return `not ${describePart(members.of)}`;
    case "groups":
      return `group ${describeValues(members)}`;
    case "subject":
    case "client":
      return `${members.kind} ${describeValues(members)}`;
    case "claim":
      return `claim ${members.claim} ${members.test === "prefix" ? "beginning with " : ""}${describeValues(members)}`;
  }
  return members satisfies never;
}

function describeValues({
  values,
  issuer,
}: {
  readonly values: readonly string[];
  readonly issuer: string | null;
}): string {
  return `${values.join(" or ")}${issuer === null ? "" : ` of issuer ${issuer}`}`;
}

function describePart(members: MembersArtifact): string {
  const isCompound = (members.kind === "all" || members.kind === "any") && members.of.length > 1;
  return isCompound ? `(${describe(members)})` : describe(members);
}
