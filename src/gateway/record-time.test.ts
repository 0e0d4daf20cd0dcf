import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTime } from "./record-time.ts";

test("times are what Date says, in any order", () => {
  for (const ms of [0, 1, 999, 1000, 1_764_000_000_007, 999.9, 1_764_000_000_123, 1_764_000_000_999])
    assert.equal(formatTime(ms), new Date(Math.floor(ms)).toISOString());
});
