import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEdgeLine } from "./edge-line.ts";
import { sampleEdgeLine, sampleEdgeRecord } from "./sample-records.ts";

test("a line of Caddy's access log becomes a record that tells when the request arrived", () => {
  assert.deepEqual(parseEdgeLine(sampleEdgeLine()), sampleEdgeRecord);
});

test("no query, no header and no user is taken over", () => {
  const record = parseEdgeLine(sampleEdgeLine({}, { uri: "/_gatehouse/callback?code=canary&state=canary" }));
  assert.equal(record?.path, "/_gatehouse/callback");
  assert.doesNotMatch(JSON.stringify(record), /canary|REDACTED/);
});

test("a gateway that did not answer leaves no trace id, whatever its placeholder became", () => {
  for (const traceresponse of ["", null, undefined, "{http.reverse_proxy.header.Traceresponse}", "00-zz-01"]) {
    assert.equal(parseEdgeLine(sampleEdgeLine({ traceresponse }))?.traceId, null);
  }
});

test("Caddy's own uuid field stands in for a missing request_id", () => {
  const line = sampleEdgeLine({ request_id: undefined, uuid: "6ba7b810-9dad-41d1-80b4-00c04fd430c8" });
  assert.equal(parseEdgeLine(line)?.requestId, "6ba7b810-9dad-41d1-80b4-00c04fd430c8");
});

test("the time may be written in words", () => {
  assert.equal(
    parseEdgeLine(sampleEdgeLine({ ts: "2026-11-24T20:35:00.007Z", duration: 0.007 }))?.time,
    sampleEdgeRecord.time,
  );
});

test("a path is cut at 1024 characters", () => {
  assert.equal(parseEdgeLine(sampleEdgeLine({}, { uri: `/${"a".repeat(3000)}` }))?.path.length, 1024);
});

test("other lines are not records, and impossible numbers do not throw", () => {
  const others = [
    "",
    "{",
    "null",
    "[]",
    `"text"`,
    `{"level":"info","msg":"serving initial configuration"}`,
    sampleEdgeLine({ status: "200" }),
    sampleEdgeLine({ ts: 1e300 }),
    sampleEdgeLine({ ts: null }),
    sampleEdgeLine({ duration: 1e300 }),
    sampleEdgeLine({ request: [] }),
    // What Caddy says of a request that failed, beside the line of the access log.
    sampleEdgeLine({ level: "error", logger: "http.log.error", msg: "dial unix: connection refused", status: 503 }),
  ];
  for (const line of others) assert.equal(parseEdgeLine(line), null, line);
});
