/**
 * For tests: the real development provider, sessions in front of it, and a browser that keeps cookies and follows
 * redirects between the two. Requests to our own address are answered by the sessions directly.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ManualClock, Secret, createManualClock } from "../../src/core/index.ts";
import {
  type DevProvider,
  type DevProviderOptions,
  type KeySource,
  type People,
  type Sessions,
  type SessionsOptions,
  type TokenVerifier,
  type TokenVerifierOptions,
  createKeySource,
  createSessions,
  createTokenVerifier,
  parsePeople,
  startDevProvider,
} from "../../src/identity/index.ts";

export const BASE_URL = "https://shop.localhost:8443";
const CALLBACK = `${BASE_URL}/_gatehouse/callback`;
export const AUDIENCE = "shop-api";
const CLAIMS = { groups: "groups", name: "preferred_username" };
/** What the policy asks for; nobody has an `acr`. */
export const USED_CLAIMS = ["acr", "amr", "level"];

export const LOGIN: SessionsOptions["login"] = {
  clientId: "shop-edge",
  clientSecret: new Secret("edge-secret"),
  scopes: ["openid", "profile", "email", "groups", "offline_access"],
  sessionIdleMs: 1_800_000,
  sessionMaxMs: 43_200_000,
};

const PEOPLE = `
people:
  ada:
    password: ada-pw
    name: Ada Lovelace
    email: ada@shop.example
    groups: [support]
    claims: { amr: [pwd, mfa], level: 3, department: sales }
  bob: { password: bob-pw, groups: [sales] }
clients:
  billing: { secret: billing-pw, groups: [machines], claims: { level: 7 } }
`;

export function readPeople(): People {
  const { people } = parsePeople("people.yaml", PEOPLE);
  if (people === null) throw new Error("the people of the test are wrong");
  return people;
}

export interface Setup {
  readonly provider: DevProvider;
  readonly keys: KeySource;
  readonly verifier: TokenVerifier;
  readonly sessions: Sessions;
  readonly clock: ManualClock;
  readonly people: People;
  /** Each request that the sessions sent: method and path. */
  readonly sent: string[];
  /** Answers instead of the provider while set. */
  fault: ((url: string) => Promise<Response> | null) | null;
  readonly newVerifier: (more?: Partial<TokenVerifierOptions>) => TokenVerifier;
  readonly newSessions: (more?: Partial<SessionsOptions>) => Sessions;
  readonly close: () => Promise<void>;
}

export const SEAL_KEY = new Secret<Uint8Array>(randomBytes(32));

export async function setUpSignIn(more: Partial<DevProviderOptions> = {}): Promise<Setup> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-identity-"));
  const people = readPeople();
  const provider = await startDevProvider({
    people,
    port: 0,
    keyFile: join(folder, "provider.json"),
    audience: AUDIENCE,
    loginClient: {
      clientId: "shop-edge",
      clientSecret: "edge-secret",
      redirectUris: [`${BASE_URL}/_gatehouse/callback`],
      postLogoutRedirectUris: [`${BASE_URL}/_gatehouse/signed-out`],
    },
    ...more,
  });
  const clock = createManualClock(Date.now());
  const keys = createKeySource({ issuer: provider.issuer, clock, allowHttpLoopback: true });
  await keys.load();
  const newVerifier = (changed: Partial<TokenVerifierOptions> = {}): TokenVerifier =>
    createTokenVerifier({
      issuer: provider.issuer,
      audience: AUDIENCE,
      claims: CLAIMS,
      keys,
      usedClaims: USED_CLAIMS,
      clock,
      // The clock stands still while the provider, on the real one, goes on.
      skewSeconds: 300,
      ...changed,
    });
  const verifier = newVerifier();
  const sent: string[] = [];
  const newSessions = (changed: Partial<SessionsOptions> = {}): Sessions =>
    createSessions({
      issuer: provider.issuer,
      login: LOGIN,
      baseUrl: BASE_URL,
      audience: AUDIENCE,
      claims: CLAIMS,
      verifier,
      usedClaims: USED_CLAIMS,
      sealKeys: [SEAL_KEY],
      clock,
      allowHttpLoopback: true,
      fetch: async (url, init) => {
        sent.push(`${init.method ?? "GET"} ${new URL(url).pathname}`);
        return setup.fault?.(url) ?? fetch(url, init);
      },
      ...changed,
    });
  const setup: Setup = {
    provider,
    keys,
    verifier,
    sessions: newSessions(),
    clock,
    people,
    sent,
    fault: null,
    newVerifier,
    newSessions,
    async close() {
      keys.close();
      await provider.close();
      await rm(folder, { recursive: true });
    },
  };
  return setup;
}

