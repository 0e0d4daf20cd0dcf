import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findAddressKind, findBlockProblem, isAddressInBlocks } from "./source-address.ts";

test("a block has one spelling", () => {
  for (const block of ["10.0.0.0/16", "0.0.0.0/0", "192.0.2.7/32", "2001:db8::/32", "::/0", "::1/128", "10.0.0.128/25"])
    assert.equal(findBlockProblem(block), null, block);
  const spellings: readonly (readonly [text: string, write: string])[] = [
    ["10.0.0.1/16", "10.0.0.0/16"],
    ["10.0.0.1", "10.0.0.1/32"],
    ["::1", "::1/128"],
    ["2001:DB8::/32", "2001:db8::/32"],
    ["2001:db8:0::/32", "2001:db8::/32"],
    ["2001:db8::1/32", "2001:db8::/32"],
    ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
    ["::ffff:a00:0/112", "10.0.0.0/16"],
    ["10.0.0.0/08", "10.0.0.0/8"],
  ];
  for (const [text, write] of spellings) assert.deepEqual(findBlockProblem(text), { kind: "spelling", write }, text);
});

test("what is not a block is refused", () => {
  for (const text of [
    "",
    "10/8",
    "10.0/16",
    "10.0.0/24",
    "0x0a000000/8",
    "012.0.0.0/8",
    "167772160/8",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "::/129",
    "fe80::1%eth0/64",
    "localhost",
    "10.0.0.0 /8",
    "10.0.0.256/32",
    "10.0.0.0/1e1",
    "10.0.0.0/999",
    "::010.0.0.0/120",
    "::ffff:10.0.0.0/90",
  ])
    assert.deepEqual(findBlockProblem(text), { kind: "not-a-block" }, text);
});

test("an address is in the blocks that hold it, in each form a socket reports", () => {
  const inside = (address: string, ...blocks: string[]): boolean => isAddressInBlocks(address, blocks);
  assert.ok(inside("10.0.255.255", "192.0.2.0/24", "10.0.0.0/16"));
  assert.ok(inside("::ffff:10.0.0.1", "10.0.0.0/16"));
  assert.ok(inside("::10.0.0.1", "::/96"));
  assert.ok(!inside("::10.0.0.1", "10.0.0.0/16"));
  assert.ok(inside("::1", "::1/128"));
  assert.ok(!inside("10.1.0.0", "10.0.0.0/16"));
  assert.ok(!inside("10.0.0.1"));
  assert.ok(!inside("::1", "0.0.0.0/0"));
  assert.ok(!inside("127.0.0.1", "::/0"));
  for (const text of [
    "",
    "x",
    "010.0.0.1",
    "0x0a000001",
    "10.0.1",
    "10.0.0.1.",
    "10.0.0.1:80",
    "[::1]",
    "fe80::1%eth0",
    "%",
    "1",
  ])
    assert.ok(!inside(text, "0.0.0.0/0", "::/0"), text);
});

test("whatever the block is said to be written as is a block", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat({ max: 128 }), (address, length) => {
      const problem = findBlockProblem(`${address}/${length}`);
      if (problem?.kind !== "spelling") return;
      assert.equal(findBlockProblem(problem.write), null);
      assert.ok(isAddressInBlocks(address, [problem.write]));
    }),
    { numRuns: 1000 },
  );
});

test("special ranges are known for addresses alone", () => {
  const hosts = ["127.0.0.1", "10.1.2.3", "8.8.8.8", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]", "example.com"];
  assert.deepEqual(hosts.map(findAddressKind), [
    "loopback",
    "private",
    "unicast",
    "loopback",
    "linkLocal",
    "private",
    null,
  ]);
});
