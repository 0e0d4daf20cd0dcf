/**
 * What requests amount to: counts by route, status and reason, times by service, bytes.
 *
 * In: one call for each request that ended. Out: a snapshot in plain data; snapshots of several threads add up.
 * Not here: how figures are shown (prometheus-text.ts, aws-metrics.ts), where they are served.
 * One observation costs a few look-ups by strings that repeat and a few additions; nothing is made but for what was never
 * seen before. Labels come from the policy and from closed lists, never from a client.
 */

/** Upper bounds of the buckets in milliseconds; the last bucket has none. */
export const BUCKETS_MS: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
];

export interface Observation {
  /** `public` or `private`; of HTTP APIs of an account, the API's id. */
  readonly api: string;
  readonly stage: string;
  /** Null where no service was asked. */
  readonly service: string | null;
  /** Null where no route answers. */
  readonly routeKey: string | null;
  readonly status: number;
  readonly reason: string;
  /** Until the answer was complete. */
  readonly durationMs: number;
  /** Null where nothing was decided. */
  readonly decideMs: number | null;
  /** Until the head of the service's answer; null where it gave none. */
  readonly upstreamMs: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Empty where there is none. */
  readonly traceId: string;
}

export interface HistogramSnapshot {
  /** By bucket, not added up; one more than `BUCKETS_MS`. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumMs: number;
  /** 0 when nothing was observed. */
  readonly minMs: number;
  readonly maxMs: number;
  /** The latest request of each bucket that had a trace. */
  readonly exemplars: readonly (Exemplar | null)[];
}

export interface Exemplar {
  readonly traceId: string;
  readonly ms: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

export interface RouteSnapshot {
  readonly api: string;
  readonly stage: string;
  readonly service: string | null;
  readonly routeKey: string | null;
  readonly outcomes: readonly { readonly status: number; readonly reason: string; readonly count: number }[];
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly latency: HistogramSnapshot;
  readonly upstream: HistogramSnapshot;
}

export interface MetricsSnapshot {
  readonly routes: readonly RouteSnapshot[];
  /** How long deciding took, by API. */
  readonly decisions: readonly { readonly api: string; readonly latency: HistogramSnapshot }[];
}

class Histogram {
  readonly counts: number[] = Array.from({ length: BUCKETS_MS.length + 1 }, () => 0);
  readonly exemplars: (Exemplar | null)[] = Array.from({ length: BUCKETS_MS.length + 1 }, () => null);
  count = 0;
  sumMs = 0;
  minMs = 0;
  maxMs = 0;

