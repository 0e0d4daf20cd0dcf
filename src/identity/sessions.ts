/**
 * Sign-in sessions of people: how one begins, whether it is still good, how it is renewed, how it ends.
 * Several providers may vouch for people; each session belongs to the one that it began at (sign-in-provider.ts).
 *
 * In: requests and `Cookie` headers. Out: sessions with an identity, answers for the browser, `Set-Cookie` values.
 * A session lives in its cookie or in a store (session-keeper.ts); which have ended is in `revocations`.
 * INVARIANT: an identity is given only while idle limit, absolute limit and the provider's right all hold and nobody took
 * it away.
 * Source: RFC 9700, OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout 1.0; docs/spec for limits.
 */
import { hash, randomBytes } from "node:crypto";
import * as client from "openid-client";
import { type Clock, Secret, RecentMap, isGatehouseError } from "../core/index.ts";
import { type Store, createMemoryStore } from "../store/index.ts";
import { type AskedSignIn, isAsAsked, readAskedSignIn, weakerSignInPage } from "./asked-sign-in.ts";
import type { ClaimNames } from "./claims.ts";
import { createKeptRefreshes } from "./kept-refreshes.ts";
import type { KeySource } from "./key-source.ts";
import { LOGIN_PATH, chooserPage, chosenProvider, loginHref } from "./chooser-page.ts";
import { failedPage, unavailablePage } from "./login-flow.ts";
import { parseCompactJws } from "./compact-jws.ts";
import { type Brand, dressPage, renderPage } from "./pages.ts";
import { revokeRefreshToken } from "./provider-client.ts";
import type { Fetch } from "./provider-fetch.ts";
import { type Revocations, createRevocations } from "./revocations.ts";
import { SIGNED_IN_PATH } from "./return-to.ts";
import { createSealer } from "./sealed-text.ts";
import { asCookieHeader, createCookieSessions } from "./session-cookie.ts";
import { type SessionSummary, createSessionIndex } from "./session-index.ts";
import type { Found } from "./session-keeper.ts";
import type { RefreshFailure } from "./session-refresh.ts";
import { safeReturnTo } from "./return-to.ts";
import {
  backChannelAnswer,
  crossSitePage,
  isSameSite,
  methodNotAllowed,
  signedInPage,
  signedOutPage,
  storeAwayPage,
} from "./session-pages.ts";
import { type Session, createSessionCodec } from "./session.ts";
import { type ProviderLogin, type SignInProvider, createSignInProvider } from "./sign-in-provider.ts";
import { createStoredSessions, newHandle } from "./stored-sessions.ts";
import type { TokenVerifier, WorkloadIssuer } from "./token-verifier.ts";
import { type WebRequest, type WebResponse, redirectTo } from "./web-response.ts";

export interface SessionsOptions {
  /** Exact issuer string. */
  readonly issuer: string;
  /** At the provider of the environment, and how long anybody's sessions last. */
  readonly login: ProviderLogin & {
    readonly sessionIdleMs: number;
    readonly sessionMaxMs: number;
    /** Whose the pages are that people see. @default nobody's */
    readonly page?: Brand | undefined;
  };
  /** Other issuers that people sign in at; the verifier trusts them. @default none */
  readonly furtherProviders?: readonly FurtherProvider[] | undefined;
  /** Where browsers reach us: `https://host:port`, no final slash. */
  readonly baseUrl: string;
  readonly audience: string;
  readonly claims: ClaimNames;
  /** For access tokens; ID tokens are checked by the same code with the client as audience. */
  readonly verifier: TokenVerifier;
  /** Paths of the claims that the policy asks for, the same as the verifier's. @default none */
  readonly usedClaims?: readonly string[] | undefined;
  /** The first seals, all open. 32 bytes or more each. */
  readonly sealKeys: readonly Secret<Uint8Array>[];
  readonly clock: Clock;
  readonly fetch?: Fetch | undefined;
  readonly allowHttpLoopback: boolean;
  /** Which have ended; the same for all who know these sessions. @default its own */
  readonly revocations?: Revocations | undefined;
  /** Where sessions are: in the browser's cookies, or in the store. @default cookie */
  readonly keptIn?: "cookie" | "store" | undefined;
  /** What processes with the same sessions share. @default this process alone */
  readonly store?: Store | undefined;
  /** Of the provider, for what it tells by itself. @default none, and it is not listened to */
  readonly keys?: KeySource | undefined;
  /** How long an old cookie still leads to the session that replaced it. @default 300000 */
  readonly refreshGraceMs?: number | undefined;
}

