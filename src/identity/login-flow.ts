/**
 * Signing in: to the provider and back. Authorization code with PKCE, state, nonce and the issuer in the answer.
 *
 * In: where the person wanted to go; later the provider's redirect. Out: a session, or a page that says why not.
 * What must be remembered between the two is sealed into `state`, beside a mark of the browser that only its cookie has. So
 * any number of tabs can sign in at once, and an answer is good only in the browser that asked.
 * One flow is for one provider; attempts at others may share the browser, its mark and the sealing key.
 * INVARIANT: an attempt is used once; a code is sent to nobody unless state, mark, provider and issuer fit.
 * Source: RFC 9700 sections 2.1 and 4.7, RFC 7636, RFC 9207, OpenID Connect Core 1.0 section 3.1.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import * as client from "openid-client";
import { type Clock, RecentMap } from "../core/index.ts";
import { type AskedSignIn, askedParameters, decodeAskedSignIn } from "./asked-sign-in.ts";
import { COOKIE_PREFIX, formatRemoveCookie, formatSetCookie, readOurCookies } from "./cookies.ts";
import { renderPage } from "./pages.ts";
import { type ProviderClient, findGatehouseError } from "./provider-client.ts";
import { safeReturnTo } from "./return-to.ts";
import type { Sealer } from "./sealed-text.ts";
import type { ProviderTokens } from "./session-rights.ts";
import { isJsonObject } from "./strict-json.ts";
import { type LoginReason, type WebResponse, redirectTo } from "./web-response.ts";

export interface LoginFlowOptions {
  readonly provider: ProviderClient;
  /** Exact issuer string of the provider. */
  readonly issuer: string;
  /** Where this provider's answers come, and no other's. */
  readonly callbackPath: string;
  readonly sealer: Sealer;
  readonly baseUrl: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly clock: Clock;
}

export interface FinishedLogin extends ProviderTokens {
  readonly refreshToken: string | null;
  readonly returnTo: string;
  /** What was asked for beside a sign-in. */
  readonly asked: AskedSignIn | null;
}

export interface StartOptions {
  /** Untrusted. */
  readonly returnTo: string | null | undefined;
  readonly cookieHeader: string | undefined;
  /** How, and how recently, the person has to sign in; null for any way. */
  readonly asked: AskedSignIn | null;
}

export interface LoginFlow {
  /** Sends the browser to the provider. A 503 page when the provider does not answer. Never throws. */
  start(options: StartOptions): Promise<WebResponse>;
  /** Exchanges the code of a callback, or gives the page to show. Never throws. */
  finish(query: string, cookieHeader: string | undefined): Promise<FinishedLogin | WebResponse>;
}

export const CALLBACK_PATH = "/_gatehouse/callback";
const ATTEMPT_SECONDS = 600;
/** Tabs that begin before the first has its answer make a mark each; with more than this a browser begins anew. */
const MAX_MARKS = 30;
const MARK_COOKIE = `${COOKIE_PREFIX}-login-`;
const MARK_NAME = /^[A-Za-z0-9_-]{11}$/;
const MARK_VALUE = /^[A-Za-z0-9_-]{22}$/;
const MAX_STATE_CHARS = 8192;

/** By which a browser is known again: a cookie of this name with this value. */
interface Mark {
  readonly name: string;
  readonly value: string;
}

interface Attempt {
  /** Where the attempt was begun: an answer of another provider is none to it. */
  readonly issuer: string;
  readonly mark: Mark;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnTo: string;
  /** The provider wanted it to be begun anew, which is done once. */
  readonly isAgain: boolean;
  readonly asked: AskedSignIn | null;
  readonly endsAtMs: number;
}

