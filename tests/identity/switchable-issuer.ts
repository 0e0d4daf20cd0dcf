/** An issuer on a port of its own that comes and goes, counts what it is asked, and can change its key. */
import { type Server, createServer } from "node:http";
import * as jose from "jose";
import { findFreePort } from "../support/free-port.ts";

interface SigningKey {
  readonly kid: string;
  readonly jwk: jose.JWK;
  readonly privateKey: jose.CryptoKey;
}

async function makeKey(kid: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await jose.generateKeyPair("ES256");
  return { kid, jwk: { ...(await jose.exportJWK(publicKey)), kid, use: "sig" }, privateKey };
}

/** Answers only between `open` and `close`; its tokens are good until an hour after `nowSeconds`. */
export class SwitchableIssuer {
  readonly port: number;
  readonly issuer: string;
  /** Requests that it has been sent. */
  requests = 0;
  readonly #nowSeconds: number;
  #key: SigningKey;
  #server: Server | null = null;

  private constructor(port: number, nowSeconds: number, key: SigningKey) {
    this.port = port;
    this.issuer = `http://127.0.0.1:${port}`;
    this.#nowSeconds = nowSeconds;
    this.#key = key;
  }

  static async create(nowSeconds: number): Promise<SwitchableIssuer> {
    return new SwitchableIssuer(await findFreePort(), nowSeconds, await makeKey("one"));
  }

  async open(): Promise<void> {
    const { issuer } = this;
    this.#server = createServer((request, response) => {
      this.requests++;
      const isKeys = request.url === "/jwks";
      response.setHeader("connection", "close");
      response.end(JSON.stringify(isKeys ? { keys: [this.#key.jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }));
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.port, "127.0.0.1", resolve));
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  }

  /** Signs with a new key from now on, and publishes that one alone. */
  async changeKey(kid: string): Promise<void> {
    this.#key = await makeKey(kid);
  }

  async sign(audience: string, more: Record<string, unknown> = {}): Promise<string> {
    const claims = { iss: this.issuer, aud: audience, sub: "somebody", exp: this.#nowSeconds + 3600, ...more };
    const { kid, privateKey } = this.#key;
    return new jose.SignJWT(claims).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey);
  }
}