  /** The bucket. */
  add(ms: number): number {
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && ms > (BUCKETS_MS[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    if (this.count === 0 || ms < this.minMs) this.minMs = ms;
    if (ms > this.maxMs) this.maxMs = ms;
    this.count++;
    this.sumMs += ms;
    return bucket;
  }

  snapshot(): HistogramSnapshot {
    const { count, sumMs, minMs, maxMs } = this;
    return { counts: [...this.counts], count, sumMs, minMs, maxMs, exemplars: [...this.exemplars] };
  }
}

interface Series {
  readonly of: Pick<RouteSnapshot, "api" | "stage" | "service" | "routeKey">;
  /** By status, then by reason. */
  readonly outcomes: Map<number, Map<string, number>>;
  readonly latency: Histogram;
  readonly upstream: Histogram;
  bytesIn: number;
  bytesOut: number;
}

const SWITCHING_PROTOCOLS = 101;
const NOBODY = "";
/** How often an exemplar is taken anew: the latest of a second is as good as any. */
const EXEMPLAR_MS = 1000;

export class RequestMetrics {
  readonly #nowMs: () => number;
  /** API and stage, service, route: strings that repeat, so that no key has to be put together. */
  readonly #series = new Map<string, Map<string, Map<string, Map<string, Series>>>>();
  readonly #decisions = new Map<string, Histogram>();

  /** @param nowMs wall time, for exemplars */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  observe(o: Observation): void {
    const series = this.#seriesOf(o);
    let reasons = series.outcomes.get(o.status);
    if (reasons === undefined) series.outcomes.set(o.status, (reasons = new Map()));
    reasons.set(o.reason, (reasons.get(o.reason) ?? 0) + 1);
    series.bytesIn += o.bytesIn;
    series.bytesOut += o.bytesOut;
    // What became a WebSocket lasted as long as somebody wanted it to.
    if (o.status !== SWITCHING_PROTOCOLS) {
      const bucket = series.latency.add(o.durationMs);
      if (o.traceId !== "") this.#keepExemplar(series.latency, bucket, o);
    }
    if (o.upstreamMs !== null) series.upstream.add(o.upstreamMs);
    if (o.decideMs !== null) this.#decisionsOf(o.api).add(o.decideMs);
  }

  snapshot(): MetricsSnapshot {
    const routes: RouteSnapshot[] = [];
    for (const stages of this.#series.values())
      for (const services of stages.values())
        for (const list of services.values())
          for (const { of, outcomes, bytesIn, bytesOut, latency, upstream } of list.values())
            routes.push({
              ...of,
              outcomes: [...outcomes].flatMap(([status, reasons]) =>
                [...reasons].map(([reason, count]) => ({ status, reason, count })),
              ),
              bytesIn,
              bytesOut,
              latency: latency.snapshot(),
              upstream: upstream.snapshot(),
            });
    const decisions = [...this.#decisions].map(([api, latency]) => ({ api, latency: latency.snapshot() }));
    return { routes, decisions };
  }

  #keepExemplar(histogram: Histogram, bucket: number, { traceId, durationMs }: Observation): void {
    const nowMs = this.#nowMs();
    const known = histogram.exemplars[bucket] ?? null;
    if (known === null || nowMs - known.atMs >= EXEMPLAR_MS)
      histogram.exemplars[bucket] = { traceId, ms: durationMs, atMs: nowMs };
  }

  #decisionsOf(api: string): Histogram {
    let found = this.#decisions.get(api);
    if (found === undefined) this.#decisions.set(api, (found = new Histogram()));
    return found;
  }

  #seriesOf({ api, stage, service, routeKey }: Observation): Series {
    const services = valueOf(valueOf(this.#series, api), stage);
    const routes = valueOf(services, service ?? NOBODY);
    const key = routeKey ?? NOBODY;
    let series = routes.get(key);
    if (series === undefined) {
      series = {
        of: { api, stage, service, routeKey },
        outcomes: new Map(),
        latency: new Histogram(),
        upstream: new Histogram(),
        bytesIn: 0,
        bytesOut: 0,
      };
      routes.set(key, series);
    }
    return series;
  }
}

function valueOf<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Map()));
  return found;
}

/** What several threads counted, as if one had. */
export function sumSnapshots(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const routes = new Map<string, RouteSnapshot>();
  const decisions = new Map<string, { readonly api: string; readonly latency: HistogramSnapshot }>();
  for (const snapshot of snapshots) {
    for (const route of snapshot.routes) {
      const key = JSON.stringify([route.api, route.stage, route.service, route.routeKey]);
      const known = routes.get(key);
      routes.set(key, known === undefined ? route : sumRoutes(known, route));
    }
    for (const decision of snapshot.decisions) {
      const known = decisions.get(decision.api);
      const latency = known === undefined ? decision.latency : sumHistograms([known.latency, decision.latency]);
      decisions.set(decision.api, { api: decision.api, latency });
    }
  }
  return { routes: [...routes.values()], decisions: [...decisions.values()] };
}

function sumRoutes(a: RouteSnapshot, b: RouteSnapshot): RouteSnapshot {
  const outcomes = new Map<string, RouteSnapshot["outcomes"][number]>();
  for (const { status, reason, count } of [...a.outcomes, ...b.outcomes]) {
    const key = `${status} ${reason}`;
    outcomes.set(key, { status, reason, count: count + (outcomes.get(key)?.count ?? 0) });
  }
  return {
    ...a,
    outcomes: [...outcomes.values()],
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
    latency: sumHistograms([a.latency, b.latency]),
    upstream: sumHistograms([a.upstream, b.upstream]),
  };
}

/** All of them as one; of exemplars the latest. */
export function sumHistograms(histograms: readonly HistogramSnapshot[]): HistogramSnapshot {
  const seen = histograms.filter(({ count }) => count > 0);
  const total = (of: (histogram: HistogramSnapshot) => number): number => seen.reduce((sum, one) => sum + of(one), 0);
  const latest = (bucket: number): Exemplar | null =>
    seen.reduce<Exemplar | null>((found, { exemplars }) => {
      const one = exemplars[bucket] ?? null;
      return one !== null && (found === null || one.atMs > found.atMs) ? one : found;
    }, null);
  const buckets = Array.from({ length: BUCKETS_MS.length + 1 }, (_, bucket) => bucket);
  return {
    counts: buckets.map((bucket) => total(({ counts }) => counts[bucket] ?? 0)),
    count: total(({ count }) => count),
    sumMs: total(({ sumMs }) => sumMs),
    minMs: seen.length === 0 ? 0 : Math.min(...seen.map(({ minMs }) => minMs)),
    maxMs: Math.max(0, ...seen.map(({ maxMs }) => maxMs)),
    exemplars: buckets.map(latest),
  };
}
