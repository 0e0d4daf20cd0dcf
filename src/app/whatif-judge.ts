/**
 * What a policy would decide on a request that was recorded, and what was decided then.
 *
 * In:  a policy in one environment, who is known by name, records. Out: both decisions, or why they cannot be compared.
 * How honest it is: a record says who asked and by which role, not with which groups and claims. Who stands in the people
 * file is asked for as that file says; of everybody else the recorded role is all that is known, and they are taken to
 * hold exactly that role, or none where no role was held; who called an open route counts as nobody. Where the answer hangs on claims or on the age of the token,
 * both possible answers are made, and where they differ nothing is said.
 * INVARIANT: decisions are those of `decide`, on the policy as it is but for who holds a role and, for the second answer,
 * for the conditions that cannot be known.
 */
import { RecentMap } from "../core/index.ts";
import {
  type Caller,
  type Condition,
  type Decision,
  type DecisionRequest,
  type Environment,
  type Policy,
  type Reason,
  type Role,
  REASONS,
  decide,
  inEnvironment,
  normalizePath,
} from "../policy/index.ts";
import type { GatewayRecord } from "../records/index.ts";

/** Why a record cannot be judged. */
export const NOT_JUDGED = {
  "not-a-record": "lines that are no record of the gateway",
  undecided: "answered before anything was decided, or without a decision",
  "who-unknown": "refused without asking who it was, and the policy would ask now",
  "not-in-people": "of somebody whom the people file does not name",
  "claims-unknown": "the decision depends on claims or on the age of the token, which records do not hold",
  "path-cut": "the path was too long for the record",
} as const;
export type NotJudged = keyof typeof NOT_JUDGED;

/** One side of a flip: what was decided, by which route and role. */
export interface Verdict {
  readonly effect: "allow" | "deny";
  readonly reason: string;
  readonly route: string | null;
  readonly role: string | null;
}

export type Judged =
  | {
      readonly kind: "judged";
      readonly was: Verdict;
      readonly is: Verdict;
      /** The environment answers for the host that was asked for. */
      readonly isOurs: boolean;
    }
  | { readonly kind: "not-judged"; readonly why: NotJudged };

const MAX_PATH = 1024;
const REMEMBERED = 50_000;

/** @param people callers by name, with their claims; null to take roles as they were recorded */
export function createJudge(
  written: Policy,
  environment: Environment,
  people: ReadonlyMap<string, Caller> | null,
): (record: GatewayRecord) => Judged {
  const asks = {
    people: createAsk(written, environment, null),
    recorded: createAsk(written, environment, holdByName),
  };
  const hosts = hostsOf(written, environment);
  return (record) => {
    const was = readVerdict(record);
    if (was === null) return { kind: "not-judged", why: "undecided" };
    const normal = normalizePath(record.path);
    if (record.path.length >= MAX_PATH || !normal.ok || record.api === null)
      return { kind: "not-judged", why: normal.ok ? "path-cut" : "undecided" };
    const host = record.host.toLowerCase().replace(/:\d+$/, "");
    const request = {
      exposure: record.api,
      host,
      method: record.method,
      path: normal.path,
      sourceIp: record.sourceIp,
      atMs: Date.parse(record.time),
    };
    const caller = callerOf(record, was, people);
    if (caller === "not-in-people") return { kind: "not-judged", why: "not-in-people" };
    const is =
      caller.by === "nobody-known" ? askForNobody(asks.people, request, was) : asks[caller.by](request, caller.caller);
    if (typeof is === "string") return { kind: "not-judged", why: is };
    return { kind: "judged", was, is, isOurs: hosts.has(host) };
  };
}

type Ask = (request: DecisionRequest, caller: Caller | null) => Verdict | NotJudged;

/** Route and role of a decision. */
function verdictOf({ effect, reason, route, role }: Decision): Verdict {
  return { effect, reason, route: route?.key ?? null, role };
}

/** Nothing was recorded of who asked. Who was let in without a token counts as nobody; who was refused could be anybody. */
function askForNobody(ask: Ask, request: DecisionRequest, was: Verdict): Verdict | NotJudged {
  const verdict = ask(request, null);
  const isAsked = typeof verdict === "object" && verdict.reason === "unauthenticated";
  return isAsked && was.effect === "deny" ? "who-unknown" : verdict;
}

/** What was decided; null when nothing was. */
function readVerdict({ reason, routeKey: route, role, upstream }: GatewayRecord): Verdict | null {
  // What came later than the decision, and what a service was asked for, had been let in.
  const wasAllowed =
    reason === "role-grants" ||
    reason === "open-route" ||
    upstream !== null ||
    /^(?:upstream|throttled|stream)-/.test(reason);
  if (wasAllowed) return { effect: "allow", reason: role === null ? "open-route" : "role-grants", route, role };
  if (Object.hasOwn(REASONS, reason)) return { effect: "deny", reason, route, role };
  if (/^(?:sign-in|session-expired|(?:token|signature|credentials)-.*|payload-mismatch)$/.test(reason))
    return { effect: "deny", reason: "unauthenticated", route, role: null };
  return null;
}

