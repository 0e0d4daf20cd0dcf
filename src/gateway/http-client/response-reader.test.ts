import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseReader } from "./response-reader.ts";

interface Told {
  readonly events: string[];
  readonly problem: string | null;
  readonly keepsOpen: boolean;
  /** Bytes that were not read. */
  readonly rest: number;
}

/** Gives `text` to a reader in pieces that end at `cuts`, and joins the data it tells. */
function read(text: string, { method = "GET", cuts = [] as readonly number[], ends = false } = {}): Told {
  const events: string[] = [];
  let data = "";
  const flush = (): void => {
    if (data !== "") events.push(`data ${data}`);
    data = "";
  };
  const reader = new ResponseReader({
    onHead: (status, headers) => events.push(`${status} ${JSON.stringify(headers)}`),
    onBody: (piece) => (data += piece.toString("latin1")),
    onComplete: () => {
      flush();
      events.push("end");
    },
  });
  reader.begin(method);
  const bytes = Buffer.from(text, "latin1");
  let rest = 0;
  const marks = [...cuts, bytes.length];
  for (const [i, to] of marks.entries()) {
    const piece = bytes.subarray(marks[i - 1] ?? 0, to);
    if (reader.problem === null) rest += piece.length - reader.read(piece);
  }
  if (ends && reader.problem === null) events.push(reader.end() ? "closed" : "cut");
  flush();
  return { events, problem: reader.problem, keepsOpen: reader.keepsOpen, rest };
}

const GOOD: Readonly<Record<string, readonly [text: string, events: readonly string[], more?: object]>> = {
  "a length": [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \t\r\n\r\nhello",
    ['200 {"content-length":"5","x-a":"b"}', "data hello", "end"],
  ],
  "no reason and no space before it": ["HTTP/1.1 204\r\n\r\n", ["204 {}", "end"]],
  "a name twice": [
    "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n",
    ['200 {"set-cookie":["a","b"],"content-length":"0"}', "end"],
  ],
  "names of an object's own": [
    "HTTP/1.1 200 OK\r\nconstructor: a\r\n__proto__: b\r\nContent-Length: 0\r\n\r\n",
    ['200 {"constructor":"a","__proto__":"b","content-length":"0"}', "end"],
  ],
  "chunks, extensions and trailers": [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a="b"\r\nhello\r\n00A \r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n',
    ['200 {"transfer-encoding":"Chunked"}', "data hello0123456789", "end"],
  ],
  "interim answers": [
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    ["100 {}", '103 {"link":"x"}', '200 {"content-length":"1"}', "data a", "end"],
  ],
  "until the connection ends": [
    "HTTP/1.1 200 OK\r\n\r\nall of it",
    ["200 {}", "data all of it", "end", "closed"],
    { ends: true },
  ],
  HEAD: ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", ['200 {"content-length":"9"}', "end"], { method: "HEAD" }],
  "304 with a length": [
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    ['304 {"content-length":"9"}', "end"],
  ],
};

test("an answer is the same however its bytes are cut", () => {
  for (const [name, [text, events, more]] of Object.entries(GOOD)) {
    const last = text.length - 1;
    const cuts = [
      [],
      ...Array.from({ length: last }, (_, i) => [i + 1]),
      Array.from({ length: last }, (_, i) => i + 1),
    ];
    for (const each of cuts) {
      const told = read(text, { ...more, cuts: each });
      assert.deepEqual([told.events, told.problem, told.rest], [events, null, 0], `${name}, cut at ${each.join(",")}`);
    }
  }
});

test("what can be read in two ways is no answer", () => {
  const bad = {
    "no HTTP/1": "HTTP/2 200 OK\r\n\r\n",
    "another word": "ICY 200 OK\r\n\r\n",
    "a blank before it": "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "four digits": "HTTP/1.1 2000 OK\r\n\r\n",
    "status 099": "HTTP/1.1 099 OK\r\n\r\n",
    "a bare LF": "HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\na",
    "a bare CR": "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
    "a null byte": "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
    "a folded line": "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
    "a space before the colon": "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na",
    "no name": "HTTP/1.1 200 OK\r\n: a\r\n\r\n",
    "no colon": "HTTP/1.1 200 OK\r\nnothing\r\n\r\n",
    "two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "a list of lengths": "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
    "a signed length": "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
    "an empty length": "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\na",
    "a length and chunks": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks of HTTP/1.0": "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    "a size of 14 digits": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000000000001\r\n",
    "a size with a sign": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    "a chunk that ends late": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "a bare LF behind a size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n",
    "a bare LF in an extension": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n",
  };
  for (const [name, text] of Object.entries(bad)) {
    assert.equal(read(text).problem, "ERR_UPSTREAM_MALFORMED", name);
    const cuts = Array.from({ length: text.length - 1 }, (_, i) => i + 1);
    assert.equal(read(text, { cuts }).problem, "ERR_UPSTREAM_MALFORMED", `${name}, byte by byte`);
  }
});

test("a head ends at 64 KiB, and extensions and trailers at limits of their own", () => {
  const head = (bytes: number): string => `HTTP/1.1 200 OK\r\nX: ${"a".repeat(bytes - 20)}\r\nContent-Length: 0`;
  assert.equal(read(`${head(60_000)}\r\n\r\n`).problem, null);
  assert.equal(read(`${head(65_536)}\r\n\r\n`).problem, "ERR_UPSTREAM_HEAD_TOO_LARGE");
  assert.equal(read(head(70_000)).problem, "ERR_UPSTREAM_HEAD_TOO_LARGE");
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  assert.equal(read(`${chunked}1;${"x".repeat(1000)}\r\na\r\n0\r\n\r\n`).problem, null);
  assert.equal(read(`${chunked}1;${"x".repeat(1100)}\r\n`).problem, "ERR_UPSTREAM_MALFORMED");
  assert.equal(read(`${chunked}0\r\nX: ${"x".repeat(70_000)}\r\n`).problem, "ERR_UPSTREAM_MALFORMED");
});

test("bytes behind an answer are not read, and less than was promised is told at the end", () => {
  const whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  assert.equal(read(`${whole}HTTP/1.1 200 OK\r\n`).rest, 17);
  assert.deepEqual(read(whole.slice(0, -1), { ends: true }).events.at(-2), "cut");
  assert.deepEqual(read("HTTP/1.1 200 OK\r\n", { ends: true }).events, ["cut"]);
});

test("a connection is kept as both versions of HTTP/1 have it", () => {
  const kept = (version: string, more: string): boolean =>
    read(`HTTP/${version} 200 OK\r\nContent-Length: 0\r\n${more}\r\n`).keepsOpen;
  assert.deepEqual(
    [
      kept("1.1", ""),
      kept("1.1", "Connection: close\r\n"),
      kept("1.1", "Connection: X-A, Close\r\n"),
      kept("1.0", ""),
      kept("1.0", "Connection: Keep-Alive\r\n"),
      read("HTTP/1.1 200 OK\r\n\r\na", { ends: true }).keepsOpen,
    ],
    [true, false, false, false, true, false],
  );
});
