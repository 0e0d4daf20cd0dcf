/**
 * What changed for callers and services: routes by exposure, host and key, services by name.
 * INVARIANT: ids do not matter; an API with other ids and the same routes is the same API. A service that moves to
 * another host is told once, and its routes are compared as the same ones.
 */
import { formatDuration, formatRate, formatSize } from "../core/index.ts";
import type { Artifacts, AuthenticationArtifact, HeaderRules, RouteArtifact } from "./artifacts.ts";
import { type Change, compareLists, listValues } from "./change.ts";
import type { HttpApi, RouteSettings } from "./http-api.ts";
import { rateOfSettings } from "./throttle-settings.ts";

interface RouteView {
  readonly subject: string;
  /** The same for a service's route on whatever host. */
  readonly identity: string;
  readonly host: string;
  readonly artifact: RouteArtifact;
  readonly upstream: string;
  readonly timeoutMs: number;
  readonly throttle: string | null;
}

type Exposure = "public" | "private";
const EXPOSURES: readonly Exposure[] = ["public", "private"];

export function diffRoutes(before: Artifacts, after: Artifacts): Change[] {
  const [old, current] = [viewRoutes(before), viewRoutes(after)];
  const pairs = pairRoutes(old, current);
  const gone = new Set(old.values());
  const changes: Change[] = [];
  for (const route of current.values()) {
    const previous = pairs.get(route);
    if (previous === undefined) changes.push(describeAdded(route));
    else changes.push(...compareRoutes(previous, route));
    if (previous !== undefined) gone.delete(previous);
  }
  for (const { subject } of gone)
    changes.push({ kind: "route-removed", subject, text: `route \`${subject}\` is gone` });
  return [...changes, ...compareServices(pairs), ...compareDefaultThrottle(before, after)];
}

/** Each route with the one that it was: the same key on the same host, else the same service's on another one. */
function pairRoutes(
  old: ReadonlyMap<string, RouteView>,
  current: ReadonlyMap<string, RouteView>,
): Map<RouteView, RouteView> {
  const pairs = new Map<RouteView, RouteView>();
  const left = new Map<string, RouteView>();
  for (const [subject, route] of old) if (!current.has(subject)) left.set(route.identity, route);
  for (const [subject, route] of current) {
    const previous = old.get(subject) ?? left.get(route.identity);
    if (previous === undefined) continue;
    pairs.set(route, previous);
    left.delete(route.identity);
  }
  return pairs;
}

function viewRoutes(artifacts: Artifacts): Map<string, RouteView> {
  const views = new Map<string, RouteView>();
  const add = (exposure: Exposure, host: string, api: HttpApi): void => {
    const integrations = new Map(api.integrations.map((integration) => [integration.integrationId, integration]));
    const settings = api.stages[0]?.routeSettings ?? {};
    for (const { routeKey, target } of api.routes) {
      const artifact = artifacts.routes[`${api.apiId}/${routeKey}`];
      const integration = integrations.get(target.slice("integrations/".length));
      if (artifact === undefined || integration === undefined) continue;
      const key = exposure === "private" ? `private ${routeKey}` : routeKey;
      const subject = host === "" ? key : `${key} at ${host}`;
      views.set(subject, {
        subject,
        identity: `${artifact.service} ${key}`,
        host,
        artifact,
        upstream: /^[a-z]+:\/\/[^/]*/.exec(integration.integrationUri)?.[0] ?? integration.integrationUri,
        timeoutMs: integration.timeoutInMillis,
        throttle: showThrottle(settings[routeKey]),
      });
    }
  };
  for (const exposure of EXPOSURES) {
    const api = artifacts.apis[exposure];
    if (api !== null) add(exposure, "", api);
  }
  for (const { host, exposure, api } of artifacts.hostApis) add(exposure, host, api);
  return views;
}

function showThrottle(settings: RouteSettings | undefined): string | null {
  if (settings === undefined) return null;
  return formatRate(rateOfSettings(settings));
}

function describeAdded({ subject, artifact }: RouteView): Change {
  const access = artifact.permission === null ? "is open" : `needs \`${artifact.permission}\``;
  return { kind: "route-added", subject, text: `route \`${subject}\` is new and ${access}` };
}

