/**
 * A provider's published keys, imported once and reduced to those that may check a token's signature.
 *
 * In: the JWKS document, untrusted. Out: usable keys by `kid`, and each other member with the reason why it is not used.
 * INVARIANT: only public RSA (2048 bits or more), EC P-256/P-384/P-521 and Ed25519 keys for signatures are ever used.
 * Source: RFC 7517 sections 4 and 5, RFC 8725 section 3.2; api-gateway quota "JWKS" for the size limit in key-source.ts.
 */
import { type JsonWebKey, type KeyObject, createHash, createPublicKey } from "node:crypto";
import { type AlgorithmName, algorithmsOfKey, isAlgorithmName } from "./algorithms.ts";
import { type JsonObject, isJsonObject } from "./strict-json.ts";

const MIN_RSA_BITS = 2048;
/** A larger modulus only makes each check slow. */
const MAX_RSA_BITS = 8192;

export interface PublicKey {
  readonly kid: string | null;
  readonly algorithms: readonly AlgorithmName[];
  readonly key: KeyObject;
}

export interface KeySet {
  readonly keys: readonly PublicKey[];
  readonly ignored: readonly { readonly kid: string | null; readonly reason: string }[];
  /** Equal for sets that accept the same signatures. */
  readonly fingerprint: string;
  /** Whether a key has this `kid`; null asks for the only key of a set, when that one has none. */
  has(kid: string | null): boolean;
  /** The one key with this `kid` that can check this algorithm. */
  find(kid: string | null, algorithm: string): KeyObject | null;
}

/** Usable keys of a JWKS document. Null when the document is not a JWKS at all. Never throws. */
export function importKeySet(document: unknown): KeySet | null {
  if (!isJsonObject(document) || !Array.isArray(document["keys"])) return null;
  const keys: PublicKey[] = [];
  const ignored: { kid: string | null; reason: string }[] = [];
  for (const member of document["keys"] as unknown[]) {
    const imported = importKey(member);
    if (typeof imported !== "string") keys.push(imported);
    else ignored.push({ kid: isJsonObject(member) ? kidOf(member) : null, reason: imported });
  }
  return createKeySet(keys, ignored);
}

export function createKeySet(keys: readonly PublicKey[], ignored: KeySet["ignored"]): KeySet {
  const byKid = new Map<string, PublicKey[]>();
  for (const key of keys) if (key.kid !== null) byKid.set(key.kid, [...(byKid.get(key.kid) ?? []), key]);
  const only = keys.length === 1 && keys[0]?.kid === null ? [keys[0]] : [];
  const candidates = (kid: string | null): readonly PublicKey[] => (kid === null ? only : (byKid.get(kid) ?? []));
  return {
    keys,
    ignored,
    fingerprint: keys.map(fingerprintOf).sort().join(","),
    has: (kid) => candidates(kid).length > 0,
    find(kid, algorithm) {
      const fitting = candidates(kid).filter(({ algorithms }) => (algorithms as readonly string[]).includes(algorithm));
      // Two keys of one name and kind: nobody can say which was meant.
      return fitting.length === 1 ? (fitting[0]?.key ?? null) : null;
    },
  };
}

function fingerprintOf({ kid, key, algorithms }: PublicKey): string {
  const spki = key.export({ type: "spki", format: "der" });
  return createHash("sha256")
    .update(JSON.stringify([kid, algorithms]))
    .update(spki)
    .digest("base64");
}

/** The key of a JWK, or why it is not used. Never throws. */
export function importKey(member: unknown): PublicKey | string {
  if (!isJsonObject(member)) return "not an object";
  const problem = findUseProblem(member);
  if (problem !== null) return problem;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: publicPartOf(member), format: "jwk" });
  } catch {
    return "not a valid public key";
  }
  const strengthProblem = findStrengthProblem(key);
  if (strengthProblem !== null) return strengthProblem;
  const declared = member["alg"];
  const algorithms = algorithmsOfKey(key).filter((name) => declared === undefined || declared === name);
  if (algorithms.length === 0) return "no accepted algorithm fits the key";
  return { kid: kidOf(member), algorithms, key };
}

function kidOf(member: JsonObject): string | null {
  return typeof member["kid"] === "string" ? member["kid"] : null;
}

function findUseProblem(member: JsonObject): string | null {
  const { kty, kid, use, key_ops: operations, alg } = member as Record<string, unknown>;
  if (kty !== "RSA" && kty !== "EC" && kty !== "OKP") return "not an asymmetric key";
  if (kid !== undefined && typeof kid !== "string") return "its kid is not a string";
  if (use !== undefined && use !== "sig") return "not for signatures";
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify")))
    return "not for verifying";
  if (alg !== undefined && !isAlgorithmName(alg)) return "its algorithm is not accepted";
  if (member["d"] !== undefined) return "a private key is published";
  return null;
}

/** Only the members that make a public key: whatever else stands in the document is not handed to the import. */
function publicPartOf(member: JsonObject): JsonWebKey {
  const part: Record<string, unknown> = {};
  for (const name of ["kty", "n", "e", "crv", "x", "y"]) {
    if (member[name] !== undefined) part[name] = member[name];
  }
  return part;
}

function findStrengthProblem(key: KeyObject): string | null {
  if (key.asymmetricKeyType !== "rsa") return null;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_RSA_BITS) return "RSA key shorter than 2048 bits";
  if (modulusLength > MAX_RSA_BITS) return "RSA key longer than 8192 bits";
  if (publicExponent < 3n || publicExponent % 2n === 0n) return "RSA exponent is not odd and at least 3";
  return null;
}
