import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AwsMetric, awsMetrics, percentile } from "./aws-metrics.ts";
import { BUCKETS_MS, type Observation, RequestMetrics, sumSnapshots } from "./metrics.ts";
import { observeRecord } from "./observe-record.ts";
import { renderPage } from "./prometheus-text.ts";
import { sampleGatewayRecord } from "./sample-records.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

function observation(changes: Partial<Observation> = {}): Observation {
  return {
    api: "public",
    stage: "$default",
    service: "orders",
    routeKey: "GET /orders",
    status: 200,
    reason: "role-grants",
    durationMs: 4,
    decideMs: 0.2,
    upstreamMs: 3,
    bytesIn: 10,
    bytesOut: 100,
    traceId: TRACE,
    ...changes,
  };
}

function metricsOf(observations: readonly Observation[], nowMs = 1000): RequestMetrics {
  const metrics = new RequestMetrics(() => nowMs);
  for (const one of observations) metrics.observe(one);
  return metrics;
}

describe("requests that are observed", () => {
  test("are counted by route, status and reason, timed by bucket, with a trace for each bucket", () => {
    const snapshot = metricsOf([
      observation(),
      observation({ durationMs: 5 }),
      observation({ durationMs: 40_000, status: 503, reason: "upstream-timeout", upstreamMs: null }),
      observation({ routeKey: null, service: null, status: 404, reason: "no-route", upstreamMs: null, traceId: "" }),
    ]).snapshot();
    assert.equal(snapshot.routes.length, 2);
    const [orders, none] = snapshot.routes;
    assert.deepEqual(orders?.outcomes, [
      { status: 200, reason: "role-grants", count: 2 },
      { status: 503, reason: "upstream-timeout", count: 1 },
    ]);
    assert.deepEqual(none?.outcomes, [{ status: 404, reason: "no-route", count: 1 }]);
    assert.equal(orders.latency.count, 3);
    assert.equal(orders.latency.sumMs, 40_009);
    assert.deepEqual([orders.latency.minMs, orders.latency.maxMs], [4, 40_000]);
    const five = BUCKETS_MS.indexOf(5);
    assert.equal(orders.latency.counts[five], 2);
    assert.equal(orders.latency.counts.at(-1), 1);
    assert.deepEqual(orders.latency.exemplars[five], { traceId: TRACE, ms: 4, atMs: 1000 });
    assert.deepEqual(
      none.latency.exemplars.filter((one) => one !== null),
      [],
    );
    assert.equal(orders.upstream.count, 2);
    assert.deepEqual([orders.bytesIn, orders.bytesOut], [30, 300]);
    assert.equal(snapshot.decisions[0]?.latency.count, 4);
  });

  test("that became a WebSocket are counted and not timed", () => {
    const { routes } = metricsOf([observation({ status: 101, durationMs: 3_600_000 })]).snapshot();
    assert.equal(routes[0]?.latency.count, 0);
    assert.equal(routes[0]?.outcomes[0]?.count, 1);
  });

  test("come from records as well", () => {
    const metrics = new RequestMetrics(() => 0);
    observeRecord(metrics, sampleGatewayRecord({ api: null, service: null, routeKey: null, status: 404 }));
    assert.deepEqual(
      metrics.snapshot().routes.map(({ api, stage, routeKey }) => ({ api, stage, routeKey })),
      [{ api: "", stage: "$default", routeKey: null }],
    );
  });

  test("of several threads add up to what one would have counted", () => {
    const all = [observation(), observation({ status: 403, reason: "no-role" }), observation({ service: "web" })];
    const apart = sumSnapshots(all.map((one) => metricsOf([one]).snapshot()));
    assert.deepEqual(apart, metricsOf(all).snapshot());
    assert.deepEqual(sumSnapshots([]), { routes: [], decisions: [] });
  });
});