function compareRoutes(before: RouteView, after: RouteView): Change[] {
  const { subject } = after;
  const changes: Change[] = [];
  const [had, has] = [before.artifact.permission, after.artifact.permission];
  if (had !== has) {
    const was = had === null ? "was open" : `needed \`${had}\``;
    const text = has === null ? `is now open (${was})` : `now needs \`${has}\` (${was})`;
    changes.push({ kind: "route-access", subject, text: `route \`${subject}\` ${text}` });
  }
  const [asked, asks] = [before.artifact.authentication, after.artifact.authentication].map(showAuthentication);
  if (asked !== asks) {
    const text = `route \`${subject}\` now takes callers who signed in ${asks} (was ${asked})`;
    changes.push({ kind: "route-authentication", subject, text });
  }
  if (before.throttle !== after.throttle) {
    const was = before.throttle === null ? "followed the default" : `had \`${before.throttle}\``;
    const text =
      after.throttle === null
        ? `now follows the default throttle (${was})`
        : `is now throttled at \`${after.throttle}\` (${was})`;
    changes.push({ kind: "route-throttle", subject, text: `route \`${subject}\` ${text}` });
  }
  if (before.timeoutMs !== after.timeoutMs) {
    const [was, now] = [formatDuration(before.timeoutMs), formatDuration(after.timeoutMs)];
    const text = `route \`${subject}\` now waits \`${now}\` for its service (was \`${was}\`)`;
    changes.push({ kind: "route-timeout", subject, text });
  }
  changes.push(...compareTransport(before, after));
  if (before.artifact.service !== after.artifact.service) {
    const [was, now] = [before.artifact.service, after.artifact.service];
    const text = `route \`${subject}\` now belongs to service \`${now}\` (was \`${was}\`)`;
    changes.push({ kind: "service-upstream", subject, text });
  }
  return changes;
}

function showAuthentication(authentication: AuthenticationArtifact | null | undefined): string {
  const { acr = [], maxAgeSeconds = null } = authentication ?? {};
  const how = acr.length === 0 ? "" : `with ${acr.map((value) => `\`${value}\``).join(" or ")}`;
  const when = maxAgeSeconds === null ? "" : `at most \`${formatDuration(maxAgeSeconds * 1000)}\` ago`;
  return [how, when].filter((part) => part !== "").join(" ") || "in any way";
}

/** How bodies and connections pass. */
function compareTransport({ artifact: was }: RouteView, { subject, artifact: now }: RouteView): Change[] {
  const changes: Change[] = [];
  const add = (kind: Change["kind"], text: string): void => {
    changes.push({ kind, subject, text: `route \`${subject}\` ${text}` });
  };
  const showSize = (bytes: number | null): string => (bytes === null ? "any size" : `\`${formatSize(bytes)}\``);
  if (was.maxBodyBytes !== now.maxBodyBytes)
    add("route-body", `now takes bodies of up to ${showSize(now.maxBodyBytes)} (was ${showSize(was.maxBodyBytes)})`);
  if (was.streaming !== now.streaming)
    add("route-streaming", now.streaming ? "now passes bodies as they come" : "no longer passes bodies as they come");
  if (was.websocket !== now.websocket)
    add("route-websocket", now.websocket ? "can now open a WebSocket" : "can no longer open a WebSocket");
  if (was.retries !== now.retries)
    add("route-retries", `is now tried again up to ${countTimes(now.retries)} (was ${countTimes(was.retries)})`);
  return changes;
}

function countTimes(count: number): string {
  return count === 1 ? "1 time" : `${count} times`;
}

