import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { Secret } from "../core/index.ts";
import { createSealer } from "./sealed-text.ts";

const newKey = (bytes = 32): Secret<Uint8Array> => new Secret(new Uint8Array(randomBytes(bytes)));
const key = newKey();
const sealer = createSealer([key], "session", "https://shop.example");

test("whatever was sealed opens to the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(sealer.open(sealer.seal(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("one value sealed twice looks different and holds nothing readable", () => {
  const [one, other] = [sealer.seal({ subject: "ada" }), sealer.seal({ subject: "ada" })];
  assert.notEqual(one, other);
  assert.match(one, /^[\w-]{8}\.[\w-]+$/);
  assert.equal(Buffer.from(one, "base64url").includes("ada"), false);
});

describe("what was sealed", () => {
  const sealed = sealer.seal("x");
  test("for another purpose or audience does not open", () => {
    assert.equal(createSealer([key], "login", "https://shop.example").open(sealed), undefined);
    assert.equal(createSealer([key], "session", "https://shop.example:8443").open(sealed), undefined);
    assert.equal(createSealer([key], "session", "https://shop.example").open(sealed), "x");
  });

  test("with an earlier key opens while that key is kept", () => {
    const next = newKey();
    const rotated = createSealer([next, key], "session", "https://shop.example");
    assert.equal(rotated.open(sealed), "x");
    assert.equal(createSealer([next], "session", "https://shop.example").open(sealed), undefined);
    assert.equal(createSealer([next], "session", "https://shop.example").open(rotated.seal("y")), "y");
  });

  test("changed in any character, cut or prolonged does not open", () => {
    for (let i = 0; i < sealed.length; i++) {
      const other = sealed[i] === "A" ? "B" : "A";
      assert.equal(sealer.open(sealed.slice(0, i) + other + sealed.slice(i + 1)), undefined, `changed at ${i}`);
      assert.equal(sealer.open(sealed.slice(0, i)), undefined, `cut at ${i}`);
    }
    for (const more of ["A", "=", " ", "."]) assert.equal(sealer.open(sealed + more), undefined);
  });
});

test("anything else does not open and does not throw", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(sealer.open(text), undefined);
    }),
  );
});

test("a short key, or none, is refused at once", () => {
  assert.throws(() => createSealer([newKey(31)], "session", "x"), { code: "GH_IDENTITY_SEAL_KEY" });
  assert.throws(() => createSealer([key, newKey(16)], "session", "x"), { code: "GH_IDENTITY_SEAL_KEY" });
  assert.throws(() => createSealer([], "session", "x"), { code: "GH_IDENTITY_SEAL_KEY" });
});
