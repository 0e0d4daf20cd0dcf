/** Where sessions are between requests: in the browser's cookies, or in a store to which a cookie leads. */
import type { Session } from "./session.ts";

export type Found = Session | "invalid" | "gone" | null;

export interface SessionKeeper {
  /**
   * What a `Cookie` header leads to, without I/O. Null: no cookie of ours; `invalid`: one that no session of ours made;
   * `unread`: it has to be loaded first; `gone`: it led to a session that is there no longer.
   */
  read(cookieHeader: string | undefined): Found | "unread";
  /** The same with a look into the store. @throws GH_STORE_UNAVAILABLE */
  load(cookieHeader: string | undefined): Promise<Found>;
  /**
   * Keeps a session until its limits: `Set-Cookie` values, or null when it is too large.
   * @throws GH_STORE_UNAVAILABLE
   */
  keep(session: Session): Promise<readonly string[] | null>;
  /** `Set-Cookie` values for a session that is kept already; null when it is too large for a cookie. No I/O. */
  cookiesFor(session: Session): readonly string[] | null;
  /** A session that is kept has been used: `Set-Cookie` values, if it takes any. Nobody waits for the store. */
  touch(session: Session): readonly string[];
  /** `Set-Cookie` values that remove whatever session cookies the browser sent, and the first one in any case. */
  remove(cookieHeader: string | undefined): string[];
  /** A session that has ended is kept no longer: from now on here, and in the store as soon as it takes that. */
  drop(session: Session): Promise<void>;
  /**
   * The same for whatever a cookie leads to, known or not. Gives the session as far as it is known, however old that is:
   * good enough to end it by, and for nothing else.
   */
  discard(cookieHeader: string | undefined): Promise<Session | null>;
}
