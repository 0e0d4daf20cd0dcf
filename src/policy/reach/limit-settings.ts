/** What callers may use up, and what pages of other origins may do. */
import { code } from "./code.ts";
import { type Rate, formatDuration, formatRate, formatSize } from "../../core/index.ts";
import type { Authentication, Policy, PolicyRoute } from "../policy.ts";
import { canonicalRouteKey } from "../route-key.ts";
import { describeAuthentication } from "../authentication.ts";
import { type SettingChange, access, directionOf, limit } from "./setting-change.ts";

/** What pages of other origins may do. Without CORS browsers let them do nothing. */
export function diffCors({ cors: old }: Policy, { cors: current }: Policy): SettingChange[] {
  const changes: SettingChange[] = [];
  const compare = (what: string, had: readonly string[], has: readonly string[]): void => {
    const gained = has.filter((value) => !had.includes(value) && !had.includes("*"));
    const lost = had.filter((value) => !has.includes(value) && !has.includes("*"));
    if (gained.length > 0)
      changes.push(limit("cors", "wider", "cors", `pages of other origins: ${what} ${list(gained)} may be used now`));
    if (lost.length > 0)
      changes.push(
        limit("cors", "narrower", "cors", `pages of other origins: ${what} ${list(lost)} may no longer be used`),
      );
  };
  const [gained, lost] = [
    minus(current?.origins ?? [], old?.origins ?? []),
    minus(old?.origins ?? [], current?.origins ?? []),
  ];
  if (gained.length > 0)
    changes.push(limit("cors", "wider", "cors", `pages of ${origins(gained)} may call the public services now`));
  if (lost.length > 0)
    changes.push(limit("cors", "narrower", "cors", `pages of ${origins(lost)} may no longer call the public services`));
  if (old === null || current === null) return changes;
  compare("methods", old.methods, current.methods);
  compare("request headers", old.headers, current.headers);
  compare("response headers", old.exposeHeaders, current.exposeHeaders);
  if (old.credentials !== current.credentials)
    changes.push(
      limit(
        "cors",
        current.credentials ? "wider" : "narrower",
        "cors",
        `pages of other origins may ${current.credentials ? "now" : "no longer"} send cookies`,
      ),
    );
  return changes;
}

function minus(a: readonly string[], b: readonly string[]): string[] {
  return b.includes("*") ? [] : a.filter((value) => !b.includes(value));
}

function origins(values: readonly string[]): string {
  return values.includes("*") ? "every origin" : list(values);
}

function list(values: readonly string[]): string {
  return values.map((value) => code(value)).join(", ");
}

export function diffThrottles({ throttle: old }: Policy, { throttle: current }: Policy): SettingChange[] {
  return [
    ...diffRate("throttle", "routes without a rate of their own take", old.default, current.default),
    ...diffRate("per_identity", "each identity may call", old.perIdentity, current.perIdentity),
  ];
}

function diffRate(
  subject: string,
  what: string,
  old: Rate | null,
  current: Rate | null,
  routes: readonly string[] = [],
): SettingChange[] {
  const show = (rate: Rate | null): string => (rate === null ? "without limit" : formatRate(rate));
  if (show(old) === show(current)) return [];
  const wider = isMore(current, old);
  const narrower = isMore(old, current);
  return [
    limit("throttle", directionOf(wider, narrower), subject, `${what} ${show(current)}, before ${show(old)}`, routes),
  ];
}

function isMore(a: Rate | null, b: Rate | null): boolean {
  if (b === null) return false;
  return a === null || a.ratePerSecond > b.ratePerSecond || a.burst > b.burst;
}

/** Limits of routes that both have. A rate of its own that is gone is the default rate. */
export function diffRoutes(before: Policy, after: Policy): SettingChange[] {
  const keyOf = ({ service, method, path }: PolicyRoute): string => `${service} ${canonicalRouteKey(method, path)}`;
  const old = new Map(before.services.flatMap(({ routes }) => routes).map((route) => [keyOf(route), route]));
  return after.services
    .flatMap(({ routes }) => routes)
    .flatMap((route) => {
      const twin = old.get(keyOf(route));
      return twin === undefined ? [] : diffRoute(twin, route, before, after);
    });
}

function diffRoute(old: PolicyRoute, current: PolicyRoute, before: Policy, after: Policy): SettingChange[] {
  const { key } = current;
  const changes: SettingChange[] = [];
  if (old.throttle !== null || current.throttle !== null) {
    const [was, is] = [old.throttle ?? before.throttle.default, current.throttle ?? after.throttle.default];
    changes.push(...diffRate(key, `${code(key)} takes`, was, is, [key]));
  }
  const [asked, asks] = [showAuthentication(old), showAuthentication(current)];
  if (asked !== asks && old.access.kind === "needs" && current.access.kind === "needs") {
    const isWider = !covers(old.authentication, current.authentication);
    const isNarrower = !covers(current.authentication, old.authentication);
    const text = `${code(key)} takes callers who have signed in ${asks}, before ${asked}`;
    changes.push(access("authentication", directionOf(isWider, isNarrower), key, text, [key]));
  }
  if (old.maxBodyBytes !== current.maxBodyBytes) {
    const direction = current.maxBodyBytes > old.maxBodyBytes ? "wider" : "narrower";
    const text = `${code(key)} takes bodies ${showSize(current)}, before ${showSize(old)}`;
    changes.push(limit("body", direction, key, text, [key]));
  }
  if (old.websocket !== current.websocket) {
    const text = `${code(key)} ${current.websocket ? "takes WebSockets now" : "no longer takes WebSockets"}`;
    changes.push(limit("websocket", current.websocket ? "wider" : "narrower", key, text, [key]));
  }
  return changes;
}

function showAuthentication({ authentication }: PolicyRoute): string {
  return authentication === null ? "in any way" : describeAuthentication(authentication).replace(/^signed in /, "");
}

/** Whether whoever does what `b` asks for does what `a` asks for. */
function covers(a: Authentication | null, b: Authentication | null): boolean {
  if (a === null || b === null) return a === null;
  const hasAcr = a.acr.length === 0 || (b.acr.length > 0 && b.acr.every((value) => a.acr.includes(value)));
  return hasAcr && (a.maxAgeSeconds === null || (b.maxAgeSeconds !== null && b.maxAgeSeconds <= a.maxAgeSeconds));
}

function showSize({ maxBodyBytes }: PolicyRoute): string {
  return Number.isFinite(maxBodyBytes) ? `of ${formatSize(maxBodyBytes)}` : "of any size";
}

export function diffSessions(
  { identity: { login: old } }: Policy,
  { identity: { login: current } }: Policy,
): SettingChange[] {
  if (old === null || current === null) return [];
  const compare = (what: string, was: number, is: number): SettingChange[] =>
    was === is
      ? []
      : [
          limit(
            "session",
            is > was ? "wider" : "narrower",
            "login",
            `sessions of people ${what} ${formatDuration(is)}, before ${formatDuration(was)}`,
          ),
        ];
  return [
    ...compare("end after", old.sessionMaxMs, current.sessionMaxMs),
    ...compare("end unused after", old.sessionIdleMs, current.sessionIdleMs),
  ];
}
