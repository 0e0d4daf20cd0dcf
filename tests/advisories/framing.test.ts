/**
 * Where a message ends, what a header is, and who may cost how much: bytes for Caddy and for the socket behind it.
 *
 * Behind each input stands one more request, for a route that nobody here may use: it must be decided as a request of its
 * own or never be read, and the service must not see it.
 * Long because: fifteen rows share one instance, and one way to say what became of their bytes.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, type LookupFunction, type Socket, createServer } from "node:net";
import { type TestContext, after, before, it } from "node:test";
import { gzipSync } from "node:zlib";
import { createProviderFetch } from "../../src/identity/index.ts";
import { type Fixture, startGateway } from "../gateway/fixture.ts";
import { RawConnection, ask, exchangeRaw, parseAnswer } from "../gateway/raw-client.ts";
import { startRawService, startService } from "../gateway/service.ts";
import { openWebSocket, startWebSocketService } from "../gateway/web-socket-service.ts";
import { row } from "./catalogue.ts";
import { AUDIENCE, DOMAIN, type PolicyParts } from "./policy.ts";
import {
  ENTRANCES,
  type Entrance,
  type Road,
  forbidden,
  goodClaims,
  startRoad,
  unauthorized,
  valuesOf,
} from "./road.ts";

const policyOf =
  (planted: string) =>
  ({ backend, idp }: PolicyParts): string =>
    `gatehouse: 1
name: road
identity:
  audience: ${AUDIENCE}
  claims: { groups: groups, name: name }
  issuers: { idp: { issuer: "${idp}", claims: { groups: groups, name: name } } }
environments:
  local: { identity: embedded, domain: ${DOMAIN}, certificates: internal, gateway: embedded }
services:
  orders:
    exposure: public
    upstream: ${backend}
    routes:
      GET /open:   { open: "takes what comes" }
      GET /small:  { open: "takes a little", body: 10 KB }
      GET /chat:   { open: "speaks", websocket: true }
      GET /orders: { needs: orders:read }
      POST /orders: { needs: orders:read }
      GET /few:    { needs: orders:read, throttle: 1/hour burst 3 }
      GET /admin:  { needs: orders:admin }
  odd:
    exposure: public
    upstream: ${planted}
    routes: { GET /planted: { open: "answers twice" } }
roles:
  support: { members: { issuer: idp, groups: [support] }, can: [orders:read], boundary: staff }
  admin:   { members: { issuer: idp, groups: [admin] }, can: [orders:admin], boundary: staff }
boundaries: { staff: [orders:read, orders:admin] }
throttle: { default: 5000/second burst 10000, per_identity: 1/hour burst 40 }
`;

let road: Road;
let planted: { readonly origin: string; close(): void };

before(async () => {
  planted = await startPlanting();
  road = await startRoad({ policy: policyOf(planted.origin) });
  // The instance has asked itself whether it is there.
  await road.exchange("gateway", ["GET /nothing HTTP/1.1"]);
  await road.takeRecords();
});
after(async () => {
  planted.close();
  await road.stop();
});

/** Answers each request, and once more when nobody asks. */
async function startPlanting(): Promise<typeof planted> {
  const sockets = new Set<Socket>();
  const answer = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      const asked = /\?(\w+)/.exec(bytes.toString("latin1"))?.[1] ?? "";
      socket.write(answer(`own ${asked}`));
      setImmediate(() => socket.write(answer("planted")));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const HOST = `Host: ${DOMAIN}`;
/** Ends the connection, so that whoever reads it knows that all was said. */
const SMUGGLED = `GET /admin HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`;

const lines = (headers: readonly string[]): string => headers.map((header) => `${header}\r\n`).join("");
/** A body on GET is as good as on any other method; a guardrail wants no open POST. */
const withHeaders = (...headers: readonly string[]): string => `GET /open HTTP/1.1\r\n${HOST}\r\n${lines(headers)}\r\n`;
const chunked = (bytes: string): string => withHeaders("Transfer-Encoding: chunked") + bytes;

/** Answers of the connection in order, reasons in the records, and bodies at the service. */
interface Outcome {
  readonly statuses: readonly number[];
  readonly reasons: readonly string[];
  readonly bodies: readonly string[];
}

const MALFORMED: Outcome = { statuses: [400], reasons: ["request-malformed"], bodies: [] };
const TOO_LARGE: Outcome = { statuses: [431], reasons: ["request-headers-too-large"], bodies: [] };
/** The head could be read, and so the end of the request is known. */
const MANY_HEADERS: Outcome = {
  ...TOO_LARGE,
  statuses: [431, 401],
  reasons: [...TOO_LARGE.reasons, "unauthenticated"],
};
/** Go's HTTP server, before there is a request for anybody. */
const goRefuses = (status: number): Outcome => ({ statuses: [status], reasons: [], bodies: [] });
/** The head was good and had gone on to the gateway, where the body then never became whole: 503 is Caddy's word for it. */
const CUT: Outcome = { statuses: [503], reasons: ["client-aborted"], bodies: [] };
/** Go goes on to read behind what it had of the body, and finds no request there. */
const CUT_TWICE: Outcome = { ...CUT, statuses: [503, 400] };
/** One request with this body, and the one behind it decided as another. */
const one = (body: string): Outcome => ({
  statuses: [200, 401],
  reasons: ["open-route", "unauthenticated"],
  bodies: [body],
});
/** One request with this body, and the connection ended: what follows is not read. */
const last = (body: string): Outcome => ({ statuses: [200], reasons: ["open-route"], bodies: [body] });

async function assertOutcome(entrance: Entrance, bytes: string, expected: Outcome): Promise<void> {
  await road.takeRecords();
  const { text, arrived } = await road.exchange(entrance, bytes + SMUGGLED);
  const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((match) => Number(match[1]));
  const reasons = (await road.takeRecords()).map(({ reason }) => reason);
  assert.deepEqual(
    { statuses: statuses.filter((status) => status !== 100), reasons, bodies: arrived.map(({ body }) => body) },
    expected,
    `${entrance}: ${text.slice(0, 400)}`,
  );
  for (const { head, target } of arrived) {
    assert.notEqual(target, "/admin");
    const framings = head.split("\r\n").filter((line) => /^(?:content[-_.]length|transfer[-_.]encoding)\b/i.test(line));
    assert.ok(framings.length <= 1, head);
  }
}

/** Bytes, and what is expected of Caddy's port and of the gateway's socket. */
type Case = readonly [bytes: string, edge: Outcome, gateway: Outcome];

function replay(cases: Readonly<Record<string, Case>>): void {
  for (const [title, [bytes, edge, gateway]] of Object.entries(cases))
    it(title, async () => {
      await assertOutcome("edge", bytes, edge);
      await assertOutcome("gateway", bytes, gateway);
    });
}

row(88, () => {
  for (const entrance of ENTRANCES)
    it(`${entrance}: an answer that nobody asked for is given to nobody`, async () => {
      for (let n = 0; n < 15; n++) {
        const { answer } = await road.exchange(entrance, [`GET /planted?n${n} HTTP/1.1`]);
        assert.ok(answer.status === 200 || answer.status === 503, String(answer.status));
        if (answer.status === 200) assert.equal(answer.body, `own n${n}`);
      }
      const reasons = new Set((await road.takeRecords()).map(({ reason }) => reason));
      reasons.delete("upstream-aborted");
      assert.deepEqual([...reasons], ["open-route"]);
    });
});

row(89, () => {
  replay({
    // Go takes the coding and drops the length, as RFC 9112 6.3 allows, and ends the connection.
    "a length and a coding": [
      withHeaders("Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n",
      one(""),
      MALFORMED,
    ],
    "a coding and a length": [
      withHeaders("Transfer-Encoding: chunked", "Content-Length: 5") + "0\r\n\r\n",
      one(""),
      MALFORMED,
    ],
    "a coding that is none": [withHeaders("Transfer-Encoding: xchunked") + "0\r\n\r\n", goRefuses(501), MALFORMED],
    "a coding behind a vertical tab": [
      withHeaders("Transfer-Encoding: \u000bchunked") + "0\r\n\r\n",
      goRefuses(400),
      MALFORMED,
    ],
    "a coding in quotes": [withHeaders('Transfer-Encoding: "chunked"') + "0\r\n\r\n", goRefuses(501), MALFORMED],
    "chunked, then identity": [
      withHeaders("Transfer-Encoding: chunked, identity") + "0\r\n\r\n",
      goRefuses(501),
      MALFORMED,
    ],
    "identity, then chunked": [
      withHeaders("Transfer-Encoding: identity, chunked") + "0\r\n\r\n",
      goRefuses(501),
      MALFORMED,
    ],
    "chunked and identity on two lines": [
      withHeaders("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + "0\r\n\r\n",
      goRefuses(501),
      MALFORMED,
    ],
    "chunked twice": [
      withHeaders("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "0\r\n\r\n",
      goRefuses(501),
      MALFORMED,
    ],
    "two lengths": [withHeaders("Content-Length: 5", "Content-Length: 6") + "hello", goRefuses(400), MALFORMED],
    "a request as body": [withHeaders(`Content-Length: ${SMUGGLED.length}`) + SMUGGLED, one(SMUGGLED), one(SMUGGLED)],
    "a request behind a body of nothing": [withHeaders("Content-Length: 0"), one(""), one("")],
    "a request behind no body": [withHeaders(), one(""), one("")],
    "a request as a chunk": [
      chunked(`${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`),
      one(SMUGGLED),
      one(SMUGGLED),
    ],
    "a chunk longer than it says": [chunked("5\r\nhello!\r\n0\r\n\r\n"), CUT_TWICE, MALFORMED],
    "a chunk of a size in other writing": [chunked("0x5\r\nhello\r\n0\r\n\r\n"), CUT, MALFORMED],
    "a chunk of a negative size": [chunked("-5\r\nhello\r\n0\r\n\r\n"), CUT, MALFORMED],
    "a length in the trailers": [chunked("5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"), one("hello"), MALFORMED],
    "a body that is waited for": [
      withHeaders("Content-Length: 5", "Expect: 100-continue") + "hello",
      one("hello"),
      one("hello"),
    ],
    "an expectation that nobody knows": [
      withHeaders("Content-Length: 5", "Expect: magic") + "hello",
      goRefuses(417),
      one("hello"),
    ],
    "HTTP/1.0 with a coding": [
      `GET /open HTTP/1.0\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      last(""),
      MALFORMED,
    ],
  });

  it("a body that is waited for and never wanted is not taken for a request", async () => {
    const headers = [HOST, "Connection: close", `Content-Length: ${SMUGGLED.length}`, "Expect: 100-continue"];
    for (const entrance of ENTRANCES) {
      const head = `GET /orders HTTP/1.1\r\n${lines(headers)}\r\n`;
      // The cases before made the gateway end connections. Caddy may still hold one of them, and sends a request with a body
      // once only: one without finds that out, and is sent again by Caddy itself.
      for (let i = 0; i < 8; i++) await road.exchange(entrance, ["GET /open HTTP/1.1"]);
      await road.takeRecords();
      const { text, arrived } = await road.exchange(entrance, head + SMUGGLED);
      // Caddy asks for the body before it knows the answer.
      assert.deepEqual([arrived, text.match(/HTTP\/1\.1 [2-5]\d+/g)], [[], ["HTTP/1.1 401"]]);
      assert.deepEqual(
        (await road.awaitRecords(1)).map(({ reason }) => reason),
        ["unauthenticated"],
      );
    }
  });
});

row(90, () => {
  replay({
    "a space before the colon": [withHeaders("Content-Length : 5") + "hello", goRefuses(400), MALFORMED],
    "a tab before the colon": [withHeaders("Content-Length\t: 5") + "hello", goRefuses(400), MALFORMED],
    // Go reads a folded line as part of the value before it, and sends it on in one line: no second length.
    "a line that begins with a space": [withHeaders("X-A: 1", " Content-Length: 5"), one(""), MALFORMED],
    "a line that begins with a tab": [withHeaders("X-A: 1", "\tContent-Length: 5"), one(""), MALFORMED],
    "a first line that begins with a space": [
      `GET /open HTTP/1.1\r\n Content-Length: 5\r\n${HOST}\r\n\r\n`,
      goRefuses(400),
      MALFORMED,
    ],
    "a head that ends in CR and a letter": [`GET /open HTTP/1.1\r\n${HOST}\r\n\rX`, goRefuses(400), MALFORMED],
    "CR alone between two headers": [withHeaders("X-A: 1\rContent-Length: 5") + "hello", goRefuses(400), MALFORMED],
    // Go takes LF for the end of a line, as RFC 9112 2.2 allows, and writes its own ends behind.
    "LF alone between two headers": [withHeaders("X-A: 1\nContent-Length: 5") + "hello", one("hello"), MALFORMED],
    "LF alone everywhere": [`GET /open HTTP/1.1\n${HOST}\nContent-Length: 5\n\nhello`, one("hello"), MALFORMED],
    "NUL in a value": [withHeaders("X-A: a\u0000b"), goRefuses(400), MALFORMED],
    "NUL in a name": [withHeaders("X\u0000A: 1"), goRefuses(400), MALFORMED],
    "a header without a name": [withHeaders(": 1"), goRefuses(400), MALFORMED],
    "a header without a colon": [withHeaders("nonsense"), goRefuses(400), MALFORMED],
    "a space in a name": [withHeaders("X A: 1"), goRefuses(400), MALFORMED],
    "a chunk size that ends in LF": [chunked("5\nhello\r\n0\r\n\r\n"), CUT, MALFORMED],
    "a chunk that ends in LF": [chunked("5\r\nhello\n0\r\n\r\n"), CUT_TWICE, MALFORMED],
    "a method in small letters": [
      `get /open HTTP/1.1\r\n${HOST}\r\n\r\n`,
      // Two requests: Caddy's own to the gateway, and the one behind it.
      { statuses: [400, 401], reasons: ["request-malformed", "unauthenticated"], bodies: [] },
      MALFORMED,
    ],
    "a version that nobody speaks": [`GET /open HTTP/9.9\r\n${HOST}\r\n\r\n`, goRefuses(505), MALFORMED],
  });
});

row(91, () => {
  const twice: Outcome = one("hello");
  replay({
    // Go makes one of two equal lengths; what goes on has one.
    "two equal lengths": [withHeaders("Content-Length: 5", "Content-Length: 5") + "hello", twice, MALFORMED],
    "two equal lengths in other letters": [
      withHeaders("Content-Length: 5", "content-length: 5") + "hello",
      twice,
      MALFORMED,
    ],
    "two lengths in other letters": [
      withHeaders("Content-Length: 5", "content-length: 6") + "hello",
      goRefuses(400),
      MALFORMED,
    ],
    "a length with zeros before it": [withHeaders("Content-Length: 0005") + "hello", one("hello"), one("hello")],
    "a length in the name's other spelling": [withHeaders("Content_Length: 5"), one(""), one("")],
    "a length in the name's third spelling": [withHeaders("Content.Length: 5"), one(""), one("")],
    ...Object.fromEntries(
      ["+5", "-5", "0x5", "5,5", "5, 5", "5 5", "5.0", "1e1", "", "five", "18446744073709551621"].map((length) => [
        `the length ${JSON.stringify(length)}`,
        [withHeaders(`Content-Length: ${length}`) + "hello", goRefuses(400), MALFORMED] as const,
      ]),
    ),
  });
});

row(92, () => {
  /** Texts that begin a header where a value is not encoded. */
  const texts = [
    "x\r\nX-Evil: 1",
    "x\nX-Evil: 1",
    "x\rX-Evil: 1",
    "x\u0000",
    "x\u000b",
    "x\u2028X-Evil: 1",
    "x, admin",
    "é\u010dX-Evil",
    " x ",
    "\u{1f600}",
  ];
  for (const text of texts)
    it(`${JSON.stringify(text)} as group, name and subject arrives encoded, in one line each`, async () => {
      // The documented way to send on what no header can hold; nothing has to be refused for it.
      const token = await road.token({ sub: text, name: text, groups: ["support", text], jti: text });
      for (const entrance of ENTRANCES) {
        const arrived = await road.assertForwarded(entrance, [
          "GET /orders HTTP/1.1",
          `Authorization: Bearer ${token}`,
        ]);
        for (const name of ["x-gatehouse-subject", "x-gatehouse-name"]) {
          const values = valuesOf(arrived, name);
          assert.deepEqual(values.map(decodeURIComponent), [text]);
          assert.match(values[0] ?? "", /^[!-~]+(?: [!-~]+)*$/);
        }
        const groups = valuesOf(arrived, "x-gatehouse-groups");
        assert.deepEqual(groups[0]?.split(",").map(decodeURIComponent), ["support", text]);
        assert.doesNotMatch(arrived.head, /^x-evil/im);
        assert.doesNotMatch(arrived.head.replaceAll("\r\n", ""), /[^ -~]/);
      }
    });

  it("an upgrade with a line end inside, and one for anything but a WebSocket, goes on as no upgrade", async () => {
    for (const value of ["websocket\rX-Evil: 1", "websocket\u0000X-Evil: 1"]) {
      const head = `GET /chat HTTP/1.1\r\n${HOST}\r\nConnection: Upgrade\r\nUpgrade: ${value}\r\n\r\n`;
      await assertOutcome("edge", head, goRefuses(400));
      await assertOutcome("gateway", head, MALFORMED);
    }
    for (const value of ["h2c", "TLS/1.0", "websocket, h2c", "websocket;x", "x-evil"])
      for (const entrance of ENTRANCES) {
        const headers = [`Upgrade: ${value}`, "Connection: Upgrade, close"];
        const arrived = await road.assertForwarded(entrance, ["GET /open HTTP/1.1", ...headers], "open-route");
        assert.deepEqual([valuesOf(arrived, "upgrade"), valuesOf(arrived, "connection")], [[], ["keep-alive"]]);
      }
  });
});

row(93, () => {
  const names = ["__proto__", "constructor", "hasOwnProperty", "toString", "prototype", "__defineGetter__", "then"];
  it("as headers, cookies and in the query they are names like others", async () => {
    const headers = names.map((name) => `${name}: x`);
    const cookie = `Cookie: ${names.map((name) => `${name}=1`).join("; ")}`;
    const query = names.map((name) => `${name}=1&${name}[x]=1`).join("&");
    for (const entrance of ENTRANCES) {
      const request = [`GET /open?${query} HTTP/1.1`, ...headers, cookie] as const;
      const arrived = await road.assertForwarded(entrance, request, "open-route");
      assert.equal(arrived.target, `/open?${query}`);
      assert.deepEqual(valuesOf(arrived, "cookie"), [cookie.slice("Cookie: ".length)]);
      // Caddy is told to drop every name with an underscore.
      for (const name of names.filter((each) => entrance === "gateway" || !each.includes("_")))
        assert.deepEqual(valuesOf(arrived, name.toLowerCase()), ["x"], name);
    }
  });

  it("as claims, groups and names they mean nothing else either", async () => {
    const claims = Object.fromEntries(names.map((name) => [name, { groups: ["admin"] }]));
    const text = JSON.stringify({ ...goodClaims(road.idp.issuer, { groups: names }), ...claims });
    const request = async (payload: string): Promise<readonly [string, string]> => {
      const token = await road.idp.sign(payload);
      road.guard(token);
      return ["GET /admin HTTP/1.1", `Authorization: Bearer ${token}`];
    };
    const twice = text.replace(/\}$/, ',"__proto__":{"groups":["admin"]}}');
    assert.equal(twice.match(/"__proto__":/g)?.length, 2);
    for (const entrance of ENTRANCES) {
      await road.assertRefused(entrance, [await request(text)], forbidden("no-role"));
      await road.assertRefused(entrance, [await request(twice)], unauthorized("token-malformed"));
    }
    for (const kid of names) {
      const token = await road.token({}, { kid });
      await road.assertRefused(
        "gateway",
        [["GET /orders HTTP/1.1", `Authorization: Bearer ${token}`]],
        unauthorized("token-unknown-key"),
      );
    }
  });
});

row(94, () => {
  const LIMIT = 10_000;
  const TOO_MUCH = { status: 413, body: "HTTP content length exceeded 10000 bytes.", reason: "request-too-large" };
  const sized = (bytes: number): string =>
    `GET /small HTTP/1.1\r\n${HOST}\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`;
  const inChunks = (bytes: number, size: number): string => {
    const chunk = `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
    const rest = bytes % size === 0 ? "" : `${(bytes % size).toString(16)}\r\n${"x".repeat(bytes % size)}\r\n`;
    const head = `GET /small HTTP/1.1\r\n${HOST}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
    return `${head}${chunk.repeat(Math.floor(bytes / size))}${rest}0\r\n\r\n`;
  };
  for (const entrance of ENTRANCES) {
    it(`${entrance}: a body of the limit arrives, with a length and without`, async () => {
      for (const request of [sized(LIMIT), inChunks(LIMIT, 1000), inChunks(LIMIT, 7)])
        assert.equal((await road.assertForwarded(entrance, request, "open-route")).body.length, LIMIT);
    });

    it(`${entrance}: a byte more is 413, and the service has no part of it`, async () => {
      const requests = [
        sized(LIMIT + 1),
        inChunks(LIMIT + 1, 1000),
        inChunks(LIMIT + 1, 7),
        inChunks(LIMIT + 1, LIMIT),
      ];
      await road.assertRefused(entrance, requests, TOO_MUCH);
    });
  }

  it("over HTTP/2 without a length", async () => {
    const ca = readFileSync(road.instance.status.edge.caFile ?? "");
    const session = connectHttp2(road.instance.status.edge.https, { ca, servername: DOMAIN, lookup: loopback });
    try {
      for (const [bytes, expected] of [
        [LIMIT, 200],
        [LIMIT + 1, 413],
      ] as const) {
        const earlier = road.backend.arrived.length;
        const stream = session.request({ ":method": "GET", ":path": "/small" }, { endStream: false });
        stream.on("error", () => {});
        for (let sent = 0; sent < bytes; sent += 1000) stream.write("x".repeat(Math.min(1000, bytes - sent)));
        stream.end();
        const status = await new Promise((resolve, reject) => {
          stream.on("response", (headers) => resolve(headers[":status"]));
          stream.on("close", () => reject(new Error("no answer")));
        });
        assert.deepEqual([status, road.backend.arrived.length - earlier], [expected, expected === 200 ? 1 : 0]);
      }
    } finally {
      session.destroy();
    }
    await road.exchange("gateway", ["GET /nothing HTTP/1.1"]);
    assert.deepEqual(
      (await road.takeRecords()).map(({ reason }) => reason),
      ["open-route", "request-too-large", "no-route"],
    );
  });
});

const loopback: LookupFunction = (_host, options, done) => {
  if (options.all === true) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
};

const bearer = (token: string): readonly [string, string] => ["GET /orders HTTP/1.1", `Authorization: Bearer ${token}`];

row(95, () => {
  for (const entrance of ENTRANCES) {
    it(`${entrance}: a token of dots is refused by its length, or by its form`, async () => {
      await road.assertRefused(
        entrance,
        [9000, 100_000].map((length) => bearer(".".repeat(length))),
        unauthorized("token-too-large"),
      );
      await road.assertRefused(
        entrance,
        [".", "..", "...", ".".repeat(8000), "a.".repeat(4000)].map((token) => bearer(token)),
        unauthorized("token-malformed"),
      );
    });

    it(`${entrance}: headers of dots that are no token are too large by themselves`, async () => {
      const request = ["GET /orders HTTP/1.1", `X-Token: ${".".repeat(10_241)}`] as const;
      const body = '{"message":"Request Header Fields Too Large"}';
      await road.assertRefused(entrance, [request], { status: 431, body, reason: "request-headers-too-large" });
    });
  }
});

row(96, () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const bomb = gzipSync(Buffer.alloc(1_000_000)).toString("base64url").slice(0, 3000);
  const tokens = [
    { alg: "dir", enc: "A256GCM", zip: "DEF" },
    { alg: "PBES2-HS256+A128KW", enc: "A128CBC-HS256", p2c: 1_000_000_000, p2s: "c2FsdA" },
    { alg: "PBES2-HS512+A256KW", enc: "A256GCM", p2c: 1e300, p2s: "", zip: "DEF" },
    { alg: "RSA-OAEP", enc: "A128GCM" },
    { alg: "RSA1_5", enc: "A128GCM", kid: "one" },
    { alg: "ECDH-ES", enc: "A128GCM", epk: { kty: "EC", crv: "P-256", x: "A", y: "A" } },
    { alg: "RS256", kid: "one" },
  ].flatMap((header) => [
    `${part(header)}.AAAA.AAAA.${bomb}.AAAA`,
    `${part(header)}....`,
    `${part(header)}..${bomb}.${bomb.slice(0, 100)}.AAAA`,
  ]);
  for (const entrance of ENTRANCES)
    it(`${entrance}: an encrypted token is not decrypted, whatever it says of the work`, async () => {
      await road.assertRefused(
        entrance,
        tokens.map((token) => bearer(token)),
        unauthorized("token-malformed"),
      );
    });

  it("as a signed token, the same headers choose no algorithm", async () => {
    for (const header of [{ alg: "dir" }, { alg: "PBES2-HS256+A128KW", p2c: 1e9 }, { alg: "RSA-OAEP" }]) {
      const token = `${part({ kid: "one", ...header })}.${part(goodClaims(road.idp.issuer))}.${"A".repeat(342)}`;
      await road.assertRefused("gateway", [bearer(token)], unauthorized("token-algorithm"));
    }
    // What compresses is only known to those who unpack it.
    const signed = await road.token({}, { zip: "DEF" });
    await road.assertForwarded("gateway", bearer(signed));
  });
});

row(97, () => {
  it("what a service sends is not unpacked: named five hundred times it arrives as it was sent", async () => {
    const body = gzipSync("ok").toString("latin1");
    const codings = Array.from({ length: 500 }, () => "gzip").join(", ");
    road.backend.reply = `HTTP/1.1 200 OK\r\nContent-Encoding: ${codings}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    try {
      for (const entrance of ENTRANCES) {
        const { answer } = await road.exchange(entrance, ["GET /open HTTP/1.1"]);
        assert.deepEqual([answer.status, answer.body], [200, body]);
        assert.equal(answer.headers.find(([name]) => name.toLowerCase() === "content-encoding")?.[1], codings);
      }
    } finally {
      road.backend.reply = null;
    }
  });

  for (const count of [2, 5, 6, 500, 2000])
    it(`what a provider sends is left at its limit, packed ${count} times`, async (t) => {
      let body: Buffer = Buffer.alloc(1_000_000, " ");
      for (let n = 0; n < Math.min(count, 6); n++) body = gzipSync(body);
      const codings = Array.from({ length: count }, () => "gzip").join(", ");
      const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${codings}\r\nContent-Length: ${body.length}\r\n\r\n`;
      const origin = await startRawService(t, (socket) => {
        socket.on("data", () => socket.write(Buffer.concat([Buffer.from(head), body])));
      });
      const call = createProviderFetch({ issuer: origin, allowHttpLoopback: true, timeoutMs: 3000 });
      await assert.rejects(call(`${origin}/jwks`, {}), { code: "GH_IDENTITY_PROVIDER_UNREACHABLE" });
    });
});

row(98, () => {
  const extended = (count: number, bytes: number): string =>
    chunked(`${`1;${"e".repeat(bytes)}\r\nh\r\n`.repeat(count)}0\r\n\r\n`);
  const headers = (count: number): string =>
    `GET /open HTTP/1.1\r\n${HOST}\r\n${lines(Array.from({ length: count }, (_, n) => `a${n}:`))}\r\n`;
  replay({
    "chunks of a byte with a few words each": [extended(20, 10), one("h".repeat(20)), one("h".repeat(20))],
    // Go adds up what is no content; Node looks at each chunk.
    "chunks of a byte with 3,000 bytes of extension": [extended(30, 3000), CUT_TWICE, one("h".repeat(30))],
    "chunks of a byte with 20,000 bytes of extension": [extended(2, 20_000), CUT, MALFORMED],
    "one extension of 60,000 bytes": [extended(1, 60_000), CUT, MALFORMED],
    "200 headers": [headers(200), one(""), one("")],
    "2,000 headers": [headers(2000), MANY_HEADERS, MANY_HEADERS],
    "20,000 headers": [headers(20_000), goRefuses(431), MANY_HEADERS],
    "a header of a megabyte and more": [withHeaders(`X-A: ${"y".repeat(1_100_000)}`), goRefuses(431), TOO_LARGE],
  });
});

/** A gateway with short limits; those of production are minutes. */
async function startQuick(t: TestContext): Promise<Fixture> {
  const service = await startService(t);
  return startGateway(
    t,
    { routes: [{ key: "ANY /{path+}", upstream: service.origin, needs: null }] },
    { limits: { headersMs: 200, requestMs: 600, checkMs: 50, lingerMs: 100 } },
  );
}

row(99, () => {
  it("who sends byte by byte is told 408 and let go, and 100 of them hold up nobody", async (t) => {
    const fixture = await startQuick(t);
    const starts = [
      [`POST /a HTTP/1.1\r\nHost: shop.localhost\r\nx-slow: `, "y"],
      ["POST /a HTTP/1.1\r\nHost: shop.localhost\r\n", "a: b\r\n"],
      ["POST /a HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 60000\r\n\r\n", "y"],
      ["POST /a HTTP/1.1\r\nHost: shop.localhost\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\ny\r\n"],
    ] as const;
    const slow = Array.from({ length: 100 }, (_, n) => {
      const [start, byte] = starts[n % starts.length] ?? starts[0];
      const connection = new RawConnection(fixture.publicSocket).write(start);
      const timer = setInterval(() => (connection.isClosed ? clearInterval(timer) : connection.write(byte)), 40);
      t.after(() => {
        clearInterval(timer);
        connection.socket.destroy();
      });
      return connection;
    });
    assert.equal((await ask(fixture.publicSocket, "GET /quick HTTP/1.1")).status, 200);
    const answers = await Promise.all(slow.map(async (connection) => connection.until(() => false)));
    assert.deepEqual([...new Set(answers.map((text) => parseAnswer(text).status))], [408]);
    assert.deepEqual(
      new Set(fixture.records.filter(({ status }) => status === 408).map(({ reason }) => reason)),
      new Set(["request-timeout"]),
    );
    assert.equal(fixture.gateway.stats().inFlight, 0);
  });

  it("500 open connections through Caddy that say little hold up nobody", async () => {
    const port = Number(new URL(road.instance.status.edge.https).port);
    const silent = Array.from({ length: 500 }, () => new RawConnection(port).write("\u0016"));
    try {
      for (const entrance of ENTRANCES)
        assert.equal((await road.assertForwarded(entrance, ["GET /open HTTP/1.1"], "open-route")).target, "/open");
    } finally {
      for (const connection of silent) connection.socket.destroy();
    }
  });

  it("who does not read holds up nobody but the service's answer", async (t) => {
    const origin = await startRawService(t, (socket) => {
      socket.on("data", () =>
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n${"x".repeat(5_000_000)}`),
      );
    });
    const fixture = await startGateway(t, { routes: [{ key: "GET /big", upstream: origin, needs: null }] });
    const reader = new RawConnection(fixture.publicSocket);
    t.after(() => reader.socket.destroy());
    reader.socket.pause();
    reader.write("GET /big HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n");
    const other = await ask(fixture.publicSocket, "GET /big HTTP/1.1");
    assert.deepEqual([other.status, other.body.length], [200, 5_000_000]);
  });
});

row(100, () => {
  /** Names that are array indexes for an object, and so lie in one hash table of V8's. */
  const index = (n: number): string => String(n * 1_048_576 + 7);
  it("in the body they are not read at all", async () => {
    const body = JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [index(n), 1])));
    for (const entrance of ENTRANCES) {
      const head = `GET /open HTTP/1.1\r\n${HOST}\r\nConnection: close\r\nContent-Type: application/json\r\n`;
      const arrived = await road.assertForwarded(
        entrance,
        `${head}Content-Length: ${body.length}\r\n\r\n${body}`,
        "open-route",
      );
      assert.equal(arrived.body, body);
    }
  });

  it("in query, cookies and headers there is room for a few hundred, and claims for no more", async () => {
    const names = Array.from({ length: 280 }, (_, n) => index(n));
    const query = names.map((name) => `${name}=1`).join("&");
    const cookie = `Cookie: ${names.map((name) => `${name}=1`).join("; ")}`;
    for (const entrance of ENTRANCES) {
      const arrived = await road.assertForwarded(entrance, [`GET /open?${query} HTTP/1.1`, cookie], "open-route");
      assert.equal(arrived.target, `/open?${query}`);
      const few = await road.token(Object.fromEntries(names.map((name) => [name, 1])));
      await road.assertForwarded(entrance, bearer(few));
      const many = await road.token(Object.fromEntries(Array.from({ length: 600 }, (_, n) => [index(n), 1])));
      await road.assertRefused(entrance, [bearer(many)], unauthorized("token-too-large"));
    }
  });
});

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

