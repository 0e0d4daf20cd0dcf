/**
 * Why a request would be let in or refused: the reference decision with the lines of the policy that made it.
 *
 * In:  policy file, environment, method, path, and who asks (a name of the people file, claims, or nobody).
 * Out: the decision as data, and how it is reached step by step.
 * Not here: how it is printed (explain-text.ts); a token is judged by the running instance (judge-token.ts).
 */
import { GatehouseError, type Sources, type Span, systemClock } from "../core/index.ts";
import {
  type Caller,
  type Condition,
  type Decision,
  type DecisionRequest,
  type Environment,
  type Exposure,
  type Members,
  type Policy,
  code,
  decide,
  describeMembers,
  hostOf,
  inEnvironment,
  isAddressInBlocks,
  isMember,
  listUsedClaims,
  listWays,
  normalizePath,
  plainMembers,
} from "../policy/index.ts";
import { readPolicy } from "./access-source.ts";
import { identityOfClaims } from "./claims-identity.ts";
import { type LoadedPolicy, chooseEnvironment } from "./load-policy.ts";
import { callerByName, callerOfIdentity, loadPeople } from "./people.ts";

export interface ExplainRequest {
  readonly policyFile: string;
  readonly environment: string | undefined;
  readonly method: string;
  readonly path: string;
  /** By default the listener that has the route. */
  readonly exposure?: Exposure | undefined;
  /** By default the environment's domain, or the name of the service that alone has the route. */
  readonly host?: string | undefined;
  /** @default "127.0.0.1" */
  readonly sourceIp?: string | undefined;
  /** A date, or date and time as in RFC 3339. @default now */
  readonly at?: string | undefined;
  readonly as?:
    | { readonly name: string }
    | { readonly claims: string; readonly issuer?: string | undefined }
    | { readonly caller: Caller }
    | undefined;
}

/** One thing that was read on the way to the decision, and where it stands. */
export interface Step {
  readonly text: string;
  readonly at: Span;
}

export interface Explanation {
  readonly environment: string;
  readonly request: DecisionRequest & { readonly host: string; readonly atMs: number };
  /** As it was asked for. */
  readonly path: string;
  /** A role of the caller grants the permission at some times only. */
  readonly dependsOnTime: boolean;
  /** The host is not the environment's domain. */
  readonly isOwnHost: boolean;
  readonly caller: Caller | null;
  readonly decision: Decision;
  readonly steps: readonly Step[];
  readonly sources: Sources;
}

/**
 * The decision, or the policy's own errors.
 *
 * @throws GH_POLICY_UNREADABLE, GH_APP_ENVIRONMENT, GH_APP_UNKNOWN_NAME, GH_APP_CLAIMS, GH_APP_PATH, GH_CLI_USAGE
 */
export function explainRequest(asked: ExplainRequest): Explanation | LoadedPolicy {
  const loaded = readPolicy(asked.policyFile);
  if (loaded.policy === null) return loaded;
  const environment = chooseEnvironment(loaded.policy, asked.environment);
  const normal = normalizePath(asked.path);
  if (!normal.ok) throw new GatehouseError("GH_APP_PATH", { path: asked.path });
  const policy = inEnvironment(loaded.policy, environment);
  const atMs = asked.at === undefined ? systemClock.nowMs() : readTime(asked.at);
  const caller = callerOf(policy, environment, asked.policyFile, asked.as, atMs);
  const known = { method: asked.method.toUpperCase(), path: normal.path, sourceIp: readAddress(asked.sourceIp), atMs };
  const judge = (request: DecisionRequest): Decision =>
    decide(loaded.policy as Policy, environment.name, request, caller);
  const places = listPlaces(policy, environment, asked);
  const place = places.find((one) => judge({ ...known, ...one }).reason !== "no-route") ?? places[0];
  const request = { exposure: "public" as const, host: environment.domain, ...place, ...known };
  const decision = judge(request);
  return {
    environment: environment.name,
    request,
    path: asked.path,
    dependsOnTime: dependsOnTime(policy, decision, caller),
    isOwnHost: request.host !== environment.domain,
    caller,
    decision,
    steps: listSteps(policy, decision, caller),
    sources: loaded.sources,
  };
}

