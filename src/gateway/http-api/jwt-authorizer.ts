/**
 * JWT authorizer of an HTTP API: signed by a key of the issuer, from it, for the audience, valid now, with a scope of the route.
 *
 * In: the text of a token. Out: its claims as texts, or status, `www-authenticate` and `$context.authorizer.error`.
 * Checks in order: segments, algorithm, key, signature, issuer, audience, times, scopes. Whatever goes wrong on the way to
 * the issuer's keys is a refusal of the token and never a fault of the gateway.
 * Always stricter than AWS is known to be, without a switch: one reading of base64url and JSON (identity's
 * compact-jws.ts), no `crit`, keys of 2048 bits or more that are published for signatures, no redirects, no addresses of
 * the link, https beyond this machine. Stricter by switch: `jwt-discovery-issuer`, `jwt-token-use`, `jwt-issued-at`,
 * `jwt-key-cache`.
 * Source: API Gateway developer guide, "Controlling access to HTTP APIs with JWT authorizers"; RFC 8725.
 * INVARIANT: claims are those of a token whose signature a key verified that may still be used; refusals are not
 * remembered.
 */
import { type Clock, GatehouseError } from "../../core/index.ts";
import { type CompactJws, type Fetch, type KeySet, isSignatureValid, parseCompactJws } from "../../identity/index.ts";
import type { Authorizer } from "../../model/index.ts";
import { type JwtProblem, type JwtRefusal, NO_TOKEN, refuseScopes, refuseToken } from "./jwt-challenge.ts";
import { type TokenTimes, claimTexts, findClaimProblem, findTimeProblem, scopesOf } from "./jwt-claims.ts";
import { IssuerKeys } from "./jwt-keys.ts";
import { TokenMemory } from "./jwt-memory.ts";
import { type RequestValues, compileIdentitySource } from "./jwt-token.ts";
import type { Switches } from "./switches.ts";

export interface JwtGrant {
  readonly ok: true;
  /** Every claim that is not null, as text. */
  readonly claims: ReadonlyMap<string, string>;
  /** All scopes of the token; null on routes that ask for none. */
  readonly scopes: readonly string[] | null;
}

export type JwtOutcome = JwtGrant | JwtRefusal;

export interface JwtAuthorizer {
  /** The token at the authorizer's identity source, without `Bearer`; null when there is none. */
  readToken(values: RequestValues): string | null;
  /**
   * Waits only while keys are fetched. Never throws or rejects.
   * @param scopes of the route; one of them is enough, and without any no scope is asked for
   */
  authorize(token: string | null, scopes: readonly string[]): JwtOutcome | Promise<JwtOutcome>;
}

export interface JwtAuthorizerOptions {
  readonly apiId: string;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly switches: Switches;
  /** What sends requests to the issuer. @default undici, within this machine only when the issuer is there */
  readonly fetch?: Fetch | undefined;
  /** For each of discovery and JWKS. @default 1500 */
  readonly timeoutMs?: number | undefined;
}

interface Verified {
  readonly times: TokenTimes;
  /** Of the keys that verified it. */
  readonly generation: number;
  readonly claims: ReadonlyMap<string, string>;
  readonly scopes: readonly string[];
  /** For routes that ask for no scope. */
  readonly grant: JwtGrant;
}

interface KeyName {
  readonly kid: string;
  readonly algorithm: (typeof ALGORITHMS)["rsa-and-pss"][number];
}

const ALGORITHMS = {
  rs256: ["RS256"],
  rsa: ["RS256", "RS384", "RS512"],
  "rsa-and-pss": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
} as const;

const MAX_TOKENS = 100_000;
const MAX_CHARS = 100_000_000;
const HOUR_MS = 3_600_000;
const CACHE_MS = { "2h": 2 * HOUR_MS, "10m": HOUR_MS / 6 } as const;