/** Its keys are listened to when it tells of a sign-out, as those of the options are. */
export interface FurtherProvider extends Pick<WorkloadIssuer, "name" | "issuer" | "audience" | "claims"> {
  readonly login: ProviderLogin;
  readonly keys?: KeySource | undefined;
}

/** `unread`: `load` knows more. `unavailable`: nobody can say now. */
export type SessionState =
  | { readonly state: "none" | "invalid" | "expired" | "unread" | "unavailable" }
  | { readonly state: "valid" | "needs-refresh"; readonly session: Session };

export interface Sessions {
  /**
   * What the cookie says now. `needs-refresh`: the right ends within `minimumSeconds` (30 unless said), or has ended,
   * and can be renewed. No I/O.
   */
  read(cookieHeader: string | undefined, minimumSeconds?: number): SessionState;
  /** The same with a look into the store, where sessions are there. Never throws. */
  load(cookieHeader: string | undefined, minimumSeconds?: number): Promise<SessionState>;
  /** Whether nobody took it away and its absolute limit has not come: what something long that it began goes on by. */
  mayGoOn(session: Session): boolean;
  /**
   * A session whose right outlives `minimumSeconds` if the provider gives such rights. One call for all who wait. `by` a
   * stream: the browser is not told, so its old cookie leads to the new session until it would idle out.
   */
  refresh(session: Session, minimumSeconds: number, by?: "request" | "stream"): Promise<SessionRefreshResult>;
  /** `Set-Cookie` values that keep an active session from idling out; empty unless a minute has passed. */
  touch(session: Session): readonly string[];
  /** The `Cookie` header that a browser with this session sends; null when it is too large for one. */
  cookieOf(session: Session): string | null;
  /** Milliseconds since the epoch: no request is let in by this session afterwards, however often it is refreshed. */
  endsAtMs(session: Session): number;
  /**
   * Answers `/_gatehouse/login`, `/callback...`, `/logout`, `/signed-out`, `/signed-in`; null for any other path. Never
   * throws.
   */
  handle(request: WebRequest): Promise<WebResponse | null>;
  /**
   * Sends a browser to sign in, as a route asks for it, or to choose where, and lets it come back to a path of ours. Whoever
   * has a session goes to its own provider. The session goes on until the browser comes back with another one. Never throws.
   */
  startLogin(returnTo: string, cookieHeader?: string, asked?: AskedSignIn | null): Promise<WebResponse>;
  /** Who is signed in, those who came last first. @throws GH_STORE_UNAVAILABLE */
  list(): Promise<readonly SessionSummary[]>;
}

export type SessionRefreshResult =
  | { readonly ok: true; readonly session: Session; readonly setCookie: readonly string[] }
  | { readonly ok: false; readonly reason: RefreshFailure };

const DEFAULT_MINIMUM_SECONDS = 30;
const TOUCH_SECONDS = 60;
const SIGNED_OUT_PATH = "/_gatehouse/signed-out";
export const BACK_CHANNEL_PATH = "/_gatehouse/backchannel-logout";
const MAX_LISTED = 10_000;

