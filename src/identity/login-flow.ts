/**
 * Signing in: to the provider and back. Authorization code with PKCE, state, nonce and the issuer in the answer.
 *
 * In: where the person wanted to go; later the provider's redirect. Out: a session, or a page that says why not.
 * What must be remembered between the two is sealed into a cookie of its own for each attempt, so that several tabs can
 * sign in at once and an answer is good only in the browser that asked.
 * One flow is for one provider; attempts at others may share the browser and the sealing key.
 * INVARIANT: an attempt is used once; a code is sent to nobody unless state, cookie, provider and issuer fit.
 * Source: RFC 9700 sections 2.1 and 4.7, RFC 7636, RFC 9207, OpenID Connect Core 1.0 section 3.1.
 */
import { randomBytes } from "node:crypto";
import * as client from "openid-client";
import { type Clock, RecentMap } from "../core/index.ts";
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
  /** Removes the cookie of this attempt. */
  readonly setCookie: readonly string[];
}

export interface LoginFlow {
  /** Sends the browser to the provider. A 503 page when the provider does not answer. Never throws. */
  start(returnTo: string | null | undefined, cookieHeader: string | undefined): Promise<WebResponse>;
  /** Exchanges the code of a callback, or gives the page to show. Never throws. */
  finish(query: string, cookieHeader: string | undefined): Promise<FinishedLogin | WebResponse>;
}

export const CALLBACK_PATH = "/_gatehouse/callback";
const ATTEMPT_SECONDS = 600;
/** Attempts that a browser may have open at once; beyond it the earlier ones are given up. */
const MAX_OPEN_ATTEMPTS = 6;
const ATTEMPT_COOKIE = `${COOKIE_PREFIX}-login-`;
const STATE = /^([A-Za-z0-9_-]{11})\.[A-Za-z0-9_-]{22}$/;

interface Attempt {
  /** Where the attempt was begun: an answer of another provider is none to it. */
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnTo: string;
  readonly endsAtMs: number;
}

export function createLoginFlow(options: LoginFlowOptions): LoginFlow {
  const { provider, issuer, callbackPath, sealer, baseUrl, clock } = options;
  const used = new RecentMap<true>(10_000);

  async function start(wanted: string | null | undefined, cookieHeader: string | undefined): Promise<WebResponse> {
    const attemptId = randomBytes(8).toString("base64url");
    const attempt: Attempt = {
      issuer,
      state: `${attemptId}.${randomBytes(16).toString("base64url")}`,
      nonce: randomBytes(16).toString("base64url"),
      codeVerifier: client.randomPKCECodeVerifier(),
      returnTo: safeReturnTo(wanted, baseUrl),
      endsAtMs: clock.nowMs() + ATTEMPT_SECONDS * 1000,
    };
    let location: URL;
    try {
      location = client.buildAuthorizationUrl(await provider.configuration(), {
        redirect_uri: `${baseUrl}${callbackPath}`,
        response_type: "code",
        scope: options.scopes.join(" "),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
        code_challenge_method: "S256",
        // Not standard; some providers make a token for an API only when it is asked for like this.
        audience: options.audience,
      });
    } catch {
      return unavailablePage();
    }
    const cookie = formatSetCookie(`${ATTEMPT_COOKIE}${attemptId}`, sealer.seal(attempt), ATTEMPT_SECONDS);
    return redirectTo(302, location.href, [...giveUpAttempts(cookieHeader), cookie], "login-started");
  }

  async function finish(query: string, cookieHeader: string | undefined): Promise<FinishedLogin | WebResponse> {
    const found = findAttempt(new URLSearchParams(query).getAll("state"), cookieHeader);
    if (found === null) return failedPage("login-state-unknown", [STATE_UNKNOWN], "/", []);
    const { attempt, attemptId } = found;
    const setCookie = [formatRemoveCookie(`${ATTEMPT_COOKIE}${attemptId}`)];
    used.set(attemptId, true);
    try {
      const configuration = await provider.configuration();
      const url = new URL(`${baseUrl}${callbackPath}?${query.replace(/^\?/, "")}`);
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        expectedState: attempt.state,
        expectedNonce: attempt.nonce,
        pkceCodeVerifier: attempt.codeVerifier,
        idTokenExpected: true,
      });
      return {
        accessToken: tokens.access_token,
        idToken: tokens.id_token ?? null,
        refreshToken: tokens.refresh_token ?? null,
        returnTo: attempt.returnTo,
        setCookie,
      };
    } catch (error) {
      return explainFailure(error, attempt.returnTo, setCookie);
    }
  }

  /** The attempt that this browser made at this provider with this state and that nobody has used. */
  function findAttempt(
    states: readonly string[],
    cookieHeader: string | undefined,
  ): { readonly attempt: Attempt; readonly attemptId: string } | null {
    const [state] = states;
    const attemptId = STATE.exec(state ?? "")?.[1];
    if (states.length !== 1 || attemptId === undefined || used.get(attemptId) === true) return null;
    const sealed = readOurCookies(cookieHeader).get(`${ATTEMPT_COOKIE}${attemptId}`);
    const attempt = typeof sealed === "string" ? decodeAttempt(sealer.open(sealed)) : null;
    if (attempt === null || attempt.issuer !== issuer) return null;
    if (attempt.state !== state || clock.nowMs() >= attempt.endsAtMs) return null;
    return { attempt, attemptId };
  }

  return { start, finish };
}