/** @throws GH_GATEWAY_ACCOUNT_UNSUPPORTED for an identity source or an issuer that cannot be asked */
export function createJwtAuthorizer(options: JwtAuthorizerOptions): JwtAuthorizer {
  const { authorizer, clock, switches } = options;
  const { issuer, audience } = authorizer.jwtConfiguration;
  const readToken = compileIdentitySource(authorizer.identitySource, switches);
  if (readToken === null) throw unsupported(options, "its identity source is not one header or one query parameter");
  if (!URL.canParse(issuer)) throw unsupported(options, `its issuer \`${issuer}\` is not a URL`);
  const algorithms: readonly string[] = ALGORITHMS[switches["jwt-algorithms"]];
  const keys = new IssuerKeys({
    issuer,
    clock,
    fetch: options.fetch,
    timeoutMs: options.timeoutMs,
    maxAgeMs: CACHE_MS[switches["jwt-key-cache"]],
    checksIssuer: switches["jwt-discovery-issuer"] === "must-match",
  });
  const memory = new TokenMemory<Verified>(MAX_TOKENS, MAX_CHARS);

  function nowSeconds(): number {
    return Math.floor(clock.nowMs() / 1000);
  }

  function recall(token: string): Verified | null {
    const known = memory.get(token);
    if (known === undefined) return null;
    const isStill =
      known.generation === keys.generation() && findTimeProblem(known.times, nowSeconds(), switches) === null;
    if (isStill) return known;
    memory.delete(token);
    return null;
  }

  function readKeyName({ header }: CompactJws): KeyName | JwtProblem {
    const { alg, kid } = header as Record<string, unknown>;
    if (typeof alg !== "string" || !algorithms.includes(alg)) return "algorithm";
    // Whatever an extension says, it is not understood here. RFC 7797 `b64` would change what is signed.
    if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) return "critical";
    if (typeof kid !== "string" || kid === "") return "no-key-id";
    return { kid, algorithm: alg as KeyName["algorithm"] };
  }

  function judge(token: string, jws: CompactJws, { kid, algorithm }: KeyName, set: KeySet): Verified | JwtProblem {
    if (!set.has(kid)) return "unknown-key";
    const key = set.find(kid, algorithm);
    if (key === null) return "algorithm";
    if (!isSignatureValid(algorithm, key, jws.signingInput, jws.signature)) return "signature";
    const problem = findClaimProblem(jws.payload, { issuer, audience }, nowSeconds(), switches);
    if (problem !== null) return problem;
    const claims = claimTexts(jws.payload, payloadJson(token));
    const { exp, nbf, iat } = jws.payload as Record<string, unknown>;
    const verified: Verified = {
      times: { exp, nbf, iat },
      generation: keys.generation(),
      claims,
      scopes: scopesOf(jws.payload, switches["jwt-scope-claims"]),
      grant: { ok: true, claims, scopes: null },
    };
    memory.set(token, verified);
    return verified;
  }

  function verify(token: string): Verified | JwtProblem | Promise<Verified | JwtProblem> {
    if (token.split(".", 4).length !== 3) return "segments";
    const jws = parseCompactJws(token);
    if (jws === null) return "encoding";
    const name = readKeyName(jws);
    if (typeof name === "string") return name;
    const set = keys.current();
    if (set !== null && (set.has(name.kid) || switches["jwt-unknown-kid"] === "refuse"))
      return judge(token, jws, name, set);
    const fetched = set === null ? keys.load() : keys.reload();
    if (fetched === null) return "unknown-key";
    if ("ok" in fetched) return fetched.ok ? judge(token, jws, name, fetched.keys) : fetched.problem;
    return fetched.then((outcome) => (outcome.ok ? judge(token, jws, name, outcome.keys) : outcome.problem));
  }

  return {
    readToken,
    authorize(token, scopes) {
      if (token === null) return NO_TOKEN;
      const known = recall(token);
      if (known !== null) return admit(known, scopes);
      const found = verify(token);
      return found instanceof Promise ? found.then((each) => conclude(each, scopes)) : conclude(found, scopes);
    },
  };
}

function conclude(found: Verified | JwtProblem, scopes: readonly string[]): JwtOutcome {
  return typeof found === "string" ? refuseToken(found, scopes) : admit(found, scopes);
}

function admit(verified: Verified, wanted: readonly string[]): JwtOutcome {
  if (wanted.length === 0) return verified.grant;
  const { claims, scopes } = verified;
  return scopes.some((scope) => wanted.includes(scope)) ? { ok: true, claims, scopes } : refuseScopes(wanted);
}

function payloadJson(token: string): string {
  const first = token.indexOf(".") + 1;
  return Buffer.from(token.slice(first, token.indexOf(".", first)), "base64url").toString("utf8");
}

function unsupported({ apiId, authorizer }: JwtAuthorizerOptions, problem: string): GatehouseError {
  return new GatehouseError("GH_GATEWAY_ACCOUNT_UNSUPPORTED", { api: apiId, part: authorizer.name, problem });
}
