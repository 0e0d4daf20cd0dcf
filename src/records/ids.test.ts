import assert from "node:assert/strict";
import { test } from "node:test";
import { apigwRequestId, isRequestId, newRequestId, requestIdPrefix } from "./ids.ts";

test("a new request id is a lower-case UUID and never the same twice", () => {
  const ids = new Set(Array.from({ length: 1000 }, newRequestId));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.equal(isRequestId(id), true);
});

test("an id in upper case, with braces or cut short is not one of ours", () => {
  for (const text of [
    "0F8FAD5B-D9CB-469F-A165-70867728950E",
    "{0f8fad5b-d9cb-469f-a165-70867728950e}",
    "0f8fad5b",
    "",
  ]) {
    assert.equal(isRequestId(text), false, text);
  }
});

test("apigw-requestid has API Gateway's 16 characters and leads back to the request id", () => {
  const id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  assert.equal(apigwRequestId(id), "D4-tW9nLRp-hZXA=");
  assert.equal(requestIdPrefix("D4-tW9nLRp-hZXA="), "0f8fad5b-d9cb-469f-a165-70");
});

test("every request id begins with the prefix that its apigw-requestid stands for", () => {
  for (let n = 0; n < 200; n += 1) {
    const id = newRequestId();
    const prefix = requestIdPrefix(apigwRequestId(id));
    assert.ok(prefix !== null && id.startsWith(prefix));
  }
});

test("an id that is no UUID still has a stable apigw-requestid", () => {
  assert.equal(apigwRequestId("load-test-1"), apigwRequestId("load-test-1"));
  assert.notEqual(apigwRequestId("load-test-1"), apigwRequestId("load-test-2"));
  assert.equal(apigwRequestId("load-test-1").length, 16);
});

test("text that is no apigw-requestid has no prefix", () => {
  for (const text of ["", "D4-tW9nLRp-hZXA", "D4+tW9nLRp/hZXA=", "D4-tW9nLRp-hZXA=="]) {
    assert.equal(requestIdPrefix(text), null, text);
  }
});
