/** The gateway behind a real Caddy: connections that live longer than a request, and bodies that flow. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { connect } from "node:tls";
import { WebSocket } from "ws";
import { applyConfig, startCaddy } from "../../src/edge/index.ts";
import { setUpEdge } from "../edge/real-edge.ts";
import { waitFor } from "../support/instance.ts";
import { DOMAIN, type Fixture, type PolicySpec, startGateway } from "./fixture.ts";
import { Side, startWebSocketService } from "./web-socket-service.ts";

interface Edge extends Fixture {
  readonly port: number;
  readonly ca: Buffer;
}

async function startBehindCaddy(t: TestContext, spec: PolicySpec): Promise<Edge> {
  const fixture = await startGateway(t, spec);
  const { publicSocket, privateSocket } = fixture;
  const setup = await setUpEdge({ publicSocket, privateSocket });
  const caddy = await startCaddy(setup.start);
  t.after(async () => {
    await caddy.stop(6000);
    await setup.remove();
  });
  await applyConfig(caddy.admin, setup.config());
  const caFile = path.join(setup.runtime.storageDir, "pki/authorities/local/root.crt");
  const ca = async () => readFile(caFile).catch(() => null);
  const port = setup.runtime.httpsPort;
  await waitFor("the edge answers over TLS", async () => {
    const root = await ca();
    if (root === null) return false;
    const socket = connect({ port, host: "127.0.0.1", servername: DOMAIN, ca: root });
    const isUp = await Promise.race([
      once(socket, "secureConnect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    return isUp;
  });
  return { ...fixture, port, ca: (await ca()) ?? Buffer.alloc(0) };
}

test("a WebSocket through Caddy is decided, has one id, and ends with the caller's right", async (t) => {
  const service = await startWebSocketService(t);
  const spec: PolicySpec = {
    routes: [{ key: "GET /chat/{room}", upstream: service.origin, websocket: true }],
    roles: [{ name: "support", groups: ["support"], can: ["GET/chat/*"] }],
  };
  const edge = await startBehindCaddy(t, spec);
  const open = (token: string): WebSocket => {
    const socket = new WebSocket(`wss://${DOMAIN}:${edge.port}/chat/7`, {
      ca: edge.ca,
      lookup: (_host, options, found) =>
        options.all === true ? found(null, [{ address: "127.0.0.1", family: 4 }]) : found(null, "127.0.0.1", 4),
      headers: { authorization: `Bearer ${token}`, "x-gatehouse-subject": "admin" },
    });
    t.after(() => socket.terminate());
    return socket;
  };
  const refused = open(await edge.token({ groups: [] }));
  refused.on("error", () => {});
  const [, answer] = (await once(refused, "unexpected-response")) as [unknown, { readonly statusCode: number }];
  assert.deepEqual([answer.statusCode, (await edge.record(0)).reason], [403, "no-role"]);

  edge.clock.advance(500);
  const socket = open(await edge.token({ exp: edge.clock.nowMs() / 1000 + 0.5 }));
  const client = new Side(socket);
  await once(socket, "open");
  const server = await service.accepted();
  socket.send("hello");
  assert.equal(await server.next(), "hello");
  server.socket.send("x".repeat(1_000_000));
  assert.equal((await client.next()).length, 1_000_000);
  const headers: Readonly<Record<string, unknown>> = service.handshakes[0]?.headers ?? {};
  assert.deepEqual([headers["x-gatehouse-subject"], headers["x-forwarded-for"]], ["ada", "127.0.0.1"]);
  // A policy that changes touches neither Caddy nor what is open.
  const other = { key: "GET /other", needs: null, upstream: service.origin };
  edge.gateway.replace(edge.runtime({ ...spec, routes: [...spec.routes, other], digest: "d2" }));
  socket.send("again");
  assert.equal(await server.next(), "again");
  edge.clock.advance(500);
  assert.equal((await client.closed).code, 1008);
  const record = await edge.record(1);
  assert.deepEqual(
    [record.status, record.reason, record.error, record.policyDigest, record.requestId],
    [101, "right-ended", "the caller's right ended", "d1", headers["x-request-id"]],
  );
  assert.ok(record.bytesIn > 0 && record.bytesOut > 0);
});

test("a streamed body passes Caddy piece by piece", async (t) => {
  const heard: string[] = [];
  const waiting: (() => void)[] = [];
  const service = createServer((req, res) => {
    req.on("data", (piece: Buffer) => {
      heard.push(piece.toString());
      for (const wake of waiting.splice(0)) wake();
    });
    req.on("end", () => res.end("whole"));
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    service.closeAllConnections();
    service.close();
  });
  const upstream = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const edge = await startBehindCaddy(t, {
    routes: [{ key: "POST /upload", upstream, needs: null, streaming: true }],
  });
  const socket = connect({
    port: edge.port,
    host: "127.0.0.1",
    servername: DOMAIN,
    ca: edge.ca,
    ALPNProtocols: ["http/1.1"],
  });
  t.after(() => socket.destroy());
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  socket.write(`POST /upload HTTP/1.1\r\nHost: ${DOMAIN}:${edge.port}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (const piece of ["one", "two", "three"]) {
    socket.write(`${piece.length}\r\n${piece}\r\n`);
    while (!heard.join("").endsWith(piece)) await new Promise<void>((resolve) => waiting.push(resolve));
  }
  socket.write("0\r\n\r\n");
  const record = await edge.record(0);
  await waitFor("the answer is there", () => text.endsWith("whole") || text.includes("whole\r\n"));
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.deepEqual([record.status, record.bytesIn], [200, 11]);
});
