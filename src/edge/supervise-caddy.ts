/**
 * A Caddy that is kept running: when it dies it is started again with the configuration that was good last.
 *
 * In:  how to start it. Out: `apply`, `stop`, and events for an operator.
 * INVARIANT: changes and restarts happen one after the other; only a configuration that Caddy took over is remembered, so
 * a restart cannot bring back a refused one; after `stop` nothing is started again.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Json, GatehouseError } from "../core/index.ts";
import type { AdminApi } from "./admin-api.ts";
import { applyConfig } from "./apply-config.ts";
import { type CaddyEnd, type CaddyProcess, type CaddyStart, startCaddy } from "./caddy-process.ts";

export type EdgeEvent =
  | { readonly kind: "exited"; readonly pid: number; readonly end: CaddyEnd; readonly lastError: string }
  | { readonly kind: "restarted"; readonly pid: number; readonly attempts: number }
  | {
      readonly kind: "restart-failed";
      readonly attempts: number;
      readonly error: GatehouseError;
      readonly nextMs: number;
    };

export interface SupervisedCaddy {
  readonly admin: AdminApi;
  /** Null while Caddy is down. */
  pid(): number | null;
  /** As `applyConfig`; waits for a restart that is under way. @throws as `applyConfig` */
  apply(config: Json): Promise<{ changed: boolean }>;
  /** Caddy has ended and stays so. Safe to call twice. */
  stop(graceMs: number): Promise<void>;
}

export interface SuperviseOptions extends CaddyStart {
  readonly onEvent?: ((event: EdgeEvent) => void) | undefined;
  /** First and longest pause before a restart. Default 100 ms and 5 s. */
  readonly backOffMs?: { readonly first: number; readonly longest: number } | undefined;
}

/** A Caddy that ran for so long is restarted without a longer pause than the first. */
const STEADY_MS = 30_000;

/**
 * Caddy runs `bootstrap`. @throws as `startCaddy`: the first start is not tried again.
 */
export async function superviseCaddy(options: SuperviseOptions): Promise<SupervisedCaddy> {
  const supervisor = new Supervisor(options, await startCaddy(options));
  void supervisor.watch();
  return supervisor;
}

class Supervisor implements SupervisedCaddy {
  readonly #options: SuperviseOptions;
  readonly #stopping = new AbortController();
  #caddy: CaddyProcess;
  #isUp = true;
  #good: Json;
  /** The end of the queue of changes and restarts. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: SuperviseOptions, caddy: CaddyProcess) {
    this.#options = options;
    this.#caddy = caddy;
    this.#good = options.bootstrap;
  }

  get admin(): AdminApi {
    return this.#caddy.admin;
  }

  pid(): number | null {
    return this.#isUp ? this.#caddy.pid : null;
  }

  apply(config: Json): Promise<{ changed: boolean }> {
    return this.#inTurn(async () => {
      const result = await applyConfig(this.#caddy.admin, config);
      this.#good = config;
      return result;
    });
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#caddy.stop(graceMs);
    await this.#inTurn(() => this.#caddy.stop(graceMs));
  }

  /** Restarts this process when it ends, until somebody stops us. */
  async watch(): Promise<void> {
    const caddy = this.#caddy;
    const startedMs = performance.now();
    const end = await caddy.exited;
    this.#isUp = false;
    if (this.#stopping.signal.aborted) return;
    // One that was killed did not end for an error of its own.
    const lastError = end.signal === null ? caddy.lastError() : "";
    this.#tell({ kind: "exited", pid: caddy.pid, end, lastError });
    const wasSteady = performance.now() - startedMs >= STEADY_MS;
    await this.#inTurn(() => this.#restart(wasSteady));
  }

  #failures = 0;

  async #restart(wasSteady: boolean): Promise<void> {
    if (wasSteady) this.#failures = 0;
    const { first, longest } = this.#options.backOffMs ?? { first: 100, longest: 5000 };
    for (let attempts = 1; ; attempts += 1) {
      await delay(Math.min(first * 2 ** this.#failures, longest), null, { signal: this.#stopping.signal }).catch(
        () => {},
      );
      this.#failures += 1;
      if (this.#stopping.signal.aborted) return;
      try {
        this.#caddy = await startCaddy({ ...this.#options, bootstrap: this.#good });
      } catch (cause) {
        const error = faultOf(cause);
        const nextMs = Math.min(first * 2 ** this.#failures, longest);
        this.#tell({ kind: "restart-failed", attempts, error, nextMs });
        continue;
      }
      this.#isUp = true;
      void this.watch();
      this.#tell({ kind: "restarted", pid: this.#caddy.pid, attempts });
      return;
    }
  }

  #tell(event: EdgeEvent): void {
    this.#options.onEvent?.(event);
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(step, step);
    this.#queue = turn.catch(() => {});
    return turn;
  }
}

function faultOf(cause: unknown): GatehouseError {
  if (cause instanceof GatehouseError) return cause;
  const reason = cause instanceof Error ? cause.message : "unknown fault";
  return new GatehouseError("GH_EDGE_START_FAILED", { reason }, { cause });
}
