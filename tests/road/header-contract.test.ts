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
  askHttp2,
  askRaw,
  headersOf,
  idOf,
  inWords,
  openHttp2,
  requestText,
  startContract,
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
      assert.equal((await askRaw(contract, "edge", `${text}\r\n`)).status, 101);
      break;
    }
    case "socket": {
      const text = requestText("GET", "/plain", [`Host: ${host}`, ...usual, ...lines]);
      assert.equal((await askRaw(contract, "socket", `${text}\r\n`)).status, 200);
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

/** Lines of `all` that are not among `others`, each as often as it is there more often. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return all.filter((line) => {
    const at = rest.indexOf(line);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}

function lower(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}

/** The trace says the same as the bytes that arrived. */
function agree(told: HeadersOfRequest, head: RawHead, road: RoadName): void {
  assert.deepEqual(told.request.service, head.lines.map(nameOf));
  assert.equal(told.policy.isSame, true);
  const { edge } = told.request;
  if (road === "socket") {
    assert.equal(edge, null);
    assert.ok(told.notes.includes("it did not come through the edge: the edge has no record of it"));
    return;
  }
  // What the edge passed on is what the gateway got.
  const got = told.request.gateway?.filter(({ change }) => change !== "added").map(({ name }) => name);
  assert.deepEqual(
    edge?.map(({ name }) => name),
    got,
  );
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
      agree(await headersOf(contract, idOf(head)), head, road);
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
        agree(told, head, road);
        agreeOnReason(told, row, road);
      });
  });
