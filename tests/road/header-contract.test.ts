/**
 * The header contract on every road: a real Caddy, a real gateway, a service of which every byte is seen. Each row of
 * header-contract.ts is sent on each road, and what `gatehouse trace --headers` says is held against what arrived.
 */
import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import { after, before, describe, test } from "node:test";
import type { HeadersOfRequest } from "../../src/app/trace-headers.ts";
import { curlUrl } from "../support/curl.ts";
import { type RawHead, nameOf } from "../support/raw-service.ts";
import {
  type ContractInstance,
  agree,
  askHttp2,
  askRaw,
  headersOf,
  idOf,
  inWords,
  lower,
  openHttp2,
  requestText,
  startContract,
  without,
} from "./contract-instance.ts";
import { type ContractRow, ROADS, ROWS, type RoadName, WHOLE } from "./header-contract.ts";

type TestedRoad = keyof typeof WHOLE;

const UPGRADE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

let contract: ContractInstance;
let session: ClientHttp2Session;

before(async () => {
  contract = await startContract();
  session = openHttp2(contract, contract.instance.status.edge.https);
});

after(async () => {
  session.destroy();
  await contract.stop();
});

/** Sends a request with these lines besides what every one has, and gives what arrived at the service. */
async function send(road: TestedRoad, lines: readonly string[]): Promise<RawHead> {
  const { service, host, token, instance } = contract;
  const usual = ["User-Agent: contract", `Authorization: Bearer ${token}`];
  const first = service.heads.length;
  service.answer = { status: road === "websocket" ? 101 : 200, lines: [], body: road === "websocket" ? "" : "ok" };
  service.cuts = road === "retry" ? 1 : 0;
  const { https, private: privateUrl, caFile } = instance.status.edge;
  const curl = async (url: string, args: readonly string[]): Promise<void> => {
    const headers = ["Accept:", ...usual, ...lines];
    const answer = await curlUrl(url, caFile, { headers, args });
    assert.equal(answer.status, 200);
  };
  switch (road) {
    case "http/1.1":
      await curl(`${https}/plain`, ["--http1.1"]);
      break;
    case "retry":
      await curl(`${https}/retry`, ["--http1.1"]);
      break;
    case "private":
      await curl(`${privateUrl}/inside`, ["--http2"]);
      break;
    case "http/2":
      await curl(`${https}/plain`, ["--http2"]);
      break;
    case "rules":
      assert.equal((await askHttp2(session, "/rules", [...usual, ...lines])).status, 200);
      break;
    case "streaming": {
      const framing = ["Transfer-Encoding: chunked", "Content-Type: text/plain"];
      const text = requestText(
        "POST",
        "/stream",
        [`Host: ${host}`, ...usual, ...framing, ...lines],
        "2\r\nhi\r\n0\r\n\r\n",
      );
      assert.equal((await askRaw(contract, "edge", text)).status, 200);
      break;
    }
    case "websocket": {
      const text = requestText("GET", "/socket", [`Host: ${host}`, ...usual, ...UPGRADE, ...lines]);
      assert.equal((await askRaw(contract, "edge", text)).status, 101);
      break;
    }
    case "socket": {
      const text = requestText("GET", "/plain", [`Host: ${host}`, ...usual, ...lines]);
      assert.equal((await askRaw(contract, "socket", text)).status, 200);
      break;
    }
    default:
      road satisfies never;
  }
  const heads = service.heads.slice(first);
  assert.equal(heads.length, road === "retry" ? 2 : 1);
  // Both attempts are one request, line by line.
  assert.deepEqual(heads.at(-1), heads[0]);
  return heads[0] ?? { requestLine: "", lines: [] };
}

function agreeOnReason(told: HeadersOfRequest, row: ContractRow, road: RoadName): void {
  const name = nameOf(row.sends[0] ?? "").toLowerCase();
  if (lower(row.arrives.map(nameOf)).includes(name) && row.on?.[road] === undefined && row.why !== "own-cookie") return;
  if (row.on?.[road]?.some((line) => nameOf(line).toLowerCase() === name) === true) return;
  const fates =
    told.request.gateway?.filter(
      (fate) => fate.name.toLowerCase() === name && !["kept", "added"].includes(fate.change),
    ) ?? [];
  // Where the edge has dropped it, nobody knows of it any more.
  if (road !== "socket" && (row.why === "edge" || /[_.]/.test(name))) return assert.deepEqual(fates, []);
  const expected = row.why === "edge" ? (name.startsWith("x-") ? "connection" : "hop-by-hop") : row.why;
  assert.deepEqual(
    fates.map(({ why }) => why),
    [expected],
  );
}

