/** A Caddy that runs already is borrowed by its admin address: ours while we run, its own again afterwards. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findCaddy } from "../../src/edge/index.ts";
import { curl } from "../support/curl.ts";
import { type EchoService, startEcho } from "../support/echo.ts";
import { findFreePort } from "../support/free-port.ts";
import { startInstance, waitFor } from "../support/instance.ts";
import { ROAD_PEOPLE, roadPolicy } from "./policies.ts";

let echo: EchoService;
let caddy: ChildProcess;
let home: string;
let admin: string;
let site: string;

before(async () => {
  echo = await startEcho();
  home = mkdtempSync(join(tmpdir(), "gh-caddy-"));
  admin = `http://127.0.0.1:${await findFreePort()}`;
  site = `http://127.0.0.1:${await findFreePort()}`;
  const config = {
    admin: { listen: new URL(admin).host },
    storage: { module: "file_system", root: join(home, "storage") },
    apps: {
      http: {
        servers: {
          mine: {
            listen: [new URL(site).host],
            automatic_https: { disable: true },
            routes: [{ handle: [{ handler: "static_response", body: "mine" }] }],
          },
        },
      },
    },
  };
  writeFileSync(join(home, "caddy.json"), JSON.stringify(config));
  const { binary } = await findCaddy({ pathEnv: process.env["PATH"] });
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  caddy = spawn(binary, ["run", "--config", join(home, "caddy.json")], { env, stdio: "ignore" });
  await waitFor("the other Caddy answers", async () => (await bodyOf(site)) === "mine");
});

after(async () => {
  const ended = once(caddy, "exit");
  caddy.kill("SIGTERM");
  await ended;
  await echo.close();
  rmSync(home, { recursive: true, force: true });
});

async function bodyOf(url: string): Promise<string | null> {
  return fetch(url).then(
    async (response) => response.text(),
    () => null,
  );
}

async function runningConfig(): Promise<unknown> {
  return (await fetch(`${admin}/config/`)).json();
}

test("serves the policy through the borrowed Caddy, which keeps its admin endpoint and gets its configuration back", async () => {
  const theirs = await runningConfig();
  const policy = roadPolicy({ orders: echo.url, backoffice: echo.url, down: echo.url });
  const instance = await startInstance({
    files: { "gatehouse.yaml": policy, "people.yaml": ROAD_PEOPLE },
    args: ["--attach", admin],
  });
  assert.equal(instance.status.edge.attached, true);
  assert.equal((await curl(instance, "/orders", { token: await instance.token("alice") })).status, 200);
  assert.equal((await curl(instance, "/orders")).status, 401);
  assert.deepEqual(((await runningConfig()) as { admin: unknown }).admin, (theirs as { admin: unknown }).admin);
  assert.equal(await instance.stop(), 0);
  assert.deepEqual(await runningConfig(), theirs);
  assert.equal(await bodyOf(site), "mine");
  assert.equal(caddy.exitCode, null);
});
