/**
 * An issuer of the benchmark's own that every road trusts: discovery and keys on loopback, tokens by the thousand.
 *
 * Out: RS256 tokens for one audience, each with a subject and an id of its own; and tokens that must be refused.
 * Signing runs on the thread pool, so that all cores do it.
 */
import { createPublicKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";

export const AUDIENCE = "bench-api";
/** What every caller is a member of: of `bench`, and of the teams whose routes are asked for. */
export const GROUPS: readonly string[] = ["bench", "team-0", "team-1", "team-2", "team-3", "team-4"];
const VALID_SECONDS = 7200;
const AT_ONCE = 64;

export interface BenchIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** SubjectPublicKeyInfo in PEM. */
  readonly publicKeyPem: string;
  tokens(count: number): Promise<string[]>;
  /** What a road must refuse, by name. */
  badTokens(): Promise<Readonly<Record<"bad signature" | "expired" | "other audience" | "other issuer", string>>>;
  stop(): Promise<void>;
}

const signText = promisify(sign);

export async function startIssuer(): Promise<BenchIssuer> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwks = JSON.stringify({
    keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "RS256" }],
  });
  let issuer = "";
  const server = createServer((request, response) => {
    const discovery = {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    };
    const text =
      request.url === "/.well-known/openid-configuration"
        ? JSON.stringify(discovery)
        : request.url === "/jwks"
          ? jwks
          : null;
    response.writeHead(text === null ? 404 : 200, { "content-type": "application/json" }).end(text ?? "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = encode({ alg: "RS256", kid: "k1", typ: "JWT" });
  let count = 0;
  async function make(changes: object = {}, key = privateKey): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const subject = `caller-${count++}`;
    const claims = { iss: issuer, aud: AUDIENCE, sub: subject, jti: randomUUID(), groups: GROUPS };
    const text = `${header}.${encode({ ...claims, iat: now - 5, exp: now + VALID_SECONDS, ...changes })}`;
    const signature = await signText("sha256", Buffer.from(text), key);
    return `${text}.${signature.toString("base64url")}`;
  }

  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    publicKeyPem: createPublicKey(publicKey.export({ format: "pem", type: "spki" })).export({
      format: "pem",
      type: "spki",
    }) as string,
    async tokens(wanted) {
      const made: string[] = [];
      let left = wanted;
      const work = async (): Promise<void> => {
        while (left-- > 0) made.push(await make());
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      return made;
    },
    badTokens: async () => ({
      "bad signature": await make({}, other.privateKey),
      expired: await make({ exp: Math.floor(Date.now() / 1000) - 60 }),
      "other audience": await make({ aud: "another-api" }),
      "other issuer": await make({ iss: "http://127.0.0.1:9/other" }),
    }),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
