import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { findTrace, readId } from "./find-trace.ts";
import { formatGatewayLine } from "./gateway-line.ts";
import { apigwRequestId } from "./ids.ts";
import type { LogFiles } from "./log-files.ts";
import { sampleEdgeLine, sampleGatewayRecord } from "./sample-records.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const OLD = "0d2b6c1e-8a56-4a54-9f7e-0a1b2c3d4e5f";
const NEW = "1d2b6c1e-8a56-4a54-9f7e-0a1b2c3d4e5f";
const ABORTED = "2d2b6c1e-8a56-4a54-9f7e-0a1b2c3d4e5f";
const GATEWAY_AWAY = "3d2b6c1e-8a56-4a54-9f7e-0a1b2c3d4e5f";

let dir = "";
let files: LogFiles;

function gatewayLine(requestId: string, time: string, traceId: string = TRACE): string {
  return formatGatewayLine(sampleGatewayRecord({ requestId, time, traceId, path: `/of/${requestId}` }));
}

function edgeLine(requestId: string, ts: number, traceId: string | null): string {
  const traceresponse = traceId === null ? null : `00-${traceId}-00f067aa0ba902b7-01`;
  return `${sampleEdgeLine({ request_id: undefined, uuid: requestId, ts, traceresponse })}\n`;
}

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "gatehouse-trace-"));
  files = { edgeLog: path.join(dir, "access.log"), gatewayLog: path.join(dir, "gateway.log") };
  // Another caller's request that has all these ids in its path.
  const manyIds = [TRACE, OLD, NEW, ABORTED, GATEWAY_AWAY].join("/");
  const other = { requestId: "4d2b6c1e-8a56-4a54-9f7e-0a1b2c3d4e5f", traceId: "d".repeat(32), path: `/${manyIds}` };
  const lookAlike = formatGatewayLine(sampleGatewayRecord(other));
  // Rotated in both logs, each by its writer's way of naming.
  await writeFile(path.join(dir, "access-2026-11-24T20-00-00.000-size.log"), edgeLine(OLD, 1_795_550_000, TRACE));
  await writeFile(`${files.gatewayLog}.2`, gatewayLine(OLD, "2026-11-24T19:53:19.995Z"));
  await writeFile(`${files.gatewayLog}.1`, "");
  await writeFile(
    files.edgeLog,
    edgeLine(NEW, 1_795_552_501, TRACE) +
      edgeLine(ABORTED, 1_795_552_502, null) +
      edgeLine(GATEWAY_AWAY, 1_795_552_503, null),
  );
  await writeFile(
    files.gatewayLog,
    `{"time":"torn\n${gatewayLine(NEW, "2026-11-24T20:35:00.996Z")}${gatewayLine(ABORTED, "2026-11-24T20:35:01.996Z")}${lookAlike}`,
  );
});
after(() => rm(dir, { recursive: true }));

test("a request is found by its request id and its apigw-requestid, in rotated files too, with both hops", async () => {
  for (const id of [OLD, ` ${OLD.toUpperCase()}\n`, apigwRequestId(OLD)]) {
    const trace = await findTrace(files, id);
    assert.equal(trace?.traceId, TRACE);
    assert.equal(trace.requests.length, 1);
    const [request] = trace.requests;
    assert.equal(request?.requestId, OLD);
    assert.equal(request.apigwRequestId, apigwRequestId(OLD));
    assert.equal(request.edge?.hop, "edge");
    assert.equal(request.gateway?.path, `/of/${OLD}`);
  }
});

test("the time of each part is told, and what the edge took for itself", async () => {
  const trace = await findTrace(files, NEW);
  assert.deepEqual(trace?.requests[0]?.timings, {
    edgeMs: 7.5,
    edgeOwnMs: 3,
    gatewayMs: 4.5,
    decideMs: 0.031,
    serviceWaitMs: 3.25,
  });
});

test("a trace id finds all its requests in the order of their arrival, also one whose answer the edge never had", async () => {
  for (const id of [TRACE, `00-${TRACE}-00f067aa0ba902b7-01`]) {
    const trace = await findTrace(files, id);
    assert.deepEqual(
      trace?.requests.map(({ requestId, edge, gateway }) => [requestId, edge?.hop, gateway?.hop]),
      [
        [OLD, "edge", "gateway"],
        [NEW, "edge", "gateway"],
        [ABORTED, "edge", "gateway"],
      ],
    );
  }
});

test("a request that never reached the gateway has its story too", async () => {
  const trace = await findTrace(files, GATEWAY_AWAY);
  assert.equal(trace?.traceId, null);
  const [request] = trace?.requests ?? [];
  assert.equal(request?.gateway, null);
  assert.deepEqual(request?.timings, {
    edgeMs: 7.5,
    edgeOwnMs: null,
    gatewayMs: null,
    decideMs: null,
    serviceWaitMs: null,
  });
});

test("many requests of one trace are joined, those without an answer as well", async () => {
  const many = { edgeLog: path.join(dir, "many-access.log"), gatewayLog: path.join(dir, "many-gateway.log") };
  const trace = "c".repeat(32);
  const ids = Array.from({ length: 40 }, (_, n) => `${String(n).padStart(8, "0")}-8a56-4a54-9f7e-0a1b2c3d4e5f`);
  await writeFile(many.edgeLog, ids.map((id, n) => edgeLine(id, 1_795_552_600 + n, null)).join(""));
  await writeFile(many.gatewayLog, ids.map((id) => gatewayLine(id, "2026-11-24T20:35:00.000Z", trace)).join(""));
  const found = await findTrace(many, trace);
  assert.equal(found?.requests.length, 40);
  assert.ok(found.requests.every(({ edge, gateway }) => edge !== null && gateway !== null));
});

test("what no record carries as its id finds nothing, even if it stands in another field", async () => {
  const unknown = ["9d2b6c1e-8a56-4a54-9f7e-0a1b2c3d4e5f", "f".repeat(32), "AAAAAAAAAAAAAAA=", "00f067aa0ba902b7"];
  for (const id of [...unknown, "shop.localhost", "", "GET", "../gateway.log"]) {
    assert.equal(await findTrace(files, id), null, id);
  }
});

test("logs that do not exist hold nothing", async () => {
  assert.equal(await findTrace({ edgeLog: path.join(dir, "no.log"), gatewayLog: "/nowhere/no.log" }, OLD), null);
});

test("an id tells its kind", () => {
  assert.deepEqual(readId(OLD), { kind: "request", value: OLD });
  assert.deepEqual(readId(TRACE.toUpperCase()), { kind: "trace", value: TRACE });
  assert.deepEqual(readId(`00-${TRACE}-00f067aa0ba902b7-01`), { kind: "trace", value: TRACE });
  assert.deepEqual(readId("D4-tW9nLRp-hZXA="), { kind: "apigw", value: "D4-tW9nLRp-hZXA=" });
  assert.equal(readId("hello"), null);
});
