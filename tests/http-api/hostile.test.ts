/** What a client may send to make the gateway hang, or hold more than it was sent. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { headerOf } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";
import { API_HOST, startApi } from "./fixture.ts";

/** What hangs, hangs far longer. */
const PATIENCE = { timeout: 60_000 };

test("white space within a value that is mapped to a header takes no time to look through", PATIENCE, async (t) => {
  const service = await startService(t);
  const requestParameters = {
    "overwrite:header.x-all": "$request.body",
    "overwrite:header.x-name": "$request.body.name",
  };
  const api = await startApi(t, {
    routes: [{ key: "POST /", uri: service.origin, integration: { requestParameters } }],
  });
  const body = JSON.stringify({ name: " \t Ada \t", rest: `x${" ".repeat(400_000)}x` });
  const [all, some] = [
    await api.ask("POST /", { body }),
    await api.ask("POST /", { body: '{"name":" \t Ada \t"}'.replaceAll("\t", "\\t") }),
  ];
  assert.deepEqual([all.status, some.status], [200, 200]);
  assert.deepEqual((await api.record(0)).unmapped, ["header.x-all"]);
  assert.equal(headerOf(service.seen[1] ?? { headers: [] }, "x-name"), "Ada");
});

test(
  "JSON that is nested too deep to be written again has no value, in a request and in an answer",
  PATIENCE,
  async (t) => {
    const service = await startService(t, (_req, res, body) => res.end(body));
    const integration = {
      requestParameters: { "overwrite:header.x-deep": "$request.body.a" },
      responseParameters: { "200": { "overwrite:header.x-deep": "$response.body.a" } },
    };
    const api = await startApi(t, { routes: [{ key: "POST /", uri: service.origin, integration }] });
    const answer = await api.ask("POST /", { body: `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}` });
    assert.equal(answer.status, 200);
    assert.equal(headerOf(answer, "x-deep"), null);
    assert.equal(headerOf(service.seen[0] ?? { headers: [] }, "x-deep"), null);
  },
);

test("a quote that a client does not close hides nothing of what the gateway says of the hop", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "GET /", uri: service.origin }] });
  const own = `by=127.0.0.1;for=127.0.0.1;host=${API_HOST};proto=https`;
  const cases = [
    ['Forwarded: for=6.6.6.6;x="', own],
    ['Forwarded: for=6.6.6.6;x="a\\"', own],
    ['Forwarded: for=6.6.6.6;x=\\""', own],
    ['Forwarded: for="[::1]";x="a\\"b, c"', `for="[::1]";x="a\\"b, c", ${own}`],
  ] as const;
  for (const [at, [header, expected]] of cases.entries()) {
    await api.ask("GET /", { headers: [header] });
    assert.equal(headerOf(service.seen[at] ?? { headers: [] }, "forwarded"), expected);
  }
});

test(
  "a client that does not take its answer is not waited for longer than a connection may be silent",
  PATIENCE,
  async (t) => {
    const service = await startService(t, (_req, res) => res.end(Buffer.alloc(10_000_000)));
    const api = await startApi(t, { routes: [{ key: "GET /", uri: service.origin }] }, { limits: { idleMs: 500 } });
    const socket = connect(api.port, "127.0.0.1");
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    socket.pause();
    socket.write(`GET / HTTP/1.1\r\nHost: ${API_HOST}\r\n\r\n`);
    const { status, error } = await api.record(0);
    assert.deepEqual([status, error], [499, "the client went away"]);
    assert.equal(api.gateway.stats().inFlight, 0);
  },
);
