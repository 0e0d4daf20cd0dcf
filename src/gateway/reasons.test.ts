import assert from "node:assert/strict";
import { test } from "node:test";
import { RECORD_REASONS } from "./reasons.ts";
import { fixedReply, refusedTokenReply } from "./reply.ts";

test("every reason is one word of the catalogue with a text for operators", () => {
  for (const [reason, text] of Object.entries(RECORD_REASONS)) {
    assert.match(reason, /^[a-z]+(?:-[a-z]+)*$/);
    assert.match(text, /^[^A-Z\n][^\n]*[^.\n]$/);
  }
});

test("a fixed reply's length is its body's", () => {
  for (const reply of [
    fixedReply("no-route"),
    fixedReply("request-too-large"),
    refusedTokenReply("token-expired", 'scope=""'),
  ])
    assert.equal(reply.headers[reply.headers.indexOf("content-length") + 1], String(Buffer.byteLength(reply.body)));
});
