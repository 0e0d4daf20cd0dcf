/** Runs docs/guide/your-api-gateway.md: its document is imported by its command, its account file is one. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { loadAccount } from "../../src/app/read-account.ts";
import { renderDiagnostic } from "../../src/core/index.ts";
import { findFreePort } from "../support/free-port.ts";
import { GATEHOUSE, makeDirectory, waitFor } from "../support/instance.ts";
import { run } from "../support/run.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/guide/your-api-gateway.md"), "utf8");

function fencesOf(language: string): readonly string[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? "");
}

test("the page's command makes an account file of its document, without a word", async () => {
  const [document = ""] = fencesOf("yaml");
  const [command = ""] = fencesOf("sh");
  const dir = makeDirectory({ "pets.yaml": document });
  try {
    symlinkSync(GATEHOUSE, join(dir, "gatehouse"));
    assert.deepEqual(await run("bash", ["-c", command], { cwd: dir }), {
      code: 0,
      stdout: "wrote account.yaml\n",
      stderr: "",
    });
    const { account, diagnostics } = loadAccount(join(dir, "account.yaml"));
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      account?.apis[0]?.routes.map(({ routeKey, authorizationType }) => `${routeKey} ${authorizationType}`),
      ["GET /pets/{id} JWT", "GET /health NONE"],
    );
    const direct = loadAccount(join(dir, "pets.yaml"));
    assert.deepEqual(direct.account, account);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("the page's account file is one, and what it leaves out is what the table says", () => {
  const [, text = ""] = fencesOf("yaml");
  const dir = makeDirectory({ "account.yaml": text });
  try {
    const { account, diagnostics, sources } = loadAccount(join(dir, "account.yaml"));
    assert.deepEqual(
      diagnostics.map((found) => renderDiagnostic(found, sources)),
      [],
    );
    const [api] = account?.apis ?? [];
    assert.deepEqual(
      [account?.accountId, account?.region, account?.partition],
      ["111122223333", "eu-central-1", "aws"],
    );
    assert.deepEqual(
      api?.routes.map(({ authorizationType, authorizerId }) => [authorizationType, authorizerId]),
      [
        ["JWT", "idp"],
        ["AWS_IAM", undefined],
      ],
    );
    assert.deepEqual(api?.authorizers[0]?.identitySource, ["$request.header.Authorization"]);
    assert.deepEqual(api?.integrations[0], {
      integrationId: "pets",
      integrationUri: "http://127.0.0.1:3000/v1/pets/{id}",
      integrationType: "HTTP_PROXY",
      integrationMethod: "ANY",
      connectionType: "INTERNET",
      payloadFormatVersion: "1.0",
      timeoutInMillis: 30_000,
      requestParameters: {},
    });
    assert.equal(
      api?.stages[0]?.accessLogSettings?.destinationArn,
      `arn:aws:logs:eu-central-1:111122223333:log-group:/aws/vendedlogs/${api?.apiId}`,
    );
    assert.deepEqual(account?.domainNames[0]?.apiMappings, [
      { apiId: api?.apiId, apiMappingKey: "", stage: "$default" },
    ]);
    assert.equal(account?.roles[0]?.arn, "arn:aws:iam::111122223333:role/keeper");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("what the page serves answers its calls as the page says", async (t) => {
  const [document = ""] = fencesOf("yaml");
  const [, serve = "", calls = ""] = fencesOf("sh");
  const [health = "", pets = ""] = calls.trim().split("\n");
  const [port, backendPort] = [await findFreePort(), await findFreePort()];
  const dir = makeDirectory({ "pets.yaml": document.replaceAll(":3000", `:${backendPort}`) });
  symlinkSync(GATEHOUSE, join(dir, "gatehouse"));
  const gateway = spawn("bash", ["-c", `exec ${serve.trim()} --port ${port}`], { cwd: dir, stdio: "ignore" });
  const ended = once(gateway, "exit");
  t.after(async () => {
    gateway.kill("SIGTERM");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });
  const ask = async (command: string): Promise<string> =>
    (await run("bash", ["-c", command.replace(":4000", `:${port}`).replace("curl", "curl -s")])).stdout;
  await waitFor("the gateway answers", async () => (await ask(health)) !== "");
  assert.match(await ask(health), /^HTTP\/1\.1 503 [\s\S]*\{"message":"Service Unavailable"\}$/);
  const refused = await ask(pets);
  assert.match(refused, /^HTTP\/1\.1 401 [\s\S]*\{"message":"Unauthorized"\}$/);
  assert.match(refused, /^www-authenticate: Bearer\r$/im);
  const backend = createServer((_, response) => response.end("well"));
  await new Promise<void>((resolve) => backend.listen(backendPort, "127.0.0.1", resolve));
  t.after(() => backend.close());
  assert.match(await ask(health), /^HTTP\/1\.1 200 [\s\S]*well$/);
});
