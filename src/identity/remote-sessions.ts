/**
 * Sessions in several threads: each reads cookies by itself, one of them does whatever changes a session.
 *
 * In: the sessions of a thread, and calls to the one that answers for all. Out: sessions as the gateway knows them.
 * So a session is refreshed once however many threads have requests of it, and one that was signed out is so everywhere:
 * all are told what was revoked (revocations.ts).
 * INVARIANT: what is called with and answered by is plain data; a session travels as its cookie, never opened.
 */
import { asCookieHeader } from "./session-cookie.ts";
import type { AskedSignIn } from "./asked-sign-in.ts";
import type { SessionRefreshResult, Sessions } from "./sessions.ts";
import type { WebRequest, WebResponse } from "./web-response.ts";

export type SessionRefreshAnswer =
  | {
      readonly ok: true;
      readonly setCookie: readonly string[];
      /** Of the session that it was renewed to. */ readonly serial: number;
    }
  | Extract<SessionRefreshResult, { readonly ok: false }>;

/** What a thread asks the one that answers for all. */
export interface SessionCalls {
  refresh(cookie: string, minimumSeconds: number, by: "request" | "stream"): Promise<SessionRefreshAnswer>;
  handle(request: WebRequest): Promise<WebResponse | null>;
  startLogin(returnTo: string, cookieHeader: string | undefined, asked: AskedSignIn | null): Promise<WebResponse>;
}

const EXPIRED = { ok: false, reason: "session-expired" } as const;
const STORE_AWAY = { ok: false, reason: "store-unavailable" } as const;

/** The side that answers for all. */
export function answerSessionCalls(sessions: Sessions): SessionCalls {
  return {
    async refresh(cookie, minimumSeconds, by) {
      const read = await sessions.load(cookie, minimumSeconds);
      if (read.state === "unavailable") return STORE_AWAY;
      if (read.state !== "valid" && read.state !== "needs-refresh") return EXPIRED;
      const result = await sessions.refresh(read.session, minimumSeconds, by);
      return result.ok ? { ok: true, setCookie: result.setCookie, serial: result.session.serial } : result;
    },
    handle: async (request) => sessions.handle(request),
    startLogin: async (returnTo, cookieHeader, asked) => sessions.startLogin(returnTo, cookieHeader, asked),
  };
}

/** The side of a thread. `local` has the same settings and sealing keys as the sessions that answer the calls. */
export function createRemoteSessions(local: Sessions, calls: SessionCalls): Sessions {
  return {
    ...local,
    async refresh(session, minimumSeconds, by = "request") {
      const cookie = local.cookieOf(session);
      const answer = cookie === null ? EXPIRED : await calls.refresh(cookie, minimumSeconds, by);
      if (!answer.ok) return answer;
      const fresh = asCookieHeader(answer.setCookie) ?? "";
      // A store has it under the same cookie as before, so what is remembered here may be of before.
      const read = await local.load(fresh === "" ? (cookie ?? undefined) : fresh, 0);
      if (read.state === "unavailable") return STORE_AWAY;
      if (read.state !== "valid" && read.state !== "needs-refresh") return EXPIRED;
      // The store has not got it: what it has is a session whose right may be over.
      if (read.session.serial < answer.serial) return STORE_AWAY;
      return { ok: true, session: read.session, setCookie: answer.setCookie };
    },
    handle: (request) => calls.handle(request),
    startLogin: (returnTo, cookieHeader, asked = null) => calls.startLogin(returnTo, cookieHeader, asked),
  };
}
