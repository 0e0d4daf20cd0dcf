/**
 * An HTTP/1.1 listener of the data plane: node's server with the limits and the refusals that both faces share.
 *
 * In: limits, and what to do with each kind of request. Out: a server that listens nowhere yet.
 * Not here: what is answered (exchange.ts, http-api/).
 * INVARIANT: every request that node could read reaches `accept`, or the handler of its own kind; none is dropped silently,
 * but for what stands behind a request whose answer ends the connection: that is no request.
 */
import { type Server, createServer } from "node:http";
import type { Socket } from "node:net";
import { GatewayRequest } from "./gateway-request.ts";
import { GatewayResponse } from "./gateway-response.ts";
import type { GatewayLimits } from "./limits.ts";
import { respondOnUpgrade } from "./web-socket-request.ts";

export type Listener = Server<typeof GatewayRequest, typeof GatewayResponse>;

export interface ListenerHandlers {
  accept(req: GatewayRequest, res: GatewayResponse): void;
  onConnect(req: GatewayRequest, socket: Socket): void;
  /** Bytes that are no request, or that come too slowly. */
  onClientError(error: NodeJS.ErrnoException, socket: Socket): void;
  /** Whether a connection is handed over for a WebSocket; absent: never. */
  opensWebSocket?(req: GatewayRequest): boolean;
  onHandedOver?(socket: Socket): void;
}

/** Longer than the edge keeps an idle connection (30 s), so that it is always the edge that ends one. */
const KEEP_ALIVE_MS = 75_000;
/**
 * Room for what the edge adds, and for telling a token that is far too large from other headers that are; the exact
 * limit of 10,240 bytes is checked on what the client sent.
 */
const MAX_HEADER_BYTES = 131_072;

export function createListener(limits: GatewayLimits, handlers: ListenerHandlers): Listener {
  const server: Listener = createServer({
    IncomingMessage: GatewayRequest,
    ServerResponse: GatewayResponse,
    connectionsCheckingInterval: limits.checkMs,
    headersTimeout: limits.headersMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: limits.requestMs,
    // Requests without a body have no stream to be read and ended.
    optimizeEmptyRequests: true,
    // A missing host is refused with a record like everything else.
    requireHostHeader: false,
    shouldUpgradeCallback: (req) => handlers.opensWebSocket?.(req) ?? false,
  });
  // Headers beyond a number would be dropped silently; here too many are refused instead.
  server.maxHeadersCount = 0;
  const accept: ListenerHandlers["accept"] = (req, res) => {
    if (!isBehindTheLast(req.socket)) handlers.accept(req, res);
  };
  server.on("request", accept);
  server.on("upgrade", (req, socket: Socket, head) => {
    handlers.onHandedOver?.(socket);
    handlers.accept(req, respondOnUpgrade(req, socket, head, limits.lingerMs));
  });
  server.on("checkContinue", (req, res) => {
    res.expectContinue();
    accept(req, res);
  });
  server.on("checkExpectation", accept);
  server.on("connect", (req: GatewayRequest, socket: Socket) => handlers.onConnect(req, socket));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    handlers.onClientError(error, socket as Socket);
  });
  return server;
}

/**
 * Whether an answer has been given that ends this connection. Node reads on in the bytes that have come already, and where
 * the end of a body is in doubt they may be a part of it.
 */
function isBehindTheLast(socket: Socket): boolean {
  // Node keeps the response that a connection is working on here, until all of it is written.
  const { _httpMessage: current } = socket as Socket & { readonly _httpMessage?: unknown };
  return current instanceof GatewayResponse && current.headersSent && !current.shouldKeepAlive;
}