row(101, () => {
  it("an upgrade to HTTP/2 is none", async () => {
    for (const connection of ["Upgrade, HTTP2-Settings", "Upgrade", "HTTP2-Settings", "keep-alive"]) {
      const upgrade = ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", `Connection: ${connection}, close`];
      const head = `GET /open HTTP/1.1\r\n${HOST}\r\n${lines(upgrade)}\r\n`;
      for (const entrance of ENTRANCES) await assertOutcome(entrance, head, last(""));
      const arrived = road.backend.arrived.at(-1);
      assert.ok(arrived !== undefined);
      for (const name of ["upgrade", "http2-settings"]) assert.deepEqual(valuesOf(arrived, name), []);
    }
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    await assertOutcome("gateway", preface, MALFORMED);
  });

  it("a handshake that the service does not take opens nothing: what follows never reaches it", async () => {
    const handshake = (...more: string[]): string =>
      `GET /chat HTTP/1.1\r\n${HOST}\r\n${lines(["Connection: Upgrade, close", "Upgrade: websocket", ...more])}\r\n`;
    for (const more of [
      ["Sec-WebSocket-Version: 777", KEY],
      ["Sec-WebSocket-Version: 13", KEY],
      ["Sec-WebSocket-Version: 13"],
      [KEY],
    ])
      for (const entrance of ENTRANCES) {
        const earlier = road.backend.arrived.length;
        const { text } = await road.exchange(entrance, handshake(...more) + SMUGGLED);
        assert.doesNotMatch(text, /^HTTP\/1\.1 101/m);
        const since = road.backend.arrived.slice(earlier).map(({ target }) => target);
        assert.ok(since.length <= 1 && !since.includes("/admin"), since.join());
      }
    await road.takeRecords();
  });

  it("only GET may ask for a WebSocket", async () => {
    const upgrade = ["Connection: Upgrade, close", "Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY];
    for (const entrance of ENTRANCES) {
      const headers = [await road.support(), ...upgrade, "Content-Length: 5"];
      const request = `POST /orders HTTP/1.1\r\n${HOST}\r\n${lines(headers)}\r\nhello`;
      const arrived = await road.assertForwarded(entrance, request);
      assert.deepEqual([arrived.body, valuesOf(arrived, "upgrade")], ["hello", []]);
    }
  });

  it("a service that answers 101 to whoever did not ask switches nobody", async () => {
    road.backend.reply = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n";
    try {
      for (const entrance of ENTRANCES) {
        const { text } = await road.exchange(entrance, ["GET /open HTTP/1.1"]);
        assert.match(text, /^HTTP\/1\.1 503 /);
      }
    } finally {
      road.backend.reply = null;
    }
    await road.takeRecords();
  });

  it("an open WebSocket ends when the token that opened it does", async (t) => {
    const service = await startWebSocketService(t);
    const route = { key: "GET /chat", upstream: service.origin, websocket: true };
    const role = { name: "support", groups: ["support"], can: ["GET/chat"] };
    const fixture = await startGateway(t, { routes: [route], roles: [role] }, { limits: { rightCheckMs: 20 } });
    const token = await fixture.token({ exp: Math.floor(fixture.clock.nowMs() / 1000) + 600 });
    const client = await openWebSocket(t, fixture.publicSocket, "/chat", {
      headers: { authorization: `Bearer ${token}` },
    });
    const server = await service.accepted();
    client.socket.send("hello");
    assert.equal(await server.next(), "hello");
    fixture.clock.advance(600_000);
    assert.equal((await client.closed).code, 1008);
    await server.closed;
  });
});

row(102, () => {
  const TOO_MANY = '{"message":"Too Many Requests"}';

  it("the bucket of a route is one, whatever the caller says of himself", async () => {
    const token = await road.token({ sub: "few" });
    const requests = [
      [],
      ["X-Forwarded-For: 10.0.0.1"],
      ["X-Real-IP: 10.0.0.2", "Forwarded: for=10.0.0.3"],
      ["X-Forwarded-For: 2001:db8::1", "User-Agent: other"],
      ["X-Forwarded-For: 2001:db8:0:1::1", "True-Client-IP: 10.0.0.4"],
      ["Cookie: a=b"],
    ];
    const statuses = [];
    for (const headers of requests) {
      const { answer } = await road.exchange("edge", [
        "GET /few?a=1 HTTP/1.1",
        `Authorization: Bearer ${token}`,
        ...headers,
      ]);
      statuses.push(answer.status);
      if (answer.status === 429) assert.equal(answer.body, TOO_MANY);
    }
    assert.deepEqual(statuses, [200, 200, 200, 429, 429, 429]);
    assert.deepEqual(
      (await road.takeRecords()).map(({ reason }) => reason),
      ["role-grants", "role-grants", "role-grants", "throttled-route", "throttled-route", "throttled-route"],
    );
    // Another person has the same route, and so the same bucket; other spellings are other paths, and no routes.
    const other = await road.token({ sub: "somebody else" });
    for (const [path, status] of [
      ["/few", 429],
      ["/Few", 404],
      ["/few/", 404],
      ["/few%2f", 400],
      ["/%66ew", 429],
    ] as const) {
      const { answer, arrived } = await road.exchange("edge", [
        `GET ${path} HTTP/1.1`,
        `Authorization: Bearer ${other}`,
      ]);
      assert.deepEqual([answer.status, arrived.length], [status, 0], path);
    }
    await road.takeRecords();
  });

  it("the bucket of a person is one for 100 tokens, addresses and clients", async () => {
    let served = 0;
    const reasons = new Map<string, number>();
    for (let n = 0; n < 100; n++) {
      // Another token, another client, another group beside: the same issuer and subject.
      const token = await road.token({ sub: "many", jti: `t${n}`, client_id: `c${n}`, groups: ["support", `g${n}`] });
      const headers = [`Authorization: Bearer ${token}`, `X-Forwarded-For: 10.0.${n}.1`];
      const { answer } = await road.exchange(ENTRANCES[n % 2] ?? "edge", ["GET /orders HTTP/1.1", ...headers]);
      if (answer.status === 200) served++;
      else assert.deepEqual([answer.status, answer.body], [429, TOO_MANY]);
    }
    for (const { reason } of await road.takeRecords()) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    assert.equal(served, 40);
    assert.deepEqual(Object.fromEntries(reasons), { "role-grants": 40, "throttled-identity": 60 });
    // A subject that only looks the same has a bucket of its own.
    for (const sub of ["Many", "many "]) await road.assertForwarded("edge", bearer(await road.token({ sub })));
  });
});

// What reads a raw answer to its end is used by other rows through the road; here it shows that the socket goes on.
it("after all of that the gateway's socket answers as before", async () => {
  const text = await exchangeRaw(
    road.instance.status.gateway.socket,
    `GET /open HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`,
  );
  assert.equal(parseAnswer(text).status, 200);
});
