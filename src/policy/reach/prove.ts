/**
 * Somebody and a request that show a difference: let in by one policy, refused by the other, as `decide` says.
 *
 * In: the term that makes the difference, and a request that both routes answer. Out: an example, or null when none was
 * found among the likely ones: addresses and times at the edges of what either side says, claims that just fit.
 */
import { type Circumstances, findUnmet } from "../condition.ts";
import { decide } from "../decide.ts";
import type { Caller, DecisionRequest } from "../decision.ts";
import type { Policy } from "../policy.ts";
import { edgesOf, isWithin } from "./blocks.ts";
import type { Place, View } from "./places.ts";
import { type Fact, type Term, conditionsOf } from "./term.ts";

export interface Example {
  readonly method: string;
  readonly path: string;
  readonly sourceIp: string;
  readonly atMs: number;
  readonly caller: Caller | null;
}

/** A policy at one of its places; null when it does not have the environment. */
export interface Judge {
  readonly view: View | null;
  readonly place: Place;
}

const ANY_ADDRESSES = ["192.0.2.1", "2001:db8::1"];
/** A Monday, for conditions that say nothing of the date. */
const SOME_DAY_MS = Date.UTC(2026, 0, 5, 12);
const STEP_MS = 60 * 60_000;
const WEEK_STEPS = 7 * 24;

/** `letsIn` allows the example and `refuses` does not. `term` is null for everybody, `others` are those of `refuses`. */
export function findProof(
  term: Term | null,
  others: readonly Term[],
  request: Pick<Example, "method" | "path">,
  letsIn: Judge,
  refuses: Judge,
): Example | null {
  for (const example of listExamples(term, others, request))
    if (isAllowed(letsIn, example) && !isAllowed(refuses, example)) return example;
  return null;
}

function isAllowed({ view, place }: Judge, { caller, ...rest }: Example): boolean {
  if (view === null) return false;
  const request: DecisionRequest = { ...rest, ...place };
  return decide(withoutAuthentication(view.written), view.environment.name, request, caller).effect === "allow";
}

const bare = new WeakMap<Policy, Policy>();

/** Who may call a route is one question, how they have to sign in for it another (limit-settings.ts). */
function withoutAuthentication(policy: Policy): Policy {
  let known = bare.get(policy);
  if (known === undefined) {
    const services = policy.services.map((service) => ({
      ...service,
      routes: service.routes.map((route) => ({ ...route, authentication: null })),
    }));
    bare.set(policy, (known = { ...policy, services }));
  }
  return known;
}

function* listExamples(
  term: Term | null,
  others: readonly Term[],
  request: Pick<Example, "method" | "path">,
): Generator<Example> {
  const { method } = request;
  if (term === null) {
    yield { method, path: request.path, sourceIp: ANY_ADDRESSES[0] ?? "", atMs: SOME_DAY_MS, caller: null };
    return;
  }
  const path = fillPlaces(request.path, term);
  const times = choose(listTimes(term, others), term, others, timePart);
  const addresses = choose(listAddresses(term, others), term, others, addressPart);
  const ages = choose(listAges(term, others), term, others, agePart);
  for (const caller of listCallers(term, others, path))
    for (const atMs of times)
      for (const sourceIp of addresses)
        for (const age of ages) {
          const issuedAtSeconds = age === null ? null : Math.floor(atMs / 1000) - age;
          yield { method, path, sourceIp, atMs, caller: { ...caller, issuedAtSeconds } };
        }
}

/** One part of a term: whether there is one, and whether it lets a value be. */
interface Part<T> {
  readonly isLimited: (term: Term) => boolean;
  readonly fits: (term: Term, value: T) => boolean;
}

const timePart: Part<number> = {
  isLimited: ({ afterMs, beforeMs, hours }) => afterMs !== null || beforeMs !== null || hours.length > 0,
  fits: ({ afterMs, beforeMs, hours }, atMs) => holds({ afterMs, beforeMs, hours }, { ...NOWHERE, atMs }),
};
const addressPart: Part<string> = {
  isLimited: ({ sourceIp }) => sourceIp !== null,
  fits: ({ sourceIp }, address) => sourceIp === null || isWithin(address, sourceIp),
};
const agePart: Part<number | null> = {
  isLimited: ({ tokenAgeMs }) => tokenAgeMs !== null,
  fits: ({ tokenAgeMs }, age) => {
    const caller = { ...NOWHERE.caller, issuedAtSeconds: age === null ? null : -age };
    return holds({ tokenAgeMs }, { ...NOWHERE, atMs: 0, caller });
  },
};

const NOWHERE: Circumstances = {
  caller: { subject: "somebody", clientId: null, groups: [] },
  sourceIp: "unknown",
  atMs: null,
  params: {},
};

function holds(part: Partial<Term>, now: Circumstances): boolean {
  return conditionsOf({ ...FREE, ...part }).every((condition) => findUnmet(condition, now) === null);
}

