/** What every engine is asked and what it answers, so that answers can be compared. */
import type { Artifacts } from "../../src/model/index.ts";
import { type Environment, type Policy, type ReadInclude, parsePolicy } from "../../src/policy/index.ts";
import { compile } from "../../src/compile/index.ts";
import { type Diagnostic, renderDiagnostic } from "../../src/core/index.ts";
import { type Case, type CaseFile, type Expectation, UPSTREAM } from "./case-file.ts";

/** A decision as far as engines can be compared. */
export interface Answer {
  readonly effect: "allow" | "deny";
  readonly reason: string;
  readonly role: string | null;
  readonly route: string | null;
  readonly service: string | null;
}

/** One line, for messages. */
export function formatAnswer({ effect, reason, role, route, service }: Answer): string {
  return [effect, reason, role === null ? "-" : `role ${role}`, route ?? "-", service ?? "-"].join(" | ");
}

/** Null when they agree. What an expectation leaves open (the service) is not compared. */
export function findDifference(expected: Expectation, given: Answer): string | null {
  const wanted = { ...expected, service: expected.service ?? given.service };
  const [a, b] = [formatAnswer(wanted), formatAnswer(given)];
  return a === b ? null : `expected ${a}\n     got ${b}`;
}

/** A policy that is read, with the text it was read from. */
export interface Loaded {
  readonly policy: Policy;
  readonly sources: ReadonlyMap<string, string>;
  environment(name: string | null): Environment;
}

/** @throws with the findings when the policy is not accepted */
export function loadPolicy(file: Pick<CaseFile, "name" | "policy" | "include">, upstream: string): Loaded {
  const inPlace = (text: string): string => text.replaceAll(UPSTREAM, upstream);
  const read: ReadInclude = (path) =>
    Object.hasOwn(file.include, path)
      ? { ok: true, text: inPlace(file.include[path] ?? "") }
      : { ok: false, reason: "it is not there" };
  const { policy, diagnostics, sources } = parsePolicy(`${file.name}.yaml`, inPlace(file.policy), read);
  if (policy === null) throw new Error(describeAll(diagnostics, sources));
  return {
    policy,
    sources,
    environment(name) {
      const found = name === null ? policy.environments[0] : policy.environments.find((one) => one.name === name);
      if (found === undefined) throw new Error(`${file.name}: there is no environment \`${name}\``);
      return found;
    },
  };
}

/** @throws with the findings when the policy does not compile for the environment */
export function compileFor({ policy, sources }: Loaded, environment: Environment): Artifacts {
  const { artifacts, diagnostics } = compile(policy, environment.name, sources);
  if (artifacts === null) throw new Error(describeAll(diagnostics, sources));
  return artifacts;
}

function describeAll(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): string {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return errors.map((finding) => renderDiagnostic(finding, sources)).join("\n");
}

/** The cases of a file by the environment that they are asked in, in the order of the environments. */
export function groupByEnvironment(file: CaseFile, loaded: Loaded): Map<Environment, readonly Case[]> {
  const groups = new Map<Environment, Case[]>();
  for (const environment of loaded.policy.environments) groups.set(environment, []);
  for (const one of file.cases) groups.get(loaded.environment(one.environment))?.push(one);
  for (const [environment, cases] of groups) if (cases.length === 0) groups.delete(environment);
  return groups;
}
