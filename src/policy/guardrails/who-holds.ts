/**
 * What can be said of a member expression without knowing anybody: whether someone could fit it, and whether everyone
 * who fits was asked for by name.
 * An identity has one issuer, so both are asked for one issuer at a time (null for the environment's provider).
 * INVARIANT: total; `not` turns the question of what is below it around, however deep it stands.
 */
import type { Members } from "../policy.ts";

export type Leaf = Exclude<Members, { kind: "all" | "any" | "not" }>;

/** Whether an identity of the issuer could be one of the members. */
export function canHold(members: Members, issuer: string | null, negated = false): boolean {
  switch (members.kind) {
    case "any":
    case "all":
      return (members.kind === "any") === negated
        ? members.of.every((part) => canHold(part, issuer, negated))
        : members.of.some((part) => canHold(part, issuer, negated));
    case "not":
      return canHold(members.of, issuer, !negated);
    default:
      return negated || (members.issuer === issuer && members.values.length > 0);
  }
}

/** Whether every identity of the issuer that is a member had to fit a leaf which `isNarrow` accepts. */
export function isHeldThrough(
  members: Members,
  issuer: string | null,
  isNarrow: (leaf: Leaf) => boolean,
  negated = false,
): boolean {
  switch (members.kind) {
    case "any":
    case "all":
      return (members.kind === "any") === negated
        ? members.of.some((part) => isHeldThrough(part, issuer, isNarrow, negated))
        : members.of.every((part) => isHeldThrough(part, issuer, isNarrow, negated));
    case "not":
      return isHeldThrough(members.of, issuer, isNarrow, !negated);
    default:
      // Nobody of this issuer fits a leaf of another one.
      return !negated && (members.issuer !== issuer || isNarrow(members));
  }
}

/** Whether anybody could be one of the members. */
export function hasMembers(members: Members, issuers: readonly string[]): boolean {
  return [null, ...issuers].some((issuer) => canHold(members, issuer));
}
