/**
 * A policy to be looked at: from a file, or from a commit.
 *
 * In:  the path of a policy file; for the one to compare with also a commit of its repository, or `COMMIT:PATH`.
 * Out: the policy with its findings. What guardrails find holds nothing up: a change that they refuse is just the one whose
 * access has to be seen.
 */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { GatehouseError, hasErrors } from "../core/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { readFromCommit } from "./access-revision.ts";
import { type LoadedPolicy, loadPolicy } from "./load-policy.ts";

/** @throws GH_POLICY_UNREADABLE */
export function readPolicy(file: string): LoadedPolicy {
  const loaded = loadPolicy(file);
  const isHeldByGuardrails =
    loaded.policy === null && loaded.diagnostics.every(({ id, severity }) => severity !== "error" || isGuardrail(id));
  const text = loaded.sources.get(file);
  if (!isHeldByGuardrails || text === undefined) return loaded;
  // The same texts again, so that what is looked at is what was judged.
  const { policy } = parsePolicy(file, text, (path) => {
    const included = loaded.sources.get(join(dirname(file), path));
    return included === undefined ? { ok: false, reason: "it was not read" } : { ok: true, text: included };
  });
  return { ...loaded, policy };
}

/** How many errors guardrails found, which `gatehouse check` tells and `up` refuses. */
export function countGuardrailErrors({ diagnostics }: LoadedPolicy): number {
  return diagnostics.filter(({ id, severity }) => severity === "error" && isGuardrail(id)).length;
}

function isGuardrail(id: string): boolean {
  return id.startsWith("guardrail/");
}

/**
 * What `policyFile` is compared with: a file of that name, else the same path at a commit.
 *
 * @throws GH_POLICY_UNREADABLE, GH_APP_REVISION
 */
export function readOtherPolicy(policyFile: string, other: string): LoadedPolicy {
  if (isFile(other)) return readPolicy(other);
  const found = readFromCommit(policyFile, other);
  if (!found.ok) throw new GatehouseError("GH_APP_REVISION", { other, reason: found.reason });
  const { file, text, read } = found;
  const files = [file];
  const parsed = parsePolicy(file, text, (path) => {
    files.push(join(dirname(file), path));
    return read(path);
  });
  const policy = hasErrors(parsed.diagnostics) ? null : parsed.policy;
  return { file, policy, diagnostics: parsed.diagnostics, sources: parsed.sources, files };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
