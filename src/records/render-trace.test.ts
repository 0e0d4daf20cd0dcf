import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Trace } from "./find-trace.ts";
import { renderRecord, renderTrace } from "./render-trace.ts";
import { sampleEdgeRecord, sampleGatewayRecord } from "./sample-records.ts";
import { visibleText } from "./visible-text.ts";

const gateway = sampleGatewayRecord({ removedHeaders: ["x-gatehouse-role"] });
const trace: Trace = {
  traceId: gateway.traceId,
  requests: [
    {
      requestId: gateway.requestId,
      apigwRequestId: "D4-tW9nLRp-hZXA=",
      traceId: gateway.traceId,
      time: sampleEdgeRecord.time,
      edge: sampleEdgeRecord,
      gateway,
      timings: { edgeMs: 7.5, edgeOwnMs: 3, gatewayMs: 4.5, decideMs: 0.031, serviceWaitMs: 3.25 },
    },
  ],
};

test("a trace is told hop by hop with the time of each part", () => {
  assert.equal(
    renderTrace(trace),
    `trace 4bf92f3577b34da6a3ce929d0e0e4736

2026-11-24T20:35:00.000Z  GET shop.localhost:8443/orders/7
request 0f8fad5b-d9cb-469f-a165-70867728950e  apigw-requestid D4-tW9nLRp-hZXA=
  edge                          7.500 ms  200  HTTP/2.0  123 bytes  from 127.0.0.1
    of it the edge's own        3.000 ms
  gateway                       4.500 ms  200  GET /orders/{id} of orders  123 bytes
    decided                     0.031 ms  role-grants  alice through shop-edge as support
    waited for the service      3.250 ms  http://127.0.0.1:4001
  removed from the client's headers: x-gatehouse-role`,
  );
});

test("a hop without a record says so", () => {
  const [request] = trace.requests;
  assert.ok(request !== undefined);
  const timings = { edgeMs: 7.5, edgeOwnMs: null, gatewayMs: null, decideMs: null, serviceWaitMs: null };
  const away = renderTrace({ traceId: null, requests: [{ ...request, traceId: null, gateway: null, timings }] });
  assert.match(away, /^no trace id: the gateway did not answer$/m);
  assert.match(away, /^ {2}gateway {2,}no record: the request did not reach it$/m);
  const direct = renderTrace({ ...trace, requests: [{ ...request, edge: null }] });
  assert.match(direct, /no record of the edge$/m);
});

test("a record is one line", () => {
  assert.equal(
    renderRecord(gateway),
    "20:35:00.001  gateway  200  GET   shop.localhost:8443/orders/7  4.500 ms  reason=role-grants  " +
      "route=GET /orders/{id}  service=orders  subject=alice  role=support  request=0f8fad5b-d9cb-469f-a165-70867728950e",
  );
  assert.equal(
    renderRecord(sampleEdgeRecord),
    "20:35:00.000  edge     200  GET   shop.localhost:8443/orders/7  7.500 ms  HTTP/2.0  " +
      "request=0f8fad5b-d9cb-469f-a165-70867728950e",
  );
});

test("whose subject it is stands beside it, and no subject can be taken for more than one", () => {
  const decided = (changes: Parameters<typeof sampleGatewayRecord>[0]) => {
    const [request] = trace.requests;
    assert.ok(request !== undefined);
    const text = renderTrace({ ...trace, requests: [{ ...request, gateway: sampleGatewayRecord(changes) }] });
    return /role-grants {2}(.*)$/m.exec(text)?.[1];
  };
  const logged = (changes: Parameters<typeof sampleGatewayRecord>[0]) =>
    /service=orders {2}(.*) {2}request=/.exec(renderRecord(sampleGatewayRecord(changes)))?.[1];

  assert.equal(decided({ issuer: "ci" }), "alice of issuer ci through shop-edge as support");
  assert.equal(logged({ issuer: "ci" }), "issuer=ci  subject=alice  role=support");
  const pretending = "alice of issuer ci";
  assert.equal(decided({ subject: pretending }), '"alice of issuer ci" through shop-edge as support');
  assert.equal(logged({ subject: 'alice"  issuer=ci' }), 'subject="alice\\"  issuer=ci"  role=support');
  assert.equal(decided({ clientId: "bot as admin" }), 'alice through "bot as admin" as support');
});

/* oxlint-disable-next-line no-control-regex -- the point of the test */
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]/;

test("nothing that a client sent acts on the terminal", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
      const hostile = sampleGatewayRecord({
        path: text,
        host: text,
        subject: text,
        clientId: text,
        issuer: text,
        error: text,
        removedHeaders: [text],
      });
      assert.doesNotMatch(renderRecord(hostile).replace(/[\u{10000}-\u{10ffff}]/gu, ""), DANGEROUS);
      const [request] = trace.requests;
      assert.ok(request !== undefined);
      const shown = renderTrace({ ...trace, requests: [{ ...request, gateway: hostile }] });
      assert.doesNotMatch(shown.replaceAll("\n", "").replace(/[\u{10000}-\u{10ffff}]/gu, ""), DANGEROUS);
      assert.equal(shown.split("\n").length, renderTrace(trace).split("\n").length + 1);
    }),
  );
});

test("what is hidden is shown as its code, what is plain stays", () => {
  assert.equal(visibleText("a\u001b[2J\u202eb\u0000\u{e0041}\n"), "a\\u{1b}[2J\\u{202e}b\\u{0}\\u{e0041}\\u{a}");
  assert.equal(visibleText("plain ü 漢 🙂"), "plain ü 漢 🙂");
  assert.equal(visibleText("x".repeat(5000)).length, 2049);
});
