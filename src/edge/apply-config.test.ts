import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, GatehouseError } from "../core/index.ts";
import type { AdminApi } from "./admin-api.ts";
import { applyConfig } from "./apply-config.ts";

/** A Caddy in memory: `before` runs ahead of each replacement, as another writer or a fault would. */
function createCaddy(start: Json, before: (caddy: { config: Json; tag: number }) => void = () => {}) {
  const state = { config: start, tag: 1, writes: 0 };
  const admin: Pick<AdminApi, "read" | "replace"> = {
    read: () => Promise.resolve({ config: state.config, etag: String(state.tag) }),
    async replace(config, etag) {
      state.writes += 1;
      before(state);
      if (etag !== String(state.tag)) throw new GatehouseError("GH_EDGE_ADMIN_CONFLICT", { address: "memory" });
      state.config = config;
      state.tag += 1;
    },
  };
  return { state, admin: admin as AdminApi };
}

test("a new configuration is sent once", async () => {
  const { state, admin } = createCaddy({ a: 1 });
  assert.deepEqual(await applyConfig(admin, { a: 2 }), { changed: true });
  assert.deepEqual(state, { config: { a: 2 }, tag: 2, writes: 1 });
});

test("an equal one is not sent, whatever the order of its keys", async () => {
  const { state, admin } = createCaddy({ a: 1, b: [{ c: 2, d: 3 }] });
  assert.deepEqual(await applyConfig(admin, { b: [{ d: 3, c: 2 }], a: 1 }), { changed: false });
  assert.equal(state.writes, 0);
});

test("when another writer comes between, it is read again and tried once more", async () => {
  const { state, admin } = createCaddy({ a: 1 }, (caddy) => {
    if (caddy.tag === 1) Object.assign(caddy, { config: { theirs: true }, tag: 2 });
  });
  assert.deepEqual(await applyConfig(admin, { a: 2 }), { changed: true });
  assert.deepEqual(state, { config: { a: 2 }, tag: 3, writes: 2 });
});

test("when another writer has put the same there, nothing more is sent", async () => {
  const { state, admin } = createCaddy({ a: 1 }, (caddy) => Object.assign(caddy, { config: { a: 2 }, tag: 2 }));
  assert.deepEqual(await applyConfig(admin, { a: 2 }), { changed: false });
  assert.equal(state.writes, 1);
});

test("a second conflict is told", async () => {
  const { state, admin } = createCaddy({ a: 1 }, (caddy) => {
    caddy.tag += 1;
  });
  await assert.rejects(applyConfig(admin, { a: 2 }), { code: "GH_EDGE_ADMIN_CONFLICT" });
  assert.equal(state.writes, 2);
});

test("a refused configuration that Caddy shows as running all the same is taken back", async () => {
  let refusals = 1;
  const { state, admin } = createCaddy({ good: true }, (caddy) => {
    if (refusals === 0) return;
    refusals -= 1;
    caddy.config = { bad: true };
    throw new GatehouseError("GH_EDGE_ADMIN_REFUSED", { reason: "no" });
  });
  await assert.rejects(applyConfig(admin, { bad: true }), { code: "GH_EDGE_ADMIN_REFUSED" });
  assert.deepEqual(state.config, { good: true });
});
