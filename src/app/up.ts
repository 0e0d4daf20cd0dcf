/**
 * One running instance: provider, gateway, edge, records and control socket, started in order and stopped in reverse.
 *
 * In:  a policy file and an environment. Out: `Running`, which answers requests until it is closed.
 * Not here: what happens once it runs (instance.ts).
 * INVARIANT: starting succeeds whole or leaves nothing running.
 */
import { resolve } from "node:path";
import { type Diagnostic, GatehouseError, type Reporter, type Sources } from "../core/index.ts";
import { createProofMemory, createRevocations } from "../identity/index.ts";
import { createRecordWriter } from "../records/index.ts";
import { choosePlane } from "./choose-plane.ts";
import { controlHandlers } from "./control-handlers.ts";
import { serveControl } from "./control.ts";
import type { DataPlane } from "./data-plane.ts";
import { startEdge } from "./edge-parts.ts";
import { baseUrlOf } from "./edge-runtime.ts";
import { startIdentity } from "./identity-parts.ts";
import {
  Instance,
  type LastingParts,
  type Parts,
  type Running,
  type UpDeps,
  type UpOptions,
  identityKeyOf,
  identityStartOf,
  runtimeOf,
  warnOf,
} from "./instance.ts";
import { createKeySources } from "./key-sources.ts";
import { type LoadedEnvironment, isLoaded, loadEnvironment } from "./load-policy.ts";
import { startMetrics } from "./metrics-listener.ts";
import { Opened } from "./opened.ts";
import { openStore } from "./open-store.ts";
import { loadPeople } from "./people.ts";
import { choosePorts } from "./ports.ts";
import { type Probe, probeUpstreams } from "./probe.ts";
import { startSigning } from "./signing-parts.ts";
import { type StatePaths, defaultStateDir, lockState, prepareState, statePaths, writeInstance } from "./state.ts";

export type { Running, UpDeps, UpOptions } from "./instance.ts";

export interface Refused {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

const DRAIN_MS = 8000;

/**
 * Starts everything, or says what is wrong with the policy.
 *
 * @throws GH_APP_*, GH_STATE_*, GH_EDGE_*, GH_IDENTITY_*, GH_GATEWAY_* ; then nothing is left running
 */
export async function up(options: UpOptions, deps: UpDeps): Promise<Running | Refused> {
  const policyFile = options.policyFile;
  const loaded = loadEnvironment(policyFile, options.environment);
  if (!isLoaded(loaded)) return loaded;
  const paths = statePaths(options.stateDir ?? defaultStateDir(policyFile));
  return new Starter(options, deps, paths).start(loaded);
}

class Starter {
  readonly #options: UpOptions;
  readonly #deps: UpDeps;
  readonly #paths: StatePaths;
  readonly #opened: Opened;

  constructor(options: UpOptions, deps: UpDeps, paths: StatePaths) {
    this.#opened = new Opened(deps.reporter);
    this.#options = options;
    this.#deps = deps;
    this.#paths = paths;
  }

  async start(loaded: LoadedEnvironment): Promise<Running> {
    try {
      return await this.#start(loaded);
    } catch (cause) {
      await this.#opened.close();
      throw cause;
    }
  }

  async #start(loaded: LoadedEnvironment): Promise<Running> {
    const { clock, reporter, env } = this.#deps;
    const paths = this.#paths;
    let plane: DataPlane | null = null;
    if (loaded.environment.gateway.kind === "aws") {
      throw new GatehouseError("GH_APP_GATEWAY_UNSUPPORTED", { environment: loaded.environment.name });
    }
    const identityKey = identityKeyOf(loaded);
    const people = loadPeople(loaded);
    prepareState(paths);
    this.#opened.add(lockState(paths));
    const loopbackOnly = loaded.artifacts.edge.loopbackOnly;
    const standard = loaded.environment.certificates.kind === "acme";
    const ports = await choosePorts(this.#options.ports, {
      host: loopbackOnly ? "127.0.0.1" : undefined,
      standard,
      private: loaded.artifacts.edge.privateNetwork !== null,
      identity: loaded.artifacts.identity.kind === "embedded",
    });
    const baseUrl = baseUrlOf(loaded.artifacts.domain, ports.https);

    const { name: environment, state } = loaded.environment;
    const store = await openStore({ policy: loaded.policy.name, environment, state, paths, clock, env });
    this.#opened.add(async () => store.close());
    const revocations = createRevocations({ clock, store });
    this.#opened.add(async () => revocations.close());
    await revocations.load();
    revocations.onAdded((added) => plane?.revoke(added));
    const proofMemory = createProofMemory();
    const keySources = createKeySources(clock);
    const lasting: LastingParts = { revocations, store, proofMemory, keySources, baseUrl, ports };
    const identity = await startIdentity(identityStartOf(loaded, people, lasting, paths, this.#deps));
    const holder: Parts = { loaded, people, identity, identityKey, ...lasting };
    this.#opened.add(async () => holder.identity.close());

    const records = createRecordWriter({ file: paths.gatewayLog });
    this.#opened.add(async () => records.close());
    const signing = await startSigning(loaded.policy, baseUrl, paths, this.#deps);
    this.#opened.add(async () => signing.close());
    const { issuer, keys, assertions } = signing;
    const { workers } = this.#options;
    const signs = { issuer, keys: keys.current() };
    const planeParts = { paths, workers, records, revocations, store, proofMemory, signing: signs, clock, reporter };
    const gateway = choosePlane(runtimeOf(holder, assertions), planeParts);
    plane = gateway;
    signing.tell((next) => gateway.replaceAssertionKeys(next));
    await gateway.listen();
    this.#opened.add(async () => gateway.close({ graceMs: DRAIN_MS }));

    const stop = Promise.withResolvers<string>();
    const edge = await startEdge({
      artifacts: loaded.artifacts,
      ports,
      paths,
      sockets: gateway.sockets,
      explicit: this.#options.caddy,
      attach: this.#options.attach,
      env,
      reporter,
    });
    this.#opened.add(async () => edge.close());
    await edge.probe();

    const running = new Instance(
      this.#options,
      this.#deps,
      paths,
      holder,
      { gateway, edge, records, assertions, assertionKeys: keys },
      stop,
    );
    const control = await serveControl(paths.controlSocket, controlHandlers(running));
    this.#opened.add(async () => control.close());
    writeInstance(paths, {
      pid: process.pid,
      startedAt: new Date(clock.nowMs()).toISOString(),
      policyFile: resolve(this.#options.policyFile),
      environment: loaded.environment.name,
      ports,
    });
    const { metricsPort } = this.#options;
    if (metricsPort !== undefined) {
      const metrics = await startMetrics(metricsPort, async () => running.families());
      this.#opened.add(async () => metrics.close());
      running.metricsUrl = metrics.url;
    }
    running.begin(this.#opened);
    // Only now: what could not be started is one line of its own.
    warnOf(loaded, reporter);
    for (const probe of await probeUpstreams(loaded.policy, loaded.environment.name)) warnUnlessUp(probe, reporter);
    return running;
  }
}

function warnUnlessUp(probe: Probe, reporter: Reporter): void {
  if (probe.up) return;
  reporter.warn(
    `service \`${probe.service}\` does not answer at ${probe.upstream}: start it; until then its routes answer 503`,
  );
}

export function isRunning(result: Running | Refused): result is Running {
  return "close" in result;
}
