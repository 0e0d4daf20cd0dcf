/**
 * The data plane's listeners: a unix socket for each API, one runtime behind both, replaced without losing a request.
 *
 * In: artifacts with their keys, socket paths. Out: answered requests and their records.
 * Not here: what happens to one request (exchange.ts).
 * The socket that a connection came in on says which API is meant; no header does.
 * INVARIANT: `replace` is one assignment: a request has the old runtime or the new one, and one that cannot be made
 * leaves the old one in place.
 */
import type { Socket } from "node:net";
import { type Clock, GatehouseError } from "../core/index.ts";
import { normalizePath } from "../policy/index.ts";
import { type GatewayRecord, newRequestId } from "../records/index.ts";
import { type ApiKind, Arrival, type ExchangeContext } from "./arrival.ts";
import { Deadlines } from "./deadlines.ts";
import { Exchange } from "./exchange.ts";
import type { GatewayRequest } from "./gateway-request.ts";
import type { GatewayResponse } from "./gateway-response.ts";
import { type Listener, createListener } from "./http-listener.ts";
import { type GatewayLimits, LIMITS } from "./limits.ts";
import { firstHost } from "./request-head.ts";
import { answerClientError, answerConnect, answerFault } from "./raw-answers.ts";
import { type GatewayRuntime, Runtime } from "./runtime.ts";
import { closeSocketToOthers, prepareSocketPath } from "./socket-path.ts";
import { type Stream, StreamWatch } from "./stream-watch.ts";
import { Tunnel } from "./tunnel.ts";
import { UnderWay } from "./under-way.ts";
import { Upstreams } from "./upstreams.ts";
import { asksForWebSocket, isAnswering } from "./web-socket-request.ts";

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
  /**
   * The first half of `replace`, for gateways of several threads that change together.
   * @throws as `replace`
   */
  prepare(runtime: GatewayRuntime): PreparedRuntime;
  stats(): GatewayStats;
  /** Somebody's right was taken away: open streams are looked at now and not only at the next look. */
  recheckStreams(): void;
  /** Takes no connection any more, waits up to `graceMs` for requests in flight, then ends them. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** A runtime that could take over at once. One of the two is called. */
export interface PreparedRuntime {
  commit(): void;
  abandon(): void;
}

const LAST_RECORDS_MS = 1000;

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
    watch: new StreamWatch(deps.clock, () => runtime, limits.rightCheckMs),
    openTunnel: (parts, held) => {
      const tunnel: Tunnel = new Tunnel({
        ...parts,
        onEnd: (end) => {
          tunnels.delete(tunnel);
          context.watch.remove(stream);
          parts.onEnd(end);
          underWay.leave();
        },
      });
      const stream: Stream = { ...held, end: (why) => tunnel.endForRight(why) };
      upgraded.delete(parts.client);
      tunnels.add(tunnel);
      underWay.enter();
      tunnel.start();
      if (tunnels.has(tunnel)) context.watch.add(stream);
    },
  };
  let runtime = new Runtime(first, upstreams, deps.clock, null);
  const servers: Listener[] = [];
  const tunnels = new Set<Tunnel>();
  /** Connections that node handed over for a WebSocket that is not open yet. */
  const upgraded = new Set<Socket>();
  let requests = 0;
  /** Requests and open WebSockets. */
  const underWay = new UnderWay();

  function onResponseClose(this: GatewayResponse): void {
    this.exchange?.onClose();
    underWay.leave();
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
    underWay.enter();
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

  function listenerOf(api: ApiKind): Listener {
    return createListener(limits, {
      accept: (req, res) => accept(api, req, res),
      onConnect: (req, socket) => answerConnect(context, runtime, api, req, socket),
      onClientError: (error, socket) => answerClientError(context, runtime, api, error, socket),
      opensWebSocket: (req) => opensWebSocket(api, req),
      onHandedOver: (socket) => {
        upgraded.add(socket);
        socket.once("close", () => upgraded.delete(socket));
      },
    });
  }

  async function listenOn(api: ApiKind, path: string): Promise<void> {
    await prepareSocketPath(path);
    const server = listenerOf(api);
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

  async function closeServers(graceMs: number): Promise<void> {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await underWay.untilNone(graceMs);
    for (const tunnel of tunnels) tunnel.endForClosing();
    for (const socket of upgraded) socket.destroy();
    for (const server of servers) server.closeAllConnections();
    // The last records are written when their connections tell that they are gone.
    await underWay.untilNone(LAST_RECORDS_MS);
    for (const tunnel of tunnels) tunnel.destroy();
    await Promise.all(closed);
    servers.length = 0;
  }

  function prepare(source: GatewayRuntime): PreparedRuntime {
    const next = new Runtime(source, upstreams, deps.clock, runtime);
    return {
      commit() {
        const previous = runtime;
        runtime = next;
        previous.retire();
        context.watch.check();
      },
      abandon: () => next.retire(),
    };
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
    replace: (next) => prepare(next).commit(),
    prepare,
    recheckStreams: () => context.watch.check(),
    stats: () => ({
      inFlight: underWay.count - tunnels.size,
      requests,
      webSockets: tunnels.size,
      policyDigest: runtime.digest,
      throttledIdentities: runtime.throttles.identities?.size ?? 0,
      upstreams: upstreams.stats(),
    }),
    async close({ graceMs }) {
      context.isClosing = true;
      await closeServers(graceMs);
      upstreams.destroy();
    },
  };
}
