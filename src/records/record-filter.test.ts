import assert from "node:assert/strict";
import { test } from "node:test";
import { type RecordFilter, createRecordFilter, parseStatusRange } from "./record-filter.ts";
import { sampleEdgeRecord, sampleGatewayRecord } from "./sample-records.ts";

const gateway = sampleGatewayRecord({ status: 403, reason: "not-granted" });

const both: readonly RecordFilter[] = [{}, { text: "ORDERS/7" }, { sinceMs: Date.parse(sampleEdgeRecord.time) }];
for (const filter of both) {
  test(`records of both hops match ${JSON.stringify(filter)}`, () => {
    assert.equal(createRecordFilter(filter)(gateway), true);
    assert.equal(createRecordFilter(filter)(sampleEdgeRecord), true);
  });
}

const onlyGateway: readonly RecordFilter[] = [
  { hop: "gateway" },
  { status: "4xx" },
  { status: "403" },
  { status: "400-403" },
  { route: "GET /orders/{id}" },
  { service: "orders" },
  { reason: "not-granted" },
  { subject: "alice" },
  { subject: "shop-edge" },
  { text: "support" },
];
for (const filter of onlyGateway) {
  test(`only the gateway's record matches ${JSON.stringify(filter)}`, () => {
    assert.equal(createRecordFilter(filter)(gateway), true);
    assert.equal(createRecordFilter(filter)(sampleEdgeRecord), false);
  });
}

const none: readonly RecordFilter[] = [
  { hop: "gateway", status: "2xx" },
  { status: "404" },
  { status: "nonsense" },
  { route: "GET /orders" },
  { subject: "alic" },
  { text: "nowhere" },
  { sinceMs: Date.parse("2026-11-24T20:35:00.002Z") },
  { service: "orders", status: "200" },
];
for (const filter of none) {
  test(`no record matches ${JSON.stringify(filter)}`, () => {
    assert.equal(createRecordFilter(filter)(gateway), false);
    assert.equal(createRecordFilter(filter)(sampleEdgeRecord), false);
  });
}

test("a status range is one status, one class, or from and to", () => {
  assert.deepEqual(parseStatusRange("404"), { from: 404, to: 404 });
  assert.deepEqual(parseStatusRange("5XX"), { from: 500, to: 599 });
  assert.deepEqual(parseStatusRange("400-451"), { from: 400, to: 451 });
  for (const text of ["", "4", "600", "6xx", "451-400", "4xx-5xx", "404 "])
    assert.equal(parseStatusRange(text), null, text);
});
