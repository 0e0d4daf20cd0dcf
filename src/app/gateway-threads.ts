/**
 * The data plane in several threads: each has its own sockets, among which the edge divides connections.
 *
 * In: the runtime of the moment. Out: `DataPlane`. Not here: what a thread does (gateway-thread.ts).
 * A change is prepared in every thread and taken over by all of them only when each could. A thread that ends by itself,
 * or does not answer for ten seconds, is started again with what runs then; meanwhile the edge asks the others.
 * INVARIANT: buckets are exact over all threads; a proof is taken once over all of them; a session is refreshed by this thread alone, once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { GatehouseError, type Reporter, isGatehouseError } from "../core/index.ts";
import { type GatewayStats, ThrottleMemory, throttledRates } from "../gateway/index.ts";
import { type ProofMemory, type Revocations, type WebRequest, answerSessionCalls } from "../identity/index.ts";
import { type MetricsSnapshot, type RecordWriter, sumSnapshots } from "../records/index.ts";
import { type Store, type StoreCall, answerStoreCall } from "../store/index.ts";
import type { DataPlane, PlaneRuntime, PlaneStats } from "./data-plane.ts";
import { type Peer, connectPeer } from "./thread-peer.ts";
import type { RecordBatch, ThreadRuntime, ThreadSockets, ThreadStart } from "./thread-runtime.ts";
import type { SessionLoginCall, SessionRefreshCall } from "./session-calls.ts";

export interface ThreadsOptions {
  /** One pair for each thread. */
  readonly sockets: readonly ThreadSockets[];
  readonly keysDir: string;
  readonly assertions: ThreadStart["assertions"];
  readonly revocations: Revocations;
  readonly store: Store;
  readonly proofMemory: ProofMemory;
  readonly records: Pick<RecordWriter, "writeLines">;
  readonly reporter: Reporter;
  /** Sees every thread that is started. */
  readonly onThread?: ((worker: Worker) => void) | undefined;
}

const LOOK_MS = 1000;
const SILENCE_MS = 10_000;
const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;
/** On top of what requests in flight are given. */
const CLOSE_MS = 3000;

interface Thread {
  readonly sockets: ThreadSockets;
  worker: Worker | null;
  peer: Peer | null;
  up: boolean;
  restarts: number;
  restartMs: number;
  stats: GatewayStats | null;
  /** As it last told them; kept when it ends, so that nothing counts backwards. */
  metrics: MetricsSnapshot | null;
  /** Since when a look has been without an answer; null when none is. */
  askedAtMs: number | null;
}

