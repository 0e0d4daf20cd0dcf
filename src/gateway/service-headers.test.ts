import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeHeaderValue, forwardedElement, sourceAddress } from "./service-headers.ts";

test("any text becomes visible ASCII and comes back by percent-decoding", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), (text) => {
      const encoded = encodeHeaderValue(text);
      assert.match(encoded, /^(?:[!-~]+(?: [!-~]+)*)?$/);
      assert.ok(!encoded.includes(","));
      assert.equal(decodeURIComponent(encoded), text.toWellFormed());
    }),
    { numRuns: 1000 },
  );
});

test("two lists of groups never read the same", () => {
  const list = (groups: readonly string[]) => groups.map((group) => encodeHeaderValue(group)).join(",");
  assert.equal(list(["a,b"]), "a%2Cb");
  assert.equal(list(["a", "b"]), "a,b");
  assert.equal(list(["a%2Cb"]), "a%252Cb");
  assert.equal(encodeHeaderValue("x\r\nX-Injected: 1"), "x%0D%0AX-Injected: 1");
});

test("an address is the last of the list, or unknown", () => {
  const cases = [
    ["192.0.2.1", "192.0.2.1"],
    ["10.0.0.1, 192.0.2.1", "192.0.2.1"],
    ["::ffff:10.0.0.1", "::ffff:10.0.0.1"],
    ["192.0.2.1,", "unknown"],
    ['192.0.2.1;host="x"', "unknown"],
    ["", "unknown"],
    [null, "unknown"],
  ] as const;
  for (const [value, expected] of cases) assert.equal(sourceAddress(value), expected);
});

test("a Forwarded element quotes what RFC 7239 wants quoted", () => {
  assert.equal(
    forwardedElement("2001:db8::1", "shop.localhost:8443", "https"),
    'for="[2001:db8::1]";host="shop.localhost:8443";proto=https',
  );
  assert.equal(forwardedElement("unknown", "a", "http"), 'for=unknown;host="a";proto=http');
});
