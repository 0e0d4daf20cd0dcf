import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenMemory } from "./jwt-memory.ts";

test("what was used lately is remembered, within a number of tokens", () => {
  const memory = new TokenMemory<number>(2, 1000);
  for (let i = 0; i < 5; i++) memory.set(`t${i}`, i);
  assert.deepEqual(
    ["t0", "t1", "t2", "t3", "t4"].map((token) => memory.get(token)),
    [undefined, undefined, 2, 3, 4],
  );
  assert.equal(memory.size <= 4, true);
  memory.delete("t4");
  assert.equal(memory.get("t4"), undefined);
});

test("and within a number of characters, whatever the tokens are like", () => {
  const memory = new TokenMemory<number>(1000, 10);
  memory.set("a".repeat(11), 0);
  assert.equal(memory.size, 0);
  for (let i = 0; i < 8; i++) memory.set(`${i}aaa`, i);
  assert.equal(memory.size, 4);
  assert.equal(memory.get("7aaa"), 7);
  for (let i = 0; i < 9; i++) memory.set("7aaa", i);
  assert.equal(memory.size, 4);
});
