/**
 * Who may do something under which circumstances, as alternatives: each a list of things that all have to hold.
 *
 * In: members and conditions of one way to a permission. Out: terms; the way is open to whoever fits one of them.
 * INVARIANT: a request and a caller fit one of the terms exactly when `isMember` and `findUnmet` let them pass. Values
 * that stand in no order, entries that stand twice and alternatives of one entry give the same terms.
 */
import type { Condition, Hours, Members } from "../policy.ts";
import { intersectBlocks, mergeBlocks } from "./blocks.ts";

/** Something about the caller; one of the values is enough. */
export type Fact =
  | { readonly kind: "groups" | "subject" | "client"; readonly values: readonly string[] }
  | {
      readonly kind: "claim";
      readonly claim: string;
      readonly test: "equals" | "prefix";
      readonly values: readonly string[];
    }
  /** An expression with too many alternatives to be taken apart; the value is its canonical text. */
  | { readonly kind: "expression"; readonly members: Members; readonly values: readonly string[] };

/** A path parameter by the place of its segment, so that its name does not matter. */
export interface PlaceFact {
  readonly place: string;
  readonly parameter: string;
  readonly values: readonly string[] | null;
  readonly claim: string | null;
}

export interface Term {
  /** Name of the caller's issuer, null for the environment's provider; undefined only beside an `expression`. */
  readonly issuer: string | null | undefined;
  /** What members say. */
  readonly facts: readonly Fact[];
  /** What must not be true of the caller, one value each. */
  readonly denied: readonly Fact[];
  readonly sourceIp: readonly string[] | null;
  readonly afterMs: number | null;
  readonly beforeMs: number | null;
  readonly hours: readonly Hours[];
  readonly places: readonly PlaceFact[];
  /** What conditions say about claims. */
  readonly claims: readonly Fact[];
  readonly tokenAgeMs: number | null;
}

/** Who: the part of a term that members make. */
type Who = Pick<Term, "issuer" | "facts"> & { readonly denied: readonly Denied[] };
type Denied = { readonly issuer: string | null; readonly fact: Fact };

/** An expression with more alternatives than this is compared as a whole. */
const MAX_TERMS = 256;

/**
 * The terms of one way. `placeOf` says which segment a path parameter is; null when the route does not have it, and then
 * there are no terms. `issuers` are the names of all workload issuers that there are.
 */
export function termsOf(
  members: Members,
  conditions: readonly Condition[],
  placeOf: (parameter: string) => string | null,
  issuers: readonly string[],
): Term[] {
  const circumstances = joinConditions(conditions, placeOf);
  if (circumstances === null) return [];
  return whoOf(members, issuers).map((who) => ({ ...who, ...circumstances }));
}

function whoOf(members: Members, issuers: readonly string[]): Pick<Term, "issuer" | "facts" | "denied">[] {
  const alternatives = expand(members, false);
  if (alternatives === null) {
    const whole: Fact = { kind: "expression", members, values: [canonicalMembers(members)] };
    return [{ issuer: undefined, facts: [whole], denied: [] }];
  }
  // Who is only said not to be somebody can be of any issuer.
  const placed = alternatives.flatMap((who) =>
    who.issuer === undefined ? [null, ...issuers].map((issuer) => ({ ...who, issuer })) : [who],
  );
  return placed.flatMap((who) => simplify(who) ?? []);
}

/** The alternatives of an expression; null when there are too many. */
function expand(members: Members, negated: boolean): Who[] | null {
  switch (members.kind) {
    case "not":
      return expand(members.of, !negated);
    case "any":
    case "all":
      return (members.kind === "any") === negated
        ? members.of.reduce<Who[] | null>((sofar, part) => cross(sofar, expand(part, negated)), [NOTHING_SAID])
        : members.of.reduce<Who[] | null>((sofar, part) => join(sofar, expand(part, negated)), []);
    default: {
      const { issuer, ...fact } = members;
      if (!negated) return fact.values.length === 0 ? [] : [{ issuer, facts: [withoutTwins(fact)], denied: [] }];
      const denied = fact.values.map((value) => ({ issuer, fact: { ...fact, values: [value] } }));
      return [{ issuer: undefined, facts: [], denied }];
    }
  }
}

