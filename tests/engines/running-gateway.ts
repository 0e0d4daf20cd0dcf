/**
 * The second engine: the gateway as a process would run it, on unix sockets, with a clock that the cases set.
 *
 * In: artifacts. Out: what it decided, as its own record says.
 * INVARIANT: a record belongs to the one request that is under way; requests are asked one after another.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../src/core/index.ts";
import { type Gateway, createGateway } from "../../src/gateway/index.ts";
import { type AssertionSigner, createAssertionSigner } from "../../src/identity/index.ts";
import type { Artifacts } from "../../src/model/index.ts";
import type { GatewayRecord } from "../../src/records/index.ts";
import type { Answer } from "./engine.ts";
import { HttpChannel } from "./http-channel.ts";
import { type Issuers, createIssuers } from "./issuers.ts";

const ALLOWING: ReadonlySet<string> = new Set(["open-route", "role-grants"]);
const RECORD_LIMIT_MS = 5000;

export interface Asked {
  readonly exposure: "public" | "private";
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly sourceIp: string;
  readonly token: string | null;
}

export interface Recorded<T> {
  readonly sent: T;
  readonly record: GatewayRecord | null;
}

export interface RunningGateway {
  readonly publicSocket: string;
  readonly privateSocket: string;
  /** Address of the service behind every route. */
  readonly upstream: string;
  readonly issuers: Issuers;
  setTime(nowMs: number): void;
  /** Takes over other artifacts. */
  load(artifacts: Artifacts): Promise<void>;
  /** Asks over the socket, as the edge does. */
  ask(asked: Asked): Promise<{ readonly status: number; readonly record: GatewayRecord }>;
  /** What is recorded of the request that `send` makes; null when it never gets here. `isWaitedFor`: a record has to come. */
  recordOf<T>(send: () => Promise<T>, isWaitedFor: boolean): Promise<Recorded<T>>;
  close(): Promise<void>;
}

export async function startRunningGateway(): Promise<RunningGateway> {
  // A short path: unix sockets live below it.
  const folder = await mkdtemp(join(tmpdir(), "gh-en-"));
  const service = createServer({ keepAliveTimeout: 60_000 }, (_, response) =>
    response.writeHead(200, { "content-length": "2" }).end("ok"),
  );
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  let nowMs = 0;
  // Only wall time is the case's: throttles and keys go by the other one.
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
  const assertions = await createAssertionSigner({
    issuer: "https://shop.localhost/_gatehouse",
    keyFile: join(folder, "assertion.jwk"),
    clock,
  });
  let onRecord: ((record: GatewayRecord) => void) | null = null;
  let gateway: Gateway | null = null;
  let issuers: Issuers | null = null;
  const publicSocket = join(folder, "run", "public.sock");
  const privateSocket = join(folder, "run", "private.sock");
  const channels = {
    public: new HttpChannel(async () => connect(publicSocket)),
    private: new HttpChannel(async () => connect(privateSocket)),
  };

  async function recordOf<T>(send: () => Promise<T>, isWaitedFor: boolean): Promise<Recorded<T>> {
    let found: GatewayRecord | null = null;
    let wake: (() => void) | null = null;
    onRecord = (record) => {
      found = record;
      wake?.();
    };
    const sent = await send();
    // The record is written when the connection has taken the answer, which can be later than the client reads it.
    if (found === null && isWaitedFor)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, RECORD_LIMIT_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    return { sent, record: found };
  }

  return {
    publicSocket,
    privateSocket,
    upstream: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    get issuers() {
      if (issuers === null) throw new Error("nothing is loaded");
      return issuers;
    },
    setTime(ms) {
      nowMs = ms;
    },
    async load(artifacts) {
      issuers?.close();
      issuers = await createIssuers(artifacts.identity, clock);
      const runtime = runtimeOf(artifacts, issuers, assertions);
      if (gateway !== null) return gateway.replace(runtime);
      gateway = createGateway(runtime, { clock, record: (record) => onRecord?.(record) });
      await gateway.listen({ publicSocket, privateSocket });
    },
    async ask({ exposure, method, target, host, sourceIp, token }) {
      const headers = [`Host: ${host}`, `X-Forwarded-For: ${sourceIp}`, "X-Forwarded-Proto: https"];
      if (token !== null) headers.push(`Authorization: Bearer ${token}`);
      const { sent, record } = await recordOf(() => channels[exposure].send(method, target, headers), true);
      if (record === null) throw new Error(`status ${sent.status} without a record`);
      return { status: sent.status, record };
    },
    recordOf,
    async close() {
      for (const channel of Object.values(channels)) channel.close();
      issuers?.close();
      await gateway?.close({ graceMs: 0 });
      await closeServer(service);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function runtimeOf(artifacts: Artifacts, { verifier }: Issuers, assertions: AssertionSigner) {
  return { artifacts, verifier, sessions: null, assertions, baseUrl: `https://${artifacts.domain}:8443` };
}

/** The decision that a record tells of. */
export function answerOf({ reason, role, routeKey, service }: GatewayRecord): Answer {
  return { effect: ALLOWING.has(reason) ? "allow" : "deny", reason, role, route: routeKey, service };
}

/** The status that goes with a reason. Source: docs/generated/reasons.md. */
export function statusOf(reason: string): number {
  switch (reason) {
    case "open-route":
    case "role-grants":
      return 200;
    case "unauthenticated":
    case "authentication-needed":
    case "token-audience":
    case "token-issuer":
      return 401;
    case "no-route":
      return 404;
    case "request-path":
    case "request-malformed":
      return 400;
    case "request-host":
      return 421;
    default:
      return 403;
  }
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
