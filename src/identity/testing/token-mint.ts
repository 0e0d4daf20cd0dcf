/**
 * For tests: keys and tokens in every right and wrong form. Signs by hand so that it can produce what no library would.
 */
import { type KeyObject, constants, createHmac, generateKeyPairSync, sign } from "node:crypto";
import type { Json } from "../../core/index.ts";

export interface TestKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function createTestKey(kid: string, kind: "rsa" | "rsa-1024" | "p256" | "p384" | "p521" | "ed25519"): TestKey {
  const pair =
    kind === "rsa" || kind === "rsa-1024"
      ? generateKeyPairSync("rsa", { modulusLength: kind === "rsa" ? 2048 : 1024 })
      : kind === "ed25519"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("ec", { namedCurve: { p256: "P-256", p384: "P-384", p521: "P-521" }[kind] });
  return { kid, ...pair };
}

export function publicJwk(key: TestKey, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...key.publicKey.export({ format: "jwk" }), kid: key.kid, use: "sig", ...more };
}

export function encodeSegment(value: string | Uint8Array): string {
  return Buffer.from(value).toString("base64url");
}

export type Headers = Record<string, Json | undefined>;
export type Claims = Record<string, Json | undefined>;

/** A compact JWS over exactly these texts, signed as the algorithm says with this key. */
export function signSegments(headerText: string, payloadText: string, algorithm: string, key: KeyObject): string {
  const input = `${encodeSegment(headerText)}.${encodeSegment(payloadText)}`;
  return `${input}.${encodeSegment(signBytes(Buffer.from(input), algorithm, key))}`;
}

export function mintToken(key: TestKey, claims: Claims, header: Headers = {}): string {
  const full: Headers = { alg: "RS256", typ: "at+jwt", kid: key.kid, ...header };
  return signSegments(
    JSON.stringify(full),
    JSON.stringify(claims),
    typeof full["alg"] === "string" ? full["alg"] : "",
    key.privateKey,
  );
}

/** HMAC under any text, as if a verifier took it for a shared secret. */
export function mintHmacToken(secret: string | Uint8Array, claims: Claims, header: Headers): string {
  const input = `${encodeSegment(JSON.stringify(header))}.${encodeSegment(JSON.stringify(claims))}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

/** Signs by the family and size in an algorithm's name; anything else is signed as RS256 would be. */
function signBytes(input: Uint8Array, algorithm: string, key: KeyObject): Uint8Array {
  const digest = `sha${/\d{3}$/.exec(algorithm)?.[0] ?? "256"}`;
  if (key.asymmetricKeyType === "ed25519") return sign(null, input, key);
  if (key.asymmetricKeyType === "ec") return sign(digest, input, { key, dsaEncoding: "ieee-p1363" });
  if (algorithm.startsWith("PS")) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return sign(digest, input, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
  }
  return sign(digest, input, key);
}
