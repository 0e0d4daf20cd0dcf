/**
 * An OpenID provider on loopback that answers as it is told and signs whatever it is given, with jose where jose would.
 *
 * In: keys by `kid` and algorithm. Out: discovery and JWKS over HTTP, tokens with any header and payload.
 * A name that is not on this machine (`https://idp.example/`) is reached through `fetchThrough`.
 */
import { createHmac } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { CompactSign, type CryptoKey, exportJWK, exportSPKI, generateKeyPair } from "jose";

/** `closed`: the connection ends; `silent`: no answer ever; `huge`: more than 150,000 bytes; else a status or a body. */
export type IssuerFault =
  | "closed"
  | "silent"
  | "huge"
  | { readonly status: number }
  | { readonly body: string }
  | { readonly location: string };

export interface SigningIssuer {
  /** What discovery and tokens say. */
  readonly issuer: string;
  readonly origin: string;
  /** Paths asked for, in order. */
  readonly asked: string[];
  /** Published keys by `kid`; take one out, or put in what you like. */
  readonly jwks: Map<string, Record<string, unknown>>;
  discovery: Record<string, unknown>;
  /** Further paths that it answers, without query. */
  readonly pages: Map<string, (request: IncomingMessage, response: ServerResponse) => void>;
  readonly faults: { discovery?: IssuerFault | undefined; jwks?: IssuerFault | undefined };
  /** From now on the key is in the JWKS. */
  publish(kid: string): void;
  /** A token with exactly this header and payload (an object, or its JSON text). `kid` chooses the key. */
  sign(payload: object | string, header?: Readonly<Record<string, unknown>>, kid?: string): Promise<string>;
  close(): Promise<void>;
}

export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  /** @default true */
  readonly isPublished?: boolean;
}

interface Held {
  readonly alg: string;
  readonly jwk: Record<string, unknown>;
  readonly privateKey: CryptoKey;
  readonly spki: string;
}

export const HUGE_BYTES = 200_000;

/** @param issuer null: its own address */
export async function startSigningIssuer(
  issuer: string | null,
  keys: readonly IssuerKey[] = [{ kid: "one", alg: "RS256" }],
): Promise<SigningIssuer> {
  const held = new Map<string, Held>();
  const jwks = new Map<string, Record<string, unknown>>();
  for (const { kid, alg, isPublished = true } of keys) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid, use: "sig" };
    held.set(kid, { alg, jwk, privateKey, spki: await exportSPKI(publicKey) });
    if (isPublished) jwks.set(kid, jwk);
  }
  const asked: string[] = [];
  const faults: SigningIssuer["faults"] = {};
  const pages: SigningIssuer["pages"] = new Map();
  const server: Server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const page = pages.get(path.replace(/\?.*$/s, ""));
    if (page !== undefined) return page(request, response);
    const isJwks = path.endsWith("/jwks");
    const fault = isJwks ? faults.jwks : faults.discovery;
    if (fault === "silent") return;
    if (fault === "closed") {
      request.socket.destroy();
      return;
    }
    const document = isJwks ? { keys: [...jwks.values()] } : made.discovery;
    const body = bodyOf(fault, document);
    const status = typeof fault === "object" && "status" in fault ? fault.status : 200;
    const headers = { "content-type": "application/json" };
    if (typeof fault === "object" && "location" in fault) response.writeHead(302, { location: fault.location });
    else response.writeHead(status, headers);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const name = issuer ?? origin;
  const made: SigningIssuer = {
    issuer: name,
    origin,
    asked,
    jwks,
    pages,
    faults,
    discovery: { issuer: name, jwks_uri: `${name.replace(/\/$/, "")}/jwks` },
    publish(kid) {
      const key = held.get(kid);
      if (key === undefined) throw new Error(`there is no key \`${kid}\``);
      jwks.set(kid, key.jwk);
    },
    async sign(payload, header = {}, kid = "one") {
      const key = held.get(kid);
      if (key === undefined) throw new Error(`there is no key \`${kid}\``);
      const text = typeof payload === "string" ? payload : JSON.stringify(payload);
      const full: Record<string, unknown> = { alg: key.alg, typ: "JWT", kid, ...header };
      for (const each of Object.keys(full)) if (full[each] === undefined) delete full[each];
      const alg = String(full["alg"]);
      if (alg === "none" || alg.startsWith("HS")) return signByHand(full, text, alg, key.spki);
      const signer = new CompactSign(new TextEncoder().encode(text)).setProtectedHeader(full as { alg: string });
      return signer.sign(key.privateKey);
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return made;
}

function bodyOf(fault: IssuerFault | undefined, document: object): string {
  if (typeof fault === "object" && "body" in fault) return fault.body;
  const text = JSON.stringify(document);
  return fault === "huge" ? text + " ".repeat(HUGE_BYTES) : text;
}

/** What no library signs: nothing at all, or an HMAC under the public key's text. */
function signByHand(header: object, payload: string, alg: string, publicKey: string): string {
  const input = [JSON.stringify(header), payload].map((each) => Buffer.from(each).toString("base64url")).join(".");
  if (alg === "none") return `${input}.`;
  return `${input}.${createHmac(`sha${alg.slice(2)}`, publicKey)
    .update(input)
    .digest("base64url")}`;
}

/** A fetch that finds issuers by the name they go by, wherever they listen. Others are not reached at all. */
export function fetchThrough(
  issuers: readonly Pick<SigningIssuer, "issuer" | "origin">[],
): (url: string, init: RequestInit) => Promise<Response> {
  const origins = new Map(issuers.map(({ issuer, origin }) => [new URL(issuer).origin, origin]));
  return async (url, init) => {
    const asked = new URL(url);
    const origin = origins.get(asked.origin);
    if (origin === undefined) throw new Error(`${asked.origin} is not there`);
    return fetch(`${origin}${asked.pathname}${asked.search}`, init);
  };
}