export function createLoginFlow(options: LoginFlowOptions): LoginFlow {
  const { provider, issuer, callbackPath, sealer, baseUrl, clock } = options;
  const used = new RecentMap<true>(10_000);

  async function start({ returnTo: wanted, cookieHeader, asked }: StartOptions, isAgain = false): Promise<WebResponse> {
    const { mark, tooMany } = markOf(cookieHeader);
    const attempt: Attempt = {
      issuer,
      mark,
      nonce: randomBytes(16).toString("base64url"),
      codeVerifier: client.randomPKCECodeVerifier(),
      returnTo: safeReturnTo(wanted, baseUrl),
      isAgain,
      asked,
      endsAtMs: clock.nowMs() + ATTEMPT_SECONDS * 1000,
    };
    let location: URL;
    try {
      location = client.buildAuthorizationUrl(await provider.configuration(), {
        redirect_uri: `${baseUrl}${callbackPath}`,
        response_type: "code",
        scope: options.scopes.join(" "),
        state: sealer.seal(attempt),
        nonce: attempt.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
        code_challenge_method: "S256",
        ...askedParameters(asked),
        // Not standard; some providers make a token for an API only when it is asked for like this.
        audience: options.audience,
      });
    } catch (error) {
      return { ...unavailablePage(), error: findGatehouseError(error)?.message ?? null };
    }
    const cookie = formatSetCookie(`${MARK_COOKIE}${mark.name}`, mark.value, ATTEMPT_SECONDS);
    return redirectTo(302, location.href, [...tooMany.map(formatRemoveCookie), cookie], "login-started");
  }

  async function finish(query: string, cookieHeader: string | undefined): Promise<FinishedLogin | WebResponse> {
    const [state = "", ...others] = new URLSearchParams(query).getAll("state");
    const attempt = others.length > 0 || state.length > MAX_STATE_CHARS ? null : findAttempt(state, cookieHeader);
    if (attempt === null) return failedPage("login-state-unknown", [STATE_UNKNOWN], "/");
    used.set(attempt.nonce, true);
    try {
      const configuration = await provider.configuration();
      const url = new URL(`${baseUrl}${callbackPath}?${query.replace(/^\?/, "")}`);
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: attempt.nonce,
        pkceCodeVerifier: attempt.codeVerifier,
        idTokenExpected: true,
      });
      return {
        accessToken: tokens.access_token,
        idToken: tokens.id_token ?? null,
        refreshToken: tokens.refresh_token ?? null,
        returnTo: attempt.returnTo,
        asked: attempt.asked,
      };
    } catch (error) {
      // Keycloak says so of a page that was open for too long, or was opened in many tabs at once.
      const isStale = error instanceof client.AuthorizationResponseError && error.error === "temporarily_unavailable";
      return isStale && !attempt.isAgain
        ? start({ returnTo: attempt.returnTo, cookieHeader, asked: attempt.asked }, true)
        : explainFailure(error, attempt.returnTo);
    }
  }

  /** The attempt that this browser made at this provider and that nobody has used. */
  function findAttempt(state: string, cookieHeader: string | undefined): Attempt | null {
    const attempt = decodeAttempt(sealer.open(state));
    if (attempt === null || attempt.issuer !== issuer) return null;
    if (used.get(attempt.nonce) === true || clock.nowMs() >= attempt.endsAtMs) return null;
    const { name, value } = attempt.mark;
    const sent = readOurCookies(cookieHeader).get(`${MARK_COOKIE}${name}`);
    return typeof sent === "string" && isEqual(sent, value) ? attempt : null;
  }

  return { start, finish };
}

function decodeAttempt(value: unknown): Attempt | null {
  if (!isJsonObject(value) || !isJsonObject(value["mark"])) return null;
  const texts = [
    value["issuer"],
    value["mark"]["name"],
    value["mark"]["value"],
    value["nonce"],
    value["codeVerifier"],
    value["returnTo"],
  ];
  if (!texts.every((text) => typeof text === "string")) return null;
  if (typeof value["endsAtMs"] !== "number" || typeof value["isAgain"] !== "boolean") return null;
  const asked = decodeAskedSignIn(value["asked"] ?? null);
  return asked === undefined ? null : ({ ...value, asked } as unknown as Attempt);
}

/** The mark that the browser has, or a new one; and the names of cookies that it has too many of. */
function markOf(cookieHeader: string | undefined): { readonly mark: Mark; readonly tooMany: readonly string[] } {
  const marks = [...readOurCookies(cookieHeader)].filter(([name]) => name.startsWith(MARK_COOKIE));
  const fresh = { name: randomBytes(8).toString("base64url"), value: randomBytes(16).toString("base64url") };
  if (marks.length > MAX_MARKS) return { mark: fresh, tooMany: marks.map(([name]) => name) };
  for (const [cookie, value] of marks) {
    const name = cookie.slice(MARK_COOKIE.length);
    if (value !== null && MARK_NAME.test(name) && MARK_VALUE.test(value)) return { mark: { name, value }, tooMany: [] };
  }
  return { mark: fresh, tooMany: [] };
}

function isEqual(one: string, other: string): boolean {
  return timingSafeEqual(hash("sha256", one, "buffer"), hash("sha256", other, "buffer"));
}

const STATE_UNKNOWN =
  "This sign-in was started in another browser, has been used already, or took longer than ten minutes.";

function explainFailure(error: unknown, returnTo: string): WebResponse {
  if (error instanceof client.AuthorizationResponseError) {
    const paragraph = `The identity provider answered: ${error.error.slice(0, 100)}.`;
    return failedPage("login-refused-by-provider", [paragraph], returnTo);
  }
  if (error instanceof client.ResponseBodyError && error.status < 500 && error.status !== 429) {
    const paragraph = "The identity provider did not accept the answer that your browser brought back.";
    return failedPage("login-response-invalid", [paragraph], returnTo);
  }
  if (error instanceof client.ResponseBodyError || isOutage(error)) return unavailablePage();
  const paragraph = "The answer of the identity provider did not fit the sign-in that was started here.";
  return failedPage("login-response-invalid", [paragraph], returnTo);
}

/** The call failed, or something on the way answered in the provider's place. */
function isOutage(error: unknown): boolean {
  const answered = error instanceof client.ClientError ? error.cause : undefined;
  return findGatehouseError(error) !== null || (answered instanceof Response && answered.status >= 429);
}

export function failedPage(reason: LoginReason, paragraphs: readonly string[], returnTo: string): WebResponse {
  return renderPage({
    status: 400,
    reason,
    title: "You are not signed in",
    paragraphs,
    link: { href: returnTo, text: "Try again" },
  });
}

export function unavailablePage(): WebResponse {
  return renderPage({
    status: 503,
    reason: "login-provider-unavailable",
    title: "Signing in is not possible right now",
    paragraphs: ["The identity provider does not answer. Please try again in a moment."],
    headers: { "retry-after": "5" },
  });
}
