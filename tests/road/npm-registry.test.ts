/**
 * A program that nobody here wrote, behind Gatehouse by policy alone: Verdaccio, an npm registry, used with npm itself.
 * Publishing needs a permission that only the machine has; installing is for the group; nobody else sees anything.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { curl } from "../support/curl.ts";
import { findFreePort } from "../support/free-port.ts";
import { type Started, startInstance } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";
import { type Verdaccio, startVerdaccio } from "../support/verdaccio.ts";

const PEOPLE = `people:
  dev: { password: dev-pw, name: Dev, email: dev@example.com, groups: [developers] }
  guest: { password: guest-pw, name: Guest, email: guest@example.com, groups: [] }
clients:
  release: { secret: release-development-secret }
`;

let verdaccio: Verdaccio;
let instance: Started;
let work: string;

before(async () => {
  const httpsPort = await findFreePort();
  verdaccio = await startVerdaccio({ publicUrl: `https://localhost:${httpsPort}/` });
  const policy = `gatehouse: 1
name: registry
identity: { audience: registry-api }
environments:
  local: { identity: embedded, domain: localhost, certificates: internal, gateway: embedded }
services:
  registry:
    exposure: public
    upstream: ${verdaccio.url}
    routes:
      GET /{path+}: { needs: packages:read, timeout: 20 seconds }
      PUT /{name}: { needs: packages:publish, timeout: 20 seconds }
      GET /-/ping: { open: "tells whether the registry is there" }
roles:
  developers: { members: { groups: [developers] }, can: [packages:read], boundary: readers }
  release: { members: { client_id: [release] }, can: [packages:read, packages:publish], boundary: publishers }
boundaries:
  readers: [packages:read]
  publishers: [packages:read, packages:publish]
throttle: { default: 1000/second burst 2000, per_identity: 500/second burst 1000 }
`;
  instance = await startInstance({
    files: { "gatehouse.yaml": policy, "people.yaml": PEOPLE },
    args: ["--https", String(httpsPort), "--http", "0", "--private", "0", "--identity", "0"],
  });
  work = mkdtempSync(join(tmpdir(), "gh-npm-"));
  const library = join(work, "library");
  mkdirSync(library);
  writeFileSync(
    join(library, "package.json"),
    JSON.stringify({ name: "gatehouse-partner", version: "1.2.3", main: "index.js" }),
  );
  writeFileSync(join(library, "index.js"), "module.exports = 'through the gate';\n");
  const user = join(work, "user");
  mkdirSync(user);
  writeFileSync(join(user, "package.json"), JSON.stringify({ name: "user", version: "1.0.0", private: true }));
});

after(async () => {
  assert.equal(await instance.stop(), 0);
  await verdaccio.close();
  rmSync(work, { recursive: true, force: true });
});

/** npm as a person sets it up: the registry's address, its CA, a token in the user's own configuration. */
async function npm(folder: string, token: string | null, ...args: string[]): Promise<Ran> {
  const port = new URL(instance.status.edge.https).port;
  const lines = [
    `registry=https://localhost:${port}/`,
    `cafile=${instance.status.edge.caFile}`,
    `cache=${join(work, `cache-${folder}`)}`,
    "fetch-retries=0",
    "audit=false",
    "fund=false",
    "update-notifier=false",
  ];
  if (token !== null) lines.push(`//localhost:${port}/:_authToken=${token}`);
  const config = join(work, "npmrc");
  writeFileSync(config, `${lines.join("\n")}\n`, { mode: 0o600 });
  return run("npm", args, {
    cwd: join(work, folder),
    env: {
      npm_config_userconfig: config,
      NPM_CONFIG_GLOBALCONFIG: join(work, "none"),
      npm_config_registry: undefined,
      npm_config_cafile: undefined,
    },
  });
}

test("the machine publishes, a developer installs the very package, and both are in the record", async () => {
  const published = await npm("library", await instance.token("release"), "publish");
  assert.equal(published.code, 0, published.stderr);
  const installed = await npm("user", await instance.token("dev"), "install", "gatehouse-partner@1.2.3");
  assert.equal(installed.code, 0, installed.stderr);
  assert.equal(
    readFileSync(join(work, "user/node_modules/gatehouse-partner/index.js"), "utf8"),
    "module.exports = 'through the gate';\n",
  );
  const { stdout, stderr } = await instance.gatehouse("logs", "--json", "--limit", "100");
  assert.ok(stdout.includes("records"), stdout + stderr);
  const { records } = JSON.parse(stdout) as {
    records: { method: string; path: string; subject: string; status: number }[];
  };
  assert.ok(
    records.some(
      (r) => r.method === "PUT" && r.path === "/gatehouse-partner" && r.subject === "release" && r.status === 201,
    ),
  );
  assert.ok(
    records.some((r) => r.method === "GET" && r.path.endsWith(".tgz") && r.subject === "dev" && r.status === 200),
  );
});

test("a developer may not publish, a guest may not read, nobody without a token may do either", async () => {
  writeFileSync(
    join(work, "library/package.json"),
    JSON.stringify({ name: "gatehouse-partner", version: "1.2.4", main: "index.js" }),
  );
  const publish = await npm("library", await instance.token("dev"), "publish");
  assert.notEqual(publish.code, 0);
  assert.match(publish.stderr, /E403/);
  const guest = await npm("user", await instance.token("guest"), "view", "gatehouse-partner", "--prefer-online");
  assert.match(guest.stderr, /E403/);
  const nobody = await npm("user", null, "view", "gatehouse-partner", "--prefer-online");
  assert.match(nobody.stderr, /E401/);
  assert.equal((await curl(instance, "/-/ping")).status, 200);
});
