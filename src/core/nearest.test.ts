import assert from "node:assert/strict";
import { test } from "node:test";
import { findNearest, suggest } from "./nearest.ts";

const KNOWN = ["exposure", "upstream", "routes", "login", "headers", "client_id"];

test("the nearest name is found through one slip or another spelling", () => {
  const slips: readonly (readonly [string, string | null])[] = [
    ["exposre", "exposure"],
    ["exposuer", "exposure"],
    ["Exposure", "exposure"],
    ["upstreams", "upstream"],
    ["route", "routes"],
    ["logni", "login"],
    ["client-id", "client_id"],
    ["clientId", "client_id"],
    ["heaers", "headers"],
    ["x", null],
    ["", null],
    ["something", null],
    ["x".repeat(10_000), null],
  ];
  for (const [text, name] of slips) assert.equal(findNearest(text, KNOWN), name, text.slice(0, 20));
});

test("without a near name the hint lists what is known", () => {
  assert.equal(suggest("exposre", KNOWN), "did you mean `exposure`?");
  assert.equal(suggest("zzz", ["a", "b"]), "known are `a`, `b`");
  assert.equal(suggest("zzz", []), "there is none yet");
  const many = Array.from({ length: 20 }, (_, i) => `name-${i}`);
  assert.match(suggest("zzz", many), /`name-15` and others$/);
});
