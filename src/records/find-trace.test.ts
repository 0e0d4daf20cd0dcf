import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findTrace } from "./find-trace.ts";
import { formatGatewayLine } from "./gateway-line.ts";
import { apigwRequestId } from "./ids.ts";
import { renderRecord, renderTrace, showSafely } from "./render-records.ts";
import { sampleGatewayRecord } from "./sample-records.ts";
import { followRecords, searchRecords } from "./search-records.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const ONE = "0d2b6c1e-8a56-4a54-9f7e-0a1b2c3d4e5f";
const TWO = "1d2b6c1e-8a56-4a54-9f7e-0a1b2c3d4e5f";

let dir: string;
let logs: { readonly edgeLog: string; readonly gatewayLog: string };

function edgeLine(requestId: string, traceId: string, seconds: number): string {
  const request = {
    remote_ip: "127.0.0.1",
    client_ip: "127.0.0.1",
    proto: "HTTP/2.0",
    method: "GET",
    host: "shop.localhost",
    uri: "/orders?",
  };
  return `${JSON.stringify({ level: "info", ts: seconds, request, status: 200, size: 12, duration: 0.004, uuid: requestId, traceresponse: `00-${traceId}-00f067aa0ba902b7-01` })}\n`;
}

before(() => {
  dir = mkdtempSync(join(tmpdir(), "gh-records-"));
  logs = { edgeLog: join(dir, "access.log"), gatewayLog: join(dir, "gateway.log") };
  const one = sampleGatewayRecord({ requestId: ONE, traceId: TRACE, time: "2026-01-01T00:00:00.000Z", status: 200 });
  const two = sampleGatewayRecord({
    requestId: TWO,
    traceId: TRACE,
    time: "2026-01-01T00:00:01.000Z",
    status: 403,
    reason: "not-granted",
  });
  // The first request has been rotated away in both logs, each with its writer's way of naming.
  writeFileSync(join(dir, "access-2026-01-01T00-00-00.500.log"), edgeLine(ONE, TRACE, 1_767_225_600));
  writeFileSync(join(dir, "gateway.log.1"), formatGatewayLine(one));
  utimesSync(join(dir, "gateway.log.1"), 1, 1);
  writeFileSync(logs.edgeLog, edgeLine(TWO, TRACE, 1_767_225_601));
  writeFileSync(logs.gatewayLog, formatGatewayLine(two));
});
after(() => rmSync(dir, { recursive: true, force: true }));

test("a request is found by its request id and by its apigw-requestid, also in rotated files, with both hops", async () => {
  for (const id of [ONE, apigwRequestId(ONE), ` ${ONE} `]) {
    const trace = await findTrace(logs, id);
    assert.deepEqual(
      trace?.requests.map((r) => [r.requestId, r.edge?.hop, r.gateway?.hop]),
      [[ONE, "edge", "gateway"]],
    );
    assert.equal(trace?.traceId, TRACE);
    assert.equal(trace?.requests[0]?.timings.edgeMs, 4);
  }
});

test("a trace id finds all of its requests, oldest first", async () => {
  const trace = await findTrace(logs, TRACE);
  assert.deepEqual(
    trace?.requests.map((r) => r.requestId),
    [ONE, TWO],
  );
});

test("an id that no record carries finds nothing, nor does one that only stands in another field", async () => {
  for (const id of ["2d2b6c1e-8a56-4a54-9f7e-0a1b2c3d4e5f", "f".repeat(32), "shop.localhost", "", "GET"]) {
    assert.equal(await findTrace(logs, id), null, id);
  }
});

test("a story is shown with each hop's status and time, and a hop that wrote nothing as such", async () => {
  const trace = await findTrace(logs, ONE);
  assert.ok(trace !== null);
  const text = renderTrace(trace);
  assert.match(text, /^edge {5}200 {2}4\.00 ms {2}HTTP\/2\.0/m);
  assert.match(text, /^gateway {2}200/m);
  const [request] = trace.requests;
  assert.ok(request !== undefined);
  assert.match(renderTrace({ traceId: null, requests: [{ ...request, edge: null }] }), /^edge {5}wrote nothing$/m);
});

test("what a request brought cannot act on the terminal", () => {
  const hostile = sampleGatewayRecord({ path: "/\u001b[2J\u202egro", subject: "a\nb" });
  const shown = renderRecord(hostile);
  assert.ok(shown.includes("/\\u{1b}[2J\\u{202e}gro"));
  assert.ok(!/[\u0000-\u001f\u202e]/.test(shown));
  assert.equal(showSafely("plain ü"), "plain ü");
});

test("search gives the latest that fit, oldest first, over rotated files", async () => {
  assert.deepEqual(
    (await searchRecords(logs.gatewayLog, {}, 10)).map((r) => r.requestId),
    [ONE, TWO],
  );
  assert.deepEqual(
    (await searchRecords(logs.gatewayLog, {}, 1)).map((r) => r.requestId),
    [TWO],
  );
  assert.deepEqual(
    (await searchRecords(logs.gatewayLog, { status: "4xx" }, 10)).map((r) => r.requestId),
    [TWO],
  );
  assert.deepEqual(
    (await searchRecords(logs.gatewayLog, { status: "200" }, 10)).map((r) => r.requestId),
    [ONE],
  );
  assert.deepEqual(await searchRecords(logs.gatewayLog, { reason: "fault" }, 10), []);
  const sinceMs = Date.parse("2026-01-01T00:00:00.500Z");
  assert.deepEqual(
    (await searchRecords(logs.gatewayLog, { sinceMs }, 10)).map((r) => r.requestId),
    [TWO],
  );
});

test("following gives what is written from now on, also after rotation, each record once", async () => {
  const file = join(dir, "follow.log");
  const line = (n: number): string => formatGatewayLine(sampleGatewayRecord({ path: `/${n}` }));
  writeFileSync(file, line(0));
  const stop = new AbortController();
  const paths: string[] = [];
  const following = (async () => {
    for await (const record of followRecords(file, {}, stop.signal)) {
      paths.push(record.path);
      if (record.path === "/1") writeFileSync(file, line(2), { flag: "a" });
      if (record.path === "/2") {
        renameSync(file, `${file}.1`);
        writeFileSync(file, line(3));
      }
      if (record.path === "/3") stop.abort();
    }
  })();
  // The follower has taken the file's end once it polls; a half line in between is not a record yet.
  await new Promise((resolve) => setTimeout(resolve, 150));
  const one = line(1);
  writeFileSync(file, one.slice(0, 20), { flag: "a" });
  writeFileSync(file, one.slice(20), { flag: "a" });
  await following;
  assert.deepEqual(paths, ["/1", "/2", "/3"]);
});
