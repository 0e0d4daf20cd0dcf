/**
 * Generated policies, identities and requests through `decide` and through what the compiler makes of the same policy:
 * the gateway over its socket, and for some of them the second evaluator of IAM documents.
 *
 * In: a seed, and how much. Out: counts, and every disagreement as a case file made as small as it can be.
 * INVARIANT: the same seed makes the same policies and requests; a policy that is refused is counted by the finding that
 * refused it, never left out silently.
 */
import { stringify } from "yaml";
import { compile } from "../../src/compile/index.ts";
import type { Diagnostic } from "../../src/core/index.ts";
import type { Artifacts } from "../../src/model/index.ts";
import {
  type Environment,
  inEnvironment,
  isMember,
  listRoutes,
  matchRoute,
  normalizePath,
  parsePolicy,
} from "../../src/policy/index.ts";
import { type AskedCase, UPSTREAM } from "./case-file.ts";
import { type Answer, type Loaded, formatAnswer } from "./engine.ts";
import { generateCase, generateIdentity } from "./generate-case.ts";
import { type GeneratedPolicy, generatePolicy } from "./generate-policy.ts";
import { createRandom } from "./random.ts";
import { askReference, callerOf, payloadOf, sourceOf } from "./reference.ts";
import { type RunningGateway, answerOf } from "./running-gateway.ts";
import type { SecondEvaluator } from "./second-evaluator.ts";
import { shrinkFind } from "./shrink-find.ts";
import { writeCaseFile } from "./write-case-file.ts";

export interface DifferentialParts {
  readonly gateway: RunningGateway;
  /** Needed for what is asked of it. */
  readonly evaluator?: SecondEvaluator;
}

export interface DifferentialCounts {
  policies: number;
  decisions: number;
  /** Of them asked of the second evaluator. */
  evaluated: number;
  /** Policies by the id of the finding that refused them. */
  readonly refused: Map<string, number>;
  /** Decisions by reason. */
  readonly reasons: Map<string, number>;
}

export interface Find {
  readonly engine: "gateway" | "iam-simulate";
  /** As `cases/*.yaml`, with the reference's answer as what is expected. */
  readonly caseFile: string;
  readonly problem: string;
}

const IDENTITIES = 5;
const REQUESTS_OF_EACH = 10;
/** One of so many decisions that IAM has a say in goes to the second evaluator. */
const EVALUATED = 6;
/** A right that outlives every moment that is asked about. */
const TOKEN_LIFE_MS = 30 * 86_400_000;

export function createCounts(): DifferentialCounts {
  return { policies: 0, decisions: 0, evaluated: 0, refused: new Map(), reasons: new Map() };
}

/** One policy with all its requests, made from `seed` and `index`. */
export async function tryPolicy(
  parts: DifferentialParts,
  counts: DifferentialCounts,
  seed: number,
  index: number,
): Promise<Find | null> {
  const random = createRandom(Math.imul(seed, 1_000_003) + index);
  const generated = generatePolicy(random);
  counts.policies++;
  const loaded = compileGenerated(generated, parts.gateway.upstream);
  if (!loaded.ok) {
    countOne(counts.refused, loaded.refusedBy);
    return null;
  }
  const { policy } = loaded;
  const identities = Array.from({ length: IDENTITIES }, () => generateIdentity(random, policy));
  const cases = identities.flatMap((as, person) =>
    Array.from({ length: REQUESTS_OF_EACH }, (_, each) =>
      generateCase(random, policy, `found-${seed}-${index}-${person}-${each}`, as),
    ),
  );
  for (const environment of policy.environments) {
    const artifacts = loaded.artifacts.get(environment.name);
    const own = cases.filter((one) => one.environment === environment.name);
    if (artifacts === undefined || own.length === 0) continue;
    await parts.gateway.load(artifacts);
    const tokens = createTokens(parts.gateway, loaded, environment);
    for (const one of own) {
      counts.decisions++;
      const expected = askReference(policy, environment.name, one);
      countOne(counts.reasons, expected.reason);
      const engines = [
        "gateway",
        ...(random.below(EVALUATED) === 0 && isIamAsked(loaded, artifacts, expected, one)
          ? ["iam-simulate" as const]
          : []),
      ] as const;
      for (const engine of engines) {
        if (engine === "iam-simulate") counts.evaluated++;
        const problem = await findProblem(parts, engine, loaded, environment, artifacts, one, tokens);
        if (problem === null) continue;
        return await describeFind(parts, engine, generated, one, problem);
      }
    }
  }
  return null;
}

