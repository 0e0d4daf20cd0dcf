/**
 * Requests that never become one: bytes that are no HTTP, heads that are too large or too slow, CONNECT.
 *
 * In: node's error and the socket. Out: an answer on the socket, which is then ended, and a record.
 * Not here: requests with a response object (exchange.ts).
 * Source: RFC 9112 section 2.2 and 9.3 (answer and close), RFC 9110 9.3.6 (CONNECT).
 * INVARIANT: nothing after the bad bytes is ever read as a request.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { apigwRequestId, startTrace } from "../records/index.ts";
import type { ApiKind, ExchangeContext } from "./arrival.ts";
import { describeError } from "./describe-error.ts";
import { GatewayResponse } from "./gateway-response.ts";
import { formatTime } from "./record-time.ts";
import { type FixedReason, fixedReply, rawReply } from "./reply.ts";
import type { Runtime } from "./runtime.ts";
import { UNKNOWN_ADDRESS } from "./service-headers.ts";

/** What is not known of a request that could not be read. */
const UNREAD = "-";

/** CONNECT asks for a tunnel; there is none. */
export function answerConnect(
  context: ExchangeContext,
  runtime: Runtime,
  api: ApiKind,
  req: IncomingMessage,
  socket: Socket,
): void {
  answerAndEnd(context, runtime, api, socket, "request-method", req.method ?? UNREAD);
}

/** A request that could not even be read, for a reason of ours. */
export function answerFault(
  context: ExchangeContext,
  runtime: Runtime,
  api: ApiKind,
  req: IncomingMessage,
  error: unknown,
): void {
  answerAndEnd(context, runtime, api, req.socket, "fault", req.method ?? UNREAD, describeError(error));
}

export function answerClientError(
  context: ExchangeContext,
  runtime: Runtime,
  api: ApiKind,
  error: NodeJS.ErrnoException,
  socket: Socket,
): void {
  onClientError(error, socket, (reason) => answerAndEnd(context, runtime, api, socket, reason, UNREAD));
}

export type ClientErrorReason = Extract<
  FixedReason,
  "request-headers-too-large" | "request-malformed" | "request-timeout"
>;

/** Ends what a broken connection was doing. `answer` is called when no request has been read and there is somebody to answer. */
export function onClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  answer: (reason: ClientErrorReason) => void,
): void {
  const reason = reasonOf(error.code);
  if (reason === null || !socket.writable) {
    socket.destroy();
    return;
  }
  // Node keeps the response that a connection is working on here, and its own handler looks there too.
  const { _httpMessage: current } = socket as Socket & { _httpMessage?: unknown };
  if (current instanceof GatewayResponse && current.exchange !== null) {
    // That request came whole: it is answered, and what came behind it is not read, now or later.
    if (current.req.complete) {
      current.shouldKeepAlive = false;
      return;
    }
    // Node counts a request's time as a whole. It tells once for each request, and what it is not told to end goes on.
    if (reason === "request-timeout" && current.exchange.hasOwnIdleLimit) return;
    const answered =
      (reason === "request-malformed" || reason === "request-timeout") && current.exchange.refuseBrokenBody(reason);
    if (answered) socket.end();
    else socket.destroy();
    return;
  }
  answer(reason);
}

/** Null: the connection just ended, there is nobody to answer. */
function reasonOf(code: string | undefined): ClientErrorReason | null {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return "request-headers-too-large";
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return "request-malformed";
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "request-timeout";
    default:
      return code?.startsWith("HPE_") === true ? "request-malformed" : null;
  }
}

function answerAndEnd(
  context: ExchangeContext,
  runtime: Runtime,
  api: ApiKind,
  socket: Socket,
  reason: FixedReason,
  method: string,
  error: string | null = null,
): void {
  const reply = fixedReply(reason);
  const requestId = context.newRequestId();
  const { traceId, spanId } = startTrace(undefined);
  const ours = [
    "x-request-id",
    requestId,
    "traceresponse",
    `00-${traceId}-${spanId}-01`,
    "apigw-requestid",
    apigwRequestId(requestId),
  ];
  const nowMs = context.clock.nowMs();
  socket.on("error", () => {});
  socket.end(rawReply(reply, ours, new Date(nowMs).toUTCString()), "latin1", () => socket.destroy());
  context.record({
    time: formatTime(nowMs),
    hop: "gateway",
    requestId,
    traceId,
    spanId,
    parentSpanId: null,
    api,
    routeKey: null,
    service: null,
    method,
    host: UNREAD,
    path: UNREAD,
    status: reply.status,
    reason,
    role: null,
    subject: null,
    clientId: null,
    issuer: null,
    sourceIp: UNKNOWN_ADDRESS,
    bytesIn: 0,
    bytesOut: reply.body.length,
    durationMs: 0,
    decideMs: 0,
    upstreamMs: null,
    upstream: null,
    removedHeaders: [],
    error,
    policyDigest: runtime.digest,
    headers: null,
  });
}
