/** Texts of a policy inside of sentences. INVARIANT: a value cannot end its own backticks, so it cannot forge words. */

import type { Condition, Members } from "../policy.ts";

/** The value in backticks; those within it are written by their code. */
export function code(value: string): string {
  return `\`${plain(value)}\``;
}

export function plain(value: string): string {
  return value.replaceAll("`", "\\u{60}");
}

/** Fit for `describeMembers`. */
export function plainMembers(members: Members): Members {
  switch (members.kind) {
    case "all":
    case "any":
      return { ...members, of: members.of.map(plainMembers) };
    case "not":
      return { ...members, of: plainMembers(members.of) };
    case "claim":
      return { ...members, claim: plain(members.claim), values: members.values.map(plain) };
    default:
      return { ...members, values: members.values.map(plain) };
  }
}

/** Fit for `describeCondition`. */
export function plainCondition(condition: Condition): Condition {
  return {
    ...condition,
    path: condition.path.map((one) => ({
      ...one,
      values: one.values?.map(plain) ?? null,
      claim: one.claim === null ? null : plain(one.claim),
    })),
    claims: condition.claims.map(({ claim, values }) => ({ claim: plain(claim), values: values.map(plain) })),
  };
}

/** `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}
