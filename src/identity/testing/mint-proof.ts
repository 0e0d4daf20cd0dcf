/** For tests: DPoP proofs in every right and wrong form. What a library makes of them is in tests/gateway. */
import { hash } from "node:crypto";
import { thumbprintOf } from "../dpop-proof.ts";
import { type Claims, type Headers, type TestKey, mintToken } from "./token-mint.ts";

/** The public key alone, as a proof brings it. */
export function proofJwk(key: TestKey): Record<string, string> {
  return key.publicKey.export({ format: "jwk" }) as Record<string, string>;
}

export function thumbprint(key: TestKey): string {
  return thumbprintOf(proofJwk(key));
}

/** A proof by an EC key for a token; undefined takes a member away. */
export function mintProof(key: TestKey, token: string, claims: Claims, header: Headers = {}): string {
  const full: Claims = { ath: hash("sha256", token, "base64url"), ...claims };
  return mintToken(key, full, { alg: "ES256", typ: "dpop+jwt", kid: undefined, jwk: proofJwk(key), ...header });
}