function decodeAttempt(value: unknown): Attempt | null {
  if (!isJsonObject(value)) return null;
  const texts = [value["issuer"], value["state"], value["nonce"], value["codeVerifier"], value["returnTo"]];
  if (!texts.every((text) => typeof text === "string") || typeof value["endsAtMs"] !== "number") return null;
  return value as unknown as Attempt;
}

function giveUpAttempts(cookieHeader: string | undefined): string[] {
  const open = [...readOurCookies(cookieHeader).keys()].filter((name) => name.startsWith(ATTEMPT_COOKIE));
  return open.length < MAX_OPEN_ATTEMPTS ? [] : open.map(formatRemoveCookie);
}

const STATE_UNKNOWN =
  "This sign-in was started in another browser, has been used already, or took longer than ten minutes.";

function explainFailure(error: unknown, returnTo: string, setCookie: readonly string[]): WebResponse {
  if (error instanceof client.AuthorizationResponseError) {
    const paragraph = `The identity provider answered: ${error.error.slice(0, 100)}.`;
    return failedPage("login-refused-by-provider", [paragraph], returnTo, setCookie);
  }
  if (error instanceof client.ResponseBodyError && error.status < 500 && error.status !== 429) {
    const paragraph = "The identity provider did not accept the answer that your browser brought back.";
    return failedPage("login-response-invalid", [paragraph], returnTo, setCookie);
  }
  if (error instanceof client.ResponseBodyError || isOutage(error)) return unavailablePage(setCookie);
  const paragraph = "The answer of the identity provider did not fit the sign-in that was started here.";
  return failedPage("login-response-invalid", [paragraph], returnTo, setCookie);
}

/** The call failed, or something on the way answered in the provider's place. */
function isOutage(error: unknown): boolean {
  const answered = error instanceof client.ClientError ? error.cause : undefined;
  return findGatehouseError(error) !== null || (answered instanceof Response && answered.status >= 429);
}

export function failedPage(
  reason: LoginReason,
  paragraphs: readonly string[],
  returnTo: string,
  setCookie: readonly string[],
): WebResponse {
  return renderPage({
    status: 400,
    reason,
    title: "You are not signed in",
    paragraphs,
    link: { href: returnTo, text: "Try again" },
    ...(setCookie.length === 0 ? {} : { headers: { "set-cookie": setCookie } }),
  });
}

export function unavailablePage(setCookie: readonly string[] = []): WebResponse {
  return renderPage({
    status: 503,
    reason: "login-provider-unavailable",
    title: "Signing in is not possible right now",
    paragraphs: ["The identity provider does not answer. Please try again in a moment."],
    headers: { "retry-after": "5", ...(setCookie.length === 0 ? {} : { "set-cookie": setCookie }) },
  });
}
