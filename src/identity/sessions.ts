/**
 * Sign-in sessions of people: the pages under `/_gatehouse/`, the sealed cookie, and whether it is still good.
 *
 * In: requests and `Cookie` headers. Out: sessions with an identity, answers for the browser, `Set-Cookie` values.
 * Nothing is stored here: a session lives in its cookie. In this process alone, and forgotten when it ends, are which
 * sessions were signed out and which were replaced by a refresh.
 * INVARIANT: an identity is given only while idle limit, absolute limit and the provider's right all hold.
 * Source: RFC 9700, OpenID Connect RP-Initiated Logout 1.0, RFC 6265bis; docs/spec for limits.
 */
import { randomBytes } from "node:crypto";
import * as client from "openid-client";
import { type Clock, Secret, RecentMap } from "../core/index.ts";
import type { ClaimNames } from "./claims.ts";
import { CALLBACK_PATH, createLoginFlow, failedPage, unavailablePage } from "./login-flow.ts";
import { renderPage } from "./pages.ts";
import { createProviderClient } from "./provider-client.ts";
import type { Fetch } from "./provider-fetch.ts";
import { createSealer } from "./sealed-text.ts";
import { type Session, createSessionCookies } from "./session-cookie.ts";
import { createSessionRefresh } from "./session-refresh.ts";
import { readRight } from "./session-rights.ts";
import type { TokenVerifier } from "./token-verifier.ts";
import { type WebRequest, type WebResponse, redirectTo } from "./web-response.ts";

export interface SessionsOptions {
  /** Exact issuer string. */
  readonly issuer: string;
  readonly login: {
    readonly clientId: string;
    /** Null for a public client. */
    readonly clientSecret: Secret<string> | null;
    readonly scopes: readonly string[];
    readonly sessionIdleMs: number;
    readonly sessionMaxMs: number;
  };
  /** Where browsers reach us: `https://host:port`, no final slash. */
  readonly baseUrl: string;
  readonly audience: string;
  readonly claims: ClaimNames;
  /**
   * For access tokens; ID tokens are checked by the same code with the client as audience. Of the issuers that it trusts
   * only the provider signs people in.
   */
  readonly verifier: TokenVerifier;
  /** Paths of the claims that the policy asks for, the same as the verifier's. @default none */
  readonly usedClaims?: readonly string[] | undefined;
  /** The first seals, all open. 32 bytes or more each. */
  readonly sealKeys: readonly Secret<Uint8Array>[];
  readonly clock: Clock;
  readonly fetch?: Fetch | undefined;
  readonly allowHttpLoopback: boolean;
  /** Which sessions have ended; given on when the same people go on with other settings. @default a new one */
  readonly memory?: SessionMemory | undefined;
  /** How long an old cookie still leads to the session that replaced it. @default 300000 */
  readonly refreshGraceMs?: number | undefined;
}

/** Sessions that were signed out or given up, by id. */
export interface SessionMemory {
  hasEnded(id: string): boolean;
  end(id: string): void;
  /** Ids of all that have ended, as far as they are remembered. */
  list(): readonly string[];
}

/** @param onEnded is told of every session that ends */
export function createSessionMemory(onEnded?: (id: string) => void): SessionMemory {
  const ended = new RecentMap<true>(100_000);
  return {
    hasEnded: (id) => ended.get(id) === true,
    end(id) {
      ended.set(id, true);
      onEnded?.(id);
    },
    list: () => ended.keys(),
  };
}

export type SessionState =
  | { readonly state: "none" | "invalid" | "expired" }
  | { readonly state: "valid" | "needs-refresh"; readonly session: Session };

