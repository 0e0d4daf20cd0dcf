/**
 * The issuers that a policy trusts, each with a key of its own: real signatures, checked by the real verifier.
 * In: compiled identity settings. Out: tokens made to order, and a verifier that knows the issuers' keys.
 */
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import type { Clock } from "../../src/core/index.ts";
import { type KeySource, type TokenVerifier, createKeySource, createTokenVerifier } from "../../src/identity/index.ts";
import type { IdentityArtifact } from "../../src/model/index.ts";

/** As in src/app. */
const SKEW_SECONDS = 30;
const LIFETIME_SECONDS = 600;

interface IssuerKey {
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];
  readonly jwk: Readonly<Record<string, unknown>>;
}

const issuerKeys = new Map<string, Promise<IssuerKey>>();

/** One key for each issuer string, made when it is first asked for. */
function keyOf(issuer: string): Promise<IssuerKey> {
  let key = issuerKeys.get(issuer);
  if (key === undefined) issuerKeys.set(issuer, (key = createKey()));
  return key;
}

async function createKey(): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: "one", use: "sig", alg: "ES256" } };
}

/** Signing costs more than everything else that a request needs; most cases are asked more than once. */
const signed = new Map<string, Promise<string>>();
const MAX_SIGNED = 5000;

async function signOnce(claims: Readonly<Record<string, unknown>>, issuer: string): Promise<string> {
  const key = JSON.stringify([issuer, claims]);
  let token = signed.get(key);
  if (token === undefined) {
    if (signed.size >= MAX_SIGNED) signed.clear();
    const { privateKey } = await keyOf(issuer);
    token = new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "one", typ: "at+jwt" }).sign(privateKey);
    signed.set(key, token);
  }
  return token;
}

/** Who makes a token, and for whom. */
export interface TokenSource {
  readonly issuer: string;
  readonly audience: string;
}

export interface Issuers {
  readonly verifier: TokenVerifier;
  sign(
    source: TokenSource,
    payload: Readonly<Record<string, unknown>>,
    issuedAtSeconds: number | null,
    nowMs: number,
  ): Promise<string>;
  close(): void;
}

export async function createIssuers(identity: IdentityArtifact, clock: Clock): Promise<Issuers> {
  const sources: KeySource[] = [];
  const load = async (issuer: string): Promise<KeySource> => {
    const { jwk } = await keyOf(issuer);
    const documents = { jwks: { keys: [jwk] }, discovery: { issuer, jwks_uri: `${issuer}/jwks` } };
    const keys = createKeySource({
      issuer,
      clock,
      allowHttpLoopback: true,
      fetch: (url) => Promise.resolve(Response.json(url.endsWith("/jwks") ? documents.jwks : documents.discovery)),
    });
    sources.push(keys);
    await keys.load();
    return keys;
  };
  const verifier = createTokenVerifier({
    issuer: identity.issuer,
    audience: identity.audience,
    claims: identity.claims,
    keys: await load(identity.issuer),
    workloadIssuers: await Promise.all(
      identity.issuers.map(async ({ name, issuer, audience, claims }) => ({
        name,
        issuer,
        audience,
        claims,
        keys: await load(issuer),
      })),
    ),
    usedClaims: identity.usedClaims,
    clock,
    skewSeconds: SKEW_SECONDS,
  });
  return {
    verifier,
    async sign({ issuer, audience }, payload, issuedAtSeconds, nowMs) {
      const claims = {
        ...payload,
        iss: issuer,
        aud: audience,
        ...(issuedAtSeconds === null ? {} : { iat: issuedAtSeconds }),
        exp: Math.floor(nowMs / 1000) + LIFETIME_SECONDS,
      };
      return signOnce(claims, issuer);
    },
    close() {
      for (const keys of sources) keys.close();
    },
  };
}
