/**
 * A policy's own tests: each request decided by the reference and by the gateway, with what no test touches.
 *
 * In:  test files (`*.test.yaml`), by default those beside the policy and the files that it includes.
 * Out: one result for each test, coverage of routes and grants; or what is wrong with a file.
 * INVARIANT: a test passes only when reference and gateway both decide as it expects; a test that cannot be carried out
 * fails.
 */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Diagnostic, GatehouseError, type Sources, type Span, suggest } from "../core/index.ts";
import type { Identity } from "../identity/index.ts";
import {
  type Decision,
  type Exposure,
  type Policy,
  type PolicyTest,
  type PolicyTestFile,
  decide,
  inEnvironment,
  normalizePath,
  readPolicyTests,
} from "../policy/index.ts";
import { identityOfClaims } from "./claims-identity.ts";
import {
  POLICY_FILE,
  type LoadedEnvironment,
  type LoadedPolicy,
  isLoaded,
  loadEnvironment,
  loadPolicy,
} from "./load-policy.ts";
import { allCallers, callerByName, callerOfIdentity, loadPeople } from "./people.ts";
import { errnoOf } from "./state.ts";
import { type TrialGateway, startTrialGateway } from "./trial-gateway.ts";

export interface TestRequest {
  /** Test files; empty for all beside the policy. */
  readonly files: readonly string[];
  /** For test files that name none. */
  readonly policyFile: string | undefined;
  readonly environment: string | undefined;
  readonly nowMs: number;
}

export interface TestResult {
  readonly file: string;
  readonly test: PolicyTest;
  /** Why it failed, one line each; empty when it passed. */
  readonly problems: readonly string[];
  /** Null when it could not be asked. */
  readonly decision: Decision | null;
}

export interface Coverage {
  readonly covered: number;
  readonly total: number;
  readonly missing: readonly { readonly text: string; readonly at: Span }[];
}

export interface TestReport {
  readonly environments: readonly string[];
  readonly results: readonly TestResult[];
  readonly routes: Coverage;
  readonly grants: Coverage;
  readonly sources: Sources;
}

/**
 * Runs the tests, or says what is wrong with the first file that is.
 *
 * @throws GH_POLICY_UNREADABLE, GH_APP_ENVIRONMENT, GH_APP_NO_TESTS, GH_APP_PEOPLE_*
 */
export async function testPolicy(request: TestRequest): Promise<TestReport | LoadedPolicy> {
  const files = request.files.length > 0 ? request.files : findTestFiles(request.policyFile ?? POLICY_FILE);
  const read = files.map((path) => readTestFile(path));
  const sources = new Map(read.flatMap((one) => [...one.sources]));
  const broken = read.find((one) => one.file === null);
  if (broken !== undefined)
    return { file: broken.path, policy: null, diagnostics: broken.diagnostics, sources, files: [] };

  const results: TestResult[] = [];
  const loadedByKey = new Map<string, LoadedEnvironment>();
  for (const { path, file } of read) {
    if (file === null) continue;
    const loaded = loadFor(path, file, request, loadedByKey);
    if (!isLoaded(loaded)) return loaded;
    for (const [name, text] of loaded.sources) sources.set(name, text);
    results.push(...(await runFile(path, file, loaded, request.nowMs)));
  }
  const environments = [...new Set([...loadedByKey.values()].map(({ environment }) => environment.name))];
  const policies = [...new Set([...loadedByKey.values()].map(({ policy }) => policy))];
  return { environments, results, ...measureCoverage(policies, results), sources };
}

/** @throws GH_APP_NO_TESTS */
function findTestFiles(policyFile: string): string[] {
  const folders = new Set(loadPolicy(policyFile).files.map((file) => dirname(file)));
  const files = [...folders].flatMap((folder) =>
    listFolder(folder)
      .filter((name) => name.endsWith(".test.yaml"))
      .sort()
      .map((name) => join(folder, name)),
  );
  if (files.length === 0) throw new GatehouseError("GH_APP_NO_TESTS", { folder: dirname(policyFile) });
  return files;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The folder of an included file that is not there: reading the policy tells.
    return [];
  }
}

