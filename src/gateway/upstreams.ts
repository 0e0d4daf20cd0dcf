/**
 * Connections to the services: those of one origin are shared by all policies that name it.
 *
 * In: an origin (`http://127.0.0.1:4001`). Out: its `Origin`, kept while somebody holds it.
 * Not here: what is sent (upstream-call.ts), connections (http-client/).
 */
import { Origin, type OriginStats } from "./http-client/origin.ts";

interface Entry {
  readonly origin: Origin;
  holders: number;
}

export class Upstreams {
  readonly #entries = new Map<string, Entry>();

  /** The connections of an origin. The caller gives them back with `release`. */
  hold(name: string): Origin {
    let entry = this.#entries.get(name);
    if (entry === undefined) this.#entries.set(name, (entry = { origin: new Origin(name), holders: 0 }));
    entry.holders++;
    return entry.origin;
  }

  /** When nobody holds an origin any more its connections are closed as their requests end. */
  release(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || --entry.holders > 0) return;
    this.#entries.delete(name);
    entry.origin.close();
  }

  /** Ends every connection, also those in use. */
  destroy(): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { origin } of entries) origin.destroy();
  }

  stats(): (OriginStats & { readonly origin: string })[] {
    return [...this.#entries].map(([name, { origin }]) => ({ origin: name, ...origin.stats }));
  }
}