export interface Sessions {
  /**
   * What the cookie says now. `needs-refresh`: the right ends within `minimumSeconds` (30 unless said), or has ended,
   * and can be renewed. No I/O.
   */
  read(cookieHeader: string | undefined, minimumSeconds?: number): SessionState;
  /** A session whose right outlives `minimumSeconds` if the provider gives such rights. One call for all who wait. */
  refresh(session: Session, minimumSeconds: number): Promise<SessionRefreshResult>;
  /** `Set-Cookie` values that keep an active session from idling out; empty unless a minute has passed. */
  touch(session: Session): readonly string[];
  /** The `Cookie` header that a browser with this session sends; null when it is too large for one. */
  cookieOf(session: Session): string | null;
  /** Milliseconds since the epoch: no request is let in by this session afterwards, however often it is refreshed. */
  endsAtMs(session: Session): number;
  /** Answers `/_gatehouse/login`, `/callback`, `/logout`, `/signed-out`; null for any other path. Never throws. */
  handle(request: WebRequest): Promise<WebResponse | null>;
  /** Sends a browser to sign in and lets it come back to a path of ours. Never throws. */
  startLogin(returnTo: string, cookieHeader?: string): Promise<WebResponse>;
}

export type SessionRefreshResult =
  | { readonly ok: true; readonly session: Session; readonly setCookie: readonly string[] }
  | { readonly ok: false; readonly reason: "session-expired" | "provider-unavailable" };

const DEFAULT_MINIMUM_SECONDS = 30;
const TOUCH_SECONDS = 60;
const REVOKE_TIMEOUT_MS = 2000;
const SIGNED_OUT_PATH = "/_gatehouse/signed-out";

