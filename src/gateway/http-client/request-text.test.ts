import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { writeRequestHead } from "./request-text.ts";

const write = (more: object) =>
  writeRequestHead({ method: "GET", path: "/a", headers: [], body: null, ...more }, "127.0.0.1:4001");

test("a head has one host, one length and the engine's own connection", () => {
  assert.equal(write({})?.text, "GET /a HTTP/1.1\r\nhost: 127.0.0.1:4001\r\nconnection: keep-alive\r\n\r\n");
  assert.equal(
    write({ headers: ["X-A", "b", "Host", "shop.example"], upgrade: "websocket" })?.text,
    "GET /a HTTP/1.1\r\nhost: shop.example\r\nconnection: upgrade\r\nupgrade: websocket\r\nX-A: b\r\n\r\n",
  );
  assert.match(write({ method: "POST" })?.text ?? "", /\r\ncontent-length: 0\r\n\r\n$/);
  assert.doesNotMatch(write({ method: "DELETE" })?.text ?? "", /content-length/);
  assert.match(write({ method: "DELETE", headers: ["content-length", "0"] })?.text ?? "", /content-length: 0\r\n\r\n$/);
  assert.match(write({ body: Buffer.from("abc") })?.text ?? "", /content-length: 3\r\n\r\n$/);
  const streamed = { method: "POST", body: Readable.from([]) };
  assert.match(write(streamed)?.text ?? "", /transfer-encoding: chunked\r\n\r\n$/);
  assert.equal(write({ ...streamed, headers: ["Content-Length", "7"] })?.length, 7);
});

test("nothing that could begin another line, or say a length or a host twice, is written", () => {
  const bad: object[] = [
    { method: "GE T" },
    { method: "" },
    { path: "" },
    { path: "/a b" },
    { path: "/a\r\nX: y" },
    { path: "/\u0100" },
    { headers: ["X A", "b"] },
    { headers: ["X\r\nY", "b"] },
    { headers: ["X", "a\r\nY: b"] },
    { headers: ["X", "a\0"] },
    { headers: ["X", "\u0100"] },
    { headers: ["Host", "a", "host", "b"] },
    { headers: ["Content-Length", "1", "content-length", "1"], body: Buffer.from("a") },
    { headers: ["Content-Length", "2"], body: Buffer.from("a") },
    { headers: ["Content-Length", "-1"] },
    { headers: ["Connection", "close"] },
    { headers: ["Transfer-Encoding", "chunked"] },
    { headers: ["Upgrade", "h2c"] },
  ];
  assert.deepEqual(
    bad.map((each) => write(each)),
    bad.map(() => null),
  );
});
