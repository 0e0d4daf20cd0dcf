import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { headerOf } from "../gateway/raw-client.ts";
import { closedOrigin, startRawService, startService } from "../gateway/service.ts";
import { waitFor } from "../support/instance.ts";
import { API_HOST, accountOf, apiOf, startAccount, startApi } from "./fixture.ts";

const LIMIT = 10_485_760;

test("a body may have 10,485,760 bytes and not one more, with a length or in chunks", async (t) => {
  const service = await startService(t);
  const spec = { routes: [{ key: "POST /pets", uri: service.origin }] };
  const api = await startApi(t, spec);
  assert.equal((await api.ask("POST /pets", { body: Buffer.alloc(LIMIT, 0x61) })).status, 200);
  assert.equal(service.seen[0]?.body.length, LIMIT);
  const refused = await api.ask("POST /pets", { headers: [`Content-Length: ${LIMIT + 1}`] });
  assert.equal(refused.status, 413);
  assert.equal(refused.body, "HTTP content length exceeded 10485760 bytes.");
  assert.equal(headerOf(refused, "content-type"), "text; charset=utf-8");
  const chunk = Buffer.concat([Buffer.from("a00001\r\n"), Buffer.alloc(LIMIT + 1, 0x61), Buffer.from("\r\n0\r\n\r\n")]);
  const chunked = await api.ask("POST /pets", { headers: ["Transfer-Encoding: chunked"], body: chunk });
  assert.equal(chunked.status, 413);
  assert.equal(service.hits(), 1);
  const json = await startApi(t, spec, { switches: { "payload-too-large": "json" } });
  const { body } = await json.ask("POST /pets", { headers: [`Content-Length: ${LIMIT + 1}`] });
  assert.equal(body, '{"message":"Request Entity Too Large"}');
});

test("request line and header values may have 10,240 bytes together and not one more", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "GET /pets", uri: service.origin }] });
  const used = "GET /pets HTTP/1.1".length + API_HOST.length + "close".length;
  const sized = (bytes: number): { headers: string[] } => ({ headers: [`X-Pad: ${"a".repeat(bytes - used)}`] });
  assert.equal((await api.ask("GET /pets", sized(10_240))).status, 200);
  const refused = await api.ask("GET /pets", sized(10_241));
  assert.deepEqual([refused.status, refused.body], [431, '{"message":"Request Header Fields Too Large"}']);
  // So large that node itself ends the request.
  assert.equal((await api.ask("GET /pets", sized(140_000))).status, 431);
  assert.equal(service.hits(), 1);
});

