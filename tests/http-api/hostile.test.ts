/** What a client may send to make the gateway hang, or hold more than it was sent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { headerOf } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";
import { startApi } from "./fixture.ts";

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
