/**
 * `gatehouse trace ID --headers` as its user runs it: what it prints, that it prints no value, and what it says when the
 * instance has ended, the policy is another one or cannot be read, or a hop has no record.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { HeadersOfRequest } from "../../src/app/trace-headers.ts";
import { type ContractInstance, askRaw, headersOf, requestText, startContract } from "../road/contract-instance.ts";
import { contractPolicy } from "../road/header-contract.ts";
import { curlUrl } from "../support/curl.ts";

let contract: ContractInstance;

before(async () => {
  contract = await startContract();
});

after(async () => {
  await contract.stop();
});

/** Sends a request through the edge and gives its id. */
async function send(path: string, lines: readonly string[]): Promise<string> {
  const { host, token } = contract;
  const all = [`Host: ${host}`, "User-Agent: contract", `Authorization: Bearer ${token}`, ...lines];
  const answer = await askRaw(contract, "edge", requestText("GET", path, all));
  assert.equal(answer.status, 200);
  return answer.lines.find((line) => /^x-request-id:/i.test(line))?.slice("x-request-id: ".length) ?? "none";
}

async function traceJson(id: string): Promise<HeadersOfRequest> {
  const ran = await contract.instance.gatehouse("trace", id, "--headers", "--json");
  assert.equal(ran.code, 0, ran.stderr);
  const [request] = (JSON.parse(ran.stdout) as { requests: readonly { headers: HeadersOfRequest }[] }).requests;
  assert.ok(request !== undefined);
  return request.headers;
}

test("the table names each header with what each hop did to it", async () => {
  contract.service.answer = { status: 200, lines: ["Content-Type: text/plain", "X-Powered-By: cgi"], body: "ok" };
  const id = await send("/rules", ["X-Tenant: a", "X-Debug: 1", "X-Real-Ip: 9.9.9.9", "X_Alias: 1"]);
  // Both records are there then.
  const told = await headersOf(contract, id);
  const ran = await contract.instance.gatehouse("trace", id, "--headers");
  assert.equal(ran.code, 0, ran.stderr);
  const rows = ran.stdout.split("\n").map((line) => line.trim().replaceAll(/ {2,}/g, " | "));
  assert.deepEqual(rows.slice(rows.indexOf("request, on its way to the service"), rows.indexOf("edge: Caddy's own")), [
    "request, on its way to the service",
    "header | edge | gateway",
    "Host | kept | replaced: framing",
    "User-Agent | kept | kept",
    "Authorization | kept | kept",
    "Via | added: edge | kept",
    "X-Debug | kept | dropped: policy",
    "X-Forwarded-For | added: forwarding | replaced: forwarding",
    "X-Forwarded-Host | added: forwarding | replaced: forwarding",
    "X-Forwarded-Proto | added: forwarding | replaced: forwarding",
    "X-Real-Ip | kept | dropped: look-alike",
    "X-Request-Id | added: request-id | replaced: request-id",
    "X-Tenant | kept | kept",
    "connection | added: framing",
    "x-from | added: policy",
    "traceparent | added: trace",
    "forwarded | added: forwarding",
    "x-gatehouse-subject | added: identity",
    "x-gatehouse-name | added: identity",
    "x-gatehouse-groups | added: identity",
    "x-gatehouse-client | added: identity",
    "x-gatehouse-kind | added: identity",
    "x-gatehouse-role | added: identity",
    "x-gatehouse-assertion | added: identity",
    "x-remote-user | added: identity",
    "",
    "answer of the service, on its way to the client",
    "header | gateway | edge",
    "content-type | kept | kept",
    "x-powered-by | dropped: policy",
    "content-length | kept | kept",
    "x-frame-options | added: policy | kept",
    "x-request-id | added: request-id | kept",
    "traceresponse | added: trace | kept",
    "apigw-requestid | added: request-id | kept",
    "date | added: framing | kept",
    "alt-svc | added: edge",
    "via | added: edge",
    "",
  ]);
  assert.deepEqual(
    rows.filter((row) => row.startsWith("note: ")),
    [
      "note: the edge passes on none of these, and no log tells whether there were any: names with `_` or `.`; hop-by-hop headers (`Alt-Svc` too, but not `Te: trailers`), and what `Connection` names (HTTP/1.1)",
    ],
  );
  assert.deepEqual(await traceJson(id), told);
  const plain = await contract.instance.gatehouse("trace", id);
  assert.ok(!plain.stdout.includes("on its way"));
});

