/** Figures of a running instance: read by promtool and scraped by a real Prometheus; under API Gateway's names by command. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { curl } from "../support/curl.ts";
import { type EchoService, startEcho } from "../support/echo.ts";
import { findFreePort } from "../support/free-port.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";
import { ROAD_PEOPLE, roadPolicy } from "./policies.ts";

let orders: EchoService;
let instance: Started;
let url: string;

before(async () => {
  orders = await startEcho();
  const down = `http://127.0.0.1:${await findFreePort()}`;
  const policy = roadPolicy({ orders: orders.url, backoffice: orders.url, down });
  instance = await startInstance({
    files: { "gatehouse.yaml": policy, "people.yaml": ROAD_PEOPLE },
    args: ["--metrics", "0", "--workers", "2"],
  });
  url = instance.status.metrics ?? "";
  const token = await instance.token("alice");
  for (let n = 0; n < 3; n++) assert.equal((await curl(instance, "/orders", { token })).status, 200);
  assert.equal((await curl(instance, "/orders")).status, 401);
  assert.equal((await curl(instance, "/gone", { token })).status, 503);
  assert.equal((await curl(instance, "/nowhere")).status, 404);
});

after(async () => {
  await orders.close();
  assert.equal(await instance.stop(), 0);
});

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function read(target: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Page> {
  return new Promise((resolve, reject) => {
    request(target, { method, headers, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", body }),
      );
    })
      .once("error", reject)
      .end();
  });
}

/** The value of a sample whose line begins so. */
function sample(body: string, start: string): number | null {
  const line = body.split("\n").find((each) => each.startsWith(start));
  return line === undefined ? null : Number(line.slice(line.lastIndexOf(" ") + 1));
}

describe("the page of figures", () => {
  test("counts what was answered over all threads, by route, status and reason", async () => {
    const { body } = await read(url);
    const counted = (labels: string) => sample(body, `gatehouse_http_requests_total{${labels}}`);
    const ofOrders = 'exposure="public",service="orders",route="GET /orders"';
    assert.equal(counted(`${ofOrders},code="200",reason="role-grants"`), 3);
    assert.equal(counted(`${ofOrders},code="401",reason="unauthenticated"`), 1);
    assert.equal(
      counted('exposure="public",service="gone",route="GET /gone",code="503",reason="upstream-unreachable"'),
      1,
    );
    assert.equal(counted('exposure="public",service="",route="",code="404",reason="no-route"'), 1);
    assert.equal(sample(body, 'gatehouse_http_request_duration_seconds_count{exposure="public",service="orders"}'), 4);
    assert.equal(sample(body, "gatehouse_edge_up"), 1);
    assert.equal(sample(body, "gatehouse_gateway_threads"), 2);
    assert.equal(sample(body, `gatehouse_issuer_keys_usable{issuer="${instance.status.identity.issuer}"}`), 1);
  });

  test("passes promtool's check, names and help included", async () => {
    const { body } = await read(url);
    const checked = spawnSync("promtool", ["check", "metrics"], { input: body, encoding: "utf8" });
    assert.deepEqual([checked.status, checked.stdout, checked.stderr], [0, "", ""]);
  });

  test("has the trace of a request with each bucket for who asks for OpenMetrics", async () => {
    const page = await read(url, { accept: "application/openmetrics-text; version=1.0.0" });
    assert.equal(page.type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert.match(
      page.body,
      /^gatehouse_http_request_duration_seconds_bucket\{.*\} \d+ # \{trace_id="[0-9a-f]{32}"\} /m,
    );
    assert.ok(page.body.endsWith("# EOF\n"));
  });

  test("is at its one path, for reading, and not for another host's name", async () => {
    assert.equal((await read(url.replace("/metrics", "/"))).status, 404);
    assert.equal((await read(url, {}, "POST")).status, 405);
    assert.equal((await read(url, { host: "attacker.example" })).status, 421);
  });

  test("tells nothing of a caller", async () => {
    const { body } = await read(url);
    assert.doesNotMatch(body, /alice|127\.0\.0\.1:\d+\/orders|eyJ/);
  });
});

test("the guide's scrape job is one that Prometheus takes, and its table names figures that there are", async (t) => {
  const guide = readFileSync(join(import.meta.dirname, "../../docs/guide/running.md"), "utf8");
  const block = /```yaml\n(scrape_configs:[\s\S]*?)```/.exec(guide)?.[1] ?? "";
  const folder = mkdtempSync(join(tmpdir(), "gh-prometheus-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "prometheus.yml"), block);
  const checked = spawnSync("promtool", ["check", "config", join(folder, "prometheus.yml")], { encoding: "utf8" });
  assert.equal(checked.status, 0, checked.stderr);
  const { body } = await read(url);
  const there = new Set([...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const told = [...guide.matchAll(/`(gatehouse_[a-z_]+)`/g)].map(([, name]) => name);
  assert.ok(told.length > 10);
  // Nothing was dropped, and no thread ended: these families are there all the same.
  assert.deepEqual(
    told.filter((name) => !there.has(name)),
    [],
  );
});

test("a real Prometheus scrapes it and answers from it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gh-prometheus-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await findFreePort();
  const target = new URL(url).host;
  writeFileSync(
    join(folder, "prometheus.yml"),
    `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: gatehouse, static_configs: [{ targets: ["${target}"] }] }]
`,
  );
  const prometheus = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
    ],
    { stdio: "ignore" },
  );
  t.after(async () => {
    prometheus.kill("SIGTERM");
    if (prometheus.exitCode === null) await once(prometheus, "exit");
  });
  const query = async (path: string): Promise<{ data?: { result?: { value?: [number, string] }[] } }> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    return response?.ok === true ? ((await response.json()) as { data: { result: [] } }) : {};
  };
  const sum = encodeURIComponent('sum(gatehouse_http_requests_total{code="200",service="orders"})');
  await waitFor("Prometheus has the figure", async () => {
    const answer = await query(`/api/v1/query?query=${sum}`);
    return answer.data?.result?.[0]?.value?.[1] === "3";
  });
});

test("the command tells the same under API Gateway's names and dimensions", async () => {
  const { stdout } = await instance.gatehouse("metrics", "--json");
  const { metrics } = JSON.parse(stdout) as {
    metrics: { name: string; dimensions: Record<string, string>; sum: number; sampleCount: number }[];
  };
  const find = (name: string, route: string | undefined) =>
    metrics.find(
      (one) => one.name === name && one.dimensions["Stage"] !== undefined && one.dimensions["Route"] === route,
    );
  assert.deepEqual(
    [find("Count", "GET /orders")?.sum, find("4xx", "GET /orders")?.sum, find("5xx", "GET /gone")?.sum],
    [4, 1, 1],
  );
  assert.equal(find("Count", undefined)?.dimensions["Stage"], "$default");
  assert.equal(find("IntegrationLatency", "GET /orders")?.sampleCount, 3);
  const text = (await instance.gatehouse("metrics")).stdout;
  assert.match(text, /^api, stage, route .*Count .*4xx .*5xx .*Latency p50 \/ p99, ms/);
  assert.match(text, /\$default GET \/orders +4 +1 +0 /);
});
