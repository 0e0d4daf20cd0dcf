/**
 * Verifies an access token: a compact JWS signed by a key of the issuer that it names, for the audience that is meant
 * for tokens of that issuer, valid now.
 *
 * In: untrusted text. Out: an `Identity`, or one reason of a closed list; the text itself is never kept or quoted.
 * A verified token is remembered under the SHA-256 of its whole text, so that a hot caller costs one digest, however many
 * issuers there are. Refusals are not remembered: they cost one signature check at most, and a remembered one could
 * outlive its cause (a key that arrives, a clock that moves) and let a stranger fill the memory.
 * INVARIANT: `iss` of the unverified payload chooses the issuer by its exact string, and from then on nothing of another
 * issuer counts: no key, no audience, no claim names. `exp` is checked at every hit; what an issuer's keys verified is
 * worth nothing when these keys change.
 * Source: RFC 8725 section 3.8, RFC 9068 section 4, RFC 7515; docs/spec for the reasons.
 */
import { hash } from "node:crypto";
import { type Clock, RecentMap } from "../core/index.ts";
import { type AlgorithmName, isAlgorithmName, isSignatureValid } from "./algorithms.ts";
import { type ClaimNames, type ClaimRules, type ReadClaims, readClaims } from "./claims.ts";
import { type CompactJws, parseCompactJws } from "./compact-jws.ts";
import type { Identity, PresentedResult, TokenReason, TokenResult } from "./identity.ts";
import type { KeySource } from "./key-source.ts";
import { type Presented, findPossessionProblem } from "./possession.ts";
import { type ProofMemory, createProofMemory } from "./proof-memory.ts";
import type { Revocations } from "./revocations.ts";
import type { JsonObject } from "./strict-json.ts";
import { PLAIN_TOKENS, type ProofKind, type TokenRules, isAccessTokenType } from "./token-rules.ts";

export interface TrustedIssuer {
  /** Exact issuer string. */
  readonly issuer: string;
  /** Must be a member of the token's `aud`. */
  readonly audience: string;
  readonly claims: ClaimNames;
  readonly keys: KeySource;
  /** @default bound tokens are refused, all others are taken */
  readonly tokens?: TokenRules | undefined;
}

export interface WorkloadIssuer extends TrustedIssuer {
  /** What the policy calls it. */
  readonly name: string;
  /** Whether people sign in at it. @default false */
  readonly hasPeople?: boolean | undefined;
}

type NameOfIssuer = { readonly [K in "name" | "hasPeople"]?: WorkloadIssuer[K] | undefined };

/** The issuer of the options themselves is the provider of the environment, unless it has a name. */
export interface TokenVerifierOptions extends TrustedIssuer, NameOfIssuer {
  /** Further issuers. Of two with one issuer string neither is trusted. @default none */
  readonly workloadIssuers?: readonly WorkloadIssuer[] | undefined;
  /** Paths of the claims that the policy asks for: what identities carry of a token, whoever issued it. @default none */
  readonly usedClaims?: readonly string[] | undefined;
  /** Who is let in no longer. @default nobody is kept out */
  readonly revocations?: Pick<Revocations, "coversToken"> | undefined;
  readonly clock: Clock;
  /** Tolerance for `nbf` and `iat`; there is none for `exp`. @default 0 */
  readonly skewSeconds?: number | undefined;
  /** Verified tokens remembered. At most twice as many are held. @default 100000 */
  readonly cacheEntries?: number | undefined;
  /** Shared by all verifiers that take proofs of the same requests. @default its own */
  readonly proofMemory?: ProofMemory | undefined;
}

