/**
 * An OpenID provider on loopback that does one thing wrong: whatever it is told, in discovery, keys, the redirect back,
 * the token answer or the tokens themselves. Told nothing, it does everything right.
 *
 * In: a `Misbehaviour`, which is data. Out: endpoints, and what was asked of them.
 * It knows one person and signs them in without asking.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { CompactSign } from "jose";
import { type IssuerFault, type SigningIssuer, startSigningIssuer } from "./signing-issuer.ts";

/** Laid over what a good provider would say. `undefined` takes a member away, `{ secondsFromNow }` is a time. */
export type Changes = Readonly<Record<string, unknown>>;

/** `one` and `two` are RSA keys, `ec` is one of P-256, `stranger` calls itself `one` and is published nowhere. */
export type KeyName = "one" | "two" | "ec" | "stranger";

export interface TokenChanges {
  readonly claims?: Changes;
  readonly header?: Changes;
  /** Who signs. @default one */
  readonly key?: KeyName;
  /** `changed`: of another text; `client-secret`: an HMAC under the secret that the client has. */
  readonly signature?: "changed" | "client-secret";
  /** Instead of the token. */
  readonly text?: string;
}

export interface Misbehaviour {
  readonly discovery?: Changes;
  /** Published, in this order. @default one */
  readonly keys?: readonly KeyName[];
  /** Published without `kid`. */
  readonly keysAreNameless?: boolean;
  /** Published from the moment on at which somebody has fetched the first keys. */
  readonly keysAfterRotation?: readonly KeyName[];
  readonly jwksFaultAfterRotation?: IssuerFault;
  /** Of the redirect back. A list is a parameter given several times. */
  readonly redirect?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly idToken?: TokenChanges;
  readonly accessToken?: TokenChanges;
  /** Of the token endpoint's body. */
  readonly tokenAnswer?: Changes;
  readonly tokenStatus?: number;
  /** A web page instead. */
  readonly tokenBody?: string;
}

export interface TokenRequest {
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}

export interface MisbehavingProvider {
  readonly issuer: string;
  /** Paths asked for since it was last told how to behave. */
  readonly asked: readonly string[];
  readonly authorizationRequests: readonly URLSearchParams[];
  readonly tokenRequests: readonly TokenRequest[];
  /** From now on, and until told otherwise. Forgets what was asked. */
  behave(how: Misbehaviour): void;
  /** The keys of after the rotation are published. */
  rotate(): void;
  close(): Promise<void>;
}

export interface ProviderFacts {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audience: string;
  readonly subject: string;
}

const KEYS: readonly { readonly name: KeyName; readonly alg: string }[] = [
  { name: "one", alg: "RS256" },
  { name: "two", alg: "RS256" },
  { name: "ec", alg: "ES256" },
  { name: "stranger", alg: "RS256" },
];
const LIFE_SECONDS = 300;

export async function startMisbehavingProvider(facts: ProviderFacts): Promise<MisbehavingProvider> {
  const signer = await startSigningIssuer(
    null,
    KEYS.map(({ name, alg }) => ({ kid: name, alg })),
  );
  const { issuer } = signer;
  const published = new Map(signer.jwks);
  const authorizationRequests: URLSearchParams[] = [];
  const tokenRequests: TokenRequest[] = [];
  let how: Misbehaviour = {};

  function publish(names: readonly KeyName[]): void {
    signer.jwks.clear();
    for (const name of names)
      signer.jwks.set(name, apply(published.get(name) ?? {}, how.keysAreNameless === true ? { kid: undefined } : {}));
  }

  function redirectBack(request: IncomingMessage, response: ServerResponse): void {
    const asked = new URL(request.url ?? "", issuer).searchParams;
    authorizationRequests.push(asked);
    const good = { code: randomBytes(16).toString("base64url"), state: asked.get("state") ?? "", iss: issuer };
    const location = new URL(asked.get("redirect_uri") ?? "");
    for (const [name, value] of Object.entries(apply(good, how.redirect ?? {})))
      for (const each of [value].flat()) location.searchParams.append(name, String(each));
    response.writeHead(302, { location: location.href }).end();
  }

  async function giveTokens(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    tokenRequests.push({ authorization: request.headers.authorization, form: new URLSearchParams(text) });
    const now = Math.floor(Date.now() / 1000);
    const { clientId, audience, subject } = facts;
    const times = { iat: now, exp: now + LIFE_SECONDS };
    const person = { iss: issuer, sub: subject, groups: ["support"], preferred_username: subject };
    const nonce = authorizationRequests.at(-1)?.get("nonce");
    const answer = {
      access_token: await makeToken({ ...person, aud: audience, azp: clientId, ...times }, how.accessToken),
      token_type: "Bearer",
      expires_in: LIFE_SECONDS,
      id_token: await makeToken({ ...person, aud: clientId, ...times, nonce }, how.idToken),
    };
    const type = how.tokenBody === undefined ? "application/json" : "text/html";
    response.writeHead(how.tokenStatus ?? 200, { "content-type": type });
    response.end(how.tokenBody ?? JSON.stringify(apply(answer, how.tokenAnswer ?? {})));
  }

  async function makeToken(good: Readonly<Record<string, unknown>>, changes: TokenChanges = {}): Promise<string> {
    if (changes.text !== undefined) return changes.text;
    const { key = "one", header = {}, signature } = changes;
    const claims = apply(good, changes.claims ?? {});
    const kid = { kid: key === "stranger" ? "one" : key };
    if (signature === "client-secret") {
      const signing = new CompactSign(Buffer.from(JSON.stringify(claims)));
      return signing.setProtectedHeader({ alg: "HS256", ...kid }).sign(Buffer.from(facts.clientSecret));
    }
    if (header["alg"] === null) return `${encode({ ...kid, ...header })}.${encode(claims)}.`;
    const token = await signer.sign(claims, { ...kid, ...header }, key);
    return signature === "changed" ? changeSignature(token) : token;
  }

  signer.pages.set("/authorize", redirectBack);
  signer.pages.set("/token", (request, response) => void giveTokens(request, response));
  signer.pages.set("/userinfo", (_, response) => response.end(JSON.stringify({ sub: "mallory" })));

  const provider: MisbehavingProvider = {
    issuer,
    asked: signer.asked,
    authorizationRequests,
    tokenRequests,
    behave(next) {
      how = next;
      for (const list of [signer.asked, authorizationRequests, tokenRequests]) list.length = 0;
      signer.faults.jwks = undefined;
      signer.discovery = apply(goodDiscovery(signer), how.discovery ?? {});
      publish(how.keys ?? ["one"]);
    },
    rotate() {
      if (how.keysAfterRotation !== undefined) publish(how.keysAfterRotation);
      signer.faults.jwks = how.jwksFaultAfterRotation;
    },
    close: async () => signer.close(),
  };
  provider.behave({});
  return provider;
}

function goodDiscovery({ issuer }: SigningIssuer): Record<string, unknown> {
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
  };
}

function apply(good: Readonly<Record<string, unknown>>, changes: Changes): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const entries = Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const isTime = typeof value === "object" && value !== null && "secondsFromNow" in value;
      return [name, isTime ? now + Number(value.secondsFromNow) : value];
    }),
  );
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function changeSignature(token: string): string {
  const [head = "", payload = "", signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  // Not the first: an elliptic curve's signature would be no number of the group.
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return `${head}.${payload}.${bytes.toString("base64url")}`;
}
