/**
 * Figures under the names and dimensions that API Gateway gives them in CloudWatch.
 *
 * In: a snapshot. Out: one entry for each metric and set of dimensions: API; API and stage; API, stage and route.
 * Percentiles come from buckets and are estimates, as straight as a line within each.
 * Source: API Gateway developer guide, "Monitor metrics for HTTP APIs" (namespace `AWS/ApiGateway`).
 */
import {
  BUCKETS_MS,
  type HistogramSnapshot,
  type MetricsSnapshot,
  type RouteSnapshot,
  sumHistograms,
} from "./metrics.ts";

export interface AwsMetric {
  readonly namespace: "AWS/ApiGateway";
  readonly name: "Count" | "4xx" | "5xx" | "Latency" | "IntegrationLatency" | "DataProcessed";
  readonly dimensions: { readonly ApiId: string; readonly Stage?: string; readonly Route?: string };
  readonly unit: "Count" | "Milliseconds" | "Bytes";
  readonly sampleCount: number;
  readonly sum: number;
  /** Of `4xx` and `5xx` the share of such answers. */
  readonly average: number;
  /** Of times alone. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly p50?: number;
  readonly p90?: number;
  readonly p99?: number;
}

/**
 * @param apiIdOf the API that a route of the snapshot belongs to
 * @param isDetailed whether a route has figures of its own (`detailedMetricsEnabled`) @default all have
 */
export function awsMetrics(
  snapshot: MetricsSnapshot,
  apiIdOf: (route: RouteSnapshot) => string,
  isDetailed: (route: RouteSnapshot) => boolean = () => true,
): AwsMetric[] {
  const groups = new Map<string, { dimensions: AwsMetric["dimensions"]; routes: RouteSnapshot[] }>();
  const add = (dimensions: AwsMetric["dimensions"], route: RouteSnapshot): void => {
    const key = JSON.stringify(dimensions);
    const group = groups.get(key) ?? { dimensions, routes: [] };
    groups.set(key, group);
    group.routes.push(route);
  };
  for (const route of snapshot.routes) {
    const ApiId = apiIdOf(route);
    const { stage, routeKey } = route;
    add({ ApiId }, route);
    if (stage === "") continue;
    add({ ApiId, Stage: stage }, route);
    if (routeKey !== null && isDetailed(route)) add({ ApiId, Stage: stage, Route: routeKey }, route);
  }
  return [...groups.values()]
    .toSorted((a, b) => Object.keys(a.dimensions).length - Object.keys(b.dimensions).length)
    .flatMap(({ dimensions, routes }) => metricsOf(dimensions, routes));
}

function metricsOf(dimensions: AwsMetric["dimensions"], routes: readonly RouteSnapshot[]): AwsMetric[] {
  const namespace = "AWS/ApiGateway";
  const latency = sumHistograms(routes.map((route) => route.latency));
  const upstream = sumHistograms(routes.map((route) => route.upstream));
  const outcomes = routes.flatMap((route) => route.outcomes);
  // Of all that ended, also of what was not timed.
  const requests = outcomes.reduce((total, { count }) => total + count, 0);
  const counted = (name: AwsMetric["name"], least: number): AwsMetric => {
    const sum = outcomes
      .filter(({ status }) => status >= least && status < least + 100)
      .reduce((total, { count }) => total + count, 0);
    return { namespace, name, dimensions, unit: "Count", sampleCount: requests, sum, average: share(sum, requests) };
  };
  const bytes = routes.reduce((total, { bytesIn, bytesOut }) => total + bytesIn + bytesOut, 0);
  return [
    { namespace, name: "Count", dimensions, unit: "Count", sampleCount: requests, sum: requests, average: 1 },
    counted("4xx", 400),
    counted("5xx", 500),
    { namespace, name: "Latency", dimensions, unit: "Milliseconds", ...statisticsOf(latency) },
    { namespace, name: "IntegrationLatency", dimensions, unit: "Milliseconds", ...statisticsOf(upstream) },
    {
      namespace,
      name: "DataProcessed",
      dimensions,
      unit: "Bytes",
      sampleCount: requests,
      sum: bytes,
      average: share(bytes, requests),
    },
  ];
}

function statisticsOf(histogram: HistogramSnapshot) {
  const { count, sumMs, minMs, maxMs } = histogram;
  return {
    sampleCount: count,
    sum: round(sumMs),
    average: round(share(sumMs, count)),
    minimum: round(minMs),
    maximum: round(maxMs),
    p50: round(percentile(histogram, 0.5)),
    p90: round(percentile(histogram, 0.9)),
    p99: round(percentile(histogram, 0.99)),
  };
}

/** Between the least and the greatest that were seen; 0 when nothing was. */
export function percentile({ counts, count, minMs, maxMs }: HistogramSnapshot, part: number): number {
  const wanted = part * count;
  let below = 0;
  for (const [bucket, found] of counts.entries()) {
    if (found === 0 || below + found < wanted) {
      below += found;
      continue;
    }
    const from = Math.max(bucket === 0 ? 0 : (BUCKETS_MS[bucket - 1] ?? 0), minMs);
    const to = Math.min(BUCKETS_MS[bucket] ?? maxMs, maxMs);
    return from + ((to - from) * (wanted - below)) / found;
  }
  return maxMs;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