export function createThreadedPlane(first: PlaneRuntime, options: ThreadsOptions): DataPlane {
  const memory = new ThrottleMemory();
  let identity = first.identity;
  let identityId = 1;
  let running = first;
  const firstLayout = memory.prepare(throttledRates(first.artifacts), first.artifacts.perIdentityThrottle);
  firstLayout.commit();
  let current: ThreadRuntime = plainOf(first, identityId, firstLayout.layout);
  let assertions = options.assertions;
  let isClosing = false;
  /** What threads that have ended had told. */
  let ended: readonly MetricsSnapshot[] = [];
  let changing: Promise<void> = Promise.resolve();
  let looking: NodeJS.Timeout | null = null;
  const threads: Thread[] = options.sockets.map((sockets) => ({
    sockets,
    worker: null,
    peer: null,
    up: false,
    restarts: 0,
    restartMs: FIRST_RESTART_MS,
    stats: null,
    metrics: null,
    askedAtMs: null,
  }));

  /** Fulfilled when the thread takes connections. @throws the fault that it ended with */
  function start(thread: Thread): Promise<void> {
    const ready = Promise.withResolvers<void>();
    const worker = new Worker(new URL("./gateway-thread.ts", import.meta.url), {
      workerData: {
        sockets: thread.sockets,
        keysDir: options.keysDir,
        assertions,
        revocations: options.revocations.list(),
        storeName: options.store.name,
        proofs: options.proofMemory.shared,
        runtime: current,
      } satisfies ThreadStart,
    });
    const sessions = () => (running.sessions === null ? null : answerSessionCalls(running.sessions));
    const peer = connectPeer(worker, {
      ready: () => {
        thread.up = true;
        ready.resolve();
      },
      records: ({ lines, count }: RecordBatch) => options.records.writeLines(lines, count),
      "session-refresh": async ({ cookie, minimumSeconds, by }: SessionRefreshCall) =>
        (await sessions()?.refresh(cookie, minimumSeconds, by)) ?? { ok: false, reason: "session-expired" },
      store: async (asked: StoreCall) => answerStoreCall(options.store, asked),
      "session-handle": async (request: WebRequest) => (await sessions()?.handle(request)) ?? null,
      "session-login": async ({ returnTo, cookieHeader, asked }: SessionLoginCall) => {
        const calls = sessions();
        if (calls === null) throw new GatehouseError("GH_INTERNAL", { problem: "sign-in was taken away meanwhile" });
        return calls.startLogin(returnTo, cookieHeader, asked);
      },
    });
    thread.worker = worker;
    thread.peer = peer;
    thread.askedAtMs = null;
    let fault: Error = new GatehouseError("GH_APP_THREAD_GONE", { call: "start" });
    worker.on("error", (cause: Error) => (fault = cause));
    worker.once("exit", () => {
      const wasUp = thread.up;
      thread.up = false;
      thread.worker = null;
      thread.peer = null;
      if (thread.metrics !== null) ended = [sumSnapshots([...ended, thread.metrics])];
      thread.metrics = null;
      peer.end();
      ready.reject(fault);
      if (wasUp && !isClosing) void restart(thread, fault);
    });
    options.onThread?.(worker);
    return ready.promise;
  }

  async function inOrder(task: () => Promise<void>): Promise<void> {
    const before = changing;
    const turn = Promise.withResolvers<void>();
    changing = turn.promise;
    try {
      await before;
      await task();
    } finally {
      turn.resolve();
    }
  }

  async function restart(thread: Thread, fault: Error): Promise<void> {
    const number = threads.indexOf(thread) + 1;
    options.reporter.warn(`gateway thread ${number} ended (${fault.message}) and is started again`);
    for (;;) {
      await sleep(thread.restartMs, undefined, { ref: false });
      thread.restartMs = Math.min(thread.restartMs * 2, LAST_RESTART_MS);
      try {
        // Not while a change is under way: the thread would begin with what is about to be replaced.
        return await inOrder(async () => {
          if (isClosing) return;
          thread.restarts++;
          await start(thread);
        });
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : "unknown fault";
        options.reporter.warn(`gateway thread ${number} could not be started: ${why}`);
      }
    }
  }

  async function look(): Promise<void> {
    await Promise.all(
      threads.map(async (thread) => {
        const { peer, worker } = thread;
        if (peer === null || !thread.up) return;
        const nowMs = performance.now();
        if (thread.askedAtMs !== null) {
          if (nowMs - thread.askedAtMs > SILENCE_MS) await worker?.terminate();
          return;
        }
        thread.askedAtMs = nowMs;
        try {
          thread.stats = (await peer.call("stats")) as GatewayStats;
          // It works again; the next time it ends it is started at once.
          thread.restartMs = FIRST_RESTART_MS;
        } catch {
          // It ended: `exit` sees to it.
        } finally {
          if (thread.peer === peer) thread.askedAtMs = null;
        }
      }),
    );
  }

  async function change(next: PlaneRuntime): Promise<void> {
    const layout = memory.prepare(throttledRates(next.artifacts), next.artifacts.perIdentityThrottle);
    const nextId = next.identity === identity ? identityId : identityId + 1;
    const plain = plainOf(next, nextId, layout.layout);
    const up = threads.flatMap(({ peer, up: isUp }) => (peer !== null && isUp ? [peer] : []));
    const outcomes = await Promise.allSettled(up.map(async (peer) => peer.call("prepare", plain)));
    const refused = outcomes.find((outcome) => outcome.status === "rejected" && !isGone(outcome.reason));
    if (refused?.status === "rejected") {
      await Promise.allSettled(up.map(async (peer) => peer.call("abandon")));
      layout.abandon();
      throw refused.reason;
    }
    running = next;
    current = plain;
    identity = next.identity;
    identityId = nextId;
    await Promise.allSettled(up.map(async (peer) => peer.call("commit")));
    layout.commit();
    await look();
  }

  return {
    sockets: options.sockets,
    async listen() {
      const outcomes = await Promise.allSettled(threads.map(start));
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed?.status === "rejected") {
        await closeAll(0);
        throw failed.reason;
      }
      await look();
      looking = setInterval(() => void look(), LOOK_MS);
      looking.unref();
    },
    replace: async (next) => inOrder(async () => change(next)),
    stats: () => sumOf(threads, current.artifacts.digest),
    refresh: look,
    async flush() {
      await Promise.allSettled(threads.map(async ({ peer }) => peer?.call("flush")));
    },
    async metrics() {
      await Promise.all(
        threads.map(async (thread) => {
          const told = await thread.peer?.call("metrics").catch(() => null);
          if (told !== undefined && told !== null) thread.metrics = told as MetricsSnapshot;
        }),
      );
      return sumSnapshots([...ended, ...threads.flatMap(({ metrics }) => (metrics === null ? [] : [metrics]))]);
    },
    revoke(added) {
      for (const { peer } of threads) peer?.tell("revoked", added);
    },
    replaceAssertionKeys(keys) {
      // A thread that is being started reads what it is told then after what it was started with.
      assertions = { ...assertions, keys };
      for (const { peer } of threads) peer?.tell("assertion-keys", keys);
    },
    close: async ({ graceMs }) => closeAll(graceMs),
  };

  async function closeAll(graceMs: number): Promise<void> {
    isClosing = true;
    if (looking !== null) clearInterval(looking);
    await changing;
    await Promise.all(
      threads.map(async ({ peer, worker }) => {
        if (worker === null) return;
        const closed = peer === null ? Promise.resolve() : peer.call("close", graceMs).catch(() => undefined);
        await Promise.race([closed, sleep(graceMs + CLOSE_MS, undefined, { ref: false })]);
        await worker.terminate();
      }),
    );
  }
}

