/**
 * What is said of each kind of record: with a people file that says who somebody is, and by the role that was recorded.
 * The judge is the one of `gatehouse whatif`; people come from a real people file.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allCallers } from "../../src/app/people.ts";
import { createJudge } from "../../src/app/whatif-judge.ts";
import { parsePeople } from "../../src/identity/index.ts";
import { type Environment, type Policy, listUsedClaims, parsePolicy } from "../../src/policy/index.ts";
import type { GatewayRecord } from "../../src/records/index.ts";
import { DESK, DESK_PEOPLE, deskRecord as record } from "./desk.ts";

const policy = parsePolicy("gatehouse.yaml", DESK).policy as Policy;
const environment = policy.environments[0] as Environment;
const { people: file } = parsePeople("people.yaml", DESK_PEOPLE);
assert.ok(file !== null);
const reading = { claims: policy.identity.claims, usedClaims: listUsedClaims(policy) };
const people = new Map(allCallers(file, reading, 0).map(({ name, caller }) => [name, caller]));

const judges = {
  people: createJudge(policy, environment, people),
  recorded: createJudge(policy, environment, null),
};

/** `same`, why not judged, or what it would be: `allow open-route`, `deny no-role` ... */
function outcomeOf(judge: keyof typeof judges, one: GatewayRecord): string {
  const found = judges[judge](one);
  if (found.kind === "not-judged") return found.why;
  assert.ok(found.isOurs);
  const { was, is } = found;
  if (was.effect === is.effect) return "same";
  return [is.effect, is.reason, ...(is.role === null ? [] : [is.role])].join(" ");
}

describe("one record against the policy, by the people file and by the recorded role", () => {
  const atNight = { time: "2026-11-25T20:00:00.000Z" };
  const atNoon = { time: "2026-11-25T12:00:00.000Z" };
  const write = { routeKey: "POST /tickets", method: "POST", path: "/tickets" };
  const remove = { routeKey: "DELETE /tickets/{owner}", method: "DELETE" };
  const admin = { routeKey: "GET /admin", path: "/admin" };
  const cases: readonly (readonly [what: string, Partial<GatewayRecord>, byPeople: string, byRole: string])[] = [
    ["allowed by a role that still allows", { reason: "role-grants", role: "agents", subject: "ada" }, "same", "same"],
    [
      "allowed by a role that is gone",
      { reason: "role-grants", role: "leads", subject: "ada" },
      "same",
      "deny no-role",
    ],
    [
      "allowed to somebody whose groups hold nothing now",
      { reason: "role-grants", role: "agents", subject: "bo" },
      "deny no-role",
      "same",
    ],
    ["refused to somebody who may now", { reason: "no-role", subject: "ada" }, "allow role-grants agents", "same"],
    [
      "refused for a role that grants now",
      { reason: "not-granted", role: "agents", subject: "ada" },
      "allow role-grants agents",
      "allow role-grants agents",
    ],
    [
      "let in, and throttled",
      { reason: "throttled-identity", role: "leads", subject: "bo" },
      "deny no-role",
      "deny no-role",
    ],
    [
      "let in, and the service was away",
      { reason: "upstream-unreachable", role: "leads", subject: "bo" },
      "deny no-role",
      "deny no-role",
    ],
    [
      "let in, and the client went away",
      { reason: "client-aborted", role: "leads", subject: "bo", upstream: "http://127.0.0.1:9" },
      "deny no-role",
      "deny no-role",
    ],
    ["the client went away before a decision", { reason: "client-aborted" }, "undecided", "undecided"],
    ["open, and still is", { reason: "open-route", routeKey: "GET /status", path: "/status" }, "same", "same"],
    [
      "open, and asks now",
      { reason: "open-route", routeKey: "GET /admin", path: "/admin" },
      "deny unauthenticated",
      "deny unauthenticated",
    ],
    ["open, and gone", { reason: "open-route", routeKey: "GET /old", path: "/old" }, "deny no-route", "deny no-route"],
    ["nobody, refused", { reason: "unauthenticated" }, "same", "same"],
    [
      "nobody, sent to sign in, where it is open now",
      { reason: "sign-in", status: 302, routeKey: "GET /status", path: "/status" },
      "allow open-route",
      "allow open-route",
    ],
    ["a token that had expired", { reason: "token-expired", status: 401 }, "same", "same"],
    [
      "no route, and one for everybody now",
      { reason: "no-route", routeKey: null, service: null, path: "/status" },
      "allow open-route",
      "allow open-route",
    ],
    [
      "no route, and one that asks now",
      { reason: "no-route", routeKey: null, service: null, path: "/tickets/7" },
      "who-unknown",
      "who-unknown",
    ],
    ["no route, still", { reason: "no-route", routeKey: null, service: null, path: "/nowhere" }, "same", "same"],
    ["within hours", { ...write, ...atNight, reason: "role-grants", role: "night", subject: "nia" }, "same", "same"],
    [
      "outside of hours",
      { ...write, ...atNoon, reason: "role-grants", role: "night", subject: "nia" },
      "deny condition-not-met night",
      "deny condition-not-met night",
    ],
    [
      "a claim that the people file says",
      { ...remove, reason: "not-granted", role: "mfa", subject: "max" },
      "allow role-grants mfa",
      "claims-unknown",
    ],
    [
      "a claim that the people file does not say",
      { ...remove, reason: "role-grants", role: "mfa", subject: "mel" },
      "deny condition-not-met mfa",
      "claims-unknown",
    ],
    [
      "the age of a token, which nobody knows any more",
      { ...admin, reason: "role-grants", role: "fresh", subject: "flo" },
      "claims-unknown",
      "claims-unknown",
    ],
    ["somebody who is in no file", { reason: "role-grants", role: "agents", subject: "eve" }, "not-in-people", "same"],
    [
      "a workload, as recorded",
      { ...write, reason: "role-grants", role: "deploy", subject: "run", issuer: "ci" },
      "same",
      "same",
    ],
    [
      "a page of Gatehouse's own",
      { reason: "own-endpoint", routeKey: null, service: null, path: "/_gatehouse/health" },
      "undecided",
      "undecided",
    ],
    ["keys that could not be had", { reason: "keys-unavailable", status: 503 }, "undecided", "undecided"],
    ["a path that was cut", { reason: "unauthenticated", path: `/${"a".repeat(1023)}` }, "path-cut", "path-cut"],
  ];
  for (const [what, changes, byPeople, byRole] of cases)
    test(what, () => {
      const one = record(changes);
      assert.deepEqual([outcomeOf("people", one), outcomeOf("recorded", one)], [byPeople, byRole]);
    });
});
