/**
 * What changed for callers and services: routes by exposure and key, services by name.
 * INVARIANT: ids do not matter; an API with other ids and the same routes is the same API.
 */
import { formatDuration, formatRate } from "../core/index.ts";
import type { Artifacts, RouteArtifact } from "./artifacts.ts";
import { type Change, compareLists, listValues } from "./change.ts";
import type { RouteSettings } from "./http-api.ts";

interface RouteView {
  readonly subject: string;
  readonly artifact: RouteArtifact;
  readonly upstream: string;
  readonly timeoutMs: number;
  readonly throttle: string | null;
}

const EXPOSURES = ["public", "private"] as const;

export function diffRoutes(before: Artifacts, after: Artifacts): Change[] {
  const [old, current] = [viewRoutes(before), viewRoutes(after)];
  const changes: Change[] = [];
  for (const [subject, route] of current) {
    const previous = old.get(subject);
    if (previous === undefined) changes.push(describeAdded(route));
    else changes.push(...compareRoutes(previous, route));
  }
  for (const subject of old.keys())
    if (!current.has(subject)) changes.push({ kind: "route-removed", subject, text: `route \`${subject}\` is gone` });
  return [...changes, ...compareServices(old, current), ...compareDefaultThrottle(before, after)];
}

function viewRoutes(artifacts: Artifacts): Map<string, RouteView> {
  const views = new Map<string, RouteView>();
  for (const exposure of EXPOSURES) {
    const api = artifacts.apis[exposure];
    if (api === null) continue;
    const integrations = new Map(api.integrations.map((integration) => [integration.integrationId, integration]));
    const settings = api.stages[0]?.routeSettings ?? {};
    for (const { routeKey, target } of api.routes) {
      const artifact = artifacts.routes[`${api.apiId}/${routeKey}`];
      const integration = integrations.get(target.slice("integrations/".length));
      if (artifact === undefined || integration === undefined) continue;
      const subject = exposure === "private" ? `private ${routeKey}` : routeKey;
      views.set(subject, {
        subject,
        artifact,
        upstream: /^[a-z]+:\/\/[^/]*/.exec(integration.integrationUri)?.[0] ?? integration.integrationUri,
        timeoutMs: integration.timeoutInMillis,
        throttle: showThrottle(settings[routeKey]),
      });
    }
  }
  return views;
}

function showThrottle(settings: RouteSettings | undefined): string | null {
  if (settings === undefined) return null;
  return formatRate({ ratePerSecond: settings.throttlingRateLimit, burst: settings.throttlingBurstLimit });
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
  if (before.artifact.service !== after.artifact.service) {
    const [was, now] = [before.artifact.service, after.artifact.service];
    const text = `route \`${subject}\` now belongs to service \`${now}\` (was \`${was}\`)`;
    changes.push({ kind: "service-upstream", subject, text });
  }
  return changes;
}

/** A service's routes share upstream, headers and sign-in, so their changes are told once. */
function compareServices(old: ReadonlyMap<string, RouteView>, current: ReadonlyMap<string, RouteView>): Change[] {
  const changes = new Map<string, Change>();
  const add = (change: Change): void => {
    changes.set(change.text, change);
  };
  for (const [key, after] of current) {
    const before = old.get(key);
    if (before === undefined || before.artifact.service !== after.artifact.service) continue;
    const subject = after.artifact.service;
    if (before.upstream !== after.upstream)
      add({
        kind: "service-upstream",
        subject,
        text: `service \`${subject}\` is now at \`${after.upstream}\` (was \`${before.upstream}\`)`,
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
  return texts;
}

function compareDefaultThrottle(before: Artifacts, after: Artifacts): Change[] {
  const changes: Change[] = [];
  for (const exposure of EXPOSURES) {
    const [was, now] = [before, after].map(({ apis }) => showThrottle(apis[exposure]?.stages[0]?.defaultRouteSettings));
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