export interface Answer {
  readonly url: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly setCookie: readonly string[];
  readonly body: string;
}

interface Kept {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** Keeps cookies by origin, name and path, as a browser does for the few that occur here. */
export class Browser {
  readonly #sessions: Sessions;
  readonly #jar = new Map<string, Map<string, Kept>>();

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  cookieHeader(url: string = BASE_URL): string | undefined {
    const { origin, pathname } = new URL(url);
    const kept = [...(this.#jar.get(origin)?.values() ?? [])].filter(({ path }) => pathname.startsWith(path));
    return kept.length === 0 ? undefined : kept.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  keep(url: string, setCookie: readonly string[]): void {
    const { origin } = new URL(url);
    const jar = this.#jar.get(origin) ?? new Map<string, Kept>();
    this.#jar.set(origin, jar);
    for (const line of setCookie) {
      const [pair = "", ...attributes] = line.split("; ");
      const name = pair.slice(0, pair.indexOf("="));
      const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? "/";
      const ended = attributes.some((text) => text === "Max-Age=0" || /^expires=Thu, 01 Jan 1970/i.test(text));
      if (ended) jar.delete(`${name} ${path}`);
      else jar.set(`${name} ${path}`, { name, value: pair.slice(pair.indexOf("=") + 1), path });
    }
  }

  /** One request, cookies kept, redirects not followed. */
  async send(url: string, form?: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    const target = new URL(url);
    const cookieHeader = this.cookieHeader(url);
    if (target.origin === BASE_URL) {
      const answer = await this.#sessions.handle({
        method: form === undefined ? "GET" : "POST",
        path: target.pathname,
        query: target.search,
        cookieHeader,
        headers,
      });
      if (answer === null) return { url, status: 200, headers: {}, setCookie: [], body: `service ${target.pathname}` };
      const setCookie = [answer.headers["set-cookie"] ?? []].flat();
      this.keep(url, setCookie);
      return {
        url,
        status: answer.status,
        headers: answer.headers as Record<string, string>,
        setCookie,
        body: answer.body,
      };
    }
    const response = await fetch(url, {
      redirect: "manual",
      headers: { ...headers, ...(cookieHeader === undefined ? {} : { cookie: cookieHeader }) },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    });
    const setCookie = response.headers.getSetCookie();
    this.keep(url, setCookie);
    return {
      url,
      status: response.status,
      headers: Object.fromEntries(response.headers),
      setCookie,
      body: await response.text(),
    };
  }

  /** Follows redirects until there is a page, or one that leads to `until`. */
  async open(
    url: string,
    form?: Record<string, string>,
    headers?: Record<string, string>,
    until = "\0",
  ): Promise<Answer> {
    let answer = await this.send(url, form, headers);
    for (let i = 0; i < 10; i++) {
      const location = answer.headers["location"];
      if (location === undefined) return answer;
      const next = new URL(location, answer.url).href;
      if (next.startsWith(until)) return { ...answer, url: next };
      answer = await this.send(next);
    }
    throw new Error("too many redirects");
  }

  /** As far as the provider's sign-in page, or its answer where it does not ask. */
  async openSignIn(returnTo: string): Promise<Answer> {
    return this.open(`${BASE_URL}/_gatehouse/login?return_to=${encodeURIComponent(returnTo)}`, undefined, {}, CALLBACK);
  }

  async enterPassword(pageUrl: string, name: string): Promise<string> {
    const answer = await this.open(pageUrl, { name, password: `${name}-pw` }, {}, CALLBACK);
    return answer.url;
  }

  /** As far as the redirect that carries the code back: its address, not yet visited. */
  async getCallback(name: string, returnTo = "/"): Promise<string> {
    const page = await this.openSignIn(returnTo);
    // Who is signed in at the provider already is sent back at once.
    return page.url.startsWith(CALLBACK) ? page.url : this.enterPassword(page.url, name);
  }

  /** Signed in, at the page that was wanted. */
  async signIn(name: string, returnTo = "/"): Promise<Answer> {
    return this.open(await this.getCallback(name, returnTo));
  }
}