describe("under API Gateway's names", () => {
  const snapshot = metricsOf([
    observation({ durationMs: 10 }),
    observation({ durationMs: 20, status: 404, reason: "no-route", routeKey: null, upstreamMs: null }),
    observation({ durationMs: 30, status: 502, reason: "role-grants", routeKey: "POST /orders" }),
  ]).snapshot();
  const metrics = awsMetrics(snapshot, () => "a1b2c3d4e5");
  const find = (name: AwsMetric["name"], dimensions: object): AwsMetric | undefined =>
    metrics.find((metric) => metric.name === name && JSON.stringify(metric.dimensions) === JSON.stringify(dimensions));

  test("figures are told by API, by stage and by route", () => {
    const sets = new Set(metrics.map(({ dimensions }) => Object.values(dimensions).join(" ")));
    assert.deepEqual(
      [...sets],
      ["a1b2c3d4e5", "a1b2c3d4e5 $default", "a1b2c3d4e5 $default GET /orders", "a1b2c3d4e5 $default POST /orders"],
    );
  });

  test("errors are counted and their average is their share", () => {
    const all = { ApiId: "a1b2c3d4e5" };
    assert.equal(find("Count", all)?.sum, 3);
    assert.deepEqual([find("4xx", all)?.sum, find("4xx", all)?.average], [1, 1 / 3]);
    assert.equal(find("5xx", { ...all, Stage: "$default", Route: "POST /orders" })?.sum, 1);
    assert.equal(find("5xx", { ...all, Stage: "$default", Route: "GET /orders" })?.sum, 0);
  });

  test("what became a WebSocket is counted and not timed, and a route is told of only where it is wanted", () => {
    const few = metricsOf([observation(), observation({ status: 101 }), observation({ status: 101 })]).snapshot();
    const told = awsMetrics(
      few,
      () => "a1",
      () => false,
    );
    assert.deepEqual(
      told
        .map(({ name, dimensions, sum }) => [name, Object.keys(dimensions).join(), sum])
        .filter(([name]) => name === "Count"),
      [
        ["Count", "ApiId", 3],
        ["Count", "ApiId,Stage", 3],
      ],
    );
    assert.equal(told.find(({ name }) => name === "Latency")?.sampleCount, 1);
  });

  test("times have their statistics, and bytes go both ways", () => {
    const latency = find("Latency", { ApiId: "a1b2c3d4e5" });
    assert.deepEqual(
      [latency?.sampleCount, latency?.sum, latency?.average, latency?.minimum, latency?.maximum],
      [3, 60, 20, 10, 30],
    );
    assert.equal(find("IntegrationLatency", { ApiId: "a1b2c3d4e5" })?.sampleCount, 2);
    assert.equal(find("DataProcessed", { ApiId: "a1b2c3d4e5" })?.sum, 330);
  });

  test("percentiles lie between the least and the greatest, and rise", () => {
    const many = metricsOf(Array.from({ length: 1000 }, (_, n) => observation({ durationMs: n / 10 })));
    const histogram = many.snapshot().routes[0]?.latency;
    assert.ok(histogram !== undefined);
    for (const [part, wanted] of [
      [0.5, 50],
      [0.9, 90],
      [0.99, 99],
    ] as const)
      assert.ok(Math.abs(percentile(histogram, part) - wanted) < 0.5, String(part));
    assert.equal(percentile({ ...histogram, counts: [], count: 0, maxMs: 0 }, 0.5), 0);
  });
});

describe("the page for Prometheus", () => {
  const counter = {
    kind: "counter",
    name: "requests",
    help: 'all of "them"\nand more',
    samples: [{ labels: { route: 'GET /a"b\\c\nd' }, value: 3 }],
  } as const;
  const histogram = {
    kind: "histogram",
    name: "seconds",
    help: "time",
    samples: [{ labels: {}, histogram: metricsOf([observation()]).snapshot().routes[0]?.latency as never }],
  } as const;

  test("is text 0.0.4 unless OpenMetrics is asked for", () => {
    const page = renderPage([counter, histogram], "*/*");
    assert.equal(page.contentType, "text/plain; version=0.0.4; charset=utf-8");
    const lines = page.body.split("\n");
    assert.deepEqual(lines.slice(0, 3), [
      '# HELP requests_total all of "them"\\nand more',
      "# TYPE requests_total counter",
      'requests_total{route="GET /a\\"b\\\\c\\nd"} 3',
    ]);
    assert.ok(lines.includes('seconds_bucket{le="0.005"} 1'));
    assert.ok(lines.includes('seconds_bucket{le="+Inf"} 1'));
    assert.ok(lines.includes("seconds_sum 0.004"));
    assert.doesNotMatch(page.body, /EOF|trace_id/);
    assert.equal(renderPage([counter], "application/openmetrics-text;q=0, */*").contentType, page.contentType);
  });

  test("as OpenMetrics names families without suffix, has exemplars, and ends", () => {
    const page = renderPage([counter, histogram], "application/openmetrics-text; version=1.0.0,text/plain;q=0.5");
    assert.equal(page.contentType, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    const lines = page.body.split("\n");
    assert.equal(lines[1], "# TYPE requests counter");
    assert.ok(lines.includes(`seconds_bucket{le="0.005"} 1 # {trace_id="${TRACE}"} 0.004 1.000`));
    assert.deepEqual(lines.slice(-2), ["# EOF", ""]);
  });

  test("leaves out a family that has nothing to say", () => {
    assert.equal(renderPage([{ ...counter, samples: [] }], "").body, "\n");
  });
});