export type ReadPolicy = (Loaded & { readonly ok: true }) | { readonly ok: false; readonly refusedBy: string };
export type CompiledPolicy =
  | (Loaded & { readonly ok: true; readonly artifacts: ReadonlyMap<string, Artifacts> })
  | { readonly ok: false; readonly refusedBy: string };

export function readGenerated({ policy: tree, include }: GeneratedPolicy, upstream: string): ReadPolicy {
  const text = (value: unknown): string =>
    stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).replaceAll(UPSTREAM, upstream);
  const { policy, diagnostics, sources } = parsePolicy("made.yaml", text(tree), (path) => {
    const found = include[path];
    return found === undefined ? { ok: false, reason: "it is not there" } : { ok: true, text: text(found) };
  });
  if (policy === null) return { ok: false, refusedBy: firstError(diagnostics) };
  const environment = (name: string | null): Environment => {
    const found = policy.environments.find((one) => one.name === name) ?? policy.environments[0];
    if (found === undefined) throw new Error("a policy without environment was accepted");
    return found;
  };
  return { ok: true, policy, sources, environment };
}

/** Parsed, and compiled for every environment. */
export function compileGenerated(generated: GeneratedPolicy, upstream: string): CompiledPolicy {
  const read = readGenerated(generated, upstream);
  if (!read.ok) return read;
  const artifacts = new Map<string, Artifacts>();
  for (const { name } of read.policy.environments) {
    const compiled = compile(read.policy, name, read.sources);
    if (compiled.artifacts === null) return { ok: false, refusedBy: firstError(compiled.diagnostics) };
    artifacts.set(name, compiled.artifacts);
  }
  return { ...read, artifacts };
}

function firstError(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.find(({ severity }) => severity === "error")?.id ?? "nothing";
}

type Tokens = (one: AskedCase) => Promise<string | null>;

/** A token for each identity of a policy, made when it is first asked for. */
export function createTokens(gateway: RunningGateway, { policy }: Loaded, environment: Environment): Tokens {
  const tokens = new Map<AskedCase["as"], Promise<string>>();
  return async ({ as, atMs }) => {
    if (as === null) return null;
    let token = tokens.get(as);
    if (token === undefined) {
      const issuedAt = as.issuedAtMs === null ? null : Math.floor(as.issuedAtMs / 1000);
      token = gateway.issuers.sign(
        sourceOf(policy, environment, as.issuer),
        payloadOf(policy, as),
        issuedAt,
        atMs + TOKEN_LIFE_MS,
      );
      tokens.set(as, token);
    }
    return token;
  };
}

/** What an engine says otherwise than the reference. */
export interface Problem {
  /** Both reasons: a smaller find has to be of the same kind. */
  readonly kind: string;
  readonly text: string;
}

/** Null when they agree. */
export async function findProblem(
  parts: DifferentialParts,
  engine: Find["engine"],
  loaded: Loaded,
  environment: Environment,
  artifacts: Artifacts,
  one: AskedCase,
  tokens: Tokens,
): Promise<Problem | null> {
  const expected = askReference(loaded.policy, environment.name, one);
  if (engine === "iam-simulate") {
    if (!isIamAsked(loaded, artifacts, expected, one)) return null;
    if (parts.evaluator === undefined) throw new Error("there is no second evaluator");
    const isAllowed = await askEvaluator(parts.evaluator, loaded, environment, artifacts, one);
    if (isAllowed === (expected.effect === "allow")) return null;
    const given = isAllowed ? "allow" : "deny";
    return {
      kind: `${expected.reason} ${given}`,
      text: `reference ${formatAnswer(expected)}
${engine} ${given}`,
    };
  }
  parts.gateway.setTime(one.atMs);
  const { exposure, method, target, sourceIp } = one;
  const host = one.host ?? environment.domain;
  const { record } = await parts.gateway.ask({ exposure, method, target, host, sourceIp, token: await tokens(one) });
  const given = answerOf(record);
  if (given.reason === "request-host" && NO_DECISION.has(expected.reason) && !isKnownHost(artifacts, host)) return null;
  if (given.reason === "token-issuer" && expected.reason === "unauthenticated" && !isTrusted(environment, one))
    return null;
  const [a, b] = [formatAnswer(expected), formatAnswer(given)];
  if (a === b) return null;
  return { kind: `${expected.reason} ${given.reason}`, text: `reference ${a}\n${engine} ${b}` };
}

