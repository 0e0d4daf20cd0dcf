/** Sets of network blocks, held against what a decision says of an address. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isAddressInBlocks } from "../source-address.ts";
import { areWithin, edgesOf, intersectBlocks, isWithin, mergeBlocks } from "./blocks.ts";
import { createChance } from "./testing/chance.ts";

describe("merged blocks", () => {
  for (const [given, expected] of [
    [["10.0.0.0/8", "10.1.0.0/16"], ["10.0.0.0/8"]],
    [["10.128.0.0/9", "10.0.0.0/9"], ["10.0.0.0/8"]],
    [["10.0.0.0/10", "10.128.0.0/9", "10.64.0.0/10"], ["10.0.0.0/8"]],
    [
      ["10.64.0.0/10", "10.128.0.0/10"],
      ["10.64.0.0/10", "10.128.0.0/10"],
    ],
    [["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/0"]],
    [
      ["fd00::/9", "fd80::/9", "10.0.0.1/32"],
      ["10.0.0.1/32", "fd00::/8"],
    ],
    [[], []],
  ] as const)
    test(`${given.join(" ")} are ${expected.join(" ")}`, () => {
      assert.deepEqual(mergeBlocks(given), expected);
      assert.deepEqual(mergeBlocks(given.toReversed()), expected);
    });
});

test("first and last address of a block, and its neighbours; none beyond the ends of the numbers", () => {
  assert.deepEqual(edgesOf("10.1.0.0/16"), {
    inside: ["10.1.0.0", "10.1.255.255"],
    outside: ["10.0.255.255", "10.2.0.0"],
  });
  assert.deepEqual(edgesOf("0.0.0.0/0"), { inside: ["0.0.0.0", "255.255.255.255"], outside: [] });
  assert.deepEqual(edgesOf("ffff::/16").outside, ["fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]);
});

test("an address lies in merged and intersected blocks exactly when it lies in what they are made of", () => {
  const chance = createChance(7);
  const block = (): string => {
    const length = Math.floor(chance.next() * 9);
    const first = Math.floor(chance.next() * 2 ** length) * 2 ** (8 - length);
    return chance.happens(0.2) ? `${first.toString(16)}00::/${length}` : `${first}.0.0.0/${length}`;
  };
  const blocks = (): string[] =>
    Array.from({ length: 1 + Math.floor(chance.next() * 4) }, () => mergeBlocks([block()])[0] ?? "");
  for (let i = 0; i < 200; i++) {
    const [a, b] = [blocks(), blocks()];
    const [merged, shared] = [mergeBlocks(a), intersectBlocks(a, b)];
    let isWithinB = true;
    for (let n = 0; n < 256; n++)
      for (const address of [`${n}.0.0.0`, `${n.toString(16)}00::`]) {
        const [inA, inB] = [isAddressInBlocks(address, a), isAddressInBlocks(address, b)];
        if (inA && !inB) isWithinB = false;
        const found = [
          isAddressInBlocks(address, merged),
          isAddressInBlocks(address, shared),
          isWithin(address, merged),
        ];
        // The message is made for the one that fails: there are a hundred thousand.
        if (found[0] !== inA || found[1] !== (inA && inB) || found[2] !== inA)
          assert.deepEqual(found, [inA, inA && inB, inA], `${address} of ${a.join(" ")} and ${b.join(" ")}`);
      }
    assert.equal(areWithin(merged, mergeBlocks(b)), isWithinB, `${a.join(" ")} within ${b.join(" ")}`);
  }
});