/** A service's routes share upstream, host, headers and sign-in, so their changes are told once. */
function compareServices(pairs: ReadonlyMap<RouteView, RouteView>): Change[] {
  const changes = new Map<string, Change>();
  const add = (change: Change): void => {
    changes.set(change.text, change);
  };
  const showHost = (host: string): string => (host === "" ? "the environment's domain" : `\`${host}\``);
  for (const [after, before] of pairs) {
    if (before.artifact.service !== after.artifact.service) continue;
    const subject = after.artifact.service;
    if (before.upstream !== after.upstream)
      add({
        kind: "service-upstream",
        subject,
        text: `service \`${subject}\` is now at \`${after.upstream}\` (was \`${before.upstream}\`)`,
      });
    if (before.host !== after.host)
      add({
        kind: "service-host",
        subject,
        text: `service \`${subject}\` now answers for ${showHost(after.host)} (was ${showHost(before.host)})`,
      });
    if (before.artifact.login !== after.artifact.login)
      add({
        kind: "service-login",
        subject,
        text: after.artifact.login
          ? `service \`${subject}\` now sends people to sign in`
          : `service \`${subject}\` no longer sends people to sign in`,
      });
    for (const text of compareHeaders(before.artifact, after.artifact))
      add({ kind: "service-headers", subject, text: `service \`${subject}\` ${text}` });
  }
  return [...changes.values()];
}

function compareHeaders(before: RouteArtifact, after: RouteArtifact): string[] {
  const texts: string[] = [];
  const kept = compareLists(before.keepHeaders, after.keepHeaders);
  if (kept.gained.length > 0) texts.push(`now gets header ${listValues(kept.gained)} unchanged`);
  if (kept.lost.length > 0) texts.push(`no longer gets header ${listValues(kept.lost)} unchanged`);
  const show = (headers: Readonly<Record<string, string>>): string[] =>
    Object.entries(headers).map(([name, field]) => `${name}: ${field}`);
  const named = compareLists(show(before.identityHeaders), show(after.identityHeaders));
  if (named.gained.length > 0) texts.push(`now gets identity as ${listValues(named.gained)}`);
  if (named.lost.length > 0) texts.push(`no longer gets identity as ${listValues(named.lost)}`);
  texts.push(...compareRules(before.requestHeaders, after.requestHeaders, "requests"));
  texts.push(...compareRules(before.responseHeaders, after.responseHeaders, "answers"));
  return texts;
}

function compareRules(before: HeaderRules, after: HeaderRules, where: string): string[] {
  const texts: string[] = [];
  const show = ({ set }: HeaderRules): string[] => Object.entries(set).map(([name, value]) => `${name}: ${value}`);
  const set = compareLists(show(before), show(after));
  if (set.gained.length > 0) texts.push(`now has ${listValues(set.gained)} set in ${where}`);
  if (set.lost.length > 0) texts.push(`no longer has ${listValues(set.lost)} set in ${where}`);
  const removed = compareLists(before.remove, after.remove);
  if (removed.gained.length > 0) texts.push(`now has ${listValues(removed.gained)} removed from ${where}`);
  if (removed.lost.length > 0) texts.push(`no longer has ${listValues(removed.lost)} removed from ${where}`);
  return texts;
}

function compareDefaultThrottle(before: Artifacts, after: Artifacts): Change[] {
  const changes: Change[] = [];
  for (const exposure of EXPOSURES) {
    const [was, now] = [before, after].map((artifacts) =>
      showThrottle(anyApi(artifacts, exposure)?.stages[0]?.defaultRouteSettings),
    );
    if (was === undefined || now === undefined || was === null || now === null || was === now) continue;
    const text = `${exposure} routes are now throttled at \`${now}\` each by default (was \`${was}\`)`;
    changes.push({ kind: "throttle", subject: exposure, text });
  }
  const [was, now] = [before, after].map(({ perIdentityThrottle: rate }) => (rate === null ? null : formatRate(rate)));
  if (was !== now && was !== undefined && now !== undefined) {
    const text =
      now === null
        ? `callers are no longer throttled each (was \`${was}\`)`
        : `each caller is now throttled at \`${now}\` (${was === null ? "was not" : `was \`${was}\``})`;
    changes.push({ kind: "throttle", subject: "identity", text });
  }
  return changes;
}

/** APIs of one exposure have the same defaults, whatever their host. */
function anyApi({ apis, hostApis }: Artifacts, exposure: Exposure): HttpApi | undefined {
  return apis[exposure] ?? hostApis.find((one) => one.exposure === exposure)?.api;
}