test("no value is in a log or in what is printed, whatever a client makes of `Connection`", async () => {
  const canary = "canary7f3a";
  contract.service.answer = {
    status: 200,
    lines: [`X-Any: ${canary}`, `Set-Cookie: a=${canary}`, `Connection: keep-alive, ${canary}`],
    body: "ok",
  };
  const lines = [`X-Tenant: ${canary}`, `Cookie: a=${canary}; __Host-gatehouse=${canary}`, `X-Real-Ip: ${canary}`];
  const id = await send("/rules", [...lines, `Connection: ${canary}, close`]);
  await headersOf(contract, id);
  const { host, token } = contract;
  const usual = [`Host: ${host}`, `Authorization: Bearer ${token}`, ...lines, `Connection: ${canary}, x-tenant`];
  const direct = await askRaw(contract, "socket", requestText("GET", "/rules", usual));
  assert.equal(direct.status, 200);
  const directId = direct.lines.find((line) => /^x-request-id:/i.test(line))?.slice("x-request-id: ".length) ?? "";
  const told = await headersOf(contract, directId);
  assert.deepEqual(
    told.request.gateway?.find(({ name }) => name === "X-Tenant"),
    { name: "X-Tenant", change: "dropped", why: "connection" },
  );
  assert.deepEqual(
    told.request.gateway.find(({ name }) => name === "Cookie"),
    { name: "Cookie", change: "shortened", why: "own-cookie" },
  );
  const ran = await contract.instance.gatehouse("trace", id, "--headers", "--json");
  assert.ok(!(ran.stdout + ran.stderr).includes(canary));
  const logs = join(contract.instance.state, "logs");
  for (const name of readdirSync(logs)) assert.ok(!readFileSync(join(logs, name), "utf8").includes(canary), name);
});

test("more names than a record keeps are counted", async () => {
  contract.service.answer = { status: 200, lines: ["Content-Type: text/plain"], body: "ok" };
  const many = Array.from({ length: 40 }, (_, index) => `X-${"a".repeat(40)}-${index}: 1`);
  const { notes } = await headersOf(contract, await send("/plain", many));
  assert.ok(notes.some((note) => /^the request had \d+ more headers than a record keeps$/.test(note)));
});

test("what the edge refuses by itself is told as that", async () => {
  const { https, caFile } = contract.instance.status.edge;
  const { port, hostname } = new URL(https);
  const answer = await curlUrl(`${https}/plain`, caFile, { headers: [`Host: other.${hostname}:${port}`] });
  assert.equal(answer.status, 421);
  const told = await traceJson(answer.headers["x-request-id"] ?? "");
  assert.deepEqual(told.notes, ["it did not reach the gateway: the edge answered by itself"]);
  assert.equal(told.request.gateway, null);
});

// The last test: it ends the instance.
test("an instance that has ended is explained from its logs; another policy, or none, is said", async () => {
  contract.service.answer = { status: 200, lines: ["Content-Type: text/plain"], body: "ok" };
  const id = await send("/plain", ["X-Tenant: a", "X-Debug: 1"]);
  const running = await headersOf(contract, id);
  const { instance, service } = contract;
  assert.equal((await instance.gatehouse("down")).code, 0);
  const ended = await traceJson(id);
  assert.deepEqual(ended, running);
  assert.equal(ended.policy.isSame, true);

  const policy = contractPolicy(service.url);
  const debugOf = ({ request }: HeadersOfRequest) => request.gateway?.find(({ name }) => name === "X-Debug")?.change;
  assert.equal(debugOf(ended), "kept");
  instance.write(
    "gatehouse.yaml",
    policy.replace(
      "    routes:\n      GET /plain:",
      "    headers: { request: { remove: [x-debug] } }\n    routes:\n      GET /plain:",
    ),
  );
  const other = await traceJson(id);
  assert.equal(other.policy.isSame, false);
  assert.equal(other.policy.decided, ended.policy.decided);
  assert.notEqual(other.policy.explains, ended.policy.explains);
  assert.equal(debugOf(other), "dropped");
  assert.match(
    other.notes[0] ?? "",
    /^another policy decided this \([0-9a-f]{12}\): shown is what `gatehouse\.yaml` as it is now/,
  );

  const notesWith = async (text: string): Promise<string | undefined> => {
    instance.write("gatehouse.yaml", text);
    const told = await traceJson(id);
    assert.equal(told.request.gateway, null);
    assert.equal(told.response.client, null);
    return told.notes[0];
  };
  assert.equal(
    await notesWith(policy.replace("      GET /plain:   { needs: contract:use }\n", "")),
    "what the gateway did cannot be worked out: `gatehouse.yaml` has no route `GET /plain` any more",
  );
  assert.equal(
    await notesWith("gatehouse: 1\n"),
    "what the gateway did cannot be worked out: `gatehouse.yaml` has errors; `gatehouse check` tells them",
  );
  rmSync(join(instance.dir, "gatehouse.yaml"));
  assert.match((await traceJson(id)).notes[0] ?? "", /^what the gateway did cannot be worked out: cannot read/);

  instance.write("gatehouse.yaml", policy);
  const log = join(instance.state, "logs/gateway.log");
  writeFileSync(log, readFileSync(log, "utf8").replaceAll(/,"headers":(?:null|\{[^}]*\})\}$/gm, "}"));
  const old = await traceJson(id);
  assert.deepEqual(old.notes, [
    "the record holds no names of headers: it is from before they were kept, or no request could be read",
  ]);
});
