/**
 * What anyone gains or loses: by a change of the policy, or on the way from one environment to another one.
 *
 * In:  a policy file, and what it is compared with. Out: for each environment the changes, as data.
 * Not here: how two policies are compared (policy/reach), how it is printed (access-diff-text.ts).
 */
import { GatehouseError } from "../core/index.ts";
import { type PolicyDiff, type PolicyPlace, diffPolicies, widensAccess } from "../policy/index.ts";
import { countGuardrailErrors, readOtherPolicy, readPolicy } from "./access-source.ts";
import { tellChange } from "./access-words.ts";
import { type LoadedPolicy, chooseEnvironment } from "./load-policy.ts";

export interface AccessDiff {
  /** What is compared: a file, `COMMIT:PATH`, or an environment. */
  readonly from: string;
  readonly to: string;
  /** Somebody may do what they might not do before. */
  readonly widens: boolean;
  readonly environments: readonly EnvironmentDiff[];
  /** Errors of guardrails in the policy that is looked at. */
  readonly guardrailErrors: number;
}

export interface EnvironmentDiff extends PolicyDiff {
  readonly environment: string;
  /** Only one of the two policies has it. */
  readonly isNew: boolean;
  readonly isGone: boolean;
  /** Before and after; a gain is told of the one, a loss of the other. */
  readonly domains: Readonly<Record<"loss" | "gain", string>>;
  readonly widens: boolean;
}

export interface DiffRequest {
  readonly policyFile: string;
  /** A file, a commit, or `COMMIT:PATH`. */
  readonly other: string;
  /** @default every environment of either policy */
  readonly environment?: string | undefined;
}

/**
 * The change from `other` to the policy file, or whichever of the two has errors.
 *
 * @throws GH_POLICY_UNREADABLE, GH_APP_REVISION, GH_APP_ENVIRONMENT
 */
export function diffWithOther({ policyFile, other, environment }: DiffRequest): AccessDiff | LoadedPolicy {
  const after = readPolicy(policyFile);
  if (after.policy === null) return after;
  const before = readOtherPolicy(policyFile, other);
  if (before.policy === null) return before;
  const [old, current] = [before.policy, after.policy];
  const all = [...new Set([...current.environments, ...old.environments].map(({ name }) => name))];
  if (environment !== undefined && !all.includes(environment)) chooseEnvironment(current, environment);
  const names = environment === undefined ? all : [environment];
  const environments = names.map((name) => {
    const [from, to] = [old, current].map((policy) => ({ policy, environment: name }));
    return compare(from as PolicyPlace, to as PolicyPlace, widensAccess);
  });
  return {
    from: before.file,
    to: after.file,
    widens: environments.some(({ widens }) => widens),
    environments,
    guardrailErrors: countGuardrailErrors(after),
  };
}

/**
 * What is different in environment `to` for who comes from `from`; settings are told and do not count as widening, since
 * each environment has its own addresses, provider and limits.
 *
 * @throws GH_POLICY_UNREADABLE, GH_APP_ENVIRONMENT, GH_CLI_USAGE
 */
export function diffBetween(policyFile: string, from: string, to: string): AccessDiff | LoadedPolicy {
  const loaded = readPolicy(policyFile);
  const { policy } = loaded;
  if (policy === null) return loaded;
  for (const name of [from, to]) chooseEnvironment(policy, name);
  if (from === to) throw new GatehouseError("GH_CLI_USAGE", { problem: `\`${from}\` is compared with itself` });
  const environment = compare({ policy, environment: from }, { policy, environment: to }, ({ changes }) =>
    changes.some(({ effect }) => effect === "gain"),
  );
  return {
    from,
    to,
    widens: environment.widens,
    environments: [environment],
    guardrailErrors: countGuardrailErrors(loaded),
  };
}

function compare(before: PolicyPlace, after: PolicyPlace, isWider: (diff: PolicyDiff) => boolean): EnvironmentDiff {
  const diff = diffPolicies(before, after);
  const [old, current] = [before, after].map(({ policy, environment }) =>
    policy.environments.find(({ name }) => name === environment),
  );
  return {
    environment: after.environment,
    isNew: old === undefined,
    isGone: current === undefined,
    domains: { loss: old?.domain ?? "", gain: current?.domain ?? "" },
    widens: isWider(diff),
    ...diff,
  };
}

export function accessDiffJson({ from, to, widens, environments }: AccessDiff): Record<string, unknown> {
  return {
    from,
    to,
    widens,
    environments: environments.map(({ environment, isNew, isGone, changes, settings, domains, ...rest }) => ({
      environment,
      isNew,
      isGone,
      widens: rest.widens,
      changes: changes.map((change) => ({ text: tellChange(change, domains[change.effect]).text, ...change })),
      settings,
    })),
  };
}
