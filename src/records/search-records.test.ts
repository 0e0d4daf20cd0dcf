import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { formatGatewayLine } from "./gateway-line.ts";
import type { LogFiles } from "./log-files.ts";
import { sampleEdgeLine, sampleGatewayRecord } from "./sample-records.ts";
import { searchRecords } from "./search-records.ts";
import type { RecordFilter } from "./record-filter.ts";

let dir = "";
let files: LogFiles;
const START = 1_795_552_500;

function gatewayLine(second: number, status = 200): string {
  const time = new Date((START + second) * 1000).toISOString();
  return formatGatewayLine(sampleGatewayRecord({ time, status, durationMs: 0, path: `/g${second}` }));
}

function edgeLine(second: number): string {
  return `${sampleEdgeLine({ ts: START + second, duration: 0 }, { uri: `/e${second}` })}\n`;
}

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "gatehouse-search-"));
  files = { edgeLog: path.join(dir, "access.log"), gatewayLog: path.join(dir, "gateway.log") };
  await writeFile(`${files.gatewayLog}.1`, gatewayLine(1) + gatewayLine(3, 403));
  await writeFile(files.gatewayLog, gatewayLine(5) + gatewayLine(7));
  await writeFile(path.join(dir, "access-2026-11-24T20-35-03.500-size.log"), edgeLine(2));
  await writeFile(files.edgeLog, edgeLine(4) + edgeLine(6));
});
after(() => rm(dir, { recursive: true }));

async function search(filter: RecordFilter, limit: number): Promise<string[]> {
  return (await searchRecords(files, filter, limit)).map((record) => record.path);
}

test("both logs are read in the order in which the requests ended, rotated files included", async () => {
  assert.deepEqual(await search({}, 100), ["/g1", "/e2", "/g3", "/e4", "/g5", "/e6", "/g7"]);
});

test("of more than asked for, the latest are given, oldest first", async () => {
  assert.deepEqual(await search({}, 3), ["/g5", "/e6", "/g7"]);
  assert.deepEqual(await search({ hop: "gateway" }, 3), ["/g3", "/g5", "/g7"]);
  assert.deepEqual(await search({ hop: "edge" }, 1), ["/e6"]);
  assert.deepEqual(await search({}, 0), []);
});

test("the filter comes before the number", async () => {
  assert.deepEqual(await search({ status: "403" }, 1), ["/g3"]);
  assert.deepEqual(await search({ sinceMs: (START + 5) * 1000 }, 100), ["/g5", "/e6", "/g7"]);
});
