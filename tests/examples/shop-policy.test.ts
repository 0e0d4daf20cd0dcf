/** The shop's policy passes its own tests, and they leave nothing of it untouched. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { GATEHOUSE } from "../support/instance.ts";
import { run } from "../support/run.ts";

const shop = join(import.meta.dirname, "..", "..", "examples", "shop");

test("the shop passes its own tests, every route and grant touched", async () => {
  const { code, stdout } = await run(GATEHOUSE, ["test", "--require-coverage"], { cwd: shop });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^\d+ tests in `local`, by the reference and by the gateway: all passed$/m);
});
