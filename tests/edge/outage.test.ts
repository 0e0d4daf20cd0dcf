/** What a client and the log see while the gateway is away, and that both come back by themselves. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import { after, before, test } from "node:test";
import { findTrace, isRequestId, parseEdgeLine } from "../../src/records/index.ts";
import { DOMAIN, type RealEdge, startGateway, startRealEdge } from "./real-edge.ts";

let edge: RealEdge;
before(async () => {
  edge = await startRealEdge();
});
after(() => edge.stop());

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

test("a gateway that is away is 503 with an id that the log knows, and its return needs no reload", async () => {
  await close(edge.gateway);
  const earlier = (await edge.accessLines(0)).length;
  const answer = await edge.curl("/orders?code=canary-91c2");
  assert.equal(answer.status, 503);
  assert.equal(answer.body, `{"message":"Service Unavailable"}`);
  assert.equal(answer.headers["content-type"], "application/json");
  assert.equal(answer.headers["retry-after"], "5");
  const id = answer.headers["x-request-id"] ?? "";
  assert.equal(isRequestId(id), true);

  await edge.accessLines(earlier + 1);
  const files = { edgeLog: edge.runtime.accessLog, gatewayLog: `${edge.dir}/gateway.log` };
  const trace = await findTrace(files, id);
  assert.equal(trace?.traceId, null);
  assert.equal(trace.requests[0]?.edge?.status, 503);
  assert.equal(trace.requests[0]?.edge?.path, "/orders");

  const gateway = await startGateway(edge.runtime.publicSocket);
  assert.equal((await edge.curl("/orders")).status, 200);
  await close(gateway);
});

test("a gateway that dies before it answers is 503; a POST is not sent again", async () => {
  let requests = 0;
  const gateway = await startGateway(edge.runtime.publicSocket, (request) => {
    requests += 1;
    request.socket.destroy();
  });
  const answer = await edge.curl("/orders", { method: "POST", data: "one" });
  assert.equal(answer.status, 503);
  assert.equal(requests, 1);
  await close(gateway);
});

test("a gateway that dies in the middle of an answer breaks it off: it is never taken for whole", async () => {
  const gateway = await startGateway(edge.runtime.publicSocket, (_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("half", () => response.socket?.destroy());
  });
  for (const args of [["--http1.1"], ["--http2"]]) {
    await assert.rejects(edge.curl("/", { args }), /curl ended with (18|92|56)/);
  }
  await close(gateway);
});

test("refusals of the gateway pass as they are", async () => {
  const gateway = await startGateway(edge.runtime.publicSocket, (_request, response) => {
    response.writeHead(503, { "content-type": "application/json", "retry-after": "7" }).end(`{"message":"ours"}`);
  });
  const answer = await edge.curl("/");
  assert.equal(answer.status, 503);
  assert.equal(answer.body, `{"message":"ours"}`);
  assert.equal(answer.headers["retry-after"], "7");
  await close(gateway);
});

test("a client that goes away ends its request at the gateway, and the log tells it", async () => {
  const gone = Promise.withResolvers<void>();
  const gateway = await startGateway(edge.runtime.publicSocket, (_request, response) => {
    response.on("close", () => gone.resolve());
  });
  const earlier = (await edge.accessLines(0)).length;
  await assert.rejects(edge.curl("/slow", { args: ["--max-time", "0.3"] }), /curl ended with 28/);
  await gone.promise;
  const lines = await edge.accessLines(earlier + 1);
  const record = parseEdgeLine(JSON.stringify(lines.at(-1)));
  assert.equal(record?.path, "/slow");
  assert.equal(record.status, 499);
  await close(gateway);
});

test("what a service streams is passed on as it comes", async () => {
  const gateway = await startGateway(edge.runtime.publicSocket, (request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: first\n\n");
    // The second only once the client has the first and says so.
    request.on("data", () => response.end("data: second\n\n"));
  });
  const { request } = await import("node:https");
  const { readFile } = await import("node:fs/promises");
  const ca = await readFile(edge.caFile);
  const text = await new Promise<string>((resolve, reject) => {
    const options = { host: "127.0.0.1", port: edge.runtime.httpsPort, servername: DOMAIN, ca, method: "POST" };
    const call = request({ ...options, headers: { host: DOMAIN }, agent: false }, (response) => {
      let received = "";
      response.on("data", (chunk: Buffer) => {
        received += chunk.toString("utf8");
        if (received === "data: first\n\n") call.end("go on");
      });
      response.on("end", () => resolve(received));
    });
    call.on("error", reject);
    call.flushHeaders();
  });
  assert.equal(text, "data: first\n\ndata: second\n\n");
  await close(gateway);
});
