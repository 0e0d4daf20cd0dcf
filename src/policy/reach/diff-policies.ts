/** Everything that is different between two policies in one environment, or between two environments of one policy. */
import { inEnvironment } from "../in-environment.ts";
import type { Policy } from "../policy.ts";
import { type AccessChange, diffAccess } from "./diff-access.ts";
import type { View } from "./places.ts";
import type { SettingChange } from "./setting-change.ts";
import { diffSettings } from "./settings.ts";

export interface PolicyDiff {
  readonly changes: readonly AccessChange[];
  readonly settings: readonly SettingChange[];
}

/** A policy and the name of one of its environments; one that it does not have lets in nobody. */
export interface PolicyPlace {
  readonly policy: Policy;
  readonly environment: string;
}

export function diffPolicies(before: PolicyPlace, after: PolicyPlace): PolicyDiff {
  const [old, current] = [viewOf(before), viewOf(after)];
  return { changes: diffAccess(old, current), settings: diffSettings(old, current) };
}

/** Whether somebody may do what they might not do before, as far as that can be told. */
export function widensAccess({ changes, settings }: PolicyDiff): boolean {
  return (
    changes.some(({ effect }) => effect === "gain") ||
    settings.some(({ isAccess, direction }) => isAccess && direction !== "narrower")
  );
}

function viewOf({ policy: written, environment: name }: PolicyPlace): View | null {
  const environment = written.environments.find((one) => one.name === name);
  return environment === undefined ? null : { policy: inEnvironment(written, environment), written, environment };
}
