/**
 * The HTTP APIs of one account behind listeners, as API Gateway serves them; replaced without losing a call.
 *
 * In: an `Account`. Out: answered calls and their records.
 * Not here: what happens to one call (api-call.ts), where accounts come from (openapi, app).
 * INVARIANT: `replace` is one assignment: a call has the old account or the new one, and one that cannot be run leaves
 * the old one in place.
 */
import type { AddressInfo, Socket } from "node:net";
import { type Clock, GatehouseError } from "../../core/index.ts";
import type { CredentialSource } from "../../iam/index.ts";
import type { Fetch } from "../../identity/index.ts";
import type { Account } from "../../model/index.ts";
import { apigwRequestId, newRequestId } from "../../records/index.ts";
import type { Principal } from "../../sts/index.ts";
import type { GatewayRequest } from "../gateway-request.ts";
import type { GatewayResponse } from "../gateway-response.ts";
import { type Listener, createListener } from "../http-listener.ts";
import { type GatewayLimits, LIMITS } from "../limits.ts";
import { onClientError } from "../raw-answers.ts";
import { rawReply } from "../reply.ts";
import { closeSocketToOthers, prepareSocketPath } from "../socket-path.ts";
import { UnderWay } from "../under-way.ts";
import { Upstreams } from "../upstreams.ts";
import { AccountPlan } from "./account-plan.ts";
import { ApiCall } from "./api-call.ts";
import type { CallRecord } from "./call-record.ts";
import type { CallContext, LoggedStage } from "./call-story.ts";
import { type Condition, MAX_HELD_BYTES } from "./gateway-answers.ts";
import { readSwitches } from "./switches.ts";
import { HeldBytes } from "./whole-body.ts";

export interface ApiGatewayDeps {
  readonly clock: Clock;
  /** Who knows the keys that calls are signed with; absent: nobody, and signed routes refuse. */
  readonly credentials?: CredentialSource<Principal>;
  /** Names and values of `SWITCHES`. */
  readonly switches?: Readonly<Record<string, string>>;
  /** Addresses (`http://127.0.0.1:4001`) for integration URIs that have none on this machine. */
  readonly backends?: Readonly<Record<string, string>>;
  /** Called once for each call, at its end. Must not wait. */
  readonly record: (record: CallRecord) => void;
  /** Called once for each call to a stage with an access log, at its end, before `record`. Must not wait. */
  readonly accessLog?: (line: string, stage: LoggedStage) => void;
  /** What sends requests to issuers. @default as `createJwtAuthorizer` */
  readonly fetch?: Fetch;
  /** A UUID in lower case. */
  readonly newRequestId?: () => string;
  /** Shorter waits, for tests. */
  readonly limits?: Partial<GatewayLimits>;
  /** Of bodies of requests and answers, over all calls; beyond it calls get 503. @default 256 MiB */
  readonly maxHeldBytes?: number;
}

export type ListenAddress = { readonly port: number; readonly host: string } | { readonly socket: string };

export interface ApiGatewayStats {
  /** Calls that wait for an answer or are getting one. */
  readonly inFlight: number;
  /** Since the start. */
  readonly requests: number;
  readonly upstreams: ReturnType<Upstreams["stats"]>;
  /** Of bodies that are held now. */
  readonly heldBytes: number;
}

