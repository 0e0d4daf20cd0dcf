/**
 * Where services answer (listener and host name), and which place of one policy is which of another.
 *
 * A service is compared with itself wherever it answered before; one that is new is compared with what answered at its
 * place. A place that is the environment's domain stays the same place when the domain gets another name.
 */
import { hostOf } from "../list-routes.ts";
import type { Environment, Exposure, Policy, Service } from "../policy.ts";

export interface Place {
  readonly exposure: Exposure;
  readonly host: string;
}

/** A policy as it is in one environment; null when the policy does not have the environment. */
export interface View {
  readonly policy: Policy;
  /** As the policy file says it, for `decide`. */
  readonly written: Policy;
  readonly environment: Environment;
}

/** A place of the second view, the place of the first one that it is compared with, and the services that ask for it. */
export interface Comparison {
  readonly here: Place;
  readonly there: Place;
  readonly services: ReadonlySet<string>;
}

export function placeOf(service: Service, { environment }: View): Place {
  return { exposure: service.exposure, host: hostOf(service, environment) };
}

/** For every service of `view`: where it answers, and which place of `other` it is compared with. */
export function listComparisons(view: View, other: View | null): Comparison[] {
  const found = new Map<string, { here: Place; there: Place; services: Set<string> }>();
  for (const service of view.policy.services) {
    const here = placeOf(service, view);
    const there = counterpartOf(service, view, other) ?? here;
    const key = [here.exposure, here.host, there.exposure, there.host].join(" ");
    const known = found.get(key);
    if (known === undefined) found.set(key, { here, there, services: new Set([service.name]) });
    else known.services.add(service.name);
  }
  return [...found.values()];
}

function counterpartOf(service: Service, view: View, other: View | null): Place | null {
  if (other === null) return null;
  const twin = other.policy.services.find(({ name }) => name === service.name);
  if (twin !== undefined) return placeOf(twin, other);
  const { exposure, host } = placeOf(service, view);
  return host === view.environment.domain ? { exposure, host: other.environment.domain } : null;
}