export interface TokenVerifier {
  /** Proofs that the tokens of any issuer may come with. */
  readonly proofs: readonly ProofKind[];
  /**
   * The identity of a token that was verified before, is still valid and needs no proof; null says nothing about the token.
   */
  cached(token: string): Identity | null;
  /** A token by itself: one that is bound to a key is refused. Waits only when the key is unknown and may be fetched. Never throws. */
  verify(token: string): Promise<TokenResult>;
  /** A token with what was shown beside it. Of one that is bound to a key the proof is verified each time. Never throws. */
  verifyPresented(token: string, presented: Presented): Promise<PresentedResult>;
  /**
   * The same checks for a token that the provider of the environment made for another audience (an ID token is made for
   * the client), or that it gave us itself, whose identities carry these claims too: rules about the tokens of callers do
   * not count. Tokens of other issuers are none of its business.
   */
  withAudience(audience: string, moreClaims?: readonly string[]): TokenVerifier;
  /** For tokens of the named issuer alone, as a verifier that `withAudience` can be asked of; null when it is not known. */
  forIssuer(name: string): TokenVerifier | null;
  /** Whether the issuer is trusted and nobody took the right away: what something long goes on by, its end apart. */
  mayGoOn(identity: Identity): boolean;
  /** Forgets every verified token. */
  clear(): void;
}

const MAX_TOKEN_CHARS = 8192;
const DEFAULT_CACHE_ENTRIES = 100_000;
/** `typ` of an access token, and of tokens by providers that do not tell kinds apart. RFC 9068 section 2.1. */
const ACCEPTED_TYPES = new Set(["jwt", "at+jwt", "application/at+jwt"]);

interface Trust {
  readonly keys: KeySource;
  readonly rules: ClaimRules;
}

interface Verified extends ReadClaims {
  readonly rules: TokenRules;
  /** Neither token nor rules ask for a proof. */
  readonly isPlain: boolean;
  readonly keys: KeySource;
  /** Of the keys when one of them verified the token. */
  readonly generation: number;
}

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { clock } = options;
  const trusted = trustByIssuer(options);
  const verified = new RecentMap<Verified>(options.cacheEntries ?? DEFAULT_CACHE_ENTRIES);
  const proofs = new Set([...trusted.values()].flatMap((trust) => trust?.rules.tokens?.proof ?? []));
  let proofMemory = options.proofMemory ?? null;

  function recall(token: string): Verified | null {
    if (token.length > MAX_TOKEN_CHARS) return null;
    const digest = hash("sha256", token, "binary");
    const known = verified.get(digest);
    if (known === undefined) return null;
    const { identity, keys, generation } = known;
    const isGood = keys.generation() === generation && clock.nowMs() < identity.expiresAtSeconds * 1000;
    if (isGood && options.revocations?.coversToken(identity) !== true) return known;
    verified.delete(digest);
    return null;
  }

  async function examine(token: string): Promise<Verified | TokenReason | "keys-unavailable"> {
    const known = recall(token);
    if (known !== null) return known;
    if (token.length > MAX_TOKEN_CHARS) return "token-too-large";
    const jws = parseCompactJws(token);
    if (jws === null) return "token-malformed";
    const header = readHeader(jws.header);
    if (typeof header === "string") return header;
    // A token of an issuer that is not trusted needs none of our keys, so it must not cause a fetch either.
    const trust = trusted.get(jws.payload["iss"]);
    if (trust === undefined || trust === null) return "token-issuer";
    const { keys, rules: claimRules } = trust;
    const { tokens: rules = PLAIN_TOKENS } = claimRules;
    if (rules.profile !== null && !isAccessTokenType(jws.header["typ"])) return "token-type";
    if (!keys.has(header.kid)) {
      const outcome = await keys.refreshFor(header.kid);
      if (outcome === "unavailable") return "keys-unavailable";
      if (outcome === "unknown") return "token-unknown-key";
    }
    const read = judge(jws, header, keys, claimRules, clock.nowMs());
    if (typeof read === "string") return read;
    if (options.revocations?.coversToken(read.identity) === true) return "token-revoked";
    const isPlain = read.binding === null && !rules.requireProof;
    const entry: Verified = { ...read, rules, isPlain, keys, generation: keys.generation() };
    verified.set(hash("sha256", token, "binary"), entry);
    return entry;
  }

  return {
    proofs: [...proofs],
    cached(token) {
      const known = recall(token);
      return known !== null && known.isPlain ? known.identity : null;
    },
    async verify(token) {
      const examined = await examine(token);
      if (typeof examined === "string") return { ok: false, reason: examined };
      const { identity, binding, isPlain } = examined;
      if (isPlain) return { ok: true, identity };
      return { ok: false, reason: binding === null ? "token-not-bound" : "token-sender-constrained" };
    },
    async verifyPresented(token, presented) {
      const examined = await examine(token);
      if (typeof examined === "string") return { ok: false, reason: examined };
      const { identity, binding, rules, isPlain } = examined;
      if (isPlain && presented.scheme === "bearer") return { ok: true, identity };
      proofMemory ??= createProofMemory();
      const problem = findPossessionProblem(token, binding, rules, presented, proofMemory, clock.nowMs());
      return problem === null ? { ok: true, identity } : { ok: false, reason: problem };
    },
    withAudience: (audience, moreClaims = []) =>
      createTokenVerifier({
        ...options,
        audience,
        workloadIssuers: [],
        usedClaims: [...new Set([...(options.usedClaims ?? []), ...moreClaims])],
        tokens: PLAIN_TOKENS,
      }),
    forIssuer(name) {
      const one = options.workloadIssuers?.find((issuer) => issuer.name === name);
      return one === undefined ? null : createTokenVerifier({ ...options, ...one, workloadIssuers: [] });
    },
    mayGoOn: (identity) =>
      trusted.get(identity.issuer)?.rules.issuerName === identity.issuerName &&
      options.revocations?.coversToken(identity) !== true,
    clear() {
      verified.clear();
    },
  };
}

