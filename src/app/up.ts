/**
 * One running instance: provider, gateway, edge, records and control socket, started in order and stopped in reverse.
 *
 * In:  a policy file and an environment. Out: `Running`, which answers requests until it is closed.
 * INVARIANT: starting succeeds whole or leaves nothing running; a reload takes over whole or changes nothing; requests
 * go on being decided by the old policy until the new one is in place, so there is no moment without one.
 */
import { resolve } from "node:path";
import {
  type Clock,
  GatehouseError,
  type Reporter,
  type Sources,
  type Diagnostic,
  jsonDigest,
  renderDiagnostic,
} from "../core/index.ts";
import {
  type AssertionSigner,
  type People,
  type SessionMemory,
  createAssertionSigner,
  createSessionMemory,
} from "../identity/index.ts";
import { diffArtifacts } from "../model/index.ts";
import { type RecordWriter, createRecordWriter } from "../records/index.ts";
import { changeIdentity } from "./change-identity.ts";
import { controlHandlers } from "./control-handlers.ts";
import { serveControl } from "./control.ts";
import { assertionOptions, choosePlane } from "./choose-plane.ts";
import type { DataPlane, PlaneRuntime } from "./data-plane.ts";
import { type Edge, startEdge } from "./edge-parts.ts";
import { STS_PATH, baseUrlOf } from "./edge-runtime.ts";
import { type IdentityParts, type IdentityStart, startIdentity } from "./identity-parts.ts";
import { type KeySources, createKeySources } from "./key-sources.ts";
import { type LoadedEnvironment, isLoaded, loadEnvironment, shownPath } from "./load-policy.ts";
import { allCallers, loadPeople, peopleFileOf } from "./people.ts";
import { type Ports, type WantedPorts, choosePorts } from "./ports.ts";
import { type Probe, probeUpstreams } from "./probe.ts";
import { Opened } from "./opened.ts";
import { type CurlLine, curlLines } from "./screen.ts";
import {
  type StatePaths,
  defaultStateDir,
  lockState,
  prepareState,
  readText,
  statePaths,
  writeInstance,
} from "./state.ts";
import type { Reload, Status } from "./status.ts";
import { type Watch, watchFiles } from "./watch.ts";

export interface UpOptions {
  readonly policyFile: string;
  readonly environment?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly ports: WantedPorts;
  /** Path of a Caddy binary; by default one is looked for. */
  readonly caddy?: string | undefined;
  /** Admin address of a Caddy that runs already and is to be used. */
  readonly attach?: string | undefined;
  /** Threads of the gateway; by default as many as suit the machine. */
  readonly workers?: number | undefined;
  /** How the command was called, for lines to paste. */
  readonly command: string;
}

export interface UpDeps {
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Running {
  readonly paths: StatePaths;
  status(): Status;
  /** Facts for the screen. */
  readonly curlLines: readonly CurlLine[];
  readonly callers: ReturnType<typeof allCallers>;
  /** Fulfilled when somebody asked it to stop. */
  readonly stopRequested: Promise<string>;
  /** Everything that was started has ended afterwards. Safe to call twice. */
  close(): Promise<void>;
}

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

