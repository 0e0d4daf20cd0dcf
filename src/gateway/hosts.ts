/**
 * Which APIs a `Host` value means.
 *
 * In: the APIs of the environment's domain and of host names beside it. Out: for each value of the header the APIs of
 * that host, or that it is nobody's, or no host at all. Its port says nothing.
 * Source: RFC 9110 7.2 and 7.4 (421), RFC 3986 3.2.2.
 * INVARIANT: a host is known by its whole name; a name that is nobody's never reaches a route.
 */
import type { ApiKind } from "./arrival.ts";
import type { PlannedApi } from "./route-plan.ts";

/** What answers for one host name; null where no service does on that listener. */
export interface HostApis extends Readonly<Record<ApiKind, PlannedApi | null>> {
  /** The environment's domain, where Gatehouse's own endpoints are. */
  readonly isDomain: boolean;
}

export type HostVerdict = HostApis | "other" | "malformed";

const HOST = /^([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
/** Spellings of one name: with and without port, in capitals. */
const SPELLINGS = 64;

export class Hosts {
  readonly #byName: ReadonlyMap<string, HostApis>;
  readonly #maxSpellings: number;
  readonly #bySpelling = new Map<string, HostApis>();

  /** @param byName lower case, without port */
  constructor(byName: ReadonlyMap<string, HostApis>) {
    this.#byName = byName;
    this.#maxSpellings = SPELLINGS * byName.size;
  }

  judge(host: string): HostVerdict {
    const known = this.#bySpelling.get(host);
    if (known !== undefined) return known;
    const name = HOST.exec(host)?.[1]?.toLowerCase();
    if (name === undefined || name.includes("..")) return "malformed";
    const apis = this.#byName.get(name);
    if (apis === undefined) return "other";
    if (this.#bySpelling.size < this.#maxSpellings) this.#bySpelling.set(host, apis);
    return apis;
  }
}
