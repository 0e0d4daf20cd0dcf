/** An answer that this module gives to a browser itself, as data: the gateway sends it. */
export interface WebResponse {
  readonly status: number;
  /** Names in lower case. A list is several header lines. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
  /** For the record of the request; never shown. */
  readonly reason: LoginReason;
  /** What went wrong, for the record of the request; never shown. */
  readonly error?: string | null;
}

export type LoginReason =
  | "login-choice"
  | "login-provider-unknown"
  | "login-started"
  | "login-finished"
  | "login-state-unknown"
  | "login-refused-by-provider"
  | "login-response-invalid"
  | "login-token-refused"
  | "login-weaker-than-asked"
  | "login-session-too-large"
  | "login-provider-unavailable"
  | "logout-confirm"
  | "logout-finished"
  | "logout-cross-site"
  | "logout-token-refused"
  | "session-store-unavailable"
  | "signed-out"
  | "signed-in"
  | "form-kept"
  | "method-not-allowed";

export interface WebRequest {
  readonly method: string;
  readonly path: string;
  /** With or without leading `?`. */
  readonly query: string;
  readonly cookieHeader: string | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Of a form, where one is read. */
  readonly body?: string | undefined;
}

/** Sends the browser elsewhere and lets nobody keep the answer. */
export function redirectTo(
  status: 302 | 303,
  location: string,
  setCookie: readonly string[],
  reason: LoginReason,
): WebResponse {
  return {
    status,
    headers: {
      location,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "content-length": "0",
      ...(setCookie.length === 0 ? {} : { "set-cookie": setCookie }),
    },
    body: "",
    reason,
  };
}
