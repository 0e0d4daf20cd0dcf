/** What a gateway's thread asks about sessions, as it travels between threads. */
import type { AskedSignIn } from "../identity/index.ts";

export interface SessionRefreshCall {
  readonly cookie: string;
  readonly minimumSeconds: number;
  readonly by: "request" | "stream";
}

export interface SessionLoginCall {
  readonly returnTo: string;
  readonly cookieHeader: string | undefined;
  readonly asked: AskedSignIn | null;
}
