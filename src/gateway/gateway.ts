/**
 * The data plane's listeners: a unix socket for each API, one runtime behind both, replaced without losing a request.
 *
 * In: artifacts with their keys, socket paths. Out: answered requests and their records.
 * Not here: what happens to one request (exchange.ts).
 * The socket that a connection came in on says which API is meant; no header does.
 * INVARIANT: `replace` is one assignment: a request has the old runtime or the new one, and one that cannot be made
 * leaves the old one in place.
 */
import { type Server, createServer } from "node:http";
import type { Socket } from "node:net";
import { type Clock, GatehouseError } from "../core/index.ts";
import { normalizePath } from "../policy/index.ts";
import { type GatewayRecord, newRequestId } from "../records/index.ts";
import { type ApiKind, Arrival, type ExchangeContext } from "./arrival.ts";
import { Deadlines } from "./deadlines.ts";
import { Exchange } from "./exchange.ts";
import { GatewayRequest } from "./gateway-request.ts";
import { GatewayResponse } from "./gateway-response.ts";
import { type GatewayLimits, LIMITS } from "./limits.ts";
import { firstHost } from "./request-head.ts";
import { answerClientError, answerConnect, answerFault } from "./raw-answers.ts";
import { type GatewayRuntime, Runtime } from "./runtime.ts";
import { closeSocketToOthers, prepareSocketPath } from "./socket-path.ts";
import { Tunnel } from "./tunnel.ts";
import { Upstreams } from "./upstreams.ts";
import { asksForWebSocket, isAnswering, respondOnUpgrade } from "./web-socket-request.ts";

export interface GatewayDeps {
  readonly clock: Clock;
  /** Called once for each request, at its end. Must not wait. */
  readonly record: (record: GatewayRecord) => void;
  readonly newRequestId?: () => string;
  /** Shorter waits, for tests. */
  readonly limits?: Partial<GatewayLimits>;
}

export interface GatewayStats {
  /** Requests that wait for an answer or are getting one. */
  readonly inFlight: number;
  /** Since the start. */
  readonly requests: number;
  readonly policyDigest: string;
  /** Open WebSockets. */
  readonly webSockets: number;
  readonly throttledIdentities: number;
  readonly upstreams: readonly {
    readonly origin: string;
    readonly connected: number;
    readonly running: number;
    readonly queued: number;
  }[];
}