export interface ApiGateway {
  /**
   * Afterwards the address takes connections; port 0 picks a free one. Who connects to a socket is taken for an edge,
   * whose `X-Forwarded-For` counts.
   * @throws GH_GATEWAY_PORT, GH_GATEWAY_SOCKET_*
   */
  listen(address: ListenAddress): Promise<{ readonly port: number | null }>;
  /**
   * New calls are answered by `account`; those in flight finish with what they began with. Buckets whose rate is
   * unchanged keep their level.
   * @throws GH_GATEWAY_ACCOUNT_UNSUPPORTED, GH_IAM_* ; then nothing has changed
   */
  replace(account: Account): void;
  stats(): ApiGatewayStats;
  /** Takes no connection any more, waits up to `graceMs` for calls in flight, then ends them. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

const LAST_RECORDS_MS = 1000;
const NOBODY: CredentialSource<Principal> = { find: () => ({ ok: false, problem: "unknown" }) };

/** @throws GH_GATEWAY_SWITCH, GH_GATEWAY_ACCOUNT_UNSUPPORTED, GH_IAM_* */
export function createApiGateway(account: Account, deps: ApiGatewayDeps): ApiGateway {
  const switches = readSwitches(deps.switches ?? {});
  const upstreams = new Upstreams();
  const limits = { ...LIMITS, ...deps.limits };
  const context: CallContext = {
    clock: deps.clock,
    record: (record) => {
      try {
        deps.record(record);
      } catch {
        // A record that cannot be kept must not end the process; the sink counts what it loses.
      }
    },
    accessLog: (line, stage) => {
      try {
        deps.accessLog?.(line, stage);
      } catch {
        // As above.
      }
    },
    newRequestId: deps.newRequestId ?? newRequestId,
    limits,
    held: new HeldBytes(deps.maxHeldBytes ?? MAX_HELD_BYTES),
    isClosing: false,
  };
  const planOf = (next: Account, previous: AccountPlan | null): AccountPlan =>
    new AccountPlan(
      next,
      {
        upstreams,
        switches,
        backends: deps.backends ?? {},
        credentials: deps.credentials ?? NOBODY,
        clock: deps.clock,
        fetch: deps.fetch,
      },
      previous,
    );
  let plan = planOf(account, null);
  const servers: Listener[] = [];
  const underWay = new UnderWay();
  let requests = 0;

  function onResponseClose(this: GatewayResponse): void {
    this.exchange?.onClose();
    underWay.leave();
  }

  function accept(hasEdge: boolean, req: GatewayRequest, res: GatewayResponse): void {
    requests++;
    let call: ApiCall;
    try {
      call = new ApiCall(context, plan, hasEdge, req, res);
    } catch {
      return answerRaw(req.socket, "fault");
    }
    underWay.enter();
    res.exchange = call;
    res.on("close", onResponseClose);
    call.start();
  }

  /** Where there is no response object: bytes that are no request, CONNECT. The connection ends with it. */
  function answerRaw(socket: Socket, condition: Condition): void {
    socket.on("error", () => {});
    const ours = ["apigw-requestid", apigwRequestId(context.newRequestId())];
    const date = new Date(deps.clock.nowMs()).toUTCString();
    socket.end(rawReply(plan.answers[condition], ours, date), "latin1", () => socket.destroy());
  }

  function listenerFor(hasEdge: boolean): Listener {
    const listener = createListener(limits, {
      accept: (req, res) => accept(hasEdge, req, res),
      onConnect: (_req, socket) => answerRaw(socket, "bad-request"),
      onClientError: (error, socket) =>
        onClientError(error, socket, (reason) => answerRaw(socket, CONDITION_OF_REASON[reason])),
    });
    // Above all of a client that does not take its answer, which is held for as long.
    listener.timeout = limits.idleMs;
    return listener;
  }

  async function listenOn(
    server: Listener,
    listen: () => void,
    fault: (reason: string) => GatehouseError,
  ): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => reject(fault(error.code ?? "unknown error")));
      server.once("listening", resolve);
      listen();
    });
    servers.push(server);
  }

  return {
    async listen(address) {
      if ("socket" in address) {
        const { socket: path } = address;
        await prepareSocketPath(path);
        const server = listenerFor(true);
        await listenOn(
          server,
          () => server.listen(path),
          (reason) =>
            reason === "EADDRINUSE"
              ? new GatehouseError("GH_GATEWAY_SOCKET_IN_USE", { path })
              : new GatehouseError("GH_GATEWAY_SOCKET_UNUSABLE", { path, reason }),
        );
        await closeSocketToOthers(path);
        return { port: null };
      }
      const { port, host } = address;
      const server = listenerFor(false);
      await listenOn(
        server,
        () => server.listen(port, host),
        (reason) => new GatehouseError("GH_GATEWAY_PORT", { host, port, reason }),
      );
      return { port: (server.address() as AddressInfo).port };
    },
    replace(next) {
      const previous = plan;
      plan = planOf(next, previous);
      previous.lease.retire();
    },
    stats: () => ({ inFlight: underWay.count, requests, upstreams: upstreams.stats(), heldBytes: context.held.bytes }),
    async close({ graceMs }) {
      context.isClosing = true;
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      await underWay.untilNone(graceMs);
      for (const server of servers) server.closeAllConnections();
      // The last records are written when their connections tell that they are gone.
      await underWay.untilNone(LAST_RECORDS_MS);
      await Promise.all(closed);
      servers.length = 0;
      upstreams.destroy();
    },
  };
}

const CONDITION_OF_REASON = {
  "request-headers-too-large": "headers-too-large",
  "request-malformed": "bad-request",
  "request-timeout": "request-timeout",
} as const satisfies Record<string, Condition>;