/** @throws GH_IDENTITY_SEAL_KEY */
export function createSessions(options: SessionsOptions): Sessions {
  const { login, baseUrl, clock } = options;
  const revocations = options.revocations ?? createRevocations({ clock });
  const store = options.store ?? createMemoryStore(clock);
  const codec = createSessionCodec(
    createSealer(options.sealKeys, "session", sealedFor(options)),
    options.usedClaims ?? [],
    new Map((options.furtherProviders ?? []).map((one) => [one.name, readingOf(one)])),
  );
  const keeper =
    options.keptIn === "store" ? createStoredSessions({ store, codec, clock, endsAtMs }) : createCookieSessions(codec);
  const index = createSessionIndex(store, createSealer(options.sealKeys, "index", baseUrl), clock, endsAtMs);
  const sealer = createSealer(options.sealKeys, "login", baseUrl);
  const shared = { ...options, store, sharedStore: options.store, sealer, codec };
  const own = createSignInProvider({ ...shared, name: null });
  const providers: readonly SignInProvider[] = [own, ...(options.furtherProviders ?? []).flatMap(furtherProvider)];

  /** What the verifier does not trust signs nobody in. */
  function furtherProvider(one: FurtherProvider): readonly SignInProvider[] {
    const verifier = options.verifier.forIssuer(one.name);
    return verifier === null ? [] : [createSignInProvider({ ...shared, ...one, keys: one.keys, verifier })];
  }

  /** Where the session began; null when nobody signs in there any longer. */
  function providerOf({ identity }: Session): SignInProvider | null {
    return providers.find(({ issuer, name }) => issuer === identity.issuer && name === identity.issuerName) ?? null;
  }

  const touched = new RecentMap<number>(50_000);
  const keepRefreshed = createKeptRefreshes(keeper, (session) => index.note(session));

  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);

  function endsAtMs(session: Session): number {
    return session.startedAtSeconds * 1000 + login.sessionMaxMs;
  }

  function mayGoOn(session: Session): boolean {
    return !revocations.coversSession(session) && providerOf(session) !== null && clock.nowMs() < endsAtMs(session);
  }

  function isWithinLimits(session: Session): boolean {
    return mayGoOn(session) && clock.nowMs() < session.activeAtSeconds * 1000 + login.sessionIdleMs;
  }

  /** Whether a newer session has taken this one's place. */
  function isReplaced(session: Session): boolean {
    return providerOf(session)?.refreshes.isReplaced(session) === true;
  }

  /** Rights that are shorter than what is asked are renewed at half their life, not with every request. */
  function outlives(session: Session, minimumSeconds: number): boolean {
    const { identity, obtainedAtSeconds } = session;
    const neededSeconds = Math.min(minimumSeconds, (identity.expiresAtSeconds - obtainedAtSeconds) / 2);
    const remainingMs = identity.expiresAtSeconds * 1000 - clock.nowMs();
    return remainingMs > 0 && remainingMs >= neededSeconds * 1000;
  }

  function judge(found: Found | "unread", minimumSeconds: number): SessionState {
    if (found === null) return { state: "none" };
    if (found === "invalid" || found === "unread") return { state: found };
    if (found === "gone" || !isWithinLimits(found)) return { state: "expired" };
    const session = found;
    if (session.refreshToken === null) return outlives(session, 0) ? { state: "valid", session } : { state: "expired" };
    const good = outlives(session, minimumSeconds) && !isReplaced(session);
    return { state: good ? "valid" : "needs-refresh", session };
  }

  async function load(cookieHeader: string | undefined, minimumSeconds: number): Promise<SessionState> {
    try {
      return judge(await keeper.load(cookieHeader), minimumSeconds);
    } catch (cause) {
      if (!isGatehouseError(cause)) throw cause;
      return { state: "unavailable" };
    }
  }

  async function refresh(
    session: Session,
    minimumSeconds: number,
    by: "request" | "stream" = "request",
  ): Promise<SessionRefreshResult> {
    const provider = providerOf(session);
    // What is open is use of its own kind: it goes on where nothing else of the browser comes.
    const mayHave = by === "stream" ? mayGoOn : isWithinLimits;
    if (provider === null || !mayHave(session)) return { ok: false, reason: "session-expired" };
    // One that cannot be renewed is good to its end.
    if (session.refreshToken === null && outlives(session, 0)) return { ok: true, session, setCookie: [] };
    const wasReplaced = isReplaced(session);
    if (outlives(session, minimumSeconds) && !wasReplaced) return { ok: true, session, setCookie: [] };
    const outcome = await provider.refreshes.refresh(session, by === "stream" ? login.sessionIdleMs : undefined);
    // Signing out while the call was under way wins.
    if (outcome.ok && mayHave(outcome.session)) {
      const setCookie = await keepRefreshed(outcome.session);
      if (setCookie !== null) return { ok: true, session: outcome.session, setCookie };
    }
    if (!outcome.ok && outcome.reason !== "session-expired") return outcome;
    if (!wasReplaced) await end(session);
    return { ok: false, reason: "session-expired" };
  }

  /** The session is good no longer, wherever else its cookie may be. Counts at once; told to the store when it can be. */
  async function end(session: Session): Promise<void> {
    index.forget(session.id);
    await Promise.allSettled([
      revocations.add({ kind: "session", id: session.id }, Math.max(1000, endsAtMs(session) - clock.nowMs())),
      keeper.drop(session),
    ]);
  }

  function touch(session: Session): readonly string[] {
    const now = nowSeconds();
    const everySeconds = Math.min(TOUCH_SECONDS, login.sessionIdleMs / 4000);
    const lastSeconds = Math.max(session.activeAtSeconds, touched.get(session.id) ?? 0);
    if (now - lastSeconds < everySeconds) return [];
    touched.set(session.id, now);
    const active = { ...session, activeAtSeconds: now };
    index.note(active);
    return keeper.touch(active);
  }

  async function finishLogin(provider: SignInProvider, request: WebRequest): Promise<WebResponse> {
    const finished = await provider.flow.finish(request.query, request.cookieHeader);
    if ("status" in finished) return finished;
    const { returnTo, asked } = finished;
    const right = await provider.readRight(finished);
    if (!right.ok) {
      if (right.reason === "keys-unavailable") return unavailablePage();
      const paragraph = `The identity provider's token cannot be used here: ${right.reason}.`;
      return failedPage("login-token-refused", [paragraph], returnTo);
    }
    const now = nowSeconds();
    const session: Session = {
      id: randomBytes(16).toString("base64url"),
      identity: right.identity,
      refreshToken: finished.refreshToken === null ? null : new Secret(finished.refreshToken),
      providerSession: right.providerSession,
      obtainedAtSeconds: now,
      startedAtSeconds: now,
      activeAtSeconds: now,
      serial: 0,
      handle: options.keptIn === "store" ? newHandle() : null,
    };
    let sessionCookies: readonly string[] | null;
    try {
      sessionCookies = await keeper.keep(session);
    } catch (cause) {
      if (!isGatehouseError(cause)) throw cause;
      return storeAwayPage(returnTo);
    }
    if (sessionCookies === null) {
      const paragraph = "The identity provider says more about you than a cookie can hold.";
      return failedPage("login-session-too-large", [paragraph], returnTo);
    }
    index.note(session);
    await endSessionOf(request.cookieHeader);
    if (asked !== null && !isAsAsked(session.identity, asked, clock.nowMs()))
      return weakerSignInPage(asked, returnTo, sessionCookies);
    return redirectTo(302, returnTo, sessionCookies, "login-finished");
  }

  /** Ends the session of this browser, if it has one. */
  async function endSessionOf(cookieHeader: string | undefined): Promise<Session | null> {
    const session = await keeper.discard(cookieHeader);
    if (session !== null) await end(session);
    return session;
  }

  async function logOut(request: WebRequest): Promise<WebResponse> {
    if (!isSameSite(request, baseUrl)) return crossSitePage();
    const removed = keeper.remove(request.cookieHeader);
    const session = await endSessionOf(request.cookieHeader);
    const location = await endAtProvider(session);
    return redirectTo(303, location, removed, "logout-finished");
  }

  /** Of several only a session tells which one a browser is signed in at. */
  function providerToLeave(session: Session | null): SignInProvider | null {
    return session !== null ? providerOf(session) : providers.length === 1 ? own : null;
  }

  /** Where the provider ends its own session; our page when it cannot be asked. Never throws. */
  async function endAtProvider(session: Session | null): Promise<string> {
    const provider = providerToLeave(session);
    if (provider === null) return SIGNED_OUT_PATH;
    try {
      const configuration = await provider.client.configuration();
      const { revocation_endpoint: revocation, end_session_endpoint: endSession } = configuration.serverMetadata();
      const token = session?.refreshToken?.reveal();
      if (revocation !== undefined && token !== undefined) await revokeRefreshToken(configuration, token);
      if (endSession === undefined) return SIGNED_OUT_PATH;
      // No id_token_hint: a token does not belong into a URL. The client is named instead.
      return client.buildEndSessionUrl(configuration, {
        client_id: provider.clientId,
        post_logout_redirect_uri: `${baseUrl}${SIGNED_OUT_PATH}`,
      }).href;
    } catch {
      return SIGNED_OUT_PATH;
    }
  }

  async function logOutPage(request: WebRequest): Promise<WebResponse> {
    return renderPage({
      status: 200,
      reason: "logout-confirm",
      title: "Sign out?",
      paragraphs: ["You will be signed out here and at the identity provider."],
      form: { action: "/_gatehouse/logout", button: "Sign out" },
      formTargets: `'self' https: ${await endSessionOrigin(request.cookieHeader)}`.trim(),
    });
  }

  /** Browsers hold a form's answer to the page's policy, so the provider must be allowed as a target. */
  async function endSessionOrigin(cookieHeader: string | undefined): Promise<string> {
    const provider = providers.length === 1 ? own : await providerOfBrowser(cookieHeader);
    if (provider === null) return "";
    try {
      const endSession = (await provider.client.configuration()).serverMetadata().end_session_endpoint;
      return endSession === undefined ? "" : new URL(endSession).origin;
    } catch {
      return "";
    }
  }

  async function startFromPage(request: WebRequest): Promise<WebResponse> {
    const query = new URLSearchParams(request.query);
    const wanted = query.getAll("return_to");
    const returnTo = safeReturnTo(wanted.length === 1 ? wanted[0] : null, baseUrl);
    const asked = readAskedSignIn(request.query);
    const chosen = providers.length === 1 ? own : chosenProvider(providers, query);
    if (chosen === null || chosen === undefined) return chooserPage(providers, { returnTo, asked }, chosen === null);
    const started = await chosen.flow.start({ returnTo, cookieHeader: request.cookieHeader, asked });
    // The tab beside this one still shows a form that this session, or what is left of it, was for.
    if (wanted[0] === SIGNED_IN_PATH) return started;
    // Whoever asks to sign in is done with the session that the browser holds; another site cannot ask for that.
    if (started.status !== 302 || !isSameSite(request, baseUrl)) return started;
    if ((await endSessionOf(request.cookieHeader)) === null) return started;
    const setCookie = keeper.remove(request.cookieHeader).concat(started.headers["set-cookie"] ?? []);
    return { ...started, headers: { ...started.headers, "set-cookie": setCookie } };
  }

  function dress(answer: WebResponse): WebResponse {
    return login.page === undefined ? answer : dressPage(answer, login.page);
  }

  async function startLogin(
    returnTo: string,
    cookieHeader: string | undefined,
    asked: AskedSignIn | null,
  ): Promise<WebResponse> {
    const provider = providers.length === 1 ? own : await providerOfBrowser(cookieHeader);
    if (provider !== null) return provider.flow.start({ returnTo, cookieHeader, asked });
    const wish = { returnTo: safeReturnTo(returnTo, baseUrl), asked };
    return redirectTo(302, loginHref(wish, null), [], "login-choice");
  }

  /** Where the session of this browser began; null without one that is good. */
  async function providerOfBrowser(cookieHeader: string | undefined): Promise<SignInProvider | null> {
    const found = await load(cookieHeader, 0);
    return "session" in found ? providerOf(found.session) : null;
  }

  async function backChannelLogout(request: WebRequest): Promise<WebResponse> {
    const tokens = new URLSearchParams(request.body ?? "").getAll("logout_token");
    const [token] = tokens;
    if (token === undefined || tokens.length !== 1) return backChannelAnswer("one `logout_token` is needed");
    // What is not signed yet only chooses by whose keys it is judged.
    const from = providers.length === 1 ? undefined : parseCompactJws(token)?.payload["iss"];
    const { issuer, judgeLogoutToken } = providers.find((one) => one.issuer === from) ?? own;
    if (judgeLogoutToken === null) return backChannelAnswer("one `logout_token` is needed");
    const told = await judgeLogoutToken(token);
    if (!told.ok) return backChannelAnswer(told.problem);
    const lastsMs = login.sessionMaxMs;
    const ended =
      told.sid !== null
        ? revocations.add({ kind: "provider-session", issuer, sid: told.sid }, lastsMs)
        : revocations.add(
            { kind: "sign-ins", issuer, subject: told.subject ?? "", untilSeconds: nowSeconds() },
            lastsMs,
          );
    // It counts here; the store gets it when it can.
    await ended.catch(() => undefined);
    return backChannelAnswer(null);
  }

  const get = (answer: (request: WebRequest) => WebResponse | Promise<WebResponse>) => ({ GET: answer, HEAD: answer });
  const pages: Readonly<
    Record<string, Readonly<Record<string, (request: WebRequest) => WebResponse | Promise<WebResponse>>>>
  > = {
    [LOGIN_PATH]: get(startFromPage),
    ...Object.fromEntries(
      providers.map((one) => [one.callbackPath, { GET: async (request: WebRequest) => finishLogin(one, request) }]),
    ),
    "/_gatehouse/logout": { ...get(logOutPage), POST: logOut },
    [SIGNED_OUT_PATH]: get(signedOutPage),
    [SIGNED_IN_PATH]: get(async ({ cookieHeader }) => signedInPage("session" in (await load(cookieHeader, 0)))),
    [BACK_CHANNEL_PATH]: { POST: backChannelLogout },
  };

  return {
    read: (cookieHeader, minimumSeconds = DEFAULT_MINIMUM_SECONDS) => judge(keeper.read(cookieHeader), minimumSeconds),
    load: async (cookieHeader, minimumSeconds = DEFAULT_MINIMUM_SECONDS) => load(cookieHeader, minimumSeconds),
    mayGoOn,
    refresh,
    touch,
    cookieOf: (session) => asCookieHeader(keeper.cookiesFor(session)),
    endsAtMs,
    async handle(request) {
      const methods = Object.hasOwn(pages, request.path) ? pages[request.path] : undefined;
      if (methods === undefined) return null;
      const answer = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
      return answer === undefined ? methodNotAllowed(Object.keys(methods)) : dress(await answer(request));
    },
    startLogin: async (returnTo, cookieHeader, asked = null) => dress(await startLogin(returnTo, cookieHeader, asked)),
    async list() {
      const nowMs = clock.nowMs();
      const isOpen = (each: SessionSummary): boolean =>
        nowMs < Date.parse(each.activeAt) + login.sessionIdleMs &&
        !revocations.coversSession({
          ...each,
          identity: each,
          startedAtSeconds: Math.floor(Date.parse(each.startedAt) / 1000),
        });
      return (await index.list(MAX_LISTED)).filter(isOpen);
    },
  };
}

/**
 * What a session was read by: a cookie that was sealed under another audience or other claims is nobody's, because its
 * groups and its right would not be what a token says today.
 */
function sealedFor({ baseUrl, audience, claims }: SessionsOptions): string {
  return JSON.stringify([baseUrl, audience, claims.groups, claims.name]);
}

/** The same of an issuer that has a name. */
function readingOf({ issuer, audience, claims }: FurtherProvider): string {
  return hash("sha256", JSON.stringify([issuer, audience, claims.groups, claims.name]), "base64url").slice(0, 16);
}
