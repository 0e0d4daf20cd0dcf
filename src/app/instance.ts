/**
 * What runs, once it runs: its state for other commands, and how it takes over a change of its policy.
 *
 * In: started parts. Out: `Running`, and what the control socket is told. Not here: starting (up.ts).
 * INVARIANT: a reload takes over whole or changes nothing; requests go on being decided by the old policy until the new
 * one is in place, so there is no moment without one.
 */
import { resolve } from "node:path";
import { type Clock, GatehouseError, type Reporter, jsonDigest, renderDiagnostic } from "../core/index.ts";
import type { AssertionKeys, AssertionSigner, People, ProofMemory, Revocations } from "../identity/index.ts";
import { diffArtifacts } from "../model/index.ts";
import { type Caller, inEnvironment, isMember } from "../policy/index.ts";
import { type AwsMetric, type Family, type RecordWriter, awsMetrics } from "../records/index.ts";
import type { Store } from "../store/index.ts";
import { changeIdentity } from "./change-identity.ts";
import type { DataPlane, PlaneRuntime } from "./data-plane.ts";
import type { Edge } from "./edge-parts.ts";
import { STS_PATH, baseUrlOf } from "./edge-runtime.ts";
import type { IdentityParts, IdentityStart } from "./identity-parts.ts";
import { instanceFamilies } from "./instance-families.ts";
import type { KeySources } from "./key-sources.ts";
import { type LoadedEnvironment, isLoaded, loadEnvironment, shownPath } from "./load-policy.ts";
import { apiIdsOf } from "./metrics.ts";
import type { Opened } from "./opened.ts";
import { allCallers, loadPeople, peopleFileOf } from "./people.ts";
import type { Ports, WantedPorts } from "./ports.ts";
import { type CurlLine, curlLines } from "./screen.ts";
import { keyScheduleOf } from "./signing-parts.ts";
import { type StatePaths, readText } from "./state.ts";
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
  /** Port on loopback for figures, 0 for a free one; by default there is none. */
  readonly metricsPort?: number | undefined;
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

/** What no reload replaces. */
export interface LastingParts {
  readonly revocations: Revocations;
  readonly store: Store;
  readonly proofMemory: ProofMemory;
  readonly keySources: KeySources;
  readonly baseUrl: string;
  readonly ports: Ports;
}

/** What a reload replaces together, beside what lasts. */
export interface Parts extends LastingParts {
  loaded: LoadedEnvironment;
  people: People;
  identity: IdentityParts;
  identityKey: string;
}

export interface Servers {
  readonly gateway: DataPlane;
  readonly edge: Edge;
  readonly records: RecordWriter;
  readonly assertions: AssertionSigner;
  readonly assertionKeys: AssertionKeys;
}

export class Instance implements Running {
  readonly paths: StatePaths;
  readonly stopRequested: Promise<string>;
  readonly curlLines: readonly CurlLine[];
  metricsUrl: string | null = null;
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

  /** What sessions are listed from and rights are taken away by. */
  get held(): Pick<Parts, "identity" | "revocations" | "loaded"> {
    return this.#parts;
  }

  get nowMs(): number {
    return this.#deps.clock.nowMs();
  }

  /** Names of the roles that a caller holds by the policy that runs. */
  rolesOf(caller: Caller): readonly string[] {
    const { policy, environment } = this.#parts.loaded;
    const { roles } = inEnvironment(policy, environment);
    return roles.flatMap(({ name, members }) => (isMember(members, caller) ? [name] : []));
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

  /** What Prometheus is told. */
  async families(): Promise<readonly Family[]> {
    return instanceFamilies(await this.freshStatus(), await this.#servers.gateway.metrics());
  }

  /** Under API Gateway's names. */
  async awsMetrics(): Promise<readonly AwsMetric[]> {
    const apiIds = apiIdsOf(this.#parts.loaded.artifacts);
    return awsMetrics(await this.#servers.gateway.metrics(), ({ api, service }) => apiIds(api, service));
  }

  /** As of now, and not of the last look at the gateway's threads. */
  async freshStatus(): Promise<Status> {
    await this.#servers.gateway.refresh();
    return this.status();
  }

  status(): Status {
    const { loaded, identity, baseUrl, ports } = this.#parts;
    const { edge, gateway, records, assertionKeys } = this.#servers;
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
        assertionKeys: assertionKeys.states(),
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
      metrics: this.metricsUrl,
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
      // A schedule is in no artifact: nothing else differs when it does.
      await this.#servers.assertionKeys.follow(keyScheduleOf(next.policy));
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
    if (next.environment.state !== parts.loaded.environment.state)
      throw new GatehouseError("GH_APP_NEEDS_RESTART", { what: "state" });
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

export function runtimeOf({ loaded, identity, baseUrl }: Parts, assertions: AssertionSigner): PlaneRuntime {
  const { issuer, verifier, sessions, stsKeys } = identity;
  return { artifacts: loaded.artifacts, issuer, identity, verifier, sessions, stsKeys, assertions, baseUrl };
}

export function identityStartOf(
  { artifacts }: LoadedEnvironment,
  people: People,
  { revocations, store, proofMemory, keySources, baseUrl, ports }: LastingParts,
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
    revocations,
    store,
    proofMemory,
    keySources,
    reporter,
  };
}

/** Two policies with the same key can share verified tokens, sessions and the provider. */
export function identityKeyOf({ artifacts, environment, file }: LoadedEnvironment): string {
  const peopleFile = peopleFileOf(environment, file);
  return jsonDigest({ identity: artifacts.identity, people: peopleFile === null ? null : readText(peopleFile) });
}

function tokenCommand(command: string, stateDir: string): string {
  const shown = shownPath(stateDir);
  return shown === ".gatehouse" ? `${command} token` : `${command} token --state ${shown}`;
}

/** Findings that stop nothing. */
export function warnOf({ diagnostics, sources }: LoadedEnvironment, reporter: Reporter): void {
  for (const d of diagnostics) if (d.severity === "warning") reporter.warn(renderDiagnostic(d, sources));
}
