/**
 * What a guardrail is, and how one looks at a policy whose environments differ.
 * INVARIANT: a finding is pure data about the policy; waivers are applied afterwards (lint-policy.ts).
 */
import type { Diagnostic, Severity, Span } from "../../core/index.ts";
import { inEnvironment } from "../in-environment.ts";
import { isLoopbackHost } from "../origin.ts";
import type { Environment, Policy, PolicyRoute } from "../policy.ts";

export interface Finding {
  /** The one thing that the finding is about: name of role, boundary, service, environment, secret or policy, or route key. */
  readonly subject: string;
  readonly at: Span;
  readonly message: string;
  /** Where the guardrail's own words can be said in the words of this policy. */
  readonly fix?: string;
  /** Other places that take part. */
  readonly related?: readonly RelatedPlace[];
}

type RelatedPlace = NonNullable<Diagnostic["related"]>[number];

export interface Guardrail {
  /** Of a finding that is not waived. */
  readonly severity: Severity;
  readonly why: string;
  /** Sections of a policy in which it finds something. */
  readonly example: string;
  readonly fix: string;
  /** Rules of others that ask for the same: `GH104` of rules-for-iam.ts, or a tool's name and its own id. */
  readonly sources: readonly string[];
  readonly find: (policy: Policy) => readonly Finding[];
}

export type Guardrails = Readonly<Record<`guardrail/${string}`, Guardrail>>;

const routeLists = new WeakMap<Policy, readonly PolicyRoute[]>();

/** The same list each time for the same policy. */
export function listAllRoutes(policy: Policy): readonly PolicyRoute[] {
  let routes = routeLists.get(policy);
  if (routes === undefined) routeLists.set(policy, (routes = policy.services.flatMap((service) => service.routes)));
  return routes;
}

/** Whether an environment is one developer's: its identities are made up, or its host name is this machine. */
export function isDevelopment({ identity, domain }: Environment): boolean {
  return identity.kind === "embedded" || isLoopbackHost(domain);
}

/**
 * What `find` says of the policy as it is in each environment. What it says in all of them stands once; anything else
 * names the environments that it is true of.
 */
export function findInEnvironments(policy: Policy, find: (effective: Policy) => readonly Finding[]): Finding[] {
  const namesOf = new Map<Policy, string[]>();
  for (const environment of policy.environments) {
    const effective = inEnvironment(policy, environment);
    namesOf.set(effective, [...(namesOf.get(effective) ?? []), environment.name]);
  }
  return joinEnvironments(
    policy,
    [...namesOf].map(([effective, names]) => ({ names, findings: find(effective) })),
  );
}

/** Each finding once. One that is not said of all environments names those that it is said of. */
export function joinEnvironments(
  policy: Policy,
  said: readonly { readonly names: readonly string[]; readonly findings: readonly Finding[] }[],
): Finding[] {
  const found = new Map<string, { finding: Finding; names: string[] }>();
  for (const { names, findings } of said)
    for (const finding of findings) {
      const key = JSON.stringify([finding.subject, finding.at, finding.message]);
      const known = found.get(key);
      if (known === undefined) found.set(key, { finding, names: [...names] });
      else for (const name of names) if (!known.names.includes(name)) known.names.push(name);
    }
  return [...found.values()].map(({ finding, names }) =>
    names.length === policy.environments.length
      ? finding
      : { ...finding, message: `${finding.message} in ${names.map((name) => `\`${name}\``).join(", ")}` },
  );
}