export interface Gateway {
  /**
   * Afterwards both sockets (mode 0600) take connections.
   * @throws GH_GATEWAY_SOCKET_TOO_LONG, GH_GATEWAY_SOCKET_IN_USE, GH_GATEWAY_SOCKET_UNUSABLE ; then none does
   */
  listen(sockets: { readonly publicSocket: string; readonly privateSocket: string | null }): Promise<void>;
  /**
   * New requests are answered by `runtime`; those in flight finish with what they began with. Buckets whose rate is
   * unchanged keep their level.
   * @throws GH_GATEWAY_ARTIFACT_UNSUPPORTED, GH_IAM_* ; then nothing has changed
   */
  replace(runtime: GatewayRuntime): void;
  stats(): GatewayStats;
  /** Takes no connection any more, waits up to `graceMs` for requests in flight, then ends them. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

type Listener = Server<typeof GatewayRequest, typeof GatewayResponse>;

/** Longer than the edge keeps an idle connection (30 s), so that it is always the edge that ends one. */
const KEEP_ALIVE_MS = 75_000;
const LAST_RECORDS_MS = 1000;
/**
 * Room for what the edge adds, and for telling a token that is far too large from other headers that are; the exact
 * limit of 10,240 bytes is checked on what the client sent.
 */
const MAX_HEADER_BYTES = 131_072;

/** @throws GH_GATEWAY_ARTIFACT_UNSUPPORTED, GH_IAM_* */
export function createGateway(first: GatewayRuntime, deps: GatewayDeps): Gateway {
  const upstreams = new Upstreams();
  const limits = { ...LIMITS, ...deps.limits };
  const context: ExchangeContext = {
    clock: deps.clock,
    record: (record) => {
      try {
        deps.record(record);
      } catch {
        // A record that cannot be kept must not end the process; the sink counts what it loses.
      }
    },
    newRequestId: deps.newRequestId ?? newRequestId,
    limits,
    idleWaits: new Deadlines(limits.idleMs),
    isClosing: false,
    openTunnel: (parts) => {
      const tunnel: Tunnel = new Tunnel({
        ...parts,
        onEnd: (end) => {
          tunnels.delete(tunnel);
          parts.onEnd(end);
          onLeft();
        },
      });
      upgraded.delete(parts.client);
      tunnels.add(tunnel);
      tunnel.start();
    },
  };
  let runtime = new Runtime(first, upstreams, deps.clock, null);
  const servers: Listener[] = [];
  const tunnels = new Set<Tunnel>();
  /** Connections that node handed over for a WebSocket that is not open yet. */
  const upgraded = new Set<Socket>();
  let requests = 0;
  let inFlight = 0;
  let whenLeft: (() => void) | null = null;

  function onLeft(): void {
    whenLeft?.();
  }

  function onResponseClose(this: GatewayResponse): void {
    this.exchange?.onClose();
    inFlight--;
    onLeft();
  }

  function accept(api: ApiKind, req: GatewayRequest, res: GatewayResponse): void {
    requests++;
    let exchange: Exchange;
    try {
      const arrival = new Arrival(context, runtime, api, req);
      exchange = new Exchange(context, runtime, arrival, req, res);
    } catch (error) {
      return answerFault(context, runtime, api, req, error);
    }
    inFlight++;
    res.exchange = exchange;
    res.on("close", onResponseClose);
    exchange.start();
  }

  /** Whether a connection is handed over: only where the route that answers has WebSockets. */
  function opensWebSocket(api: ApiKind, req: GatewayRequest): boolean {
    if (!asksForWebSocket(req) || isAnswering(req.socket)) return false;
    const host = runtime.hosts.judge(firstHost(req.rawHeaders) ?? "");
    const normal = normalizePath(req.url ?? "");
    if (typeof host === "string" || !normal.ok) return false;
    return host[api]?.find("GET", normal.path)?.websocket === true;
  }

  function createListener(api: ApiKind): Listener {
    const server = createServer({
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
      shouldUpgradeCallback: (req) => opensWebSocket(api, req),
    });
    // Headers beyond a number would be dropped silently; here too many are refused instead.
    server.maxHeadersCount = 0;
    server.on("request", (req, res) => accept(api, req, res));
    server.on("upgrade", (req, socket: Socket, head) => {
      upgraded.add(socket);
      socket.once("close", () => upgraded.delete(socket));
      accept(api, req, respondOnUpgrade(req, socket, head, limits.lingerMs));
    });
    server.on("checkContinue", (req, res) => {
      res.expectContinue();
      accept(api, req, res);
    });
    server.on("checkExpectation", (req, res) => accept(api, req, res));
    server.on("connect", (req: GatewayRequest, socket: Socket) => answerConnect(context, runtime, api, req, socket));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      answerClientError(context, runtime, api, error, socket as Socket);
    });
    return server;
  }

  async function listenOn(api: ApiKind, path: string): Promise<void> {
    await prepareSocketPath(path);
    const server = createListener(api);
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const reason = error.code ?? "unknown error";
        reject(
          error.code === "EADDRINUSE"
            ? new GatehouseError("GH_GATEWAY_SOCKET_IN_USE", { path })
            : new GatehouseError("GH_GATEWAY_SOCKET_UNUSABLE", { path, reason }, { cause: error }),
        );
      });
      server.listen(path, resolve);
    });
    servers.push(server);
    await closeSocketToOthers(path);
  }

  async function untilIdle(limitMs: number): Promise<void> {
    const endsMs = performance.now() + limitMs;
    while (inFlight > 0 || tunnels.size > 0) {
      const leftMs = endsMs - performance.now();
      if (leftMs <= 0) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        whenLeft = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    whenLeft = null;
  }

  async function closeServers(graceMs: number): Promise<void> {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await untilIdle(graceMs);
    for (const tunnel of tunnels) tunnel.endForClosing();
    for (const socket of upgraded) socket.destroy();
    for (const server of servers) server.closeAllConnections();
    // The last records are written when their connections tell that they are gone.
    await untilIdle(LAST_RECORDS_MS);
    for (const tunnel of tunnels) tunnel.destroy();
    await Promise.all(closed);
    servers.length = 0;
  }

  return {
    async listen({ publicSocket, privateSocket }) {
      try {
        await listenOn("public", publicSocket);
        if (privateSocket !== null) await listenOn("private", privateSocket);
      } catch (error) {
        await closeServers(0);
        throw error;
      }
    },
    replace(next) {
      const previous = runtime;
      runtime = new Runtime(next, upstreams, deps.clock, previous);
      previous.retire();
    },
    stats: () => ({
      inFlight,
      requests,
      webSockets: tunnels.size,
      policyDigest: runtime.digest,
      throttledIdentities: runtime.throttles.identities?.size ?? 0,
      upstreams: upstreams.stats(),
    }),
    async close({ graceMs }) {
      context.isClosing = true;
      await closeServers(graceMs);
      await upstreams.destroy();
    },
  };
}
