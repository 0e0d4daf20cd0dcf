/**
 * The answers that an API gives itself: AWS's status, body and headers for each condition.
 *
 * In: a condition. Out: a `GatewayAnswer`, and what the access log says of it (`$context.error.*`).
 * Not here: headers that every answer has, `www-authenticate` (api-call.ts).
 * Source: API Gateway developer guide, "Troubleshooting issues with HTTP APIs", "Quotas"; switches where it is silent.
 * INVARIANT: a body says nothing about why; no text of a client's request is in an answer.
 */
import { jsonReply } from "../reply.ts";
import type { Switches } from "./switches.ts";

export interface GatewayAnswer {
  readonly status: number;
  readonly body: string;
  /** Flat names and values: content type and length. */
  readonly headers: readonly string[];
  /** `$context.error.message`. */
  readonly message: string | null;
  /** `$context.error.responseType`. */
  readonly responseType: string | null;
}

export type Condition =
  | "bad-request"
  | "unauthorized"
  | "forbidden"
  | "wrong-host"
  | "not-found"
  | "endpoint-disabled"
  | "request-timeout"
  | "payload-too-large"
  | "uri-too-long"
  | "throttled"
  | "headers-too-large"
  | "fault"
  | "overloaded"
  | "response-too-large"
  | "integration-timeout"
  | "integration-unreachable";

export type Answers = Readonly<Record<Condition, GatewayAnswer>>;

/** Of a request and of an answer. SOURCE: API Gateway quotas for HTTP APIs. */
export const MAX_PAYLOAD_BYTES = 10_485_760;
/** Of all bodies that one gateway holds at a time. Ours: whoever opens connections must not choose our memory. */
export const MAX_HELD_BYTES = 268_435_456;
/** Request line and header values. SOURCE: as above. */
export const MAX_HEAD_BYTES = 10_240;
/** SOURCE: as above, "ARN length of a method with authorization". */
export const MAX_ARN_BYTES = 1600;

const MESSAGES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  413: "Request Entity Too Large",
  414: "Request URI too long",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export function compileAnswers(switches: Switches): Answers {
  return {
    "bad-request": answer(400, "BAD_REQUEST"),
    unauthorized: answer(401, "UNAUTHORIZED"),
    forbidden: answer(403, "ACCESS_DENIED"),
    "wrong-host": answer(403, null, ["x-amzn-errortype", "ForbiddenException"]),
    "not-found": answer(404, "RESOURCE_NOT_FOUND"),
    "endpoint-disabled": answer(Number(switches["disabled-endpoint"]), null),
    "request-timeout": answer(408, null),
    "payload-too-large": switches["payload-too-large"] === "json" ? answer(413, "REQUEST_TOO_LARGE") : TOO_LARGE_TEXT,
    "uri-too-long": answer(414, null),
    throttled: answer(429, "THROTTLED"),
    "headers-too-large": answer(431, null),
    fault: answer(500, "DEFAULT_5XX"),
    overloaded: answer(503, "DEFAULT_5XX", ["retry-after", "1"]),
    "response-too-large": answer(500, "INTEGRATION_FAILURE"),
    "integration-timeout": answer(Number(switches["integration-timeout"]), "INTEGRATION_TIMEOUT"),
    "integration-unreachable": answer(Number(switches["integration-unreachable"]), "INTEGRATION_NETWORK_FAILURE"),
  };
}

function answer(status: number, responseType: string | null, extra: readonly string[] = []): GatewayAnswer {
  const message = MESSAGES[status] ?? "";
  return { ...jsonReply(status, message, extra), message, responseType };
}

const TEXT = `HTTP content length exceeded ${MAX_PAYLOAD_BYTES} bytes.`;
const TOO_LARGE_TEXT: GatewayAnswer = {
  status: 413,
  body: TEXT,
  headers: ["content-type", "text; charset=utf-8", "content-length", String(TEXT.length)],
  message: TEXT,
  responseType: "REQUEST_TOO_LARGE",
};

/** What load balancers get that look after the gateway's health. */
export const HEALTHY: GatewayAnswer = {
  status: 200,
  body: "healthy",
  headers: ["content-type", "text/plain", "content-length", "7"],
  message: null,
  responseType: null,
};

export const PREFLIGHT: GatewayAnswer = { status: 204, body: "", headers: [], message: null, responseType: null };
