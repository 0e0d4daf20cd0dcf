/**
 * What anyone gains or loses: by a change of the policy, or on the way from one environment to another one.
 *
 * In:  a policy file, and what it is compared with. Out: for each environment the changes, as data.
 * Not here: how two policies are compared (policy/reach), how it is printed (access-diff-text.ts).
 */
import { GatehouseError } from "../core/index.ts";
import { type Policy, type PolicyDiff, diffPolicies, widensAccess } from "../policy/index.ts";
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
  readonly domain: string;
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
    const diff = diffPolicies({ policy: old, environment: name }, { policy: current, environment: name });
    return describe(name, diff, old, current, widensAccess(diff));
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
  const diff = diffPolicies({ policy, environment: from }, { policy, environment: to });
  const widens = diff.changes.some(({ effect }) => effect === "gain");
  return {
    from,
    to,
    widens,
    environments: [describe(to, diff, policy, policy, widens)],
    guardrailErrors: countGuardrailErrors(loaded),
  };
}

function describe(
  environment: string,
  diff: PolicyDiff,
  before: Policy,
  after: Policy,
  widens: boolean,
): EnvironmentDiff {
  const [old, current] = [before, after].map(({ environments }) =>
    environments.find(({ name }) => name === environment),
  );
  return {
    environment,
    isNew: old === undefined,
    isGone: current === undefined,
    domain: current?.domain ?? old?.domain ?? "",
    widens,
    ...diff,
  };
}

export function accessDiffJson({ from, to, widens, environments }: AccessDiff): Record<string, unknown> {
  return {
    from,
    to,
    widens,
    environments: environments.map(({ environment, isNew, isGone, changes, settings, domain, ...rest }) => ({
      environment,
      isNew,
      isGone,
      widens: rest.widens,
      changes: changes.map((change) => ({ text: tellChange(change, domain).text, ...change })),
      settings,
    })),
  };
}
