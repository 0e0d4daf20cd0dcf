/**
 * Who holds a role. The expression of a policy (policy.ts `Members`) and of compiled artifacts are the same.
 * INVARIANT: total; a leaf fits identities of its own issuer only, values are compared whole, code point by code point.
 * Source: docs/spec/policy-language.md chapter 9.
 */
import type { Caller } from "./decision.ts";
import type { Members } from "./policy.ts";

const NONE: readonly string[] = [];

type Leaf = Exclude<Members, { kind: "all" | "any" | "not" }>;

/** Whether the caller is one of the members. */
export function isMember(members: Members, caller: Caller): boolean {
  if (!("of" in members)) return members.issuer === (caller.issuer ?? null) && fitsLeaf(members, caller);
  if (members.kind === "not") return !isMember(members.of, caller);
  const holds = (part: Members): boolean => isMember(part, caller);
  return members.kind === "all" ? members.of.every(holds) : members.of.some(holds);
}

function fitsLeaf(leaf: Leaf, caller: Caller): boolean {
  switch (leaf.kind) {
    case "groups":
      return caller.groups.some((group) => leaf.values.includes(group));
    case "subject":
      return leaf.values.includes(caller.subject);
    case "client":
      return caller.clientId !== null && leaf.values.includes(caller.clientId);
    case "claim": {
      const given = claimOf(caller, leaf.claim);
      return leaf.test === "equals"
        ? given.some((value) => leaf.values.includes(value))
        : given.some((value) => leaf.values.some((prefix) => value.startsWith(prefix)));
    }
  }
  return leaf satisfies never;
}

/** The values of a claim of the caller; none when it is absent. */
export function claimOf(caller: Pick<Caller, "claims">, claim: string): readonly string[] {
  const { claims } = caller;
  return claims !== undefined && Object.hasOwn(claims, claim) ? (claims[claim] ?? NONE) : NONE;
}

/** Every leaf of an expression, those below `not` included. */
export function listLeaves(members: Members): Leaf[] {
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
  if (!("of" in members)) return describeLeaf(members);
  if (members.kind === "not") return `not ${describePart(members.of)}`;
  return members.of.map(describePart).join(members.kind === "all" ? " and " : " or ") || "nobody";
}

function describeLeaf(leaf: Leaf): string {
  const of = leaf.issuer === null ? "" : ` of issuer \`${leaf.issuer}\``;
  const values = leaf.values.map((value) => `\`${value}\``).join(" or ");
  switch (leaf.kind) {
    case "groups":
      return `group ${values}${of}`;
    case "subject":
    case "client":
      return `${leaf.kind} ${values}${of}`;
    case "claim":
      return `claim \`${leaf.claim}\` ${leaf.test === "prefix" ? "beginning with " : ""}${values}${of}`;
  }
  return leaf satisfies never;
}

function describePart(members: Members): string {
  const isCompound = (members.kind === "all" || members.kind === "any") && members.of.length > 1;
  return isCompound ? `(${describeMembers(members)})` : describeMembers(members);
}