function isGone(cause: unknown): boolean {
  return isGatehouseError(cause) && cause.code === "GH_APP_THREAD_GONE";
}

function plainOf(
  { artifacts, issuer, baseUrl }: PlaneRuntime,
  identityId: number,
  throttleLayout: ThreadRuntime["throttleLayout"],
): ThreadRuntime {
  return { artifacts, issuer, identityId, baseUrl, throttleLayout };
}

function sumOf(threads: readonly Thread[], policyDigest: string): PlaneStats {
  const known = threads.flatMap(({ stats }) => (stats === null ? [] : [stats]));
  const sum = (of: (stats: GatewayStats) => number): number => known.reduce((total, stats) => total + of(stats), 0);
  const upstreams = new Map<string, { origin: string; connected: number; running: number; queued: number }>();
  for (const { origin, connected, running, queued } of known.flatMap((stats) => stats.upstreams)) {
    const total = upstreams.get(origin) ?? { origin, connected: 0, running: 0, queued: 0 };
    upstreams.set(origin, {
      origin,
      connected: total.connected + connected,
      running: total.running + running,
      queued: total.queued + queued,
    });
  }
  return {
    inFlight: sum((stats) => stats.inFlight),
    requests: sum((stats) => stats.requests),
    policyDigest,
    webSockets: sum((stats) => stats.webSockets),
    // One table for all.
    throttledIdentities: Math.max(0, ...known.map((stats) => stats.throttledIdentities)),
    upstreams: [...upstreams.values()],
    workers: threads.map(({ sockets, up, restarts }) => ({ socket: sockets.publicSocket, up, restarts })),
  };
}
