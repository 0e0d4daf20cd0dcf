/**
 * The signature algorithms that are accepted, and how each is checked. A closed list: asymmetric only.
 *
 * INVARIANT: an algorithm is used only with a key that was imported for it; the token merely names one of them.
 * Not here: where keys come from (key-source.ts), what a token may say (token-verifier.ts).
 * Source: RFC 7518 section 3, RFC 8037 section 3.1, RFC 8725 section 3.1.
 */
import { type KeyObject, constants, verify } from "node:crypto";

export const ALGORITHM_NAMES = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;
export type AlgorithmName = (typeof ALGORITHM_NAMES)[number];

interface Algorithm {
  readonly keyType: "rsa" | "ec" | "ed25519";
  /** OpenSSL's name of the curve, for `ec`. */
  readonly curve?: string;
  readonly digest: string | null;
  readonly pssSaltBytes?: number;
  /** Exact length of a signature; for RSA the length of the modulus, which OpenSSL checks. */
  readonly signatureBytes?: number;
}

const ALGORITHMS: Readonly<Record<AlgorithmName, Algorithm>> = {
  RS256: { keyType: "rsa", digest: "sha256" },
  RS384: { keyType: "rsa", digest: "sha384" },
  RS512: { keyType: "rsa", digest: "sha512" },
  PS256: { keyType: "rsa", digest: "sha256", pssSaltBytes: 32 },
  PS384: { keyType: "rsa", digest: "sha384", pssSaltBytes: 48 },
  PS512: { keyType: "rsa", digest: "sha512", pssSaltBytes: 64 },
  ES256: { keyType: "ec", curve: "prime256v1", digest: "sha256", signatureBytes: 64 },
  ES384: { keyType: "ec", curve: "secp384r1", digest: "sha384", signatureBytes: 96 },
  ES512: { keyType: "ec", curve: "secp521r1", digest: "sha512", signatureBytes: 132 },
  EdDSA: { keyType: "ed25519", digest: null, signatureBytes: 64 },
};

export function isAlgorithmName(value: unknown): value is AlgorithmName {
  return typeof value === "string" && Object.hasOwn(ALGORITHMS, value);
}

/** The accepted algorithms that a public key can check: by its type and curve, never by what a token says. */
export function algorithmsOfKey(key: KeyObject): AlgorithmName[] {
  return ALGORITHM_NAMES.filter((name) => {
    const { keyType, curve } = ALGORITHMS[name];
    return key.asymmetricKeyType === keyType && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve);
  });
}

/** True when `signature` is a signature of `data` under `key`. The key must have been imported for `algorithm`. */
export function isSignatureValid(
  algorithm: AlgorithmName,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { keyType, digest, pssSaltBytes, signatureBytes } = ALGORITHMS[algorithm];
  if (signature.length === 0 || (signatureBytes !== undefined && signature.length !== signatureBytes)) return false;
  if (keyType === "ec") return verify(digest, data, { key, dsaEncoding: "ieee-p1363" }, signature);
  if (pssSaltBytes !== undefined) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return verify(digest, data, { key, padding, saltLength: pssSaltBytes }, signature);
  }
  return verify(digest, data, key, signature);
}
