/**
 * Who holds a role. The expression of a policy (policy.ts `Members`) and of compiled artifacts are the same.
 * INVARIANT: total; a leaf fits identities of its own issuer only, values are compared whole, code point by code point.
 * Source: docs/spec/policy-language.md chapter 9.
 */
import type { Caller } from "./decision.ts";
import type { Members } from "./policy.ts";

const NONE: readonly string[] = [];

/** Whether the caller is one of the members. */
export function isMember(members: Members, caller: Caller): boolean {
  switch (members.kind) {
    case "all":
      return members.of.every((part) => isMember(part, caller));
    case "any":
      return members.of.some((part) => isMember(part, caller));
    case "not":
      return !isMember(members.of, caller);
  }
  if (members.issuer !== (caller.issuer ?? null)) return false;
  switch (members.kind) {
    case "groups":
      return caller.groups.some((group) => members.values.includes(group));
    case "subject":
      return members.values.includes(caller.subject);
    case "client":
      return caller.clientId !== null && members.values.includes(caller.clientId);
    case "claim": {
      const given = claimOf(caller, members.claim);
      return members.test === "equals"
        ? given.some((value) => members.values.includes(value))
        : given.some((value) => members.values.some((prefix) => value.startsWith(prefix)));
    }
  }
  return members satisfies never;
}

/** The values of a claim of the caller; none when it is absent. */
export function claimOf(caller: Caller, claim: string): readonly string[] {
  const { claims } = caller;
  return claims !== undefined && Object.hasOwn(claims, claim) ? (claims[claim] ?? NONE) : NONE;
}

/** Every leaf of an expression, those below `not` included. */
export function listLeaves(members: Members): Exclude<Members, { kind: "all" | "any" | "not" }>[] {
  switch (members.kind) {
    case "all":
    case "any":
      return members.of.flatMap(listLeaves);
    case "not":
      return listLeaves(members.of);
    default:
      return [members];
  }
}

/** The expression in words: `group \`support\`, and not client \`bot\``. */
export function describeMembers(members: Members): string {
  switch (members.kind) {
    case "all":
      return members.of.map(describePart).join(" and ");
    case "any":
      return members.of.length === 0 ? "nobody" : members.of.map(describePart).join(" or ");
    case "not":
      return `not ${describePart(members.of)}`;
  }
  const of = members.issuer === null ? "" : ` of issuer \`${members.issuer}\``;
  const values = members.values.map((value) => `\`${value}\``).join(" or ");
  switch (members.kind) {
    case "groups":
      return `group ${values}${of}`;
    case "subject":
    case "client":
      return `${members.kind} ${values}${of}`;
    case "claim":
      return `claim \`${members.claim}\` ${members.test === "prefix" ? "beginning with " : ""}${values}${of}`;
  }
  return members satisfies never;
}

function describePart(members: Members): string {
  const isCompound = (members.kind === "all" || members.kind === "any") && members.of.length > 1;
  return isCompound ? `(${describeMembers(members)})` : describeMembers(members);
}
