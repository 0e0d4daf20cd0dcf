/** A Caddy that somebody else runs is borrowed and given back. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { compileCaddy } from "../../src/compile/index.ts";
import type { Json } from "../../src/core/index.ts";
import { type CaddyProcess, attachCaddy, startCaddy } from "../../src/edge/index.ts";
import { curlUrl } from "../support/curl.ts";
import { findFreePort } from "../support/free-port.ts";
import { EDGE, type EdgeSetup, setUpEdge } from "./real-edge.ts";

let setup: EdgeSetup;
let theirs: { readonly [key: string]: Json };
let foreign: CaddyProcess;
let sitePort = 0;

/** Their own set-up: an admin endpoint on TCP, a storage folder, a site on some port. */
beforeEach(async () => {
  sitePort = await findFreePort();
  setup = await setUpEdge({ adminListen: `127.0.0.1:${await findFreePort()}` });
  theirs = {
    admin: { listen: setup.runtime.adminListen, config: { persist: false } },
    storage: { module: "file_system", root: `${setup.dir}/their-storage` },
    apps: {
      http: {
        servers: {
          site: {
            listen: [`127.0.0.1:${sitePort}`],
            routes: [{ handle: [{ handler: "static_response", body: "their site" }] }],
          },
        },
      },
    },
  };
  foreign = await startCaddy({ ...setup.start, bootstrap: theirs });
});
afterEach(async () => {
  await foreign.stop(6000);
  await setup.remove();
});

const address = () => `http://${setup.runtime.adminListen}`;

async function borrow() {
  const attached = await attachCaddy(address());
  const { adminBlock, storageBlock } = attached;
  const config = compileCaddy(EDGE, { ...setup.runtime, adminBlock, storageBlock });
  await attached.apply(config);
  return { attached, config };
}

const siteBody = async () => (await curlUrl(`http://127.0.0.1:${sitePort}/`, null)).body;

test("its admin endpoint and storage stay, all else is ours, and it gets back what it had", async () => {
  assert.equal(await siteBody(), "their site");
  const { attached } = await borrow();
  const { config } = await attached.admin.read();
  assert.deepEqual((config as typeof theirs)["admin"], theirs["admin"]);
  assert.deepEqual((config as typeof theirs)["storage"], theirs["storage"]);
  assert.match(await attached.admin.rootCertificate(), /^-----BEGIN CERTIFICATE-----/);
  const redirect = await curlUrl(`http://127.0.0.1:${setup.runtime.httpPort}/x`, null, {
    headers: ["Host: shop.localhost"],
  });
  assert.equal(redirect.status, 308);
  await assert.rejects(siteBody(), /curl ended with 7/);

  assert.deepEqual(await attached.detach(true), { restored: true });
  assert.deepEqual((await attached.admin.read()).config, theirs);
  assert.equal(await siteBody(), "their site");
  assert.deepEqual(await attached.detach(true), { restored: false });
});

test("a change that somebody made since is not overwritten", async () => {
  const { attached, config } = await borrow();
  const changed = { ...config, logging: {} };
  await attached.admin.replace(changed, (await attached.admin.read()).etag);
  assert.deepEqual(await attached.detach(true), { restored: false });
  assert.deepEqual((await attached.admin.read()).config, changed);
});

test("it can be left as we made it", async () => {
  const { attached, config } = await borrow();
  assert.deepEqual(await attached.detach(false), { restored: false });
  assert.deepEqual((await attached.admin.read()).config, config);
});

test("one that we never changed is not touched", async () => {
  const attached = await attachCaddy(address());
  const { etag } = await attached.admin.read();
  assert.deepEqual(await attached.detach(true), { restored: false });
  assert.equal((await attached.admin.read()).etag, etag);
});

test("nobody at the address is one clear fault", async () => {
  const port = await findFreePort();
  await assert.rejects(attachCaddy(`127.0.0.1:${port}`), {
    code: "GH_EDGE_ADMIN_UNREACHABLE",
    message: `Caddy's admin endpoint \`127.0.0.1:${port}\` does not answer: ECONNREFUSED`,
  });
});