    const sessionMemory = createSessionMemory((id) => plane?.endSession(id));
    const keySources = createKeySources(clock);
    const lasting: LastingParts = { sessionMemory, keySources, baseUrl, ports };
    const identity = await startIdentity(identityStartOf(loaded, people, lasting, paths, this.#deps));
    const holder: Parts = { loaded, people, identity, identityKey, ...lasting };
    this.#opened.add(async () => holder.identity.close());

    const records = createRecordWriter({ file: paths.gatewayLog });
    this.#opened.add(async () => records.close());
    const assertions = await createAssertionSigner({ ...assertionOptions(baseUrl, paths), clock });
    const { workers } = this.#options;
    const planeParts = { paths, workers, records, sessionMemory, clock, reporter };
    const gateway = choosePlane(runtimeOf(holder, assertions), planeParts);
    plane = gateway;
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
      { gateway, edge, records, assertions },
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
    running.begin(this.#opened);
    // Only now: what could not be started is one line of its own.
    warnOf(loaded, reporter);
    for (const probe of await probeUpstreams(loaded.policy, loaded.environment.name)) warnUnlessUp(probe, reporter);
    return running;
  }
}

/** What no reload replaces. */
interface LastingParts {
  readonly sessionMemory: SessionMemory;
  readonly keySources: KeySources;
  readonly baseUrl: string;
  readonly ports: Ports;
}

/** What a reload replaces together, beside what lasts. */
interface Parts extends LastingParts {
  loaded: LoadedEnvironment;
  people: People;
  identity: IdentityParts;
  identityKey: string;
}

interface Servers {
  readonly gateway: DataPlane;
  readonly edge: Edge;
  readonly records: RecordWriter;
  readonly assertions: AssertionSigner;
}

export class Instance implements Running {
  readonly paths: StatePaths;
  readonly stopRequested: Promise<string>;
  readonly curlLines: readonly CurlLine[];
  readonly #options: UpOptions;
  readonly #deps: UpDeps;
  readonly #parts: Parts;
  readonly #servers: Servers;
  readonly #stop: PromiseWithResolvers<string>;
  readonly #startedAtMs: number;
  #opened: Opened | null = null;
  #watch: Watch | null = null;
  #reloading: Promise<void> = Promise.resolve();
  #lastReload: Reload | null = null;
  /** Of the policy that was read last, taken over or not. */
  #lastFiles: readonly string[] = [];

  constructor(
    options: UpOptions,
    deps: UpDeps,
    paths: StatePaths,
    parts: Parts,
    servers: Servers,
    stop: PromiseWithResolvers<string>,
  ) {
    this.#options = options;
    this.#deps = deps;
    this.paths = paths;
    this.#parts = parts;
    this.#servers = servers;
    this.#stop = stop;
    this.stopRequested = stop.promise;
    this.#startedAtMs = deps.clock.nowMs();
    this.curlLines = curlLines({
      policy: parts.loaded.policy,
      environment: parts.loaded.environment.name,
      baseUrl: parts.baseUrl,
      callers: this.callers,
      caFile: servers.edge.caFile === null ? null : shownPath(servers.edge.caFile),
      tokenCommand: tokenCommand(options.command, paths.dir),
    });
  }

  begin(opened: Opened): void {
    this.#opened = opened;
    this.#watch = watchFiles(
      () => this.#watched(),
      () => {
        this.#reloading = this.#reloading.then(async () => this.reload());
      },
    );
    // What was written while everything started is a change too.
    this.#reloading = this.reload();
  }

  get callers(): ReturnType<typeof allCallers> {
    return allCallers(this.#parts.people, this.#parts.loaded.artifacts.identity);
  }

  get identity(): IdentityParts {
    return this.#parts.identity;
  }

  async flush(): Promise<void> {
    await this.#servers.gateway.flush();
    await this.#servers.records.flush();
  }

  requestStop(why: string): void {
    this.#stop.resolve(why);
  }

  /** As of now, and not of the last look at the gateway's threads. */
  async freshStatus(): Promise<Status> {
    await this.#servers.gateway.refresh();
    return this.status();
  }

  status(): Status {
    const { loaded, identity, baseUrl, ports } = this.#parts;
    const { edge, gateway, records } = this.#servers;
    const hasPrivate = loaded.artifacts.edge.privateNetwork !== null;
    return {
      ready: edge.isUp(),
      pid: process.pid,
      policy: loaded.policy.name,
      policyFile: resolve(loaded.file),
      environment: loaded.environment.name,
      policyDigest: loaded.artifacts.digest,
      startedAt: new Date(this.#startedAtMs).toISOString(),
      state: this.paths.dir,
      edge: {
        https: baseUrl,
        http: `http://${loaded.artifacts.domain}${ports.http === 80 ? "" : `:${ports.http}`}`,
        private: hasPrivate ? baseUrlOf(loaded.artifacts.domain, ports.private) : null,
        caFile: edge.caFile,
        caddyVersion: edge.version,
        attached: edge.attached,
      },
      identity: {
        issuer: identity.issuer,
        embedded: identity.provider !== null,
        keys: identity.keys.state(),
        issuers: identity.workloadIssuers.map(({ name, keys }) => ({ name, keys: keys.state() })),
      },
      sts: {
        address: `${baseUrl}${STS_PATH}`,
        region: loaded.artifacts.iam.region,
        roles: loaded.artifacts.iam.roles.map(({ name, arn }) => ({ name, arn })),
      },
      gateway: {
        socket: this.paths.publicSocket,
        privateSocket: hasPrivate ? this.paths.privateSocket : null,
        ...gateway.stats(),
      },
      records: { edge: this.paths.edgeLog, gateway: this.paths.gatewayLog, ...records.state() },
      console: null,
      lastReload: this.#lastReload,
    };
  }

  /** Takes the policy file as it is now, or keeps the old one and says why. Never throws. */
  async reload(): Promise<void> {
    const { reporter, clock } = this.#deps;
    const at = new Date(clock.nowMs()).toISOString();
    try {
      const next = loadEnvironment(this.#options.policyFile, this.#parts.loaded.environment.name);
      this.#lastFiles = next.files;
      if (!isLoaded(next)) {
        const findings = next.diagnostics.map((d) => renderDiagnostic(d, next.sources));
        for (const finding of findings) reporter.warn(finding);
        reporter.warn(`\`${this.#options.policyFile}\` was not taken over; the policy of before goes on`);
        this.#lastReload = { at, ok: false, changes: [], error: findings.join("\n") };
        return;
      }
      const changes = await this.#takeOver(next);
      if (changes === null) {
        if (this.#lastReload?.ok !== false) return;
        reporter.info("policy reloaded: the file is again what runs");
        this.#lastReload = { at, ok: true, changes: [], error: null };
        return;
      }
      warnOf(next, reporter);
      reporter.info(
        changes.length === 0
          ? "policy reloaded, nothing changed in meaning"
          : `policy reloaded:\n${changes.map((c) => `  ${c}`).join("\n")}`,
      );
      this.#lastReload = { at, ok: true, changes, error: null };
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : "unknown fault";
      reporter.warn(`the change was not taken over, the policy of before goes on: ${text}`);
      this.#lastReload = { at, ok: false, changes: [], error: text };
    }
  }

  async close(): Promise<void> {
    this.#watch?.close();
    await this.#reloading;
    await this.#opened?.close();
  }

  /** Null when neither policy nor people differ. */
  async #takeOver(next: LoadedEnvironment): Promise<readonly string[] | null> {
    const parts = this.#parts;
    if (next.artifacts.domain !== parts.loaded.artifacts.domain)
      throw new GatehouseError("GH_APP_NEEDS_RESTART", { what: "domain" });
    if (next.environment.gateway.kind === "aws")
      throw new GatehouseError("GH_APP_GATEWAY_UNSUPPORTED", { environment: next.environment.name });
    // The key before the people: a write in between is then seen as a change by the next reload.
    const identityKey = identityKeyOf(next);
    const people = loadPeople(next);
    const sameIdentity = identityKey === parts.identityKey;
    if (sameIdentity && next.artifacts.digest === parts.loaded.artifacts.digest) return null;
    const changes = diffArtifacts(parts.loaded.artifacts, next.artifacts).map((change) => change.text);
    const { gateway, edge, assertions } = this.#servers;
    const startOf = (loaded: LoadedEnvironment, known: People): IdentityStart =>
      identityStartOf(loaded, known, parts, this.paths, this.#deps);
    const starts = { before: startOf(parts.loaded, parts.people), next: startOf(next, people) };
    const change = sameIdentity
      ? null
      : await changeIdentity(parts.identity, starts, async (restored) => {
          parts.identity = restored;
          await gateway.replace(runtimeOf(parts, assertions));
        });
    try {
      const identity = change?.identity ?? parts.identity;
      // The gateway first: what the new edge sends must find its routes; what the old edge sends is still decided.
      await gateway.replace(runtimeOf({ ...parts, loaded: next, identity }, assertions));
      await edge.apply(next.artifacts);
    } catch (cause) {
      try {
        if (change !== null) parts.identity = await change.undo();
      } finally {
        await gateway.replace(runtimeOf(parts, assertions));
      }
      throw cause;
    }
    parts.loaded = next;
    parts.people = people;
    parts.identity = change?.identity ?? parts.identity;
    parts.identityKey = identityKey;
    await change?.commit();
    return sameIdentity ? changes : [...changes, "identity: provider, people or sign-in settings were taken over"];
  }

  #watched(): readonly string[] {
    const { loaded } = this.#parts;
    const people = peopleFileOf(loaded.environment, loaded.file);
    const files = [...loaded.files, ...this.#lastFiles, ...(people === null ? [] : [people])];
    return [...new Set(files.map((file) => resolve(file)))];
  }
}

function runtimeOf({ loaded, identity, baseUrl }: Parts, assertions: AssertionSigner): PlaneRuntime {
  const { issuer, verifier, sessions, stsKeys } = identity;
  return { artifacts: loaded.artifacts, issuer, identity, verifier, sessions, stsKeys, assertions, baseUrl };
}

function identityStartOf(
  { artifacts }: LoadedEnvironment,
  people: People,
  { sessionMemory, keySources, baseUrl, ports }: LastingParts,
  paths: StatePaths,
  { clock, env, reporter }: UpDeps,
): IdentityStart {
  return {
    identity: artifacts.identity,
    people,
    baseUrl,
    identityPort: ports.identity,
    paths,
    clock,
    env,
    sessionMemory,
    keySources,
    reporter,
  };
}

/** Two policies with the same key can share verified tokens, sessions and the provider. */
function identityKeyOf({ artifacts, environment, file }: LoadedEnvironment): string {
  const peopleFile = peopleFileOf(environment, file);
  return jsonDigest({ identity: artifacts.identity, people: peopleFile === null ? null : readText(peopleFile) });
}

function tokenCommand(command: string, stateDir: string): string {
  const shown = shownPath(stateDir);
  return shown === ".gatehouse" ? `${command} token` : `${command} token --state ${shown}`;
}

/** Findings that stop nothing. */
function warnOf({ diagnostics, sources }: LoadedEnvironment, reporter: Reporter): void {
  for (const d of diagnostics) if (d.severity === "warning") reporter.warn(renderDiagnostic(d, sources));
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
