/**
 * A road whose issuer publishes keys of every kind, and tokens made by hand that no library would sign.
 *
 * In: labels and tokens. Out: each was refused at both entrances for one reason, or let in as one subject.
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import {
  type Claims,
  type Headers,
  createTestKey,
  encodeSegment,
  mintToken,
  publicJwk,
  signSegments,
} from "../../src/identity/testing/token-mint.ts";
import { ENTRANCES, type Request, type Road, goodClaims, startRoad, unauthorized, valuesOf } from "./road.ts";

export const rsa = createTestKey("rsa-1", "rsa");
export const p256 = createTestKey("p256-1", "p256");
export const ed25519 = createTestKey("ed-1", "ed25519");
/** Goes by the name of the first and was never published. */
export const stranger = createTestKey("rsa-1", "rsa");
export const SHARED_SECRET = "a-secret-that-somebody-published";

export interface TokenRoad extends Road {
  claims(more?: Claims): Claims;
  /** Signed as published, but for these claims. */
  withClaims(more: Claims): string;
  /** Signed as published, with this header besides. */
  withHeader(header: Headers): string;
  withPayloadText(text: string): string;
  withHeaderText(text: string): string;
  /** With an empty signature, as `alg: none` has it. */
  unsigned(header: Headers): string;
  hmacWith(secret: string | Uint8Array, alg?: string, kid?: string): string;
  /** Refused on `GET /orders` at both entrances, and never told anywhere. */
  assertNoToken(tokens: Readonly<Record<string, string>>, reason: string): Promise<void>;
  /** Let in on `GET /orders` at both entrances, as this subject. */
  assertToken(token: string, subject?: string): Promise<void>;
}

export async function startTokenRoad(): Promise<TokenRoad> {
  const published = [rsa, p256, ed25519].map((key) => [key.kid, publicJwk(key)] as const);
  const shared = { kty: "oct", kid: "shared", k: Buffer.from(SHARED_SECRET).toString("base64url") };
  const road = await startRoad({ published: { ...Object.fromEntries(published), shared } });
  const claims = (more: Claims = {}): Claims => goodClaims(road.idp.issuer, more) as Claims;
  const bearer = (token: string): Request => ["GET /orders HTTP/1.1", `Authorization: Bearer ${token}`];
  return {
    ...road,
    claims,
    withClaims: (more) => mintToken(rsa, claims(more)),
    withHeader: (header) => mintToken(rsa, claims(), header),
    withPayloadText: (text) =>
      signSegments(JSON.stringify({ alg: "RS256", kid: rsa.kid }), text, "RS256", rsa.privateKey),
    withHeaderText: (text) => signSegments(text, JSON.stringify(claims()), "RS256", rsa.privateKey),
    unsigned: (header) => `${encodeSegment(JSON.stringify(header))}.${encodeSegment(JSON.stringify(claims()))}.`,
    hmacWith: (secret, alg = "HS256", kid = rsa.kid) => signHmac(secret, { alg, kid, typ: "JWT" }, claims()),
    async assertNoToken(tokens, reason) {
      road.guard(...Object.values(tokens));
      const requests = Object.entries(tokens).map(([label, token]) => [label, bearer(token)] as const);
      await road.assertRefusedAtBoth(Object.fromEntries(requests), unauthorized(reason));
    },
    async assertToken(token, subject = "worker") {
      road.guard(token);
      for (const entrance of ENTRANCES) {
        const arrived = await road.assertForwarded(entrance, bearer(token));
        assert.deepEqual(valuesOf(arrived, "x-gatehouse-subject").map(decodeURIComponent), [subject]);
      }
    },
  };
}

/** An HMAC of the size that the header's `alg` names, as whoever knows the secret would make it. */
export function signHmac(
  secret: string | Uint8Array,
  header: Headers & { readonly alg: string },
  claims: Claims,
): string {
  const input = [header, claims].map((each) => encodeSegment(JSON.stringify(each))).join(".");
  const digest = `sha${header.alg.slice(2)}`;
  return `${input}.${createHmac(digest, secret).update(input).digest("base64url")}`;
}
