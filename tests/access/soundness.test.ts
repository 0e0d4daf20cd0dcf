/**
 * Whatever somebody gains by a change is told: generated policies, edits of them, callers and requests against `decide`.
 * `GATEHOUSE_SEED` repeats a run, `GATEHOUSE_PAIRS` makes it longer.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "../../src/policy/decide.ts";
import type { Caller, Decision, DecisionRequest } from "../../src/policy/decision.ts";
import { inEnvironment } from "../../src/policy/in-environment.ts";
import { isMember } from "../../src/policy/members.ts";
import { parsePolicy } from "../../src/policy/parse/parse-policy.ts";
import type { Policy, PolicyRoute } from "../../src/policy/policy.ts";
import { type PolicyDiff, type PolicyPlace, diffPolicies, widensAccess } from "../../src/policy/reach/diff-policies.ts";
import { type Chance, createChance } from "../../src/policy/reach/testing/chance.ts";
import {
  type RandomPolicy,
  editPolicy,
  randomCaller,
  randomPolicy,
  randomRequest,
} from "../../src/policy/reach/testing/random-policies.ts";

const SEED = Number(process.env["GATEHOUSE_SEED"] ?? Date.now() % 1_000_000);
const PAIRS = Number(process.env["GATEHOUSE_PAIRS"] ?? 3000);
const QUESTIONS = 25;
const ENVIRONMENTS = [
  ["dev", "dev"],
  ["prod", "prod"],
  ["dev", "prod"],
] as const;

interface Pair {
  readonly trees: readonly [RandomPolicy, RandomPolicy];
  readonly before: PolicyPlace;
  readonly after: PolicyPlace;
}

test(`what is denied before and allowed after is told as a gain or a move: ${PAIRS} pairs of policies`, (t) => {
  const counts = { unreadable: 0, gained: 0, lost: 0, changes: 0, unsure: 0 };
  let pairs = 0;
  for (let number = 0; pairs < PAIRS; number++) {
    assert.ok(number < PAIRS, "most policies can be read");
    const chance = createChance(SEED * 100_003 + number);
    for (const pair of makePairs(chance)) {
      if (pair === null) counts.unreadable++;
      else {
        pairs++;
        const diff = diffPolicies(pair.before, pair.after);
        counts.changes += diff.changes.length;
        counts.unsure += diff.changes.filter(({ isSure }) => !isSure).length;
        if (diff.changes.some(({ effect }) => effect === "gain")) assert.ok(widensAccess(diff));
        for (let n = 0; n < QUESTIONS; n++) {
          const { policy } = chance.pick([pair.before, pair.after]);
          const request = randomRequest(chance, policy);
          const caller = randomCaller(chance, request.atMs ?? 0, policy);
          const effect = ask(pair, diff, request, caller, () => `GATEHOUSE_SEED=${SEED}, number ${number}`);
          if (effect !== null) counts[effect]++;
        }
      }
    }
  }
  t.diagnostic(`seed ${SEED}: ${JSON.stringify(counts)}`);
  assert.ok(counts.gained > PAIRS / 2 && counts.lost > PAIRS / 2, "the questions meet what changed");
});

/** A policy against three edits of it and against another one, forth and back; null for what cannot be read. */
function* makePairs(chance: Chance): Generator<Pair | null> {
  const tree = randomPolicy(chance);
  const policy = read(tree);
  for (let i = 0; i < 4; i++) {
    const otherTree = i < 3 ? editPolicy(chance, tree) : randomPolicy(chance);
    const other = policy === null ? null : read(otherTree);
    if (policy === null || other === null) {
      yield null;
      continue;
    }
    const [first, second] = chance.pick(ENVIRONMENTS);
    const [one, two] = [
      { tree, policy },
      { tree: otherTree, policy: other },
    ];
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const)
      yield {
        trees: [from.tree, to.tree],
        before: { policy: from.policy, environment: first },
        after: { policy: to.policy, environment: second },
      };
  }
}

function read(tree: RandomPolicy): Policy | null {
  return parsePolicy("p.yaml", JSON.stringify(tree)).policy;
}

/** What the caller gains or loses on this request, if anything; fails when it is not told. */
function ask(
  { before, after, trees }: Pair,
  diff: PolicyDiff,
  request: DecisionRequest,
  caller: Caller | null,
  source: () => string,
): "gained" | "lost" | null {
  const old = decide(before.policy, before.environment, request, caller);
  const current = decide(after.policy, after.environment, request, caller);
  if (old.effect === current.effect) return null;
  const [effect, decision] = current.effect === "allow" ? (["gain", current] as const) : (["loss", old] as const);
  if (request.host === undefined) {
    // This is the domain, which may have another name now; a service with a name of its own does not follow it.
    if ([old, current].some(({ route }) => hasOwnHost(route, before.policy, after.policy))) return null;
  } else if (effect === "loss" && diff.settings.some(({ kind }) => kind === "host")) return null;
  const { policy, environment } = effect === "gain" ? after : before;
  assert.ok(
    isTold(diff, effect, decision, request.host !== undefined, rolesOf(policy, environment, caller)),
    [`${effect} of ${decision.route?.key} is not told: ${source()}`, { request, caller }, ...trees, diff]
      .map((part) => (typeof part === "string" ? part : JSON.stringify(part)))
      .join("\n"),
  );
  return effect === "gain" ? "gained" : "lost";
}

function hasOwnHost(route: PolicyRoute | null, ...policies: readonly Policy[]): boolean {
  return policies.some(({ services }) =>
    services.some(({ name, hosts }) => name === route?.service && Object.keys(hosts).length > 0),
  );
}

/** Names of the roles that the caller holds. */
function rolesOf(policy: Policy, name: string, caller: Caller | null): ReadonlySet<string> {
  const environment = policy.environments.find((one) => one.name === name);
  if (caller === null || environment === undefined) return new Set();
  const { roles } = inEnvironment(policy, environment);
  return new Set(roles.filter(({ members }) => isMember(members, caller)).map((role) => role.name));
}

/**
 * A change names the route for everybody or for a role that the caller holds, or the route's service is said to answer at
 * another place; for who names a host, the domain too.
 */
function isTold(
  { changes, settings }: PolicyDiff,
  effect: "gain" | "loss",
  { route }: Decision,
  namesHost: boolean,
  held: ReadonlySet<string>,
): boolean {
  if (route === null) return false;
  const { key, service } = route;
  const isMove = ({ kind, subject, routes }: PolicyDiff["settings"][number]): boolean =>
    (kind === "host" || kind === "exposure") && (subject === service || namesHost) && routes.includes(key);
  const isNamed = (change: PolicyDiff["changes"][number]): boolean =>
    change.effect === effect &&
    change.routes.some((one) => one.key === key && one.service === service) &&
    (change.roles.length === 0 || change.roles.some((role) => held.has(role)));
  return changes.some(isNamed) || settings.some(isMove);
}
