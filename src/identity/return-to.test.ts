import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { safeReturnTo } from "./return-to.ts";

const BASE = "https://shop.example:8443";

test("a path of ours is kept with its query", () => {
  for (const path of [
    "/",
    "/orders",
    "/orders/1?x=1&y=%2F%2F",
    "/a//b",
    "/%C3%A9",
    "/a%20b",
    "/?next=https://x.test",
  ]) {
    assert.equal(safeReturnTo(path, BASE), path);
  }
  assert.equal(safeReturnTo("/a/../b#part", BASE), "/b");
});

test("of the gateway's own pages only the one that says that signing in has worked", () => {
  assert.equal(safeReturnTo("/_gatehouse/signed-in", BASE), "/_gatehouse/signed-in");
  for (const path of [
    "/_gatehouse/signed-in?x=1",
    "/_gatehouse/signed-in/",
    "/a/../_gatehouse/signed-in",
    "/_gatehouse/logout",
  ])
    assert.equal(safeReturnTo(path, BASE), "/", path);
});

test("whatever is given, the browser stays on this origin", () => {
  const piece = fc.constantFrom(
    "/",
    "\\",
    "//",
    "%2f",
    "%5c",
    "%09",
    "\t",
    "\n",
    " ",
    ".",
    "..",
    "@",
    ":",
    "evil.test",
    "https:",
    "?",
    "#",
    "%",
    "\u2028",
    "\uff0f",
    "x",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const result = safeReturnTo(pieces.join(""), BASE);
      assert.match(result, /^\/(?![/\\])/);
      assert.equal(new URL(result, BASE).origin, BASE);
      assert.equal(safeReturnTo(result, BASE), result);
    }),
    { numRuns: 2000 },
  );
});

test("what is not text leads to the front page", () => {
  assert.equal(safeReturnTo(undefined, BASE), "/");
  assert.equal(safeReturnTo(null, BASE), "/");
});
