/** Whole records for tests: one request of alice to GET /orders/{id}, seen by both hops. */
import type { EdgeRecord, GatewayRecord } from "./record.ts";

const requestId = "0f8fad5b-d9cb-469f-a165-70867728950e";
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

export function sampleGatewayRecord(changes: Partial<GatewayRecord>): GatewayRecord {
  return {
    time: "2026-11-24T20:35:00.001Z",
    hop: "gateway",
    requestId,
    traceId,
    spanId: "00f067aa0ba902b7",
    parentSpanId: null,
    api: "public",
    routeKey: "GET /orders/{id}",
    service: "orders",
    method: "GET",
    host: "shop.localhost:8443",
    path: "/orders/7",
    status: 200,
    reason: "role-grants",
    role: "support",
    subject: "alice",
    clientId: "shop-edge",
    issuer: null,
    sourceIp: "127.0.0.1",
    bytesIn: 0,
    bytesOut: 123,
    durationMs: 4.5,
    decideMs: 0.031,
    upstreamMs: 3.25,
    upstream: "http://127.0.0.1:4001",
    removedHeaders: [],
    error: null,
    policyDigest: "9f86d081884c7d65",
    headers: null,
    ...changes,
  };
}

/** A line as Caddy 2.11.7 writes it, cut to what is read. */
export function sampleEdgeLine(changes: Record<string, unknown> = {}, request: Record<string, unknown> = {}): string {
  return JSON.stringify({
    level: "info",
    ts: 1795552500.0075,
    logger: "http.log.access",
    msg: "handled request",
    request: {
      remote_ip: "127.0.0.1",
      remote_port: "40000",
      client_ip: "127.0.0.1",
      proto: "HTTP/2.0",
      method: "GET",
      host: "shop.localhost:8443",
      uri: "/orders/7?expand=items",
      headers: { Authorization: ["REDACTED"] },
      ...request,
    },
    bytes_read: 0,
    user_id: "",
    duration: 0.0075,
    size: 123,
    status: 200,
    resp_headers: { Via: ["1.1 Caddy"] },
    request_id: requestId,
    traceresponse: `00-${traceId}-00f067aa0ba902b7-01`,
    ...changes,
  });
}

export const sampleEdgeRecord: EdgeRecord = {
  time: "2026-11-24T20:35:00.000Z",
  hop: "edge",
  requestId,
  traceId,
  method: "GET",
  host: "shop.localhost:8443",
  path: "/orders/7",
  protocol: "HTTP/2.0",
  status: 200,
  bytesOut: 123,
  durationMs: 7.5,
  sourceIp: "127.0.0.1",
};
