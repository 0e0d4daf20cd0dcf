/** `gatehouse gateway --socket` behind a Caddy with a Caddyfile of its own, as docs/guide/http-apis.md says. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { CallRecord } from "../../src/gateway/index.ts";
import { startService } from "../gateway/service.ts";
import { type CurlOptions, curlUrl } from "../support/curl.ts";
import { findFreePort } from "../support/free-port.ts";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { startPlainCaddy } from "../support/plain-caddy.ts";

const GUIDE = readFileSync(join(import.meta.dirname, "../../docs/guide/http-apis.md"), "utf8");

test("a Caddyfile as in the guide: who calls is what Caddy saw, and what Caddy adds does not count", async (t) => {
  const service = await startService(t);
  const account = {
    apis: [
      {
        apiId: "a1b2c3d4e5",
        name: "pets",
        routes: [{ routeKey: "ANY /{p+}", target: "integrations/i" }],
        integrations: [{ integrationId: "i", integrationUri: `${service.origin}/{p}` }],
      },
    ],
    domainNames: [
      {
        domainName: "api.example.com",
        apiMappings: [{ apiMappingKey: "v1", apiId: "a1b2c3d4e5", stage: "$default" }],
      },
    ],
  };
  const dir = makeDirectory({ "account.json": JSON.stringify(account) });
  const gateway = spawn(
    GATEHOUSE,
    ["gateway", "account.json", "--json", "--socket", "api.sock", "--log", "calls.log"],
    {
      cwd: dir,
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const ended = once(gateway, "close");
  t.after(async () => {
    gateway.kill("SIGKILL");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });
  await once(gateway.stdout, "data");
  const port = await findFreePort();
  const block = /```\n(api\.example\.com \{[^`]+\})\n```/.exec(GUIDE)?.[1] ?? "";
  const site = block
    .replace("api.example.com {", `api.example.com:${port} {\n  tls internal`)
    .replace("/run/gatehouse/api.sock", join(dir, "api.sock"));
  assert.notEqual(site, block);
  const caddy = await startPlainCaddy(`${site}\n`);
  t.after(() => caddy.stop());

  const ask = (path: string, { args = [], ...options }: CurlOptions = {}) =>
    curlUrl(`https://api.example.com:${port}${path}`, caddy.caFile, {
      ...options,
      args: ["--resolve", `api.example.com:${port}:127.0.0.1`, ...args],
    });
  const answer = await ask("/v1/pets/7?a=1", { headers: ["X-Forwarded-For: 203.0.113.9", "X-Tenant: acme"] });
  assert.deepEqual([answer.status, answer.httpVersion, answer.body], [200, "2", "ok"]);
  const posted = await ask("/v1/pets", { method: "POST", data: "x".repeat(200_000), args: ["--http1.1"] });
  assert.equal(posted.status, 200);
  const used = "GET /v1/pets HTTP/1.1".length + `api.example.com:${port}`.length + "curl/".length;
  // To the byte: nothing that Caddy adds counts.
  const fits = await ask("/v1/pets", {
    headers: ["Accept:", "User-Agent: curl/", `X-Pad: ${"a".repeat(10_240 - used)}`],
  });
  assert.equal(fits.status, 200);
  const tooLarge = await ask("/v1/pets", {
    headers: ["Accept:", "User-Agent: curl/", `X-Pad: ${"a".repeat(10_241 - used)}`],
  });
  assert.equal(tooLarge.status, 431);
  assert.equal((await ask("/none")).status, 404);

  gateway.kill("SIGTERM");
  await ended;
  const [seen, large] = service.seen;
  assert.equal(seen?.url, "/pets/7?a=1");
  const headerOf = (name: string): string | undefined =>
    seen?.headers.find(([each]) => each.toLowerCase() === name)?.[1];
  assert.equal(headerOf("x-tenant"), "acme");
  assert.equal(headerOf("x-forwarded-for"), undefined);
  assert.equal(headerOf("forwarded"), `for=127.0.0.1;host="api.example.com:${port}";proto=https`);
  assert.equal(large?.body.length, 200_000);
  const lines = readFileSync(join(dir, "calls.log"), "utf8").trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line) as CallRecord);
  assert.deepEqual(
    records.map(({ status, sourceIp }) => [status, sourceIp]),
    [
      [200, "127.0.0.1"],
      [200, "127.0.0.1"],
      [200, "127.0.0.1"],
      [431, "127.0.0.1"],
      [404, "127.0.0.1"],
    ],
  );
  assert.equal(records[0]?.requestId, answer.headers["apigw-requestid"]);
});