for (const road of Object.keys(WHOLE) as TestedRoad[])
  describe(ROADS[road], () => {
    test("what arrives of a request with a token and nothing else is exactly this", async () => {
      const head = await send(road, []);
      assert.deepEqual(inWords(head, contract, road), WHOLE[road]);
      agree(await headersOf(contract, idOf(head)), head, road !== "socket");
    });

    for (const row of ROWS.filter(({ only }) => only === undefined || only.includes(road)))
      test(`${row.title}: ${row.sends.join(", ")}`, async () => {
        const head = await send(road, row.sends);
        const arrived = inWords(head, contract, road);
        assert.deepEqual(without(arrived, WHOLE[road]), row.on?.[road] ?? row.arrives);
        // Nothing of what always arrives is lost by it, and nothing comes twice.
        const names = lower(arrived.map(nameOf));
        for (const name of lower(WHOLE[road].map(nameOf))) assert.ok(names.includes(name), `${name} is gone`);
        for (const name of lower(WHOLE[road].map(nameOf)).filter((each) => each.startsWith("x-")))
          assert.equal(names.filter((each) => each === name).length, 1, name);
        const told = await headersOf(contract, idOf(head));
        agree(told, head, road !== "socket");
        agreeOnReason(told, row, road);
      });
  });

/** Bodies and the lack of them, which decide how the request to the service is framed. */
const BODIES = [
  ["POST", "/plain", ["Content-Length: 2"], "hi", ["Content-Length"]],
  ["POST", "/plain", ["Content-Length: 70000"], "a".repeat(70_000), ["Content-Length"]],
  ["POST", "/plain", ["Transfer-Encoding: chunked"], "2\r\nhi\r\n0\r\n\r\n", ["transfer-encoding"]],
  ["POST", "/plain", ["Content-Length: 0"], "", ["content-length"]],
  ["POST", "/plain", [], "", ["content-length"]],
  ["POST", "/stream", ["Content-Length: 2"], "hi", ["Content-Length"]],
  ["GET", "/plain", [], "", []],
  ["HEAD", "/plain", [], "", []],
] as const;

for (const [method, path, lines, body, framing] of BODIES)
  test(`${method} ${path} with ${lines.join(", ") || "no body"} is framed as trace says`, async () => {
    const { service, host, token } = contract;
    for (const road of ["edge", "socket"] as const) {
      const first = service.heads.length;
      service.answer = { status: 200, lines: [], body: "ok" };
      const usual = [`Host: ${host}`, `Authorization: Bearer ${token}`];
      const answer = await askRaw(contract, road, requestText(method, path, [...usual, ...lines], body));
      assert.equal(answer.status, 200);
      const head = service.heads[first] ?? { requestLine: "", lines: [] };
      const names = head.lines.map(nameOf).filter((name) => /^(?:content-length|transfer-encoding)$/i.test(name));
      assert.deepEqual(lower(names), lower(framing), road);
      agree(await headersOf(contract, idOf(head)), head, road === "edge");
    }
  });

test("on an open route nobody is named, and look-alikes do not arrive either", async () => {
  const { service, host } = contract;
  const first = service.heads.length;
  const lies = [
    "X-Gatehouse-Subject: admin",
    "X-Forwarded-For: 9.9.9.9",
    "X-Request-Id: 1",
    "Authorization: Basic eDp5",
  ];
  const text = requestText("GET", "/open", [`Host: ${host}`, "User-Agent: contract", ...lies]);
  assert.equal((await askRaw(contract, "edge", text)).status, 200);
  const head = service.heads[first] ?? { requestLine: "", lines: [] };
  assert.deepEqual(
    inWords(head, contract, "http/1.1"),
    WHOLE["http/1.1"].filter((line) => !line.startsWith("x-gatehouse-")),
  );
  agree(await headersOf(contract, idOf(head)), head, true);
});