type Asker =
  | { readonly by: "people" | "recorded"; readonly caller: Caller | null }
  /** Nobody was asked for, so nobody knows. */
  | { readonly by: "nobody-known" };

function callerOf(
  { subject, clientId, issuer }: GatewayRecord,
  was: Verdict,
  people: ReadonlyMap<string, Caller> | null,
): Asker | "not-in-people" {
  if (was.reason === "unauthenticated") return { by: "people", caller: null };
  if (subject === null) return { by: "nobody-known" };
  // Workloads have their own issuer, and stand in no people file.
  if (people !== null && issuer === null) {
    const known = people.get(subject);
    return known === undefined ? "not-in-people" : { by: "people", caller: { ...known, clientId } };
  }
  return { by: "recorded", caller: { subject: was.role ?? "", clientId: null, groups: [], issuer: null, claims: {} } };
}

/** A role is held by whoever has its name as subject, which no identity of a token is asked for. */
function holdByName(role: Role): Role {
  return { ...role, members: { kind: "subject", values: [role.name], issuer: null } };
}

/**
 * Asks the policy twice where it has conditions that records say nothing about: with these unmet, and without them.
 *
 * @param hold how roles are held in place of their members; then claims are not known either
 */
function createAsk(written: Policy, environment: Environment, hold: ((role: Role) => Role) | null): Ask {
  const inPlace = inEnvironment(written, environment);
  // The overrides are in their places, and may not replace what is put there now.
  const own = { ...environment, overrides: { ...environment.overrides, roles: {}, routes: {} } };
  const strict: Policy = {
    ...inPlace,
    environments: [own],
    roles: hold === null ? inPlace.roles : inPlace.roles.map(hold),
  };
  const lenient: Policy = {
    ...strict,
    roles: strict.roles.map((role) => withoutUnknown(role, hold !== null)),
    // Records do not tell how, or when, somebody signed in.
    services: strict.services.map((service) => ({
      ...service,
      routes: service.routes.map((route) => ({ ...route, authentication: null })),
    })),
  };
  const routes = strict.services.flatMap((service) => service.routes);
  const conditions = strict.roles.flatMap(({ when, can }) => [when, ...can.map((grant) => grant.when)]);
  const dependsOn = (asks: (condition: Condition) => boolean): boolean =>
    conditions.some((condition) => condition !== null && asks(condition));
  const hasUnknown =
    dependsOn((condition) => isUnknown(condition, hold !== null)) ||
    routes.some(({ authentication }) => authentication !== null);
  const hasTime = dependsOn(({ afterMs, beforeMs, hours }) => afterMs !== null || beforeMs !== null || hours !== null);
  const hasAddress = dependsOn(({ sourceIp }) => sourceIp !== null);
  const known = new RecentMap<Verdict | NotJudged>(REMEMBERED);

  return (request, caller) => {
    const { exposure, host = "", method, path, sourceIp, atMs } = request;
    const who = caller === null ? null : [caller.subject, caller.clientId];
    const key = JSON.stringify([exposure, host, method, path, who, hasAddress ? sourceIp : 0, hasTime ? atMs : 0]);
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const ask = (policy: Policy): Verdict =>
      verdictOf(
        decide(
          policy,
          own.name,
          request,
          caller === null ? null : { ...caller, issuedAtSeconds: null, authTimeSeconds: null },
        ),
      );
    const [worst, best] = [ask(strict), hasUnknown ? ask(lenient) : null];
    const answer = best !== null && best.effect !== worst.effect ? "claims-unknown" : worst;
    known.set(key, answer);
    return answer;
  };
}

function isUnknown({ tokenAgeMs, claims, path }: Condition, withClaims: boolean): boolean {
  return tokenAgeMs !== null || (withClaims && (claims.length > 0 || path.some(({ claim }) => claim !== null)));
}

function withoutUnknown(role: Role, withClaims: boolean): Role {
  const strip = (condition: Condition | null): Condition | null =>
    condition === null
      ? null
      : {
          ...condition,
          tokenAgeMs: null,
          ...(withClaims ? { claims: [], path: condition.path.filter(({ claim }) => claim === null) } : {}),
        };
  return { ...role, when: strip(role.when), can: role.can.map((grant) => ({ ...grant, when: strip(grant.when) })) };
}

function hostsOf({ services }: Policy, { name, domain }: Environment): ReadonlySet<string> {
  return new Set([domain, ...services.flatMap(({ hosts }) => hosts[name] ?? [])]);
}

/** The words of a decision's reason. */
export function meaningOf(reason: string): string {
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as Reason] : reason;
}
