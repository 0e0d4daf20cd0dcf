/**
 * The data plane for trying out a policy: the real gateway on a socket of its own, in front of a service that answers
 * everything, without throttles and without a provider.
 *
 * In: policy, environment, a clock. Out: what the gateway decided about one request, as its own record says it.
 * Not here: whether a token is good; whoever asks brings identities.
 * INVARIANT: nothing outside of this machine is called; `close` leaves neither process, socket nor file behind.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { type Server, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../compile/index.ts";
import { type Clock, type Sources, silentReporter } from "../core/index.ts";
import { createGateway } from "../gateway/index.ts";
import { type Identity, type TokenVerifier, createAssertionSigner } from "../identity/index.ts";
import type { Environment, Exposure, Policy } from "../policy/index.ts";
import type { GatewayRecord } from "../records/index.ts";
import { Opened } from "./opened.ts";

export interface TrialRequest {
  readonly exposure: Exposure;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly sourceIp: string;
  readonly atMs: number;
  readonly identity: Identity | null;
}

export interface TrialGateway {
  /** The record of the request. */
  ask(asked: TrialRequest): Promise<GatewayRecord>;
  close(): Promise<void>;
}

/** Null when the policy does not compile even for the embedded gateway. */
export async function startTrialGateway(
  policy: Policy,
  environment: Environment,
  sources: Sources,
): Promise<TrialGateway | null> {
  const opened = new Opened(silentReporter);
  try {
    return await start(policy, environment, sources, opened);
  } catch (cause) {
    await opened.close();
    throw cause;
  }
}

async function start(
  policy: Policy,
  environment: Environment,
  sources: Sources,
  opened: Opened,
): Promise<TrialGateway | null> {
  const service = createServer((_, response) => response.writeHead(204).end());
  await new Promise<void>((resolve) => {
    service.listen(0, "127.0.0.1", resolve);
  });
  opened.add(async () => closeServer(service));
  const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const { artifacts } = compile(withoutLimits(policy, environment, origin), environment.name, sources);
  if (artifacts === null) {
    await opened.close();
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-trial-"));
  opened.add(async () => rmSync(folder, { recursive: true, force: true }));
  let nowMs = 0;
  // Only wall time is the question's: a clock that goes back would empty buckets.
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
  const identities = new Map<string, Identity>();
  let recorded: ((record: GatewayRecord) => void) | null = null;
  const assertions = await createAssertionSigner({
    issuer: "https://trial.invalid",
    keyFile: join(folder, "assertion.json"),
    clock,
  });
  const baseUrl = `https://${environment.domain}`;
  const gateway = createGateway(
    { artifacts, verifier: verifierOf(identities), sessions: null, assertions, baseUrl },
    { clock, record: (record) => recorded?.(record) },
  );
  const sockets = { public: join(folder, "public.sock"), private: join(folder, "private.sock") };
  await gateway.listen({ publicSocket: sockets.public, privateSocket: sockets.private });
  opened.add(async () => gateway.close({ graceMs: 0 }));
  return {
    async ask(asked) {
      nowMs = asked.atMs;
      const token = asked.identity === null ? null : `trial.${identities.size}`;
      if (token !== null && asked.identity !== null) identities.set(token, asked.identity);
      const record = new Promise<GatewayRecord>((resolve) => {
        recorded = resolve;
      });
      await send(sockets[asked.exposure], asked, token);
      return record;
    },
    close: async () => opened.close(),
  };
}

/** The policy as it decides, with every address replaced and everything that counts requests left out. */
function withoutLimits(policy: Policy, environment: Environment, origin: string): Policy {
  const noThrottle = { default: { ratePerSecond: 1e6, burst: 1e6 }, perIdentity: null };
  const { overrides } = environment;
  const trial: Environment = {
    ...environment,
    gateway: { kind: "embedded" },
    overrides: { ...overrides, routes: {}, throttle: { default: null, perIdentity: null } },
  };
  return {
    ...policy,
    throttle: noThrottle,
    environments: [trial],
    services: policy.services.map((service) => ({
      ...service,
      upstream: { [environment.name]: origin },
      login: false,
      routes: service.routes.map((route) => ({ ...route, throttle: null, retries: 0 })),
    })),
  };
}

/** Tokens are names of identities that were put there before. */
function verifierOf(identities: ReadonlyMap<string, Identity>): TokenVerifier {
  const verify: TokenVerifier["verify"] = async (token) => {
    const identity = identities.get(token);
    return identity === undefined ? { ok: false, reason: "token-malformed" } : { ok: true, identity };
  };
  const verifier: TokenVerifier = {
    proofs: [],
    cached: (token) => identities.get(token) ?? null,
    verify,
    verifyPresented: verify,
    forIssuer: () => null,
    withAudience: () => verifier,
    mayGoOn: () => true,
    clear: () => undefined,
  };
  return verifier;
}

async function send(socketPath: string, asked: TrialRequest, token: string | null): Promise<void> {
  const { method, target, host, sourceIp } = asked;
  const headers = {
    host,
    "x-forwarded-for": sourceIp,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  await new Promise<void>((resolve, reject) => {
    const call = request({ socketPath, method, path: target, headers, agent: false }, (response) => {
      response.resume();
      response.on("end", resolve);
    });
    call.on("error", reject);
    call.end();
  });
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