/** @throws GH_IDENTITY_SEAL_KEY */
export function createSessions(options: SessionsOptions): Sessions {
  const { login, baseUrl, clock } = options;
  const provider = createProviderClient({ ...options, ...login });
  const cookies = createSessionCookies(
    createSealer(options.sealKeys, "session", sealedFor(options)),
    options.usedClaims ?? [],
  );
  const verifier = options.verifier.withAudience(options.audience);
  const idTokenVerifier = options.verifier.withAudience(login.clientId);
  const refreshes = createSessionRefresh({
    provider,
    verifier,
    idTokenVerifier,
    clock,
    graceMs: options.refreshGraceMs,
  });
  const flow = createLoginFlow({
    provider,
    sealer: createSealer(options.sealKeys, "login", baseUrl),
    baseUrl,
    scopes: login.scopes,
    audience: options.audience,
    clock,
  });
  const memory = options.memory ?? createSessionMemory();
  const touched = new RecentMap<number>(50_000);

  function nowSeconds(): number {
    return Math.floor(clock.nowMs() / 1000);
  }

  function isWithinLimits(session: Session): boolean {
    const nowMs = clock.nowMs();
    return (
      !memory.hasEnded(session.id) &&
      session.identity.issuer === options.issuer &&
      nowMs < session.activeAtSeconds * 1000 + login.sessionIdleMs &&
      nowMs < session.startedAtSeconds * 1000 + login.sessionMaxMs
    );
  }

  /** Rights that are shorter than what is asked are renewed at half their life, not with every request. */
  function outlives(session: Session, minimumSeconds: number): boolean {
    const { identity, obtainedAtSeconds } = session;
    const neededSeconds = Math.min(minimumSeconds, (identity.expiresAtSeconds - obtainedAtSeconds) / 2);
    const remainingMs = identity.expiresAtSeconds * 1000 - clock.nowMs();
    return remainingMs > 0 && remainingMs >= neededSeconds * 1000;
  }

  function read(cookieHeader: string | undefined, minimumSeconds = DEFAULT_MINIMUM_SECONDS): SessionState {
    const session = cookies.read(cookieHeader);
    if (session === null) return { state: "none" };
    if (session === "invalid") return { state: "invalid" };
    if (!isWithinLimits(session)) return { state: "expired" };
    if (session.refreshToken === null) return outlives(session, 0) ? { state: "valid", session } : { state: "expired" };
    const good = outlives(session, minimumSeconds) && !refreshes.isReplaced(session);
    return { state: good ? "valid" : "needs-refresh", session };
  }

  async function refresh(session: Session, minimumSeconds: number): Promise<SessionRefreshResult> {
    if (!isWithinLimits(session)) return { ok: false, reason: "session-expired" };
    if (outlives(session, minimumSeconds) && !refreshes.isReplaced(session))
      return { ok: true, session, setCookie: [] };
    const wasReplaced = refreshes.isReplaced(session);
    const outcome = await refreshes.refresh(session);
    // Signing out while the call was under way wins.
    if (outcome.ok && isWithinLimits(outcome.session)) {
      const setCookie = cookies.write(outcome.session);
      if (setCookie !== null) return { ok: true, session: outcome.session, setCookie };
    }
    if (!outcome.ok && outcome.reason === "provider-unavailable") return outcome;
    if (!wasReplaced) memory.end(session.id);
    return { ok: false, reason: "session-expired" };
  }

  function touch(session: Session): readonly string[] {
    const now = nowSeconds();
    const everySeconds = Math.min(TOUCH_SECONDS, login.sessionIdleMs / 4000);
    const lastSeconds = Math.max(session.activeAtSeconds, touched.get(session.id) ?? 0);
    if (now - lastSeconds < everySeconds) return [];
    touched.set(session.id, now);
    return cookies.write({ ...session, activeAtSeconds: now }) ?? [];
  }

  async function finishLogin(request: WebRequest): Promise<WebResponse> {
    const finished = await flow.finish(request.query, request.cookieHeader);
    if ("status" in finished) return finished;
    const { returnTo, setCookie } = finished;
    const right = await readRight(finished, verifier, idTokenVerifier);
    if (!right.ok) {
      if (right.reason === "keys-unavailable") return unavailablePage(setCookie);
      const paragraph = `The identity provider's token cannot be used here: ${right.reason}.`;
      return failedPage("login-token-refused", [paragraph], returnTo, setCookie);
    }
    const now = nowSeconds();
    const sessionCookies = cookies.write({
      id: randomBytes(16).toString("base64url"),
      identity: right.identity,
      refreshToken: finished.refreshToken === null ? null : new Secret(finished.refreshToken),
      obtainedAtSeconds: now,
      startedAtSeconds: now,
      activeAtSeconds: now,
      serial: 0,
    });
    if (sessionCookies === null) {
      const paragraph = "The identity provider says more about you than a cookie can hold.";
      return failedPage("login-session-too-large", [paragraph], returnTo, setCookie);
    }
    endSessionOf(request.cookieHeader);
    return redirectTo(302, returnTo, [...setCookie, ...sessionCookies], "login-finished");
  }

  /** The session of this browser is good no longer, wherever else its cookie may be. */
  function endSessionOf(cookieHeader: string | undefined): Session | null {
    const session = cookies.read(cookieHeader);
    if (session === null || session === "invalid") return null;
    memory.end(session.id);
    return session;
  }

  async function logOut(request: WebRequest): Promise<WebResponse> {
    if (!isSameSite(request, baseUrl)) return crossSitePage();
    const removed = cookies.remove(request.cookieHeader);
    const session = endSessionOf(request.cookieHeader);
    const location = await endAtProvider(session);
    return redirectTo(303, location, removed, "logout-finished");
  }

  /** Where the provider ends its own session; our page when it cannot be asked. Never throws. */
  async function endAtProvider(session: Session | null): Promise<string> {
    try {
      const configuration = await provider.configuration();
      const { revocation_endpoint: revocation, end_session_endpoint: endSession } = configuration.serverMetadata();
      const token = session?.refreshToken?.reveal();
      if (revocation !== undefined && token !== undefined) await revoke(configuration, token);
      if (endSession === undefined) return SIGNED_OUT_PATH;
      // No id_token_hint: a token does not belong into a URL. The client is named instead.
      return client.buildEndSessionUrl(configuration, {
        client_id: login.clientId,
        post_logout_redirect_uri: `${baseUrl}${SIGNED_OUT_PATH}`,
      }).href;
    } catch {
      return SIGNED_OUT_PATH;
    }
  }

  async function logOutPage(): Promise<WebResponse> {
    return renderPage({
      status: 200,
      reason: "logout-confirm",
      title: "Sign out?",
      paragraphs: ["You will be signed out here and at the identity provider."],
      form: { action: "/_gatehouse/logout", button: "Sign out" },
      formTargets: `'self' https: ${await endSessionOrigin()}`.trim(),
    });
  }

  /** Browsers hold a form's answer to the page's policy, so the provider must be allowed as a target. */
  async function endSessionOrigin(): Promise<string> {
    try {
      const endSession = (await provider.configuration()).serverMetadata().end_session_endpoint;
      return endSession === undefined ? "" : new URL(endSession).origin;
    } catch {
      return "";
    }
  }

  async function startFromPage(request: WebRequest): Promise<WebResponse> {
    const wanted = new URLSearchParams(request.query).getAll("return_to");
    const started = await flow.start(wanted.length === 1 ? wanted[0] : null, request.cookieHeader);
    // Whoever asks to sign in is done with the session that the browser holds; another site cannot ask for that.
    if (started.status !== 302 || !isSameSite(request, baseUrl) || endSessionOf(request.cookieHeader) === null)
      return started;
    const setCookie = cookies.remove(request.cookieHeader).concat(started.headers["set-cookie"] ?? []);
    return { ...started, headers: { ...started.headers, "set-cookie": setCookie } };
  }

  const get = (answer: (request: WebRequest) => WebResponse | Promise<WebResponse>) => ({ GET: answer, HEAD: answer });
  const pages: Readonly<
    Record<string, Readonly<Record<string, (request: WebRequest) => WebResponse | Promise<WebResponse>>>>
  > = {
    "/_gatehouse/login": get(startFromPage),
    [CALLBACK_PATH]: { GET: finishLogin },
    "/_gatehouse/logout": { ...get(logOutPage), POST: logOut },
    [SIGNED_OUT_PATH]: get(signedOutPage),
  };

  return {
    read,
    refresh,
    touch,
    cookieOf: (session) => asCookieHeader(cookies.write(session)),
    endsAtMs: (session) => session.startedAtSeconds * 1000 + login.sessionMaxMs,
    async handle(request) {
      const methods = Object.hasOwn(pages, request.path) ? pages[request.path] : undefined;
      if (methods === undefined) return null;
      const answer = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
      return answer === undefined ? methodNotAllowed(Object.keys(methods)) : answer(request);
    },
    startLogin: async (returnTo, cookieHeader) => flow.start(returnTo, cookieHeader),
  };
}

