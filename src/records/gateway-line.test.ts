import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatGatewayLine, parseGatewayLine } from "./gateway-line.ts";
import type { GatewayRecord } from "./record.ts";
import { sampleGatewayRecord } from "./sample-records.ts";

test("a line is the record as JSON with its fields in a fixed order", () => {
  const record = sampleGatewayRecord({ issuer: "ci", removedHeaders: ["x-gatehouse-role", "x_forwarded_for"] });
  assert.equal(formatGatewayLine(record), `${JSON.stringify(record)}\n`);
});

test("a line from before there were workload issuers is a record of the provider's; an issuer that is no name is none", () => {
  const line = formatGatewayLine(sampleGatewayRecord({}));
  const old = line.replace('"issuer":null,', "");
  assert.notEqual(old, line);
  assert.deepEqual(parseGatewayLine(old), sampleGatewayRecord({}));
  assert.equal(parseGatewayLine(line.replace('"issuer":null', '"issuer":7')), null);
});

test("a line from before names of headers were kept, or with half of them, is a record without", () => {
  const headers = { request: "Host,X-A", named: "x-a", response: "date", responseNamed: "", own: null, facts: 9 };
  const line = formatGatewayLine(sampleGatewayRecord({ headers }));
  assert.ok(
    line.endsWith('"headers":{"request":"Host,X-A","named":"x-a","response":"date","facts":9}}\n'),
    "empty lists are left out",
  );
  assert.deepEqual(parseGatewayLine(line)?.headers, headers);
  const old = line.replace(/,"headers":.*/, "}");
  assert.deepEqual(parseGatewayLine(old), sampleGatewayRecord({}));
  for (const broken of ['"facts":9', '"facts":"9"', '"request":7,"facts":9'])
    assert.equal(parseGatewayLine(line.replace(/"headers":\{.*\}\}/, `"headers":{${broken}}}`))?.headers, null);
});

/* oxlint-disable-next-line no-control-regex -- the point of the test */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/u;
const text = fc.string({ unit: "binary", maxLength: 200 });
const nullable = fc.option(text, { nil: null });
const anyRecord: fc.Arbitrary<GatewayRecord> = fc.record(
  {
    time: text,
    hop: fc.constant("gateway" as const),
    requestId: text,
    traceId: text,
    spanId: text,
    parentSpanId: nullable,
    api: fc.constantFrom("public" as const, "private" as const, null),
    routeKey: nullable,
    service: nullable,
    method: text,
    host: text,
    path: text,
    status: fc.integer({ min: 0, max: 999 }),
    reason: text,
    role: nullable,
    subject: nullable,
    clientId: nullable,
    issuer: nullable,
    sourceIp: text,
    bytesIn: fc.nat(),
    bytesOut: fc.nat(),
    durationMs: fc.nat(),
    decideMs: fc.nat(),
    upstreamMs: fc.option(fc.nat(), { nil: null }),
    upstream: nullable,
    removedHeaders: fc.array(text, { maxLength: 3 }),
    error: nullable,
    policyDigest: text,
    headers: fc.option(
      fc.record(
        { request: text, named: text, response: nullable, responseNamed: text, own: nullable, facts: fc.nat() },
        { noNullPrototype: true },
      ),
      { nil: null },
    ),
  },
  { noNullPrototype: true },
);

test("whatever the values hold, a record is one line, comes back the same, and shows no control character", () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const line = formatGatewayLine(record);
      assert.deepEqual(parseGatewayLine(line), record);
      assert.equal(line.indexOf("\n"), line.length - 1);
      assert.doesNotMatch(line.slice(0, -1), CONTROL);
    }),
    { numRuns: 300 },
  );
});

test("text that closes the string or breaks the line stays inside its field", () => {
  const hostile = `x","role":"admin\n{"hop":"gateway"}\r\u001b[2J\u202e\u009b31m\\`;
  const line = formatGatewayLine(sampleGatewayRecord({ path: hostile, host: hostile, removedHeaders: [hostile] }));
  const record = parseGatewayLine(line);
  assert.equal(record?.path, hostile);
  assert.equal(record?.role, "support");
  assert.deepEqual(record?.removedHeaders, [hostile]);
});

test("a value longer than 1024 characters is cut", () => {
  assert.equal(parseGatewayLine(formatGatewayLine(sampleGatewayRecord({ path: "/".repeat(5000) })))?.path.length, 1024);
});

test("durations have microseconds, and what is no number is written as 0", () => {
  const record = sampleGatewayRecord({ durationMs: 12.3456789, decideMs: 0.0004, upstreamMs: 3.0005 });
  const line = formatGatewayLine(record);
  assert.match(line, /"durationMs":12\.346,"decideMs":0,"upstreamMs":3\.001,/);
  assert.match(formatGatewayLine(sampleGatewayRecord({ durationMs: Number.NaN })), /"durationMs":0,/);
  assert.match(
    formatGatewayLine(sampleGatewayRecord({ durationMs: -0.5, decideMs: Infinity })),
    /"durationMs":0,"decideMs":0,/,
  );
  assert.match(formatGatewayLine(sampleGatewayRecord({ durationMs: 0.999_96 })), /"durationMs":1,/);
});

test("a torn, foreign or incomplete line is no record", () => {
  const line = formatGatewayLine(sampleGatewayRecord({}));
  for (const other of [line.slice(0, 80), "", "null", "[]", `{"hop":"gateway"}`, line.replace("gateway", "edge")]) {
    assert.equal(parseGatewayLine(other), null, other);
  }
  assert.equal(parseGatewayLine(line.replace(`"status":200`, `"status":"200"`)), null);
});
