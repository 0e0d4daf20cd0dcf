import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWrk } from "../../bench/load.ts";
import { type Figures, type Round, median, ratios, renderFigures } from "../../bench/report.ts";

const WRK = `Running 3s test @ https://localhost:1/orders/1001
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.31ms    1.02ms  21.00ms   71.50%
    Req/Sec    14.10k     1.01k   16.00k    70.99%
  Latency Distribution
     50%  940.00us
     75%    2.80ms
     90%    3.40ms
     99%    1.20s 
  42015 requests in 3.00s, 9.57MB read
Requests/sec:  14000.25
Transfer/sec:      3.18MB
`;

test("wrk's figures are read in milliseconds, and percentages of its other lines are not taken for them", () => {
  assert.deepEqual(parseWrk(WRK), { requests: 42015, requestsPerSecond: 14000.25, p50Ms: 0.94, p99Ms: 1200 });
});

test("a run that met refusals or broken connections is no result", () => {
  assert.throws(() => parseWrk(`${WRK}  Non-2xx or 3xx responses: 12\n`), /Non-2xx or 3xx responses: 12/);
  assert.throws(() => parseWrk(`${WRK}  Socket errors: connect 0, read 3, write 0, timeout 0\n`), /read 3/);
});

const round = (node: number, caddy: number): Round => ({
  cpuMicroseconds: { node, caddy, sh: 0 },
  requests: 10,
  requestsPerSecond: 100,
  p50Ms: 1,
  p99Ms: 2,
  memoryBytes: 3 * 2 ** 20,
});

test("ratios are taken within each round, medians over them, and idle programs are left out", () => {
  const of: Figures = { name: "B", rounds: [round(1000, 1000), round(3000, 1000), round(1000, 2000)] };
  const over: Figures = { name: "A", rounds: [round(0, 1000), round(0, 1000), round(0, 1000)] };
  assert.deepEqual(ratios(of, over), [2, 4, 3]);
  assert.equal(median([2, 4, 3]), 3);
  assert.equal(median([2, 4]), 3);
  assert.equal(
    renderFigures([of]).split("\n")[2],
    "| B | 300.0 (200.0 to 400.0) | caddy 100.0, node 100.0 | 100 (100 to 100) | 1.00 (1.00 to 1.00) | 2.00 (2.00 to 2.00) | 3 |",
  );
  assert.deepEqual(
    ratios(of, { name: "A", rounds: [round(2000, 9), round(1000, 9), round(500, 9)] }, "node"),
    [0.5, 3, 2],
  );
});