/** What a browser sends back of `Set-Cookie` values. */
export function asCookieHeader(setCookie: readonly string[] | null): string | null {
  return setCookie === null ? null : setCookie.map((each) => each.slice(0, each.indexOf(";"))).join("; ");
}

/**
 * What a session was read by: a cookie that was sealed under another audience or other claims is nobody's, because its
 * groups and its right would not be what a token says today.
 */
function sealedFor({ baseUrl, audience, claims }: SessionsOptions): string {
  return JSON.stringify([baseUrl, audience, claims.groups, claims.name]);
}

/** Best effort: a refresh token that the provider forgets is worth nothing to whoever copied the cookie. */
async function revoke(configuration: client.Configuration, refreshToken: string): Promise<void> {
  const call = client.tokenRevocation(configuration, refreshToken, { token_type_hint: "refresh_token" });
  const limit = new Promise<void>((resolve) => {
    setTimeout(resolve, REVOKE_TIMEOUT_MS).unref();
  });
  await Promise.race([call.catch(() => undefined), limit]);
}

/** A request that our own pages, or the person at the address bar, made. Source: Fetch Metadata, RFC 6454. */
function isSameSite(request: WebRequest, baseUrl: string): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  return request.method === "GET" || request.headers["origin"] === new URL(baseUrl).origin;
}

function signedOutPage(): WebResponse {
  return renderPage({
    status: 200,
    reason: "signed-out",
    title: "You are signed out",
    paragraphs: ["You can close this window."],
    link: { href: "/", text: "Sign in again" },
  });
}

function crossSitePage(): WebResponse {
  return renderPage({
    status: 403,
    reason: "logout-cross-site",
    title: "You are still signed in",
    paragraphs: ["Another site tried to sign you out."],
    link: { href: "/_gatehouse/logout", text: "Sign out" },
  });
}

function methodNotAllowed(allowed: readonly string[]): WebResponse {
  const body = '{"message":"Method Not Allowed"}';
  return {
    status: 405,
    reason: "method-not-allowed",
    headers: {
      allow: allowed.join(", "),
      "content-type": "application/json",
      "content-length": String(body.length),
      "cache-control": "no-store",
    },
    body,
  };
}