const NOTHING_SAID: Who = { issuer: undefined, facts: [], denied: [] };

function join(a: Who[] | null, b: Who[] | null): Who[] | null {
  return a === null || b === null || a.length + b.length > MAX_TERMS ? null : [...a, ...b];
}

function cross(a: Who[] | null, b: Who[] | null): Who[] | null {
  if (a === null || b === null || a.length * b.length > MAX_TERMS) return null;
  return a.flatMap((left) =>
    b.flatMap((right) => {
      if (left.issuer !== undefined && right.issuer !== undefined && left.issuer !== right.issuer) return [];
      return {
        issuer: left.issuer === undefined ? right.issuer : left.issuer,
        facts: [...left.facts, ...right.facts],
        denied: [...left.denied, ...right.denied],
      };
    }),
  );
}

/** Without what says nothing more; null when nobody can fit. */
function simplify(who: Who): Pick<Term, "issuer" | "facts" | "denied"> | null {
  // Nobody of this issuer is what a leaf of another issuer says.
  const denied = who.denied.filter(({ issuer }) => issuer === who.issuer).map(({ fact }) => fact);
  const facts: Fact[] = [];
  for (const fact of joinSingles(who.facts)) {
    const values = fact.values.filter((value) => !denied.some((no) => impliesFact({ ...fact, values: [value] }, no)));
    if (values.length === 0) return null;
    facts.push({ ...fact, values });
  }
  return { issuer: who.issuer, facts: withoutImplied(facts), denied: withoutImplying(denied) };
}

/** A caller has one subject and at most one client, so several facts about it leave what they have in common. */
function joinSingles(facts: readonly Fact[]): Fact[] {
  const joined: Fact[] = [];
  for (const fact of facts) {
    const at =
      fact.kind === "subject" || fact.kind === "client" ? joined.findIndex((one) => one.kind === fact.kind) : -1;
    const known = joined[at];
    if (known === undefined) joined.push(fact);
    else joined[at] = { ...known, values: known.values.filter((value) => fact.values.includes(value)) };
  }
  return joined;
}

function withoutImplied(facts: readonly Fact[]): Fact[] {
  return facts.filter(
    (fact, i) => !facts.some((other, j) => i !== j && impliesFact(other, fact) && (j < i || !impliesFact(fact, other))),
  );
}

/** Of what must not be true the widest: not beginning with `a` says not being `ab`. */
function withoutImplying(facts: readonly Fact[]): Fact[] {
  return facts.filter(
    (fact, i) => !facts.some((other, j) => i !== j && impliesFact(fact, other) && (j < i || !impliesFact(other, fact))),
  );
}

/** Whether what fits `a` always fits `b`. */
export function impliesFact(a: Fact, b: Fact): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind !== "claim" || b.kind !== "claim") return a.values.every((value) => b.values.includes(value));
  if (a.claim !== b.claim) return false;
  if (b.test === "equals") return a.test === "equals" && a.values.every((value) => b.values.includes(value));
  return a.values.every((value) => b.values.some((prefix) => value.startsWith(prefix)));
}

type Circumstances = Omit<Term, "issuer" | "facts" | "denied">;

/** All conditions at once; null when no request can meet them. */
function joinConditions(
  conditions: readonly Condition[],
  placeOf: (parameter: string) => string | null,
): Circumstances | null {
  let sourceIp: readonly string[] | null = null;
  for (const condition of conditions)
    if (condition.sourceIp !== null)
      sourceIp = sourceIp === null ? mergeBlocks(condition.sourceIp) : intersectBlocks(sourceIp, condition.sourceIp);
  const afterMs = latest(conditions.map((condition) => condition.afterMs));
  const beforeMs = earliest(conditions.map((condition) => condition.beforeMs));
  const hours = joinHours(conditions.flatMap((condition) => condition.hours ?? []));
  const places = joinPlaces(conditions, placeOf);
  const claims = conditions.flatMap((condition) =>
    condition.claims.map(({ claim, values }): Fact => withoutTwins({ kind: "claim", claim, test: "equals", values })),
  );
  const isNever =
    sourceIp?.length === 0 ||
    (afterMs !== null && beforeMs !== null && afterMs >= beforeMs) ||
    hours === null ||
    places === null ||
    claims.some(({ values }) => values.length === 0);
  if (isNever) return null;
  return {
    sourceIp,
    afterMs,
    beforeMs,
    hours,
    places,
    claims: withoutImplied(claims),
    // Ages are counted in whole seconds.
    tokenAgeMs: earliest(
      conditions.map(({ tokenAgeMs }) => (tokenAgeMs === null ? null : Math.floor(tokenAgeMs / 1000) * 1000)),
    ),
  };
}