test("bytes that are no request are refused on their connection; CONNECT is no method of an API", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "$default", uri: service.origin }] });
  const send = (bytes: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(api.port, "127.0.0.1");
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString("latin1")));
      socket.on("close", () => resolve(text));
      socket.write(bytes);
    });
  for (const bytes of [
    "NOT HTTP\r\n\r\n",
    `GET / HTTP/1.1\r\nHost: ${API_HOST}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `POST / HTTP/1.1\r\nHost: ${API_HOST}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `POST / HTTP/1.0\r\nHost: ${API_HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `CONNECT a:1 HTTP/1.1\r\nHost: ${API_HOST}\r\n\r\n`,
  ])
    assert.match(await send(bytes), /^HTTP\/1\.[01] 400 Bad Request\r\n[^]*apigw-requestid: /);
  assert.equal(service.hits(), 0);
});

test("a backend that is late is 503 and is let go; the status is a switch", async (t) => {
  let ended = 0;
  let whenEnded: () => void = () => {};
  const service = await startService(t, (_req, res) => {
    res.on("close", () => {
      ended++;
      whenEnded();
    });
  });
  const spec = { routes: [{ key: "GET /pets", uri: service.origin, integration: { timeoutInMillis: 50 } }] };
  const api = await startApi(t, spec);
  const answer = await api.ask("GET /pets");
  assert.deepEqual([answer.status, answer.body], [503, '{"message":"Service Unavailable"}']);
  const record = await api.record(0);
  assert.deepEqual([record.responseType, record.integrationStatus], ["INTEGRATION_TIMEOUT", null]);
  if (ended === 0) await new Promise<void>((resolve) => (whenEnded = resolve));
  const other = await startApi(t, spec, { switches: { "integration-timeout": "504" } });
  assert.equal((await other.ask("GET /pets")).status, 504);
});

test("the timeout is for the whole answer, of which nothing is passed on before its end; streamed it is for each silence", async (t) => {
  const release: (() => void)[] = [];
  const service = await startService(t, (_req, res) => {
    res.writeHead(200, { "content-length": "4" });
    res.write("ab");
    release.push(() => res.end("cd"));
  });
  const specOf = (timeoutInMillis: number): Parameters<typeof startApi>[1] => ({
    routes: [{ key: "GET /pets", uri: service.origin, integration: { timeoutInMillis } }],
  });
  const api = await startApi(t, specOf(500));
  assert.equal((await api.ask("GET /pets")).status, 503);
  assert.equal((await api.record(0)).integrationStatus, 200);

  const streamed = { switches: { "response-delivery": "streamed" } };
  const silent = await startApi(t, specOf(500), streamed);
  const cut = await silent.ask("GET /pets");
  assert.deepEqual([cut.status, cut.body, headerOf(cut, "content-length")], [200, "ab", "4"]);
  assert.equal((await silent.record(0)).integrationError, "the backend fell silent within its answer");

  const streaming = await startApi(t, specOf(30_000), streamed);
  const socket = connect(streaming.port, "127.0.0.1");
  const first = await new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.endsWith("ab")) resolve(text);
    });
    socket.write(`GET /pets HTTP/1.1\r\nHost: ${API_HOST}\r\nConnection: close\r\n\r\n`);
  });
  assert.match(first, /^HTTP\/1\.1 200 OK\r\n/);
  const rest = new Promise<string>((resolve) => socket.on("data", (chunk) => resolve(chunk.toString("latin1"))));
  release.at(-1)?.();
  assert.equal(await rest, "cd");
});

test("a backend that cannot be reached or breaks off is 503 and told in the record", async (t) => {
  const closed = await closedOrigin();
  const broken = await startRawService(t, (socket) =>
    socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
  );
  const spec = {
    routes: [
      { key: "GET /closed", uri: closed },
      { key: "GET /broken", uri: broken },
    ],
  };
  const api = await startApi(t, spec);
  for (const [at, path] of ["/closed", "/broken"].entries()) {
    const answer = await api.ask(`GET ${path}`);
    assert.deepEqual([answer.status, answer.body], [503, '{"message":"Service Unavailable"}']);
    const record = await api.record(at);
    assert.equal(record.responseType, "INTEGRATION_NETWORK_FAILURE");
    assert.notEqual(record.integrationError, null);
  }
  assert.equal((await api.record(0)).integrationError, "ECONNREFUSED");
  const other = await startApi(t, spec, { switches: { "integration-unreachable": "502" } });
  assert.equal((await other.ask("GET /closed")).status, 502);
});

test("an answer of more than 10 MB is a fault of the integration, whether or not it says so before", async (t) => {
  const service = await startService(t, (req, res) => {
    if (req.url === "/said") res.writeHead(200, { "content-length": String(LIMIT + 1) });
    res.end(Buffer.alloc(req.url === "/fits" ? LIMIT : LIMIT + 1));
  });
  const api = await startApi(t, { routes: [{ key: "GET /{p}", uri: `${service.origin}/{p}` }] });
  for (const path of ["/said", "/unsaid"]) {
    const answer = await api.ask(`GET ${path}`);
    assert.deepEqual([answer.status, answer.body], [500, '{"message":"Internal Server Error"}'], path);
  }
  assert.equal((await api.ask("GET /fits")).body.length, LIMIT);
});

test("all bodies together take so much memory and no more: the next one gets 503, and room comes back", async (t) => {
  const part = 400_000;
  const service = await startService(t, (req, res) => res.end(Buffer.alloc(req.url === "/large" ? 3 * part : 2)));
  const spec = { routes: [{ key: "ANY /{p}", uri: `${service.origin}/{p}` }] };
  const api = await startApi(t, spec, { maxHeldBytes: 2 * part });
  const slow = connect(api.port, "127.0.0.1");
  let answered = "";
  slow.on("data", (chunk) => (answered += chunk.toString("latin1")));
  const closed = new Promise<void>((resolve) => slow.on("close", () => resolve()));
  slow.write(`POST /a HTTP/1.1\r\nHost: ${API_HOST}\r\nConnection: close\r\nContent-Length: ${part + 1}\r\n\r\n`);
  slow.write(Buffer.alloc(part, 0x61));
  await waitFor("the body is held", async () => Promise.resolve(api.gateway.stats().heldBytes === part));
  const refused = await api.ask("POST /b", { body: Buffer.alloc(part + 1, 0x61) });
  assert.deepEqual([refused.status, refused.body], [503, '{"message":"Service Unavailable"}']);
  assert.equal(headerOf(refused, "retry-after"), "1");
  assert.equal((await api.record(0)).error, "other bodies take all the memory that there is for them");
  assert.equal(service.hits(), 0);
  assert.equal((await api.ask("POST /c", { body: Buffer.alloc(part - 2, 0x61) })).status, 200);
  slow.write("b");
  await closed;
  assert.match(answered, /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal((await api.ask("GET /large")).status, 503);
  assert.equal((await api.record(3)).integrationError, "other bodies take all the memory that there is for them");
  assert.equal(api.gateway.stats().heldBytes, 0);
});

test("a bucket gives its burst and then its rate; 429 has no hint when to come back", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, {
    routes: [
      { key: "GET /a", uri: service.origin },
      { key: "GET /b", uri: service.origin },
      { key: "GET /none", uri: service.origin },
    ],
    stages: [
      {
        stageName: "$default",
        defaultRouteSettings: { throttlingBurstLimit: 5, throttlingRateLimit: 1 },
        routeSettings: { "GET /none": { throttlingBurstLimit: 0, throttlingRateLimit: 0 } },
      },
      { stageName: "dev" },
    ],
  });
  const statuses = [];
  for (let i = 0; i < 6; i++) statuses.push((await api.ask("GET /a")).status);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
  const refused = await api.ask("GET /a");
  assert.equal(refused.body, '{"message":"Too Many Requests"}');
  assert.equal(headerOf(refused, "retry-after"), null);
  assert.equal((await api.record(6)).responseType, "THROTTLED");
  // Another route, and the same route on another stage, have buckets of their own.
  assert.equal((await api.ask("GET /b")).status, 200);
  assert.equal((await api.ask("GET /dev/a")).status, 200);
  assert.equal((await api.ask("GET /none")).status, 429);
  api.clock.advance(1000);
  assert.equal((await api.ask("GET /a")).status, 200);
  assert.equal((await api.ask("GET /a")).status, 429);
});

test("whether a caller who is refused takes a token is a switch, and open routes are throttled either way", async (t) => {
  const service = await startService(t);
  const one = { throttlingBurstLimit: 1, throttlingRateLimit: 0 };
  const spec = {
    routes: [
      { key: "GET /signed", uri: service.origin, auth: "AWS_IAM" as const },
      { key: "GET /open", uri: service.origin },
    ],
    stages: [{ stageName: "$default", defaultRouteSettings: one }],
  };
  const statusesWith = async (order: string): Promise<number[]> => {
    const api = await startApi(t, spec, { switches: { "throttle-order": order } });
    const statuses = [];
    for (const path of ["/signed", "/signed", "/open", "/open"]) statuses.push((await api.ask(`GET ${path}`)).status);
    return statuses;
  };
  assert.deepEqual(await statusesWith("before-authorizer"), [403, 429, 200, 429]);
  assert.deepEqual(await statusesWith("after-authorizer"), [403, 403, 200, 429]);
});

test("all APIs of an account share its own bucket, and a call that it stops costs its route nothing", async (t) => {
  const service = await startService(t);
  const routes = [{ key: "GET /a", uri: service.origin }];
  const settings = { defaultRouteSettings: { throttlingBurstLimit: 2, throttlingRateLimit: 0 } };
  const account = accountOf(
    [apiOf({ routes, stages: [{ stageName: "$default", ...settings }] }), apiOf({ routes, apiId: "second1234" })],
    { throttle: { throttlingBurstLimit: 2, throttlingRateLimit: 1 } },
  );
  const api = await startAccount(t, account);
  const second = { host: "second1234.execute-api.localhost" };
  assert.equal((await api.ask("GET /a", second)).status, 200);
  assert.equal((await api.ask("GET /a", second)).status, 200);
  assert.equal((await api.ask("GET /a")).status, 429);
  api.clock.advance(2000);
  assert.deepEqual([(await api.ask("GET /a")).status, (await api.ask("GET /a")).status], [200, 200]);
  api.clock.advance(2000);
  assert.equal((await api.ask("GET /a")).status, 429);
});
