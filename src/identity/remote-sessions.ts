/**
 * Sessions in several threads: each reads cookies by itself, one of them does whatever changes a session.
 *
 * In: the sessions of a thread, and calls to the one that answers for all. Out: sessions as the gateway knows them.
 * So a session is refreshed once however many threads have requests of it, and one that was signed out is so everywhere:
 * the memory of ended sessions is told to all (`createSessionMemory`).
 * INVARIANT: what is called with and answered by is plain data; a session travels as its sealed cookie, never opened.
 */
import type { SessionRefreshResult, Sessions } from "./sessions.ts";
import { asCookieHeader } from "./sessions.ts";
import type { WebRequest, WebResponse } from "./web-response.ts";

export type SessionRefreshAnswer =
  | { readonly ok: true; readonly setCookie: readonly string[] }
  | Extract<SessionRefreshResult, { readonly ok: false }>;

/** What a thread asks the one that answers for all. */
export interface SessionCalls {
  refresh(cookie: string, minimumSeconds: number): Promise<SessionRefreshAnswer>;
  handle(request: WebRequest): Promise<WebResponse | null>;
  startLogin(returnTo: string, cookieHeader: string | undefined): Promise<WebResponse>;
}

const EXPIRED = { ok: false, reason: "session-expired" } as const;

/** The side that answers for all. */
export function answerSessionCalls(sessions: Sessions): SessionCalls {
  return {
    async refresh(cookie, minimumSeconds) {
      const read = sessions.read(cookie, minimumSeconds);
      if (read.state !== "valid" && read.state !== "needs-refresh") return EXPIRED;
      const result = await sessions.refresh(read.session, minimumSeconds);
      return result.ok ? { ok: true, setCookie: result.setCookie } : result;
    },
    handle: async (request) => sessions.handle(request),
    startLogin: async (returnTo, cookieHeader) => sessions.startLogin(returnTo, cookieHeader),
  };
}

/** The side of a thread. `local` has the same settings and sealing keys as the sessions that answer the calls. */
export function createRemoteSessions(local: Sessions, calls: SessionCalls): Sessions {
  return {
    ...local,
    async refresh(session, minimumSeconds) {
      const cookie = local.cookieOf(session);
      const answer = cookie === null ? EXPIRED : await calls.refresh(cookie, minimumSeconds);
      if (!answer.ok) return answer;
      const fresh = asCookieHeader(answer.setCookie);
      if (fresh === null || fresh === "") return { ok: true, session, setCookie: [] };
      const read = local.read(fresh, 0);
      return read.state === "valid" || read.state === "needs-refresh"
        ? { ok: true, session: read.session, setCookie: answer.setCookie }
        : EXPIRED;
    },
    handle: (request) => calls.handle(request),
    startLogin: (returnTo, cookieHeader) => calls.startLogin(returnTo, cookieHeader),
  };
}
