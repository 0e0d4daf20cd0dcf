/**
 * A policy file on its way to something that can run: read, parsed, linted, compiled for one environment.
 *
 * Out: everything found on the way, as diagnostics with the text they point into. Nothing is thrown for what a user
 * wrote; only a file that cannot be read is a fault.
 */
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { compile, findCompileProblems } from "../compile/index.ts";
import { type Diagnostic, GatehouseError, type Sources, hasErrors } from "../core/index.ts";
import { parsePeople } from "../identity/index.ts";
import type { Artifacts } from "../model/index.ts";
import { type Environment, type Policy, type ReadInclude, lintPolicy, parsePolicy } from "../policy/index.ts";
import { describeErrno, readTextFile } from "./read-text.ts";

export const POLICY_FILE = "gatehouse.yaml";

export interface LoadedPolicy {
  readonly file: string;
  /** Null when it has errors. */
  readonly policy: Policy | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
  /** The policy's file and every one that it includes, those that could not be read among them. */
  readonly files: readonly string[];
}

export interface LoadedEnvironment extends LoadedPolicy {
  readonly policy: Policy;
  readonly environment: Environment;
  readonly artifacts: Artifacts;
}

/** The file as given, or `gatehouse.yaml` of the working directory. */
export function policyFileOf(given: string | undefined): string {
  return given ?? POLICY_FILE;
}

/** @throws GH_POLICY_UNREADABLE */
export function loadPolicy(file: string): LoadedPolicy {
  const text = readTextFile(file);
  if (!text.ok) throw new GatehouseError("GH_POLICY_UNREADABLE", { file, reason: text.reason });
  const files = [file];
  const read = readBelow(dirname(file), file);
  const parsed = parsePolicy(file, text.text, (path) => {
    files.push(join(dirname(file), path));
    return read(path);
  });
  const findings = parsed.policy === null ? [] : lintPolicy(parsed.policy);
  return {
    file,
    policy: hasErrors(findings) ? null : parsed.policy,
    diagnostics: [...parsed.diagnostics, ...findings],
    sources: parsed.sources,
    files,
  };
}

/**
 * Files below the policy's folder. A symbolic link that leads out of it is not one of them, and a file counts once,
 * whatever names it has; `policyFile` is the first.
 */
export function readBelow(folder: string, policyFile?: string): ReadInclude {
  const names = new Map<string, string>();
  const identity = policyFile === undefined ? null : identityOfFile(policyFile);
  if (identity !== null && policyFile !== undefined) names.set(identity, basename(policyFile));
  let realFolder: string | null = null;
  return (path) => {
    let real: string;
    try {
      real = realpathSync.native(join(folder, path));
      const inner = relative((realFolder ??= realpathSync.native(folder)), real);
      if (inner === ".." || inner.startsWith(`..${sep}`) || isAbsolute(inner))
        return { ok: false, reason: "it leads out of the policy's folder" };
    } catch (cause) {
      return { ok: false, reason: describeErrno(cause) };
    }
    const same = identityOfFile(real) ?? real;
    const name = names.get(same);
    if (name !== undefined) return { ok: false, reason: `it is the same file as \`${name}\`` };
    names.set(same, path);
    return readTextFile(real);
  };
}

/** The same for all names of a file, also where names that differ in case are one; null when it cannot be looked at. */
function identityOfFile(file: string): string | null {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/**
 * The environment asked for; without a wish `local`, or the only one.
 *
 * @throws GH_APP_ENVIRONMENT
 */
export function chooseEnvironment(policy: Policy, wanted: string | undefined): Environment {
  const { environments } = policy;
  const chosen =
    wanted === undefined
      ? (environments.find((e) => e.name === "local") ?? (environments.length === 1 ? environments[0] : undefined))
      : environments.find((e) => e.name === wanted);
  if (chosen !== undefined) return chosen;
  const known = environments.map((e) => `\`${e.name}\``).join(", ");
  throw new GatehouseError("GH_APP_ENVIRONMENT", { name: wanted ?? "local", known });
}

/**
 * The policy compiled for one environment, or what is wrong with it.
 *
 * @throws GH_POLICY_UNREADABLE, GH_APP_ENVIRONMENT
 */
export function loadEnvironment(file: string, wanted: string | undefined): LoadedEnvironment | LoadedPolicy {
  const loaded = loadPolicy(file);
  if (loaded.policy === null) return loaded;
  const environment = chooseEnvironment(loaded.policy, wanted);
  const compiled = compile(loaded.policy, environment.name, loaded.sources);
  const diagnostics = [...loaded.diagnostics, ...compiled.diagnostics];
  if (compiled.artifacts === null) return { ...loaded, policy: null, diagnostics };
  return { ...loaded, policy: loaded.policy, diagnostics, environment, artifacts: compiled.artifacts };
}

export function isLoaded(loaded: LoadedEnvironment | LoadedPolicy): loaded is LoadedEnvironment {
  return loaded.policy !== null && "artifacts" in loaded;
}

/**
 * Every finding of the file for every environment, each once.
 *
 * @throws GH_POLICY_UNREADABLE
 */
export function checkPolicy(file: string): LoadedPolicy {
  const loaded = loadPolicy(file);
  if (loaded.policy === null) return loaded;
  const all = [...loaded.diagnostics];
  const seen = new Set(all.map(identityOf));
  for (const { name } of loaded.policy.environments) {
    for (const found of findCompileProblems(loaded.policy, name, loaded.sources)) {
      if (seen.has(identityOf(found))) continue;
      seen.add(identityOf(found));
      all.push(found);
    }
  }
  const sources = new Map(loaded.sources);
  for (const environment of loaded.policy.environments)
    all.push(...checkPeople(environment, file, loaded.policy.identity.claims, sources));
  return { ...loaded, policy: hasErrors(all) ? null : loaded.policy, diagnostics: all, sources };
}

/** What is wrong with the people file of an environment that has one; its text is added to the sources. */
function checkPeople(
  environment: Environment,
  policyFile: string,
  names: Policy["identity"]["claims"],
  sources: Map<string, string>,
): readonly Diagnostic[] {
  if (environment.identity.kind !== "embedded") return [];
  const file = join(dirname(policyFile), environment.identity.peopleFile);
  if (sources.has(file)) return [];
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    const message = `environment \`${environment.name}\` has the embedded provider, and its people file \`${file}\` cannot be read`;
    return [
      {
        id: "people/missing",
        severity: "error",
        message,
        span: environment.at,
        hint: "name its people and clients there",
      },
    ];
  }
  sources.set(file, text);
  return parsePeople(file, text, names).diagnostics;
}

function identityOf(d: Diagnostic): string {
  return `${d.id} ${d.span.file} ${d.span.start} ${d.message}`;
}

/** Where the state of the policy's instance is when nobody says so: `.gatehouse` here, else beside the policy. */
export function stateDirOf(given: string | undefined, policyFile: string | undefined): string {
  if (given !== undefined) return given;
  if (policyFile === undefined && existsSync(".gatehouse")) return ".gatehouse";
  return join(policyFile === undefined ? "." : join(policyFile, ".."), ".gatehouse");
}

/** A path as a person in the working directory would write it. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === ""
    ? "."
    : near.startsWith("..") && near.split("/").filter((s) => s === "..").length > 2
      ? path
      : near;
}
