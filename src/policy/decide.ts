/**
 * What the policy says about one request. This file is the meaning of the language: every engine must agree with it.
 *
 * In: a checked policy, an environment, the request in normal form and the verified caller. Out: a decision with its
 * reason, the lines that made it and, for a refusal, what would change it.
 * Pure and total: no clock, no I/O, an answer for every input; whatever is not granted is refused.
 * Source: docs/spec/policy-language.md chapter 8, whose clauses are in the order of the steps here.
 */
import { describeAuthentication, isAuthenticated } from "./authentication.ts";
import { matchRoute } from "./compile-routes.ts";
import type { Caller, Decision, DecisionRequest, Reason } from "./decision.ts";
import { inEnvironment } from "./in-environment.ts";
import { judgeRole } from "./judge-role.ts";
import { listRoutes } from "./list-routes.ts";
import { isMember } from "./members.ts";
import { explainMemberships, explainNoRoute, explainRole, explainUnknownEnvironment } from "./near-miss.ts";
import type { Policy } from "./policy.ts";
import { isReservedPath } from "./route-key.ts";

type Statement = Decision["statements"][number];

/** Nearest first: the reason of a refusal is that of the role that came nearest to allowing. */
const NEARNESS = ["condition-not-met", "outside-boundary", "not-granted"] as const;

export function decide(
  written: Policy,
  environmentName: string,
  request: DecisionRequest,
  caller: Caller | null,
): Decision {
  // 1. What the policy says in this environment, and which route is meant.
  const environment = written.environments.find(({ name }) => name === environmentName);
  if (environment === undefined)
    return deny("no-route", { nearMisses: explainUnknownEnvironment(written, environmentName) });
  const policy = inEnvironment(written, environment);
  const { exposure, host = environment.domain, method, path } = request;
  const routes = listRoutes(policy, environment, exposure, host);
  const match = isReservedPath(path) ? null : matchRoute(routes, method, path);
  if (match === null) return deny("no-route", { nearMisses: explainNoRoute(policy, environment, request) });
  const { route, params } = match;

  // 2. An open route asks for nobody.
  if (route.access.kind === "open") {
    const statement = { text: `\`${route.key}\` is open: ${route.access.because}`, at: route.at };
    return { effect: "allow", reason: "open-route", route, role: null, statements: [statement], nearMisses: [] };
  }
  const { permission } = route.access;
  const needs: Statement = { text: `\`${route.key}\` needs \`${permission}\``, at: route.at };

  // 3. Every other route asks who it is. An issuer that is not trusted here vouches for nobody.
  const refusal = { route, statements: [needs] };
  if (caller === null || !isTrusted(policy, caller))
    return deny("unauthenticated", { ...refusal, nearMisses: explainMemberships(policy, permission) });

  // 4. Roles are held by whoever is among their members.
  const held = policy.roles.filter((role) => isMember(role.members, caller));
  if (held.length === 0) return deny("no-role", { ...refusal, nearMisses: explainMemberships(policy, permission) });

  // 5. Any role that grants the permission within its boundary, its conditions met, allows.
  const atMs = request.atMs ?? null;
  const now = { caller, sourceIp: request.sourceIp, atMs, params };
  const verdicts = held.map((role) => judgeRole(policy, role, permission, now));
  const allowing = verdicts.find((verdict) => verdict.outcome === "allows");
  if (allowing !== undefined) {
    const role = allowing.role.name;
    const statements = [needs, ...allowing.statements];
    const { authentication } = route;
    if (authentication === null)
      return { effect: "allow", reason: "role-grants", route, role, statements, nearMisses: [] };

    // 6. A route may ask how, and how recently, the caller signed in. Only those are asked whom it would let in.
    const asked = describeAuthentication(authentication);
    statements.push({ text: `\`${route.key}\` asks for a caller who has ${asked}`, at: route.at });
    if (isAuthenticated(authentication, caller, atMs))
      return { effect: "allow", reason: "role-grants", route, role, statements, nearMisses: [] };
    return deny("authentication-needed", {
      route,
      role,
      statements,
      nearMisses: [`would be allowed to a caller who has ${asked}`],
    });
  }

  // 7. Everything else is refused, for the reason of the role that came nearest.
  for (const outcome of NEARNESS) {
    const nearest = verdicts.find((verdict) => verdict.outcome === outcome);
    if (nearest === undefined) continue;
    return deny(outcome, {
      route,
      role: nearest.role.name,
      statements: [needs, ...nearest.statements],
      nearMisses: [
        ...verdicts.flatMap((verdict) => explainRole(verdict, permission)),
        ...explainMemberships(policy, permission, held),
      ],
    });
  }
  return deny("no-role", refusal);
}

function isTrusted({ identity }: Policy, { issuer = null }: Caller): boolean {
  return issuer === null || identity.issuers.some(({ name }) => name === issuer);
}

function deny(reason: Reason, rest: Partial<Omit<Decision, "effect" | "reason">>): Decision {
  return { route: null, role: null, statements: [], nearMisses: [], ...rest, effect: "deny", reason };
}