function readTestFile(path: string): {
  readonly path: string;
  readonly file: PolicyTestFile | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
} {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const reason = errnoOf(cause) === "ENOENT" ? "there is no such file" : (errnoOf(cause) ?? "unknown");
    throw new GatehouseError("GH_POLICY_UNREADABLE", { file: path, reason }, { cause });
  }
  return { path, ...readPolicyTests(path, text) };
}

function loadFor(
  path: string,
  file: PolicyTestFile,
  request: TestRequest,
  known: Map<string, LoadedEnvironment>,
): LoadedEnvironment | LoadedPolicy {
  const policyFile =
    file.policy === null ? (request.policyFile ?? join(dirname(path), POLICY_FILE)) : join(dirname(path), file.policy);
  const wanted = request.environment ?? file.environment ?? undefined;
  const key = `${policyFile} ${wanted ?? ""}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const loaded = loadEnvironment(policyFile, wanted);
  if (isLoaded(loaded)) known.set(key, loaded);
  return loaded;
}

async function runFile(
  path: string,
  file: PolicyTestFile,
  loaded: LoadedEnvironment,
  nowMs: number,
): Promise<TestResult[]> {
  const gateway = await startTrialGateway(loaded.policy, loaded.environment, loaded.sources);
  const results: TestResult[] = [];
  try {
    for (const test of file.tests) results.push({ file: path, test, ...(await runTest(test, loaded, gateway, nowMs)) });
  } finally {
    await gateway?.close();
  }
  return results;
}

async function runTest(
  test: PolicyTest,
  loaded: LoadedEnvironment,
  gateway: TrialGateway | null,
  nowMs: number,
): Promise<Pick<TestResult, "problems" | "decision">> {
  const atMs = test.atMs ?? nowMs;
  const identity = identityOf(test, loaded, atMs);
  if (typeof identity === "string") return { problems: [identity], decision: null };
  const unknown = findUnknown(test, loaded);
  if (unknown !== null) return { problems: [unknown], decision: null };
  const normal = normalizePath(test.target);
  if (!normal.ok) return { problems: [`\`${test.target}\` is not a path that any request can have`], decision: null };

  const host = test.host?.toLowerCase() ?? loaded.environment.domain;
  const caller = identity === null ? null : callerOfIdentity(identity);
  const judge = (exposure: Exposure): Decision => {
    const { method, sourceIp } = test;
    const asked = { exposure, host, method, path: normal.path, sourceIp, atMs };
    return decide(loaded.policy, loaded.environment.name, asked, caller);
  };
  const isPrivate = judge("public").reason === "no-route" && judge("private").reason !== "no-route";
  const exposure = test.exposure ?? (isPrivate ? "private" : "public");
  const decision = judge(exposure);
  const problems = compare(test, decision);

  if (gateway === null) return { problems: [...problems, "the policy does not compile for the gateway"], decision };
  const { method, target, sourceIp } = test;
  const record = await gateway.ask({ exposure, method, target, host, sourceIp, atMs, identity });
  // To the reference a host that nobody answers for and Gatehouse's own pages are paths without a route.
  const isNoRoute = decision.reason === "no-route" && ["request-host", "own-endpoint"].includes(record.reason);
  const differs =
    (record.reason !== decision.reason && !isNoRoute) ||
    (decision.effect === "allow" && record.role !== decision.role) ||
    record.routeKey !== (decision.route?.key ?? null);
  if (differs)
    problems.push(
      `the gateway decides otherwise: ${record.reason} (reference: ${decision.reason}); please report this as a bug`,
    );
  return { problems, decision };
}