/** Where the request may be meant to go, the likeliest first. */
function listPlaces(
  policy: Policy,
  environment: Environment,
  { exposure, host }: ExplainRequest,
): { readonly exposure: Exposure; readonly host: string }[] {
  const own = policy.services.map((service) => hostOf(service, environment));
  const hosts = host === undefined ? [...new Set([environment.domain, ...own])] : [readHost(host)];
  const exposures: readonly Exposure[] = exposure === undefined ? ["public", "private"] : [exposure];
  return hosts.flatMap((name) => exposures.map((one) => ({ exposure: one, host: name })));
}

/** What was read, and in between why the caller holds the role that it is about. */
function listSteps(policy: Policy, { statements, role: name }: Decision, caller: Caller | null): Step[] {
  const role = policy.roles.find((one) => one.name === name);
  const [needs, ...rest] = statements;
  if (role === undefined || caller === null || needs === undefined) return [...statements];
  const { members } = role;
  const parts = members.kind === "any" ? members.of : [members];
  const part = parts.find((one) => isMember(one, caller)) ?? members;
  const why = describeMembers(plainMembers(narrow(part, caller)));
  const text = `${code(caller.subject)} holds role \`${role.name}\` as ${why}`;
  return [needs, { text, at: role.at }, ...rest];
}

/** A list of members with only those that the caller is. */
function narrow(members: Members, caller: Caller): Members {
  if (!("values" in members)) return members;
  return { ...members, values: members.values.filter((value) => isMember({ ...members, values: [value] }, caller)) };
}

function dependsOnTime(policy: Policy, { route }: Decision, caller: Caller | null): boolean {
  if (route === null || route.access.kind === "open" || caller === null) return false;
  if (route.authentication !== null && route.authentication.maxAgeSeconds !== null) return true;
  return listWays(policy, route.access.permission).some(
    ({ role, conditions }) => isMember(role.members, caller) && conditions.some(asksForTime),
  );
}

function asksForTime({ afterMs, beforeMs, hours, tokenAgeMs }: Condition): boolean {
  return [afterMs, beforeMs, hours, tokenAgeMs].some((part) => part !== null);
}

/** Whoever is asked for, with a token that was issued at the time of the request. */
function callerOf(
  policy: Policy,
  environment: Environment,
  file: string,
  as: ExplainRequest["as"],
  atMs: number,
): Caller | null {
  if (as === undefined) return null;
  if ("caller" in as) return as.caller;
  if ("name" in as) {
    const reading = { claims: policy.identity.claims, usedClaims: listUsedClaims(policy) };
    return callerByName(loadPeople({ environment, policy, file }), as.name, reading, atMs);
  }
  const claims = readClaims(as.claims);
  const issuer = as.issuer ?? policy.identity.issuers.find((one) => one.issuer === claims["iss"])?.name ?? null;
  const identity = identityOfClaims(policy, claims, { issuer, atMs, tokenAgeMs: 0 });
  if (identity === "unknown-issuer") {
    const known = policy.identity.issuers.map(({ name }) => `\`${name}\``).join(", ");
    throw new GatehouseError("GH_CLI_USAGE", {
      problem: `the policy has no workload issuer \`${issuer}\`, it has ${known === "" ? "none" : known}`,
    });
  }
  if (typeof identity === "string") throw new GatehouseError("GH_APP_CLAIMS", { problem: identity });
  return callerOfIdentity(identity);
}

function readClaims(text: string): Readonly<Record<string, unknown>> {
  let claims: unknown;
  try {
    claims = JSON.parse(text);
  } catch (cause) {
    throw new GatehouseError("GH_APP_CLAIMS", { problem: "not JSON" }, { cause });
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw new GatehouseError("GH_APP_CLAIMS", { problem: "not a JSON object" });
  }
  return claims as Readonly<Record<string, unknown>>;
}

function readTime(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  const day = text.slice(0, 10);
  // Days that no month has are moved on instead of being refused.
  if (Number.isNaN(ms) || !new Date(Date.parse(day)).toISOString().startsWith(day))
    throw new GatehouseError("GH_CLI_USAGE", {
      problem: `\`${text}\` is no time, write \`2027-01-31\` or \`2027-01-31T08:00:00Z\``,
    });
  return ms;
}

function readAddress(text: string = "127.0.0.1"): string {
  if (isAddressInBlocks(text, ["0.0.0.0/0", "::/0"])) return text;
  throw new GatehouseError("GH_CLI_USAGE", { problem: `\`${text}\` is no IP address` });
}

function readHost(text: string): string {
  return text.toLowerCase().replace(/:\d+$/, "");
}