/** By issuer string; null for one that stands for two issuers, since nobody could say which of them a token is from. */
function trustByIssuer(options: TokenVerifierOptions): ReadonlyMap<unknown, Trust | null> {
  const { usedClaims = [], skewSeconds } = options;
  const trusted = new Map<unknown, Trust | null>();
  function add({ issuer, audience, claims, keys, tokens, name, hasPeople }: TrustedIssuer & NameOfIssuer): void {
    const rules: ClaimRules = {
      issuer,
      issuerName: name ?? null,
      hasPeople,
      audience,
      claims,
      usedClaims,
      skewSeconds,
      tokens,
    };
    trusted.set(issuer, trusted.has(issuer) ? null : { keys, rules });
  }
  add(options);
  for (const workload of options.workloadIssuers ?? []) add(workload);
  return trusted;
}

interface TokenHeader {
  readonly algorithm: AlgorithmName;
  readonly kid: string | null;
}

/** What is used of the header. `jwk`, `jku`, `x5c` and `x5u` are not read: a token does not bring its own key. */
function readHeader(header: JsonObject): TokenHeader | TokenReason {
  const { alg, kid, typ } = header as Record<string, unknown>;
  if (!isAlgorithmName(alg)) return "token-algorithm";
  // Whatever an extension says, it is not understood here. RFC 7797 `b64` would change what is signed.
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) return "token-critical";
  if (typ !== undefined && !(typeof typ === "string" && ACCEPTED_TYPES.has(typ.toLowerCase()))) return "token-type";
  if (kid !== undefined && typeof kid !== "string") return "token-malformed";
  return { algorithm: alg, kid: kid ?? null };
}

/** The signature first: nothing that an unsigned payload says is worth a reason of its own. */
function judge(
  jws: CompactJws,
  header: TokenHeader,
  keys: KeySource,
  rules: ClaimRules,
  nowMs: number,
): ReadClaims | TokenReason {
  const key = keys.find(header.kid, header.algorithm);
  if (key === null) return "token-algorithm";
  if (!isSignatureValid(header.algorithm, key, jws.signingInput, jws.signature)) return "token-signature";
  return readClaims(jws.payload, rules, nowMs);
}
