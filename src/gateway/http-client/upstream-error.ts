/** Why a service's connection did not bring an answer. What the system says (`ECONNREFUSED`) is passed on as it is. */

export const UPSTREAM_ERRORS = {
  ERR_UPSTREAM_CLOSED: "the connection ended before the answer was complete",
  ERR_UPSTREAM_MALFORMED: "what came is no answer of HTTP/1.1",
  ERR_UPSTREAM_HEAD_TOO_LARGE: "the head of the answer is larger than 64 KiB",
  ERR_UPSTREAM_SILENT: "nothing came within the answer for too long",
  ERR_UPSTREAM_TIMEOUT: "no answer within the route's timeout",
  ERR_UPSTREAM_CONNECT_TIMEOUT: "no connection within five seconds",
  ERR_UPSTREAM_BODY_LENGTH: "the body is not as long as its `content-length` says",
  ERR_UPSTREAM_SWITCHED: "the connection was switched to another protocol than was asked for",
  ERR_UPSTREAM_REQUEST: "the request cannot be written: its method, target or a header holds what HTTP does not allow",
  ERR_UPSTREAM_STOPPED: "the gateway is stopping",
} as const;

export type UpstreamErrorCode = keyof typeof UPSTREAM_ERRORS;

export class UpstreamError extends Error {
  readonly code: UpstreamErrorCode;

  constructor(code: UpstreamErrorCode) {
    super(UPSTREAM_ERRORS[code]);
    this.code = code;
  }
}
