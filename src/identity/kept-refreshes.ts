/**
 * A renewed session is kept once, however many requests waited for it; again with the next who comes when the store did not
 * take it.
 *
 * In: the session that a refresh gave. Out: `Set-Cookie` values for each who waited, when it is kept or cannot be now: it is
 * in the lease's answer for other processes, and in memory here.
 */
import { RecentMap } from "../core/index.ts";
import type { SessionKeeper } from "./session-keeper.ts";
import type { Session } from "./session.ts";

const REMEMBERED = 10_000;

/** @param onKeep is told of each session that is about to be kept */
export function createKeptRefreshes(
  keeper: SessionKeeper,
  onKeep: (session: Session) => void,
): (session: Session) => Promise<readonly string[] | null> {
  const kept = new RecentMap<true>(REMEMBERED);
  const keepings = new Map<string, Promise<readonly string[] | null>>();
  return async (session) => {
    const key = `${session.id}:${session.serial}`;
    if (kept.get(key) === true) return keeper.cookiesFor(session);
    let keeping = keepings.get(key);
    if (keeping === undefined) {
      onKeep(session);
      keeping = keeper.keep(session).finally(() => keepings.delete(key));
      keepings.set(key, keeping);
    }
    try {
      const setCookie = await keeping;
      kept.set(key, true);
      return setCookie;
    } catch {
      return keeper.cookiesFor(session);
    }
  };
}
