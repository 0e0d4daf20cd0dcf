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
    switch (part.kind) {
      case "any":
        for (const one of part.of) add(one);
        return;
      case "all":
      case "not": {
        const [only, ...more] = part.kind === "all" ? part.of : [];
        if (only !== undefined && more.length === 0) add(only);
        else entries.set(canonicalMembers(part), describe(part));
        return;
      }
    }
    for (const value of part.values) {
      const one = { ...part, values: [value] };
      entries.set(canonicalMembers(one), describe(one));
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
  }
  const values = members.values.join(" or ");
  const of = members.issuer === null ? "" : ` of issuer ${members.issuer}`;
  switch (members.kind) {
    case "groups":
      return `group ${values}${of}`;
    case "subject":
    case "client":
      return `${members.kind} ${values}${of}`;
    case "claim":
      return `claim ${members.claim} ${members.test === "prefix" ? "beginning with " : ""}${values}${of}`;
  }
  return members satisfies never;
}

function describePart(members: MembersArtifact): string {
  const isCompound = (members.kind === "all" || members.kind === "any") && members.of.length > 1;
  return isCompound ? `(${describe(members)})` : describe(members);
}