/** Times by the clocks of one zone become one; those of several zones stay beside each other. */
function joinHours(all: readonly Hours[]): Hours[] | null {
  const joined: Hours[] = [];
  for (const hours of all) {
    const at = joined.findIndex(({ zone }) => zone === hours.zone);
    const known = joined[at];
    if (known === undefined) joined.push(hours);
    else
      joined[at] = {
        zone: hours.zone,
        days: known.days.filter((day) => hours.days.includes(day)),
        fromMinute: Math.max(known.fromMinute, hours.fromMinute),
        toMinute: Math.min(known.toMinute, hours.toMinute),
      };
  }
  return joined.some(({ days, fromMinute, toMinute }) => days.length === 0 || fromMinute >= toMinute) ? null : joined;
}

function joinPlaces(
  conditions: readonly Condition[],
  placeOf: (parameter: string) => string | null,
): PlaceFact[] | null {
  const joined: PlaceFact[] = [];
  for (const { parameter, values, claim } of conditions.flatMap(({ path }) => path)) {
    const place = placeOf(parameter);
    if (place === null) return null;
    const at = joined.findIndex(
      (one) => one.place === place && (claim === null ? one.values !== null : one.claim === claim),
    );
    const known = joined[at];
    if (known === undefined)
      joined.push({ place, parameter, values: values === null ? null : [...new Set(values)], claim });
    else if (values !== null)
      joined[at] = { ...known, values: known.values?.filter((value) => values.includes(value)) ?? null };
  }
  return joined.some(({ values }) => values?.length === 0) ? null : joined;
}

function latest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function earliest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function withoutTwins(fact: Fact): Fact {
  return { ...fact, values: [...new Set(fact.values)] };
}

const NO_CONDITION: Condition = {
  sourceIp: null,
  afterMs: null,
  beforeMs: null,
  hours: null,
  path: [],
  claims: [],
  tokenAgeMs: null,
  at: { file: "", start: 0, end: 0 },
};

/** What has to hold beside who is asking, as conditions; none when nothing has to. */
export function conditionsOf(term: Term): Condition[] {
  const [hours = null, ...moreHours] = term.hours;
  const { sourceIp, afterMs, beforeMs, tokenAgeMs, places: path } = term;
  const claims = term.claims.flatMap((fact) =>
    fact.kind === "claim" ? [{ claim: fact.claim, values: fact.values }] : [],
  );
  const first = { ...NO_CONDITION, sourceIp, afterMs, beforeMs, hours, path, claims, tokenAgeMs };
  const isFree =
    [sourceIp, afterMs, beforeMs, hours, tokenAgeMs].every((part) => part === null) &&
    path.length + claims.length === 0;
  return [...(isFree ? [] : [first]), ...moreHours.map((one) => ({ ...NO_CONDITION, hours: one }))];
}

/** One text for expressions that differ only in order, in what stands twice, and in alternatives of one entry. */
export function canonicalMembers(members: Members): string {
  switch (members.kind) {
    case "all":
    case "any": {
      const parts = [...new Set(members.of.map(canonicalMembers))].sort();
      const [only] = parts;
      return parts.length === 1 && only !== undefined ? only : JSON.stringify([members.kind, parts]);
    }
    case "not":
      return JSON.stringify(["not", canonicalMembers(members.of)]);
    default: {
      const { kind, issuer, values } = members;
      const test = members.kind === "claim" ? [members.claim, members.test] : [];
      return JSON.stringify([kind, issuer, ...test, [...new Set(values)].sort()]);
    }
  }
}
