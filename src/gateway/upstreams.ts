/**
 * Connections to the services: one pool for each origin, shared by all policies that name it.
 *
 * In: an origin (`http://127.0.0.1:4001`). Out: a `Pool`, kept while somebody holds it.
 * Not here: what is sent (upstream-call.ts).
 * Traps of the engine that the settings answer: HTTP/2 towards the service is off (one meaning of a request on the
 * wire); its own header timer is off, because it restarts on progress and the route's timeout is a total.
 */
import { Pool } from "undici";

const CONNECT_TIMEOUT_MS = 5000;
/** Between two pieces of a response. A stream that is silent for longer is ended; the client sees a cut response. */
const IDLE_BODY_MS = 300_000;
const MAX_CONNECTIONS = 512;
const MAX_RESPONSE_HEADER_BYTES = 65_536;

interface Entry {
  readonly pool: Pool;
  holders: number;
}

export class Upstreams {
  readonly #entries = new Map<string, Entry>();

  /** The pool of an origin. The caller gives it back with `release`. */
  hold(origin: string): Pool {
    let entry = this.#entries.get(origin);
    if (entry === undefined) {
      const pool = new Pool(origin, {
        allowH2: false,
        bodyTimeout: IDLE_BODY_MS,
        connectTimeout: CONNECT_TIMEOUT_MS,
        connections: MAX_CONNECTIONS,
        headersTimeout: 0,
        maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
        pipelining: 1,
      });
      this.#entries.set(origin, (entry = { pool, holders: 0 }));
    }
    entry.holders++;
    return entry.pool;
  }

  /** When nobody holds an origin any more its connections are closed as their requests end. */
  release(origin: string): void {
    const entry = this.#entries.get(origin);
    if (entry === undefined || --entry.holders > 0) return;
    this.#entries.delete(origin);
    // A pool that cannot be closed has no connection left; there is nothing to tell anybody.
    entry.pool.close().catch(() => {});
  }

  /** Ends every connection, also those in use. */
  async destroy(): Promise<void> {
    const pools = [...this.#entries.values()].map((entry) => entry.pool);
    this.#entries.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  stats(): {
    readonly origin: string;
    readonly connected: number;
    readonly running: number;
    readonly queued: number;
  }[] {
    return [...this.#entries].map(([origin, { pool }]) => {
      const { connected, running, queued } = pool.stats;
      return { origin, connected, running, queued };
    });
  }
}
