/**
 * One of several threads of the data plane: a gateway of its own on its own sockets, under one policy with the others.
 *
 * In: `ThreadStart` as worker data; calls of the main thread. Out: answered requests; batches of records.
 * Keys, verified tokens and opened sessions are this thread's own; buckets and used proofs are shared memory; what changes a session is
 * done by the main thread for all.
 */
import { hrtime } from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { type Clock, GatehouseError } from "../core/index.ts";
import { type GatewayRuntime, type PreparedRuntime, createGateway } from "../gateway/index.ts";
import {
  type Revocation,
  type SessionCalls,
  type SessionRefreshAnswer,
  type WebResponse,
  type SigningKey,
  createProofMemory,
  createRemoteSessions,
  createRevocations,
  createSigner,
} from "../identity/index.ts";
import { createRemoteStore } from "../store/index.ts";
import { type GatewayRecord, RequestMetrics, formatGatewayLine, observeRecord } from "../records/index.ts";
import { type HeldKeys, createKeySources } from "./key-sources.ts";
import { createRights } from "./rights.ts";
import { connectPeer } from "./thread-peer.ts";
import type { ThreadRuntime, ThreadStart } from "./thread-runtime.ts";
import type { SessionLoginCall, SessionRefreshCall } from "./session-calls.ts";

const RECORDS_MS = 50;
const RECORDS_CHARACTERS = 64 * 1024;

/** The monotonic clock of the process, so that all threads speak of the same times; `performance` counts from a thread's start. */
const originMs = Number(hrtime.bigint()) / 1e6 - performance.now();
const clock: Clock = { nowMs: () => Date.now(), monotonicMs: () => originMs + performance.now() };

/** Who decides about tokens and sessions, and the keys that are held for it. */
interface Rights {
  readonly id: number;
  readonly parts: Pick<GatewayRuntime, "verifier" | "sessions" | "stsKeys">;
  readonly held: readonly HeldKeys[];
}

function release({ held }: Rights): void {
  for (const one of held) one.release();
}

async function run(start: ThreadStart): Promise<void> {
  const port = parentPort;
  if (port === null) throw new GatehouseError("GH_INTERNAL", { problem: "a gateway thread was started as a program" });
  const revocations = createRevocations({ clock });
  revocations.learn(start.revocations);
  const store = createRemoteStore(start.storeName, async (asked) => peer.call("store", asked));
  const proofMemory = createProofMemory(start.proofs);
  const keySources = createKeySources(clock);
  const assertions = createSigner({ ...start.assertions, clock });
  const records = createRecordBatches((batch) => peer.tell("records", batch));

  const now: { rights: Rights | null; prepared: { readonly next: PreparedRuntime; readonly rights: Rights } | null } = {
    rights: null,
    prepared: null,
  };

  async function rightsOf({ artifacts, issuer, identityId, baseUrl }: ThreadRuntime): Promise<Rights> {
    if (now.rights?.id === identityId) return now.rights;
    const provider = keySources.hold(issuer);
    const held = [provider];
    if (provider.source.state().ageMs === null) await provider.source.load().catch(() => undefined);
    const workloadIssuers = artifacts.identity.issuers.map(({ name, issuer: one, audience, claims, tokens, login }) => {
      const keys = keySources.hold(one);
      held.push(keys);
      if (keys.isNew) void keys.source.load().catch(() => undefined);
      return { name, issuer: one, audience, claims, tokens, hasPeople: login !== undefined, keys: keys.source };
    });
    const { verifier, sessions, stsKeys } = createRights({
      identity: artifacts.identity,
      issuer,
      keys: provider.source,
      workloadIssuers,
      // The main thread alone speaks with the providers.
      clientSecret: null,
      issuerSecrets: new Map(),
      baseUrl,
      keysDir: start.keysDir,
      clock,
      revocations,
      store,
      proofMemory,
    });
    const parts = {
      verifier,
      stsKeys,
      sessions: sessions === null ? null : createRemoteSessions(sessions, sessionCalls),
    };
    return { id: identityId, parts, held };
  }

  function runtimeOf(runtime: ThreadRuntime, { parts }: Rights): GatewayRuntime {
    const { artifacts, baseUrl, throttleLayout } = runtime;
    return { ...parts, artifacts, assertions, baseUrl, throttleLayout };
  }

  const peer = connectPeer(port, {
    stats: () => gateway.stats(),
    async prepare(runtime: ThreadRuntime) {
      const rights = await rightsOf(runtime);
      try {
        now.prepared = { next: gateway.prepare(runtimeOf(runtime, rights)), rights };
      } catch (cause) {
        if (rights !== now.rights) release(rights);
        throw cause;
      }
    },
    commit() {
      const { rights: before, prepared } = now;
      if (prepared === null) return;
      prepared.next.commit();
      now.rights = prepared.rights;
      now.prepared = null;
      if (before !== null && before !== prepared.rights) release(before);
    },
    abandon() {
      const { prepared } = now;
      now.prepared = null;
      prepared?.next.abandon();
      if (prepared !== null && prepared.rights !== now.rights) release(prepared.rights);
    },
    revoked(added: readonly Revocation[]) {
      revocations.learn(added);
      gateway.recheckStreams();
    },
    "assertion-keys": (keys: readonly SigningKey[]) => assertions.replaceKeys(keys),
    flush: () => records.flush(),
    metrics: () => metrics.snapshot(),
    async close(graceMs: number) {
      await gateway.close({ graceMs });
      records.flush();
    },
  });
  const sessionCalls: SessionCalls = {
    refresh: async (cookie, minimumSeconds, by) =>
      (await peer.call("session-refresh", {
        cookie,
        minimumSeconds,
        by,
      } satisfies SessionRefreshCall)) as SessionRefreshAnswer,
    handle: async (request) => (await peer.call("session-handle", request)) as WebResponse | null,
    startLogin: async (returnTo, cookieHeader, asked) =>
      (await peer.call("session-login", { returnTo, cookieHeader, asked } satisfies SessionLoginCall)) as WebResponse,
  };

  const rights = (now.rights = await rightsOf(start.runtime));
  const metrics = new RequestMetrics(() => clock.nowMs());
  const record = (done: GatewayRecord): void => {
    observeRecord(metrics, done);
    records.add(done);
  };
  const gateway = createGateway(runtimeOf(start.runtime, rights), { clock, record });
  await gateway.listen(start.sockets);
  peer.tell("ready");
}

interface RecordBatches {
  add(record: GatewayRecord): void;
  flush(): void;
}

function createRecordBatches(send: (batch: { readonly lines: string; readonly count: number }) => void): RecordBatches {
  let lines = "";
  let count = 0;
  let timer: NodeJS.Timeout | null = null;
  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (count === 0) return;
    send({ lines, count });
    lines = "";
    count = 0;
  }
  return {
    add(record) {
      lines += formatGatewayLine(record);
      count++;
      if (lines.length >= RECORDS_CHARACTERS) flush();
      else timer ??= setTimeout(flush, RECORDS_MS);
    },
    flush,
  };
}

await run(workerData as ThreadStart);
