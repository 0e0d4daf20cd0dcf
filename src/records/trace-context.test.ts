import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTracestate, parseTraceparent, startTrace } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

test("a valid traceparent is joined: same trace, caller's span as parent, our own span sent on", () => {
  const trace = startTrace(`00-${TRACE}-${SPAN}-01`, "vendor=abc");
  assert.equal(trace.traceId, TRACE);
  assert.equal(trace.parentSpanId, SPAN);
  assert.match(trace.spanId, /^[0-9a-f]{16}$/);
  assert.notEqual(trace.spanId, SPAN);
  assert.equal(trace.traceparent, `00-${TRACE}-${trace.spanId}-01`);
  assert.equal(trace.tracestate, "vendor=abc");
});

test("the caller's choice not to sample is passed on, unknown flags are not", () => {
  assert.match(startTrace(`00-${TRACE}-${SPAN}-00`).traceparent, /-00$/);
  assert.match(startTrace(`00-${TRACE}-${SPAN}-fe`).traceparent, /-02$/);
  assert.match(startTrace(`00-${TRACE}-${SPAN}-ff`).traceparent, /-03$/);
});

test("a later version is read by its known fields and sent on as version 00", () => {
  for (const value of [`01-${TRACE}-${SPAN}-01`, `cc-${TRACE}-${SPAN}-01-what-the-future-holds`]) {
    const trace = startTrace(value);
    assert.equal(trace.traceId, TRACE);
    assert.equal(trace.traceparent.slice(0, 3), "00-");
  }
});

const refused: Record<string, string | undefined> = {
  missing: undefined,
  empty: "",
  "version ff": `ff-${TRACE}-${SPAN}-01`,
  "trace id of zeros": `00-${"0".repeat(32)}-${SPAN}-01`,
  "span id of zeros": `00-${TRACE}-${"0".repeat(16)}-01`,
  "upper case": `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  "version 00 with a tail": `00-${TRACE}-${SPAN}-01-x`,
  "later version with a tail that is not set off": `01-${TRACE}-${SPAN}-01x`,
  "sent twice": `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  "short trace id": `00-${TRACE.slice(1)}-${SPAN}-01`,
  "space around": ` 00-${TRACE}-${SPAN}-01`,
  "line feed at the end": `00-${TRACE}-${SPAN}-01\n`,
  "not hexadecimal": `00-${TRACE.slice(1)}g-${SPAN}-01`,
};
for (const [name, value] of Object.entries(refused)) {
  test(`a traceparent that is refused starts a trace without the caller's tracestate: ${name}`, () => {
    const trace = startTrace(value, "vendor=abc");
    assert.match(trace.traceId, /^[0-9a-f]{32}$/);
    assert.notEqual(trace.traceId, TRACE);
    assert.equal(trace.parentSpanId, null);
    assert.equal(trace.traceparent, `00-${trace.traceId}-${trace.spanId}-01`);
    assert.equal(trace.tracestate, null);
  });
}

test("ids are not repeated", () => {
  const spans = new Set(Array.from({ length: 2000 }, () => startTrace(undefined).spanId));
  assert.equal(spans.size, 2000);
});

test("tracestate keeps the order of its members and loses empty ones", () => {
  assert.equal(checkTracestate("a=1"), "a=1");
  assert.equal(checkTracestate("tenant@sys=x/y:z, b=2 ,,\tc=3"), "tenant@sys=x/y:z,b=2,c=3");
  assert.equal(checkTracestate("a=with space inside"), "a=with space inside");
});

test("tracestate that breaks the grammar is dropped as a whole", () => {
  const bad = ["", ",", "a", "A=1", "a=1,a=2", "a=b=c", "a=", "a=\u00e9", "a=1\u0000", "=1", "a@b@c=1", "9=1"];
  for (const value of bad) assert.equal(checkTracestate(value), null, JSON.stringify(value));
  assert.equal(checkTracestate(Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(",")), null);
  assert.notEqual(checkTracestate(Array.from({ length: 32 }, (_, n) => `k${n}=1`).join(",")), null);
  assert.equal(checkTracestate(`a=${"x".repeat(257)}`), null);
  assert.equal(checkTracestate(Array.from({ length: 5 }, (_, n) => `k${n}=${"x".repeat(250)}`).join(",")), null);
});

test("parseTraceparent tells the flags", () => {
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-03`), { traceId: TRACE, spanId: SPAN, flags: 3 });
});
