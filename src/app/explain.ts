/**
 * Why a request would be let in or refused: the reference decision with the lines of the policy that made it.
 *
 * In:  policy file, environment, method, path, and who asks (a name of the people file, claims, or nobody).
 * Out: the decision as data; a token is judged by the verifier before its claims count.
 */
import { GatehouseError, type Sources, formatSpan, spanJson } from "../core/index.ts";
import { readIdentity } from "../identity/index.ts";
import type { IdentityArtifact } from "../model/index.ts";
import { type Caller, type Decision, REASONS, type Exposure, decide, normalizePath } from "../policy/index.ts";
import { type LoadedEnvironment, type LoadedPolicy, isLoaded, loadEnvironment } from "./load-policy.ts";
import { callerByName, callerOfIdentity, loadPeople } from "./people.ts";

export interface ExplainRequest {
  readonly policyFile: string;
  readonly environment: string | undefined;
  readonly method: string;
  readonly path: string;
  /** By default the listener that has the route. */
  readonly exposure?: Exposure | undefined;
  /** @default "127.0.0.1" */
  readonly sourceIp?: string | undefined;
  readonly as?: { readonly name: string } | { readonly claims: string } | { readonly caller: Caller } | undefined;
}

export interface Explanation {
  readonly environment: string;
  readonly method: string;
  readonly path: string;
  readonly exposure: Exposure;
  readonly caller: Caller | null;
  readonly decision: Decision;
  readonly sources: Sources;
}

/**
 * The decision, or the policy's own errors.
 *
 * @throws GH_POLICY_UNREADABLE, GH_APP_ENVIRONMENT, GH_APP_UNKNOWN_NAME, GH_APP_CLAIMS, GH_APP_PATH
 */
export function explainRequest(request: ExplainRequest): Explanation | LoadedPolicy {
  const loaded = loadEnvironment(request.policyFile, request.environment);
  if (!isLoaded(loaded)) return loaded;
  const normal = normalizePath(request.path);
  if (!normal.ok) throw new GatehouseError("GH_APP_PATH", { path: request.path });
  const caller = callerOf(loaded, request.as);
  const method = request.method.toUpperCase();
  const judge = (exposure: Exposure): Decision =>
    decide(
      loaded.policy,
      loaded.environment.name,
      { exposure, method, path: normal.path, sourceIp: request.sourceIp ?? "127.0.0.1", atMs: Date.now() },
      caller,
    );
  const exposure =
    request.exposure ??
    (judge("public").reason === "no-route" && judge("private").reason !== "no-route" ? "private" : "public");
  return {
    environment: loaded.environment.name,
    method,
    path: request.path,
    exposure,
    caller,
    decision: judge(exposure),
    sources: loaded.sources,
  };
}

function callerOf(loaded: LoadedEnvironment, as: ExplainRequest["as"]): Caller | null {
  if (as === undefined) return null;
  if ("caller" in as) return as.caller;
  if ("name" in as) return callerByName(loadPeople(loaded), as.name, loaded.artifacts.identity);
  let claims: unknown;
  try {
    claims = JSON.parse(as.claims);
  } catch (cause) {
    throw new GatehouseError("GH_APP_CLAIMS", { problem: "not JSON" }, { cause });
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw new GatehouseError("GH_APP_CLAIMS", { problem: "not a JSON object" });
  }
  return callerFromClaims(loaded.artifacts.identity, claims as Readonly<Record<string, unknown>>);
}

/**
 * Whoever a token with these claims would be of. Its issuer is the workload issuer that `iss` names, else the provider;
 * what only a real token has is filled in: the question is what the claims permit.
 */
function callerFromClaims(provider: IdentityArtifact, claims: Readonly<Record<string, unknown>>): Caller {
  const workload = provider.issuers.find(({ issuer }) => issuer === claims["iss"]);
  const { issuer, audience, claims: names } = workload ?? provider;
  const nowMs = Date.now();
  const nowSeconds = Math.floor(nowMs / 1000);
  const filled = { sub: "somebody", iat: nowSeconds, ...claims, iss: issuer, aud: audience, exp: nowSeconds + 300 };
  const rules = {
    issuer,
    issuerName: workload?.name ?? null,
    audience,
    claims: names,
    usedClaims: provider.usedClaims,
  };
  const identity = readIdentity(filled, rules, nowMs);
  if (typeof identity === "string") throw new GatehouseError("GH_APP_CLAIMS", { problem: identity });
  return callerOfIdentity(identity);
}

export function explanationJson(e: Explanation): Record<string, unknown> {
  const { decision } = e;
  return {
    effect: decision.effect,
    reason: decision.reason,
    meaning: REASONS[decision.reason],
    environment: e.environment,
    exposure: e.exposure,
    method: e.method,
    path: e.path,
    route: decision.route?.key ?? null,
    role: decision.role,
    caller: e.caller,
    statements: decision.statements.map((s) => ({ text: s.text, at: spanJson(s.at, e.sources) })),
    nearMisses: decision.nearMisses,
  };
}

export function renderExplanation(e: Explanation): string {
  const { decision, caller } = e;
  const who =
    caller === null
      ? "nobody"
      : `\`${caller.subject}\`${caller.groups.length === 0 ? "" : ` (${caller.groups.join(", ")})`}`;
  const lines = [
    `${decision.effect === "allow" ? "allowed" : "refused"}: ${e.method} ${e.path} as ${who}, ${e.exposure} listener of \`${e.environment}\``,
    `because ${REASONS[decision.reason]} (${decision.reason})`,
  ];
  for (const { text, at } of decision.statements) lines.push(`  ${formatSpan(at, e.sources)}  ${text}`);
  for (const near of decision.nearMisses) lines.push(`  ${near}`);
  return lines.join("\n");
}
