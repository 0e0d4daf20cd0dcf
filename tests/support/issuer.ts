/** An OpenID provider that can sign anything: discovery, keys, and tokens made to order with jose. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type JWTPayload, SignJWT, exportJWK, generateKeyPair } from "jose";

export interface TestIssuer {
  readonly issuer: string;
  /** Claims are laid over good ones; an `undefined` value removes one. */
  sign(claims?: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>;
  /** A token with the same claims, signed by a key that was never published. */
  signWithOtherKey(): Promise<string>;
  close(): Promise<void>;
}

export async function startIssuer(audience: string): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const other = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
  let issuer = "";
  const server = createServer((request, response) => {
    const body =
      request.url === "/.well-known/openid-configuration"
        ? {
            issuer,
            jwks_uri: `${issuer}/jwks`,
            authorization_endpoint: `${issuer}/auth`,
            token_endpoint: `${issuer}/token`,
            response_types_supported: ["code"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
          }
        : request.url === "/jwks"
          ? { keys: [jwk] }
          : null;
    response.writeHead(body === null ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const claimsOf = (claims: JWTPayload): JWTPayload => {
    const now = Math.floor(Date.now() / 1000);
    return { iss: issuer, aud: audience, sub: "dora", groups: ["support"], iat: now - 10, exp: now + 300, ...claims };
  };
  return {
    issuer,
    sign: async (claims = {}, header = {}) =>
      new SignJWT(claimsOf(claims))
        .setProtectedHeader({ alg: "RS256", kid: "one", typ: "at+jwt", ...header })
        .sign(privateKey),
    signWithOtherKey: async () =>
      new SignJWT(claimsOf({})).setProtectedHeader({ alg: "RS256", kid: "one", typ: "at+jwt" }).sign(other.privateKey),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
