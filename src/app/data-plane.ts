/**
 * The data plane of one instance: a gateway in this thread, or one in each of several threads behind the same edge.
 *
 * In: the runtime of the moment. Out: sockets for the edge, figures, `replace` that all threads follow or none.
 */
import { type Gateway, type GatewayRuntime, type GatewayStats, createGateway } from "../gateway/index.ts";
import type { Clock } from "../core/index.ts";
import type { Revocation, SigningKey } from "../identity/index.ts";
import { type GatewayRecord, type MetricsSnapshot, RequestMetrics, observeRecord } from "../records/index.ts";
import type { ThreadSockets } from "./thread-runtime.ts";

/** What the data plane runs by; `identity` is one object as long as verified tokens stay good. */
export interface PlaneRuntime extends Omit<GatewayRuntime, "throttleLayout"> {
  /** Of the provider that runs. */
  readonly issuer: string;
  readonly identity: object;
}

export interface WorkerState {
  readonly socket: string;
  readonly up: boolean;
  /** How often it ended by itself and was started again. */
  readonly restarts: number;
}

export interface PlaneStats extends GatewayStats {
  readonly workers: readonly WorkerState[];
}

export interface DataPlane {
  readonly sockets: readonly ThreadSockets[];
  /** Afterwards all sockets take connections. @throws GH_GATEWAY_* ; then none does */
  listen(): Promise<void>;
  /** All threads answer by `runtime` afterwards. @throws GH_GATEWAY_ARTIFACT_UNSUPPORTED, GH_IAM_* ; then none does */
  replace(runtime: PlaneRuntime): Promise<void>;
  /** As of the last look; `refresh` looks anew. */
  stats(): PlaneStats;
  refresh(): Promise<void>;
  /** Afterwards every record of an answered request is with the sink. */
  flush(): Promise<void>;
  /** What requests amounted to since the start, over all threads. */
  metrics(): Promise<MetricsSnapshot>;
  /** What is let in no longer, whichever thread is asked, and streams that are open by it. */
  revoke(added: readonly Revocation[]): void;
  /** Threads sign with these from now on; the signer of the runtime has them already. */
  replaceAssertionKeys(keys: readonly SigningKey[]): void;
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Half of the cores are the edge's and the services'; on two cores a second thread would only take turns with them. */
export function defaultWorkers(cores: number): number {
  return cores <= 2 ? 1 : Math.min(Math.floor(cores / 2), 16);
}

/** @throws GH_GATEWAY_ARTIFACT_UNSUPPORTED, GH_IAM_* */
export function createSinglePlane(
  first: PlaneRuntime,
  sockets: ThreadSockets,
  deps: { readonly clock: Clock; readonly record: (record: GatewayRecord) => void },
): DataPlane {
  const metrics = new RequestMetrics(() => deps.clock.nowMs());
  const record = (done: GatewayRecord): void => {
    observeRecord(metrics, done);
    deps.record(done);
  };
  const gateway: Gateway = createGateway(first, { clock: deps.clock, record });
  let isUp = false;
  return {
    sockets: [sockets],
    async listen() {
      await gateway.listen(sockets);
      isUp = true;
    },
    replace: async (runtime) => gateway.replace(runtime),
    stats: () => ({ ...gateway.stats(), workers: [{ socket: sockets.publicSocket, up: isUp, restarts: 0 }] }),
    refresh: async () => {},
    flush: async () => {},
    metrics: async () => metrics.snapshot(),
    revoke: () => gateway.recheckStreams(),
    replaceAssertionKeys: () => {},
    close: async (options) => {
      isUp = false;
      await gateway.close(options);
    },
  };
}
