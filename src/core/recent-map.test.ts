import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { RecentMap } from "./recent-map.ts";

const CAPACITY = 4;

test("the most recently used are always there, and never more than twice as many", () => {
  const step = fc.tuple(fc.constantFrom("get", "set", "delete"), fc.integer({ min: 0, max: 12 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const map = new RecentMap<number>(CAPACITY);
      // Keys by use, latest last.
      let used: number[] = [];
      const values = new Map<number, number>();
      steps.forEach(([what, key], i) => {
        const held = used.includes(key);
        if (what === "set") {
          map.set(String(key), i);
          values.set(key, i);
        } else if (what === "delete") {
          map.delete(String(key));
          values.delete(key);
        } else if (used.slice(-CAPACITY + 1).includes(key)) {
          assert.equal(map.get(String(key)), values.get(key));
        } else {
          const found = map.get(String(key));
          assert.ok(found === undefined || found === values.get(key));
          if (found === undefined && held) values.delete(key);
        }
        used = used.filter((other) => other !== key);
        if (what !== "delete" && values.has(key)) used.push(key);
        assert.ok(map.size <= 2 * CAPACITY);
      });
    }),
  );
});

test("clear forgets all", () => {
  const map = new RecentMap<number>(2);
  for (const key of ["a", "b", "c"]) map.set(key, 1);
  map.clear();
  assert.equal(map.size, 0);
  assert.equal(map.get("c"), undefined);
});
