/**
 * The short screen that `up` prints when everything answers: where things are, who exists, and lines to paste.
 * The lines are found by asking `decide`, so each does what it says with the policy that is running.
 */
import { type Policy, type PolicyRoute, decide } from "../policy/index.ts";
import type { NamedCaller } from "./people.ts";

export interface ScreenFacts {
  readonly policy: Policy;
  readonly environment: string;
  readonly baseUrl: string;
  readonly callers: readonly NamedCaller[];
  /** As a person in the working directory would write it; null when certificates are public. */
  readonly caFile: string | null;
  /** How the command was called, with `--state` if another directory than the default is meant. */
  readonly tokenCommand: string;
}

export interface CurlLine {
  readonly status: number;
  readonly what: string;
  readonly line: string;
}

/** A throttle with a larger burst would need too many calls to be shown with one line. */
const MAX_SHOWN_BURST = 20;

/** Up to five lines: 200, 401, 403, 404, 429. One that this policy cannot show is left out. */
export function curlLines(facts: ScreenFacts): readonly CurlLine[] {
  const { policy, baseUrl } = facts;
  const plain = policy.services
    .filter((service) => service.exposure === "public")
    .flatMap((service) => service.routes)
    .filter((route) => route.access.kind === "needs" && isCallable(route));
  const quick = plain.filter((route) => route.throttle === null || route.throttle.burst > MAX_SHOWN_BURST);
  const allowed = firstPair(quick, facts, "allow") ?? firstPair(plain, facts, "allow");
  const lines: CurlLine[] = [];
  if (allowed !== null) {
    const url = `${baseUrl}${pathOf(allowed.route)}`;
    lines.push({ status: 200, what: `${allowed.caller.name} may`, line: curl(facts, allowed.caller.name, url) });
    lines.push({ status: 401, what: "nobody may not", line: curl(facts, null, url) });
  }
  const refused =
    (allowed === null ? null : firstPair([allowed.route], facts, "deny")) ?? firstPair(plain, facts, "deny");
  if (refused !== null) {
    const url = `${baseUrl}${pathOf(refused.route)}`;
    lines.push({ status: 403, what: `${refused.caller.name} may not`, line: curl(facts, refused.caller.name, url) });
  }
  if (decide(policy, facts.environment, request("GET", "/nowhere"), null).reason === "no-route") {
    lines.push({ status: 404, what: "no such route", line: curl(facts, null, `${baseUrl}/nowhere`) });
  }
  const throttled = firstPair(
    plain.filter((r) => r.throttle !== null && r.throttle.burst <= MAX_SHOWN_BURST),
    facts,
    "allow",
  );
  if (throttled?.route.throttle) {
    const url = `${baseUrl}${pathOf(throttled.route)}?n=[1-${Math.ceil(throttled.route.throttle.burst) + 2}]`;
    lines.push({ status: 429, what: "too many at once", line: curl(facts, throttled.caller.name, url) });
  }
  return lines;
}

function isCallable({ method, path }: PolicyRoute): boolean {
  return (method === "GET" || method === "ANY") && !path.replace(/\{[^}]*\+\}$/, "").includes("{");
}

function pathOf(route: PolicyRoute): string {
  return route.path.replace(/\{[^}]*\+\}$/, "");
}

function firstPair(
  routes: readonly PolicyRoute[],
  { policy, environment, callers }: ScreenFacts,
  effect: "allow" | "deny",
): { readonly route: PolicyRoute; readonly caller: NamedCaller } | null {
  for (const route of routes) {
    const path = pathOf(route);
    for (const caller of callers) {
      const decision = decide(policy, environment, request("GET", path), caller.caller);
      if (decision.effect === effect && decision.route?.key === route.key) return { route, caller };
    }
  }
  return null;
}

function request(method: string, path: string) {
  return { exposure: "public" as const, method, path, sourceIp: "127.0.0.1" };
}

function curl({ caFile, tokenCommand }: ScreenFacts, as: string | null, url: string): string {
  const parts = ["curl -sS -w '  %{http_code}\\n'"];
  if (caFile !== null) parts.push(`--cacert ${caFile}`);
  if (as !== null) parts.push(`-H "Authorization: Bearer $(${tokenCommand} --as ${as})"`);
  parts.push(url.includes("[") ? `"${url}"` : url);
  return parts.join(" ");
}