/** A token of an issuer that the environment does not trust makes nobody known, and its refusal says why. */
function isTrusted({ overrides }: Environment, { as }: AskedCase): boolean {
  return as === null || as.issuer === null || overrides.issuers === null || overrides.issuers.includes(as.issuer);
}

/** What nobody answers for is refused before there is a decision. */
function isKnownHost(artifacts: Artifacts, host: string): boolean {
  return host === artifacts.domain || artifacts.hostApis.some((api) => api.host === host);
}

const NO_DECISION: ReadonlySet<string> = new Set(["no-route", "request-path"]);
const DECIDED_BY_ROLES: ReadonlySet<string> = new Set([
  "role-grants",
  "not-granted",
  "outside-boundary",
  "condition-not-met",
]);

/** What the second evaluator does not read as AWS does is left to the others; case-file.ts says what that is. */
function isIamAsked({ policy }: Loaded, artifacts: Artifacts, { reason }: Answer, { target, as }: AskedCase): boolean {
  if (!DECIDED_BY_ROLES.has(reason) || as === null || target === "/" || /\*|%2a/i.test(target)) return false;
  const caller = callerOf(policy, as);
  const held = artifacts.iam.roles.filter(({ members }) => isMember(members, caller));
  return !held.some((role) => JSON.stringify(role.policy).includes("${$}"));
}

async function askEvaluator(
  evaluator: SecondEvaluator,
  loaded: Loaded,
  environment: Environment,
  artifacts: Artifacts,
  one: AskedCase,
): Promise<boolean> {
  const policy = inEnvironment(loaded.policy, environment);
  const host = one.host ?? environment.domain;
  const normal = normalizePath(one.target);
  const match = normal.ok
    ? matchRoute(listRoutes(policy, environment, one.exposure, host), one.method, normal.path)
    : null;
  if (!normal.ok || match === null || one.as === null) throw new Error("the decision was made by no role");
  const { exposure, method, sourceIp, atMs } = one;
  const caller = callerOf(policy, one.as);
  return evaluator.isAllowed(artifacts, {
    exposure,
    host,
    route: match.route,
    method,
    path: normal.path,
    caller,
    sourceIp,
    atMs,
  });
}

async function describeFind(
  parts: DifferentialParts,
  engine: Find["engine"],
  generated: GeneratedPolicy,
  one: AskedCase,
  problem: Problem,
): Promise<Find> {
  const stillDiffers = async (policy: GeneratedPolicy, asked: AskedCase): Promise<boolean> => {
    const read = compileGenerated(policy, parts.gateway.upstream);
    if (!read.ok || !read.policy.environments.some(({ name }) => name === asked.environment)) return false;
    const environment = read.environment(asked.environment);
    const artifacts = read.artifacts.get(environment.name);
    if (artifacts === undefined) return false;
    await parts.gateway.load(artifacts);
    const tokens = createTokens(parts.gateway, read, environment);
    return (await findProblem(parts, engine, read, environment, artifacts, asked, tokens).catch(() => null)) !== null;
  };
  const smallest = await shrinkFind(generated, one, stillDiffers);
  const read = readGenerated(smallest.policy, parts.gateway.upstream);
  const expected = read.ok ? askReference(read.policy, smallest.one.environment ?? "", smallest.one) : null;
  return { engine, problem: problem.text, caseFile: writeCaseFile(smallest.policy, smallest.one, expected) };
}

function countOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
