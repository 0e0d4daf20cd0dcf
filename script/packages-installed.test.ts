import assert from "node:assert/strict";
import { test } from "node:test";
import { isInstalled } from "./packages-installed.ts";

const a = { version: "1.0.0", integrity: "sha512-a" };

test("node_modules is current when it holds what the lock file asks for; only optional packages may lack", () => {
  const wanted = { "": {}, "node_modules/a": a, "node_modules/b": { ...a, optional: true } };
  assert.equal(isInstalled(wanted, { "node_modules/a": a }), true);
  assert.equal(isInstalled(wanted, {}), false);
  assert.equal(isInstalled(wanted, { "node_modules/a": { ...a, version: "1.0.1" } }), false);
  assert.equal(isInstalled(wanted, { "node_modules/a": { ...a, integrity: "sha512-x" } }), false);
  assert.equal(isInstalled(wanted, { "node_modules/a": a, "node_modules/c": a }), false);
});
