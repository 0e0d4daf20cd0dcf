/**
 * Runs docs/guide/machines.md against the shop, with its policy's tokens bound by DPoP: client credentials by curl, proofs by
 * openid-client, credentials by the aws command. Only ports and domain are others. CI, clusters and certificates need
 * another issuer: tests/road/workload-issuers.test.ts, tests/road/bound-tokens.test.ts.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PORTS, type Services, startServices } from "../../examples/shop/services.ts";
import { GATEHOUSE, type Started, startInstance } from "../support/instance.ts";
import { installAwsCommand } from "../support/python-packages.ts";
import { type Ran, run } from "../support/run.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/guide/machines.md"), "utf8");
const shop = (name: string): string => readFileSync(join(root, "examples/shop", name), "utf8");

/** The first block of the page with a language that holds a text. */
function block(language: string, holds: string): string {
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter((match) => match[1] === language);
  const found = blocks.map((match) => match[2] ?? "").find((text) => text.includes(holds));
  assert.ok(found, `the page has no ${language} with ${holds}`);
  return found;
}

describe("machines", { timeout: 600_000 }, () => {
  let services: Services;
  let instance: Started;
  let path = "";

  const here = (text: string): string =>
    text
      .replaceAll("https://shop.localhost:8443", instance.status.edge.https)
      .replaceAll("http://127.0.0.1:8445", instance.status.identity.issuer);
  const shell = (text: string): Promise<Ran> =>
    run("bash", ["-c", here(text)], {
      cwd: instance.dir,
      env: {
        PATH: `${path}:${process.env["PATH"] ?? ""}`,
        PYTHONWARNINGS: "ignore",
        HOME: instance.dir,
        AWS_EC2_METADATA_DISABLED: "true",
        // Where it is set it counts more than the file.
        AWS_CA_BUNDLE: undefined,
      },
    });

  before(async () => {
    services = await startServices({ ports: { orders: 0, backoffice: 0, web: 0 } });
    let policy = shop("gatehouse.yaml")
      .replace("domain: shop.localhost", "domain: localhost")
      .replace("  audience: shop-api\n", "  audience: shop-api\n  tokens: { proof: [dpop], profile: rfc9068 }\n");
    for (const name of ["orders", "backoffice", "web"] as const)
      policy = policy.replace(`127.0.0.1:${PORTS[name]}`, `127.0.0.1:${services.ports[name]}`);
    const people = shop("people.yaml").replace(
      "people:\n",
      "people:\n  dora: { password: dora, groups: [support, accounts] }\n",
    );
    const args = ["--env", "local", "--workers", "2", "--http", "0", "--private", "0", "--identity", "0"];
    instance = await startInstance({ files: { "gatehouse.yaml": policy, "people.yaml": people }, args });
    symlinkSync(GATEHOUSE, join(instance.dir, "gatehouse"));
    symlinkSync(join(root, "node_modules"), join(instance.dir, "node_modules"));
    path = await installAwsCommand();
  });
  after(async () => {
    assert.equal(await instance.stop(), 0);
    await services.close();
  });

  test("a client gets a token for its secret", async () => {
    const { code, stdout, stderr } = await shell(block("sh", "client_credentials"));
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { token_type: string }).token_type, "Bearer");
  });

  test("openid-client's calls with DPoP are let through", async () => {
    writeFileSync(join(instance.dir, "call.mjs"), block("js", "getDPoPHandle"));
    const { code, stdout, stderr } = await shell(block("sh", "call.mjs"));
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "200\n200\n");
  });

  test("the aws command gets its credentials from `credential_process`", async () => {
    mkdirSync(join(instance.dir, ".aws"));
    const profile = block("ini", "credential_process");
    const asBob = profile.replace("[profile shop]", "[profile bob]").replace("--as alice", "--as bob");
    writeFileSync(join(instance.dir, ".aws", "config"), here(`${profile}\n${asBob}`));
    const command = block("sh", "get-caller-identity");
    const { code, stdout, stderr } = await shell(command);
    assert.equal(code, 0, stderr);
    const { Account, Arn } = JSON.parse(stdout) as { Account: string; Arn: string };
    assert.deepEqual(
      [Account, Arn],
      ["000000000000", "arn:aws:sts::000000000000:assumed-role/shop-local-support/alice"],
    );
    const refused = await shell(command.replace("--profile shop", "--profile bob"));
    assert.equal(refused.code, 255);
    assert.match(refused.stderr, /`bob` holds no role \[GH_APP_ROLES\]/);
  });

  test("the document is AWS's, on standard output alone, and the same with --json", async () => {
    for (const more of [[], ["--json"]]) {
      const ran = await instance.gatehouse("token", "--credential-process", "--as", "alice", ...more);
      assert.deepEqual([ran.code, ran.stderr], [0, ""]);
      const document = JSON.parse(ran.stdout) as Record<string, unknown>;
      assert.deepEqual(Object.keys(document), [
        "Version",
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
      ]);
      assert.equal(document["Version"], 1);
      assert.match(String(document["Expiration"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const leftMs = Date.parse(String(document["Expiration"])) - Date.now();
      assert.ok(leftMs > 3_500_000 && leftMs <= 3_600_000, `${leftMs}`);
    }
  });

  test("of several roles one has to be named, and it has to be held", async () => {
    const ask = (...args: string[]) => instance.gatehouse("token", "--credential-process", "--as", "dora", ...args);
    const several = await ask();
    assert.deepEqual([several.code, several.stdout], [4, ""]);
    assert.match(several.stderr, /`dora` holds several roles: `support`, `accounts` \[GH_APP_ROLES\]/);
    assert.equal((await ask("--role", "accounts")).code, 0);
    const arn = instance.status.sts.roles.find(({ name }) => name === "support")?.arn ?? "";
    assert.equal((await ask("--role", arn)).code, 0);
    const foreign = await ask("--role", "billing-bot");
    assert.equal(foreign.code, 4);
    assert.match(foreign.stderr, /does not hold role `billing-bot`, but `support`, `accounts`/);
    const alone = await instance.gatehouse("token", "--as", "dora", "--role", "support");
    assert.deepEqual([alone.code, alone.stdout], [2, ""]);
  });

  test("no log has a key, a token or a proof", () => {
    for (const file of ["access.log", "gateway.log", "caddy.log"]) {
      const text = readFileSync(join(instance.state, "logs", file), "utf8");
      for (const canary of ["eyJ", "ASIA", "DPoP "]) assert.equal(text.includes(canary), false, `${file}: ${canary}`);
    }
  });
});
