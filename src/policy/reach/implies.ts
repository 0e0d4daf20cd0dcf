/**
 * What one set of terms lets in and another one does not.
 *
 * INVARIANT: sound, not complete: whoever fits `term` and none of `others` fits one of the terms that `uncovered`
 * gives; it may give a term although the others together cover it, never the other way round.
 */
import type { Hours } from "../policy.ts";
import { areWithin } from "./blocks.ts";
import { type Fact, type PlaceFact, type Term, impliesFact } from "./term.ts";

/** How often a term is taken apart before what is left of it counts as uncovered. */
const MAX_STEPS = 2000;

/** The parts of `term` that are not covered, in as few terms as their values allow; the term itself when none is. */
export function uncovered(term: Term, others: readonly Term[]): Term[] {
  const budget = { left: MAX_STEPS };
  return findUncovered(term, others, budget);
}

function findUncovered(term: Term, others: readonly Term[], budget: { left: number }): Term[] {
  if (others.some((other) => implies(term, other))) return [];
  if (budget.left-- <= 0) return [term];
  const choice = chooseSplit(term);
  if (choice === null) return leftOut(term, others)?.flatMap((part) => findUncovered(part, others, budget)) ?? [term];
  const whole: string[] = [];
  const parts: Term[] = [];
  for (const value of choice.values) {
    const part = choice.keep([value]);
    const found = findUncovered(part, others, budget);
    if (found.length === 1 && found[0] === part) whole.push(value);
    else parts.push(...found);
  }
  if (whole.length === choice.values.length) return [term];
  return whole.length === 0 ? parts : [choice.keep(whole), ...parts];
}

/**
 * Where another term lets in the same callers but for some that it excludes, only these are not covered: they are the
 * parts. Null where there is no such term.
 */
function leftOut(term: Term, others: readonly Term[]): Term[] | null {
  for (const other of others) {
    if (!implies(term, { ...other, denied: [] })) continue;
    const excluded = other.denied.filter((fact) => !isDenied(term, fact));
    // Who is excluded for certain is not covered at all.
    if (excluded.some((fact) => isSaid(term, fact))) continue;
    return excluded.map((fact) => {
      const said = { ...term, facts: [...term.facts, fact], denied: [] };
      // Who has this subject need not be said to have no other one.
      return { ...said, denied: term.denied.filter((no) => !isDenied(said, no)) };
    });
  }
  return null;
}

interface Split {
  readonly values: readonly string[];
  /** The term with only these of the values. */
  readonly keep: (values: readonly string[]) => Term;
}

/** The first part of a term that has alternatives. */
function chooseSplit(term: Term): Split | null {
  for (const key of ["facts", "claims"] as const) {
    const at = term[key].findIndex(({ values }) => values.length > 1);
    const fact = term[key][at];
    if (fact !== undefined)
      return { values: fact.values, keep: (values) => ({ ...term, [key]: term[key].with(at, { ...fact, values }) }) };
  }
  if (term.sourceIp !== null && term.sourceIp.length > 1)
    return { values: term.sourceIp, keep: (sourceIp) => ({ ...term, sourceIp }) };
  const placeAt = term.places.findIndex(({ values }) => values !== null && values.length > 1);
  const place = term.places[placeAt];
  if (place?.values !== undefined && place.values !== null)
    return {
      values: place.values,
      keep: (values) => ({ ...term, places: term.places.with(placeAt, { ...place, values }) }),
    };
  const hoursAt = term.hours.findIndex(({ days }) => days.length > 1);
  const hours = term.hours[hoursAt];
  if (hours === undefined) return null;
  const keep = (values: readonly string[]): Term => {
    const days = hours.days.filter((day) => values.includes(day));
    return { ...term, hours: term.hours.with(hoursAt, { ...hours, days }) };
  };
  return { values: hours.days, keep };
}

/** Whether every request of every caller that fits `a` fits `b`; false also when that cannot be told. */
export function implies(a: Term, b: Term): boolean {
  return (
    impliesWho(a, b) &&
    isNarrower(a.sourceIp, b.sourceIp, areWithin) &&
    isNarrower(a.afterMs, b.afterMs, (x, y) => x >= y) &&
    isNarrower(a.beforeMs, b.beforeMs, (x, y) => x <= y) &&
    isNarrower(a.tokenAgeMs, b.tokenAgeMs, (x, y) => x <= y) &&
    b.hours.every((wanted) => a.hours.some((hours) => impliesHours(hours, wanted))) &&
    b.places.every((wanted) => a.places.some((place) => impliesPlace(place, wanted))) &&
    b.claims.every((wanted) => isSaid(a, wanted))
  );
}

/** The part of `implies` that is about the caller alone, conditions left aside. */
export function impliesWho(a: Term, b: Term): boolean {
  if (b.issuer !== undefined && a.issuer !== b.issuer) return false;
  return b.facts.every((wanted) => isSaid(a, wanted)) && b.denied.every((wanted) => isDenied(a, wanted));
}

function isSaid(term: Term, wanted: Fact): boolean {
  return [...term.facts, ...term.claims].some((fact) => impliesFact(fact, wanted));
}

function isDenied(term: Term, wanted: Fact): boolean {
  if (term.denied.some((denied) => impliesFact(wanted, denied))) return true;
  // Who has this subject has no other one.
  if (wanted.kind !== "subject" && wanted.kind !== "client") return false;
  return term.facts.some(
    ({ kind, values }) => kind === wanted.kind && !values.some((value) => wanted.values.includes(value)),
  );
}

/** Null is no limit. */
function isNarrower<T>(a: T | null, b: T | null, fits: (a: T, b: T) => boolean): boolean {
  return b === null || (a !== null && fits(a, b));
}

function impliesHours(a: Hours, b: Hours): boolean {
  return (
    a.zone === b.zone &&
    a.days.every((day) => b.days.includes(day)) &&
    a.fromMinute >= b.fromMinute &&
    a.toMinute <= b.toMinute
  );
}

function impliesPlace(a: PlaceFact, b: PlaceFact): boolean {
  if (a.place !== b.place) return false;
  if (b.values === null) return a.claim === b.claim && a.values === null;
  return a.values !== null && a.values.every((value) => b.values?.includes(value));
}
