/**
 * Headers of answers, from the service's bytes to the client's: each row of answer-contract.ts through a real Caddy over
 * HTTP/1.1 and HTTP/2 and at the gateway's socket, and `gatehouse trace --headers` held against it.
 */
import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import { after, before, describe, test } from "node:test";
import type { HeadersOfRequest } from "../../src/app/trace-headers.ts";
import { nameOf } from "../support/raw-service.ts";
import { ANSWER_ROADS, ANSWER_ROWS, type AnswerRoad, OF_ONE_CONNECTION, WHOLE_ANSWER } from "./answer-contract.ts";
import {
  type ContractInstance,
  type RawAnswerHead,
  askHttp2,
  askRaw,
  headersOf,
  openHttp2,
  requestText,
  startContract,
  without,
} from "./contract-instance.ts";

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

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly lines?: readonly string[];
  /** @default with the token of somebody who may */
  readonly isNobody?: boolean;
}

async function ask(road: AnswerRoad, { method = "GET", path = "/plain", lines = [], isNobody }: Asked) {
  const { host, token } = contract;
  const all = [...(isNobody === true ? [] : [`Authorization: Bearer ${token}`]), ...lines];
  if (road === "http/2") return askHttp2(session, path, all, method);
  const text = requestText(method, path, [`Host: ${host}`, ...all]);
  return askRaw(contract, road === "socket" ? "socket" : "edge", text);
}

/** Lines as the contract has them: lower-case names, words for what is of this run, sorted. */
function inWords({ lines }: RawAnswerHead): string[] {
  return lines
    .filter((line) => !OF_ONE_CONNECTION.test(line))
    .map((line) =>
      `${nameOf(line).toLowerCase()}:${line.slice(line.indexOf(":") + 1)}`
        .replace(/^(apigw-requestid): [\w-]{15}=$/, "$1: <apigw>")
        .replace(/^(date): \w{3}, \d\d \w{3} 20\d\d .*$/, "$1: <date>")
        .replace(/^(alt-svc): h3=.*$/, "$1: <h3>")
        .replace(/^(x-request-id): [0-9a-f-]{36}$/, "$1: <id>")
        .replace(/^(traceresponse): 00-[0-9a-f]{32}-[0-9a-f]{16}-/, "$1: 00-<trace>-<span>-"),
    )
    .toSorted();
}

function idOf({ lines }: RawAnswerHead): string {
  return lines.find((line) => /^x-request-id:/i.test(line))?.slice("x-request-id: ".length) ?? "none";
}

async function assertTold(answer: RawAnswerHead, road: AnswerRoad): Promise<HeadersOfRequest> {
  const told = await headersOf(contract, idOf(answer));
  const names = answer.lines.filter((line) => !OF_ONE_CONNECTION.test(line)).map((line) => nameOf(line).toLowerCase());
  assert.deepEqual((told.response.client ?? []).map((name) => name.toLowerCase()).toSorted(), names.toSorted());
  assert.equal(told.response.edge === null, road === "socket");
  assert.equal(told.policy.isSame, true);
  return told;
}

for (const road of Object.keys(ANSWER_ROADS) as AnswerRoad[])
  describe(ANSWER_ROADS[road], () => {
    test("what the client gets of an answer to which the service adds nothing is exactly this", async () => {
      contract.service.answer = { status: 200, lines: ["Content-Type: text/plain"], body: "ok" };
      const answer = await ask(road, {});
      assert.deepEqual(inWords(answer), WHOLE_ANSWER[road]);
      assert.equal((await assertTold(answer, road)).response.answeredBy, "service");
    });

    for (const row of ANSWER_ROWS)
      test(`${row.title}: ${row.says.join(", ")}`, async () => {
        contract.service.answer = { status: 200, lines: ["Content-Type: text/plain", ...row.says], body: "ok" };
        const answer = await ask(road, {
          path: row.hasRules === true ? "/rules" : "/plain",
          ...(row.asks === undefined ? {} : { lines: row.asks }),
        });
        assert.deepEqual(without(inWords(answer), WHOLE_ANSWER[road]), row.on?.[road] ?? row.gets);
        const told = await assertTold(answer, road);
        if (row.why === undefined) return;
        const name = nameOf(row.says[0] ?? "").toLowerCase();
        const fate = told.response.gateway?.find((each) => each.name === name);
        assert.equal(fate?.why, row.why);
        assert.ok(fate.change === "dropped" || fate.change === "replaced");
      });

    for (const [title, status, lines, method] of [
      ["an answer without a type, whose type the edge guesses", 200, [], "GET"],
      ["an encoded answer without a type, of which nothing is guessed", 200, ["Content-Encoding: br"], "GET"],
      ["an answer in chunks", 200, ["Content-Type: text/plain", "Transfer-Encoding: chunked"], "GET"],
      ["no content", 204, ["X-Any: 1"], "GET"],
      ["not modified", 304, ["Etag: a"], "GET"],
      ["an answer to HEAD", 200, ["Content-Type: text/plain"], "HEAD"],
      ["a redirect", 302, ["Location: /x"], "GET"],
    ] as const)
      test(`${title}: the client gets what trace says`, async () => {
        const isChunked = lines.some((line) => line.startsWith("Transfer-Encoding"));
        contract.service.answer = { status, lines, body: isChunked ? "2\r\nok\r\n0\r\n\r\n" : "ok" };
        const answer = await ask(road, { method });
        assert.equal(answer.status, status);
        await assertTold(answer, road);
      });

    test("an answer of the gateway itself is told as that", async () => {
      const answer = await ask(road, { isNobody: true });
      assert.equal(answer.status, 401);
      const told = await assertTold(answer, road);
      assert.equal(told.response.answeredBy, "gateway");
      assert.equal(told.request.service, null);
      const challenge = told.response.gateway?.find(({ name }) => name === "www-authenticate");
      assert.deepEqual(challenge, { name: "www-authenticate", change: "added", why: "own-answer" });
    });

    for (const path of ["/_gatehouse/jwks.json", "/none", "/plain%00", "/_gatehouse/none"])
      test(`an answer to a page that asks for ${path} is told as it is`, async () => {
        const answer = await ask(road, { path, lines: ["Origin: https://app.contract.example"] });
        assert.equal((await assertTold(answer, road)).response.answeredBy, "gateway");
      });

    test("a preflight request is answered by the gateway, as told", async () => {
      const lines = ["Origin: https://app.contract.example", "Access-Control-Request-Method: GET"];
      const answer = await ask(road, { method: "OPTIONS", isNobody: true, lines });
      assert.equal(answer.status, 204);
      const told = await assertTold(answer, road);
      assert.equal(told.response.answeredBy, "gateway");
    });
  });

test("the answer that opens a WebSocket arrives as told", async () => {
  contract.service.answer = {
    status: 101,
    lines: ["X-Any: 1", "Alt-Svc: x", "X-Request-Id: mine", "Content-Length: 0"],
    body: "",
  };
  const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const answer = await ask("http/1.1", {
    path: "/socket",
    lines: [...upgrade, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
  });
  assert.equal(answer.status, 101);
  const elsewhere = answer.lines.filter((line) => /^alt-svc:/i.test(line));
  assert.match(elsewhere.join(), /^alt-svc: h3=[^\r]*$/i);
  const told = await headersOf(contract, idOf(answer));
  const names = answer.lines.map((line) => nameOf(line).toLowerCase()).toSorted();
  assert.deepEqual((told.response.client ?? []).map((name) => name.toLowerCase()).toSorted(), names);
});
