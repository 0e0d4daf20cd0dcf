/**
 * What a change does beside who may call which route: whose tokens count, where services answer, and limits.
 *
 * Out: settings in a fixed order. INVARIANT: a service that answers at another place names all of its routes, since who
 * may call them is compared across places (places.ts).
 * Not here: who may call what (diff-access.ts).
 */
import { code } from "./code.ts";
import type { Service } from "../policy.ts";
import { diffIssuers, diffNetwork } from "./identity-settings.ts";
import { diffCors, diffRoutes, diffSessions, diffThrottles } from "./limit-settings.ts";
import { type View, placeOf } from "./places.ts";
import { type SettingChange, access, limit } from "./setting-change.ts";

/** Nothing when the environment is new or gone: then every route is a gain or a loss. */
export function diffSettings(before: View | null, after: View | null): SettingChange[] {
  if (before === null || after === null) return [];
  return [
    ...diffIssuers(before, after),
    ...diffNetwork(before, after),
    ...diffPlaces(before, after),
    ...diffCors(before.policy, after.policy),
    ...diffThrottles(before.policy, after.policy),
    ...diffRoutes(before.policy, after.policy),
    ...diffSessions(before.policy, after.policy),
  ];
}

function diffPlaces(before: View, after: View): SettingChange[] {
  const changes: SettingChange[] = [];
  const [was, is] = [before.environment.domain, after.environment.domain];
  if (was !== is) {
    const routes = listKeys(
      before.policy.services.filter((one) => placeOf(one, before).host === was),
      after.policy.services.filter((one) => placeOf(one, after).host === is),
    );
    changes.push(limit("host", "other", after.environment.name, `${code(is)} answers, before ${code(was)}`, routes));
  }
  for (const service of after.policy.services) {
    const twin = before.policy.services.find(({ name }) => name === service.name);
    if (twin === undefined) continue;
    const [old, current] = [placeOf(twin, before), placeOf(service, after)];
    const subject = service.name;
    if (old.exposure !== current.exposure)
      changes.push(
        access(
          "exposure",
          current.exposure === "public" ? "wider" : "narrower",
          subject,
          `service ${code(subject)} is ${current.exposure}, before ${old.exposure}`,
          listKeys([twin], [service]),
        ),
      );
    const isDomain = old.host === was && current.host === is;
    if (old.host !== current.host && !isDomain)
      changes.push(
        limit(
          "host",
          "other",
          subject,
          `service ${code(subject)} answers at ${code(current.host)}, before at ${code(old.host)}`,
          listKeys([twin], [service]),
        ),
      );
  }
  return changes;
}

/** Of before and after, those of after first. */
function listKeys(before: readonly Service[], after: readonly Service[]): string[] {
  return [...new Set([...after, ...before].flatMap(({ routes }) => routes.map(({ key }) => key)))];
}
