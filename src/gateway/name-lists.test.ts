import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_LIST, joinNames } from "./name-lists.ts";

test("names are joined, and their values are left out", () => {
  assert.equal(joinNames(["Host", "a", "X-A", "b"], 2), "Host,X-A");
  assert.equal(joinNames(["date", "x-a"], 1), "date,x-a");
  assert.equal(joinNames([], 2), "");
});

test("whatever came before, also with as many names and characters, each list has its own text", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", "C"), minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fc.array(name, { maxLength: 4 }), { minLength: 1, maxLength: 20 }), (lists) => {
      for (const list of lists) {
        assert.equal(joinNames(list, 1), list.join(","));
        assert.equal(
          joinNames(
            list.flatMap((each) => [each, "value"]),
            2,
          ),
          list.join(","),
        );
      }
    }),
  );
});

test("what is longer than a record's text ends with how many names were left off", () => {
  const names = Array.from({ length: 30 }, (_, index) => `x-${"a".repeat(45)}-${10 + index}`);
  const text = joinNames(names, 1);
  assert.equal(text, `${names.slice(0, 19).join(",")},11=more`);
  assert.ok(text.length <= MAX_LIST + 10);
  assert.equal(joinNames(["a".repeat(MAX_LIST + 1), "b"], 1), "2=more");
});
