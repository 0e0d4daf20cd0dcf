/**
 * Who may call one route, as terms; and who may after a change that might not before it.
 * Not here: which routes are compared (diff-access.ts).
 */
import { describeMembers } from "../members.ts";
import type { Members, PolicyRoute } from "../policy.ts";
import { code, joinWords, plainCondition, plainMembers } from "./code.ts";
import { implies, impliesWho, uncovered } from "./implies.ts";
import { type Fact, type Term, conditionsOf, termsOf } from "./term.ts";
import { type Way, describeConditions } from "./ways.ts";

export type Who =
  | { readonly kind: "everybody"; readonly because: string }
  /** Empty for nobody. */
  | { readonly kind: "members"; readonly entries: readonly Entry[] };

/** One alternative, and the role that it comes from. */
export interface Entry {
  readonly role: string;
  readonly term: Term;
}

export const NOBODY: Who = { kind: "members", entries: [] };

/** The terms of the ways to a route's permission. */
export function whoOf(route: PolicyRoute, ways: readonly Way[], issuers: readonly string[]): Who {
  if (route.access.kind === "open") return { kind: "everybody", because: route.access.because };
  const findPlace = placeFinder(route);
  const entries = ways.flatMap(({ role, conditions }) =>
    termsOf(role.members, conditions, findPlace, issuers).map((term) => ({ role: role.name, term })),
  );
  return { kind: "members", entries };
}

/** The number of a parameter's segment, with `+` where it takes the rest. */
function placeFinder({ path }: PolicyRoute): (parameter: string) => string | null {
  const segments = path.slice(1).split("/");
  return (parameter) => {
    const at = segments.findIndex((segment) => segment === `{${parameter}}` || segment === `{${parameter}+}`);
    return at === -1 ? null : `${at}${segments[at]?.endsWith("+}") === true ? "+" : ""}`;
  };
}

/** Somebody who is let in by one of two and not by the other; null as term is everybody. */
export interface Difference {
  readonly term: Term | null;
  /** Roles that let in, in the order of the policy; none on an open route. */
  readonly roles: readonly string[];
  /** What the other one asks of the same callers, or whom it lets in where this one lets in everybody; null for nobody. */
  readonly otherwise: string | null;
}

/** Who is let in by `who` and not by `other`, as far as it can be told: rather more than less. */
export function findDifferences(who: Who, other: Who): Difference[] {
  if (other.kind === "everybody") return [];
  if (who.kind === "everybody")
    return [{ term: null, roles: [], otherwise: other.entries.length === 0 ? null : describeWho(other) }];
  const terms = other.entries.map(({ term }) => term);
  const found = new Map<string, { term: Term; roles: string[] }>();
  for (const { role, term } of who.entries)
    for (const part of uncovered(term, terms)) {
      const { caller, when } = describeTerm(part);
      const key = JSON.stringify([caller, when]);
      const known = found.get(key);
      if (known === undefined) found.set(key, { term: part, roles: [role] });
      else if (!known.roles.includes(role)) known.roles.push(role);
    }
  return dropImplied([...found.values()]).map((one) => ({ ...one, otherwise: describeOtherwise(one.term, terms) }));
}

/** Without those who fit another term too. */
function dropImplied<T extends { readonly term: Term }>(found: readonly T[]): T[] {
  return found.filter(
    ({ term }, i) =>
      !found.some((other, j) => i !== j && implies(term, other.term) && (j < i || !implies(other.term, term))),
  );
}

/** Under which other circumstances the same callers are let in. */
function describeOtherwise(term: Term, others: readonly Term[]): string | null {
  const texts = new Set(others.filter((other) => impliesWho(term, other)).map((other) => describeTerm(other).when));
  texts.delete("");
  return texts.size === 0 ? null : [...texts].join(", or ");
}

const MAX_NAMED = 4;

/** `group \`support\` and client \`billing\` from \`10.0.0.0/16\`` */
export function describeWho(who: Who): string {
  if (who.kind === "everybody") return "everybody";
  const texts = [
    ...new Set(
      who.entries.map(({ term }) => {
        const { caller, when } = describeTerm(term);
        return when === "" ? caller : `${caller} ${when}`;
      }),
    ),
  ];
  if (texts.length === 0) return "nobody";
  const more = texts.length - MAX_NAMED;
  return joinWords([...texts.slice(0, more > 0 ? MAX_NAMED : undefined), ...(more > 0 ? [`${more} more`] : [])]);
}

/** A term in words: the caller, and what has to hold beside; empty when nothing has to. */
export function describeTerm(term: Term): { readonly caller: string; readonly when: string } {
  return { caller: describeCaller(term), when: describeConditions(conditionsOf(term).map(plainCondition)) };
}

function describeCaller({ issuer, facts, denied }: Term): string {
  const parts: Members[] = [
    ...facts.map((fact) => membersOf(fact, issuer ?? null)),
    ...denied.map((fact): Members => ({ kind: "not", of: membersOf(fact, issuer ?? null) })),
  ];
  const text = describeMembers(plainMembers({ kind: "all", of: parts }));
  if (facts.length > 0) return text;
  const anybody =
    issuer === null || issuer === undefined ? "everybody with a token" : `every identity of issuer ${code(issuer)}`;
  return denied.length === 0 ? anybody : `${anybody}, ${text}`;
}

function membersOf(fact: Fact, issuer: string | null): Members {
  return fact.kind === "expression" ? fact.members : { ...fact, issuer };
}