const FREE: Term = {
  issuer: null,
  facts: [],
  denied: [],
  sourceIp: null,
  afterMs: null,
  beforeMs: null,
  hours: [],
  places: [],
  claims: [],
  tokenAgeMs: null,
};

/** Of the values that fit the term the first one, and the one that most of the others do not take. */
function choose<T>(values: Iterable<T>, term: Term, others: readonly Term[], { isLimited, fits }: Part<T>): T[] {
  const limited = others.filter(isLimited);
  let first: { readonly value: T } | null = null;
  let best: { readonly value: T; readonly refusals: number } | null = null;
  for (const value of values) {
    if (!fits(term, value)) continue;
    first ??= { value };
    const refusals = limited.filter((other) => !fits(other, value)).length;
    if (best === null || refusals > best.refusals) best = { value, refusals };
    if (refusals === limited.length) break;
  }
  return first === null || best === null ? [] : [...new Set([best.value, first.value])];
}

/** The path with the first value of each place that has to have one. */
function fillPlaces(path: string, { places }: Term): string {
  const segments = path.slice(1).split("/");
  for (const { place, values } of places) {
    const [value] = values ?? [];
    if (value === undefined) continue;
    const at = Number.parseInt(place, 10);
    segments.splice(at, place.endsWith("+") ? segments.length : 1, value);
  }
  return `/${segments.join("/")}`;
}

/** Those that fit the term and nothing else; and those of which in addition is true what the others deny. */
function* listCallers(term: Term, others: readonly Term[], path: string): Generator<Caller> {
  const denied = others.flatMap((other) => other.denied);
  for (const suffix of ["0", ""])
    for (const extras of denied.length === 0 ? [[]] : [[], denied]) {
      const caller = { subject: "somebody", clientId: null as string | null, groups: [] as string[] };
      const claims = new Map<string, string[]>();
      for (const fact of [...term.facts, ...term.claims, ...extras]) addFact(fact, suffix, caller, claims);
      for (const { place, claim } of term.places) if (claim !== null) addClaim(claims, claim, valueAt(path, place));
      yield { ...caller, issuer: term.issuer ?? null, claims: Object.fromEntries(claims) };
    }
}

function addFact(
  fact: Fact,
  suffix: string,
  caller: { subject: string; clientId: string | null; groups: string[] },
  claims: Map<string, string[]>,
): void {
  const [value] = fact.values;
  if (value === undefined) return;
  if (fact.kind === "groups") caller.groups.push(value);
  else if (fact.kind === "subject") caller.subject = value;
  else if (fact.kind === "client") caller.clientId = value;
  else if (fact.kind === "claim") addClaim(claims, fact.claim, fact.test === "prefix" ? value + suffix : value);
}

function addClaim(claims: Map<string, string[]>, claim: string, value: string): void {
  claims.set(claim, [...(claims.get(claim) ?? []), value]);
}

function valueAt(path: string, place: string): string {
  const segments = path.slice(1).split("/");
  const at = Number.parseInt(place, 10);
  return (place.endsWith("+") ? segments.slice(at) : segments.slice(at, at + 1)).join("/");
}

function listAddresses(term: Term, others: readonly Term[]): string[] {
  const own = term.sourceIp === null ? ANY_ADDRESSES : term.sourceIp.flatMap((block) => edgesOf(block).inside);
  const foreign = others.flatMap(({ sourceIp }) => (sourceIp ?? []).flatMap((block) => edgesOf(block).outside));
  return [...new Set([...own, ...foreign])];
}

/** Moments at the edges of both sides; through a whole week when hours count. */
function* listTimes(term: Term, others: readonly Term[]): Generator<number> {
  const all = [term, ...others];
  const edges = all.flatMap(({ afterMs, beforeMs }) => [
    ...(afterMs === null ? [] : [afterMs, afterMs - 1]),
    ...(beforeMs === null ? [] : [beforeMs - 1, beforeMs]),
  ]);
  yield* edges;
  if (edges.length === 0) yield SOME_DAY_MS;
  if (!all.some(({ hours }) => hours.length > 0)) return;
  const startMs = term.afterMs ?? (term.beforeMs === null ? SOME_DAY_MS : term.beforeMs - WEEK_STEPS * STEP_MS);
  for (let i = 0; i < WEEK_STEPS; i++) yield startMs + i * STEP_MS;
}

/** Seconds since the token was issued: as old as the term allows, older than the others do, or not known. */
function listAges(term: Term, others: readonly Term[]): (number | null)[] {
  const limits = others.flatMap(({ tokenAgeMs }) => tokenAgeMs ?? []);
  const ages = [...limits.map((limit) => Math.floor(limit / 1000) + 1), 0];
  if (term.tokenAgeMs === null) return [...ages, ...(limits.length > 0 ? [null] : [])];
  const most = Math.floor(term.tokenAgeMs / 1000);
  return [most, ...ages.filter((age) => age < most)];
}
