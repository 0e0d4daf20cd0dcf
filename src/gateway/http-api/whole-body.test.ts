import assert from "node:assert/strict";
import { test } from "node:test";
import { Pieces } from "./whole-body.ts";

test("pieces come together in their order, and many small ones are held as few", () => {
  const pieces = new Pieces();
  const expected: string[] = [];
  for (let i = 0; i < 100_000; i++) {
    const text = String.fromCharCode(97 + (i % 26));
    expected.push(text);
    pieces.add(Buffer.from(text));
  }
  assert.equal(pieces.bytes, 100_000);
  assert.ok(pieces.held < 1000, `${pieces.held} pieces`);
  assert.equal(pieces.join().toString(), expected.join(""));
  assert.equal(pieces.held, 0);
});

test("one piece is given back as it came, and none is empty", () => {
  const pieces = new Pieces();
  const only = Buffer.from("only");
  pieces.add(only);
  assert.equal(pieces.join(), only);
  assert.equal(pieces.join().length, 0);
});
