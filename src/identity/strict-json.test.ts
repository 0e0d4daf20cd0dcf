import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseStrictJsonObject } from "./strict-json.ts";

const parse = (text: string): unknown => parseStrictJsonObject(Buffer.from(text));

test("whatever JSON.stringify writes for an object is read as the same object", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const text = JSON.stringify(value);
      assert.deepEqual(parse(text), JSON.parse(text));
    }),
  );
});

test("a member put in twice is refused wherever it is put", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (value, name) => {
      const rest = JSON.stringify({ ...value, [name]: 1 }).slice(1);
      assert.equal(parse(`{${JSON.stringify(name)}:2,${rest}`), null);
      assert.equal(parse(`{"outer":[[{${JSON.stringify(name)}:2,${rest}]]}`), null);
    }),
  );
});

test("anything else is null and nothing throws", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const value = parseStrictJsonObject(bytes);
      assert.ok(value === null || typeof value === "object");
    }),
  );
  for (const text of ["", "null", "[]", "1", '"x"', "{", "\ufeff{}", '{"a":1}x', "{'a':1}"]) {
    assert.equal(parse(text), null, text);
  }
  assert.equal(parseStrictJsonObject(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), null);
});

test("equal names in sibling objects and in values are no duplicates", () => {
  const text = '{"a":{"x":1},"b":{"x":"a"},"c":["a","a",{"x":"x"}],"d":"\\"a\\":"}';
  assert.deepEqual(parse(text), JSON.parse(text));
});