/** Null for nobody; a text for an identity that cannot be had. */
function identityOf(test: PolicyTest, loaded: LoadedEnvironment, atMs: number): Identity | string | null {
  const { as } = test;
  const policy = inEnvironment(loaded.policy, loaded.environment);
  switch (as.kind) {
    case "nobody":
      return null;
    case "claims": {
      const { issuer, tokenAgeMs, payload } = as.claims;
      const identity = identityOfClaims(policy, payload, { issuer, atMs, tokenAgeMs });
      return typeof identity === "string" ? `a token with these claims is refused: ${identity}` : identity;
    }
    case "person": {
      if (loaded.environment.identity.kind !== "embedded")
        return `\`${as.name}\` is not under \`as\`, and environment \`${loaded.environment.name}\` has no people file`;
      const { identity } = loaded.artifacts;
      const people = loadPeople(loaded);
      const names = allCallers(people).map(({ name }) => name);
      if (!names.includes(as.name))
        return `nobody is called \`${as.name}\`: \`as\` of this file and the people file know ${names.map((name) => `\`${name}\``).join(", ")}`;
      const caller = callerByName(people, as.name, identity, atMs);
      return {
        kind: caller.clientId === null ? "person" : "machine",
        issuer: identity.issuer,
        issuerName: null,
        subject: caller.subject,
        clientId: caller.clientId,
        name: null,
        groups: caller.groups,
        claims: caller.claims ?? {},
        tokenId: null,
        issuedAtSeconds: caller.issuedAtSeconds ?? null,
        authTimeSeconds: caller.authTimeSeconds ?? null,
        expiresAtSeconds: Math.floor(atMs / 1000) + 300,
        via: "bearer",
        key: as.name,
      };
    }
  }
  return as satisfies never;
}

/** A role or route that a test expects and the policy does not have: it would fail, or pass, for nothing. */
function findUnknown({ expect }: PolicyTest, { policy }: LoadedEnvironment): string | null {
  const roles = policy.roles.map(({ name }) => name);
  if (expect.role !== null && !roles.includes(expect.role))
    return `there is no role \`${expect.role}\`; ${suggest(expect.role, roles)}`;
  const routes = policy.services.flatMap((service) => service.routes.map(({ key }) => key));
  if (expect.route !== null && !routes.includes(expect.route))
    return `there is no route \`${expect.route}\`; ${suggest(expect.route, routes)}`;
  return null;
}

function compare({ expect }: PolicyTest, decision: Decision): string[] {
  const problems: string[] = [];
  const { effect, reason, role, route } = expect;
  if (decision.effect !== effect) problems.push(`expected ${effect}, got ${decision.effect} (${decision.reason})`);
  else if (reason !== null && decision.reason !== reason)
    problems.push(`expected reason ${reason}, got ${decision.reason}`);
  if (role !== null && decision.role !== role)
    problems.push(`expected role \`${role}\`, got ${decision.role === null ? "none" : `\`${decision.role}\``}`);
  if (route !== null && decision.route?.key !== route)
    problems.push(`expected route \`${route}\`, got ${decision.route === null ? "none" : `\`${decision.route.key}\``}`);
  return problems;
}

/** A route is touched by a decision about it, a grant by a decision that it allowed. */
function measureCoverage(
  policies: readonly Policy[],
  results: readonly TestResult[],
): Pick<TestReport, "routes" | "grants"> {
  const touched = new Set<string>();
  const keyOf = ({ file, start }: Span): string => `${start} ${file}`;
  for (const { decision } of results) {
    if (decision?.route !== undefined && decision.route !== null) touched.add(keyOf(decision.route.at));
    if (decision?.effect === "allow") for (const { at } of decision.statements) touched.add(keyOf(at));
  }
  const measure = (parts: readonly { readonly text: string; readonly at: Span }[]): Coverage => {
    const missing = parts.filter(({ at }) => !touched.has(keyOf(at)));
    return { covered: parts.length - missing.length, total: parts.length, missing };
  };
  const routes = policies.flatMap(({ services }) => services.flatMap((service) => service.routes));
  const grants = policies.flatMap(({ roles }) =>
    roles.flatMap((role) => role.can.map(({ value, at }) => ({ text: `role \`${role.name}\` can \`${value}\``, at }))),
  );
  return { routes: measure(routes.map(({ key, at }) => ({ text: `\`${key}\``, at }))), grants: measure(grants) };
}
