/**
 * Runs docs/guide/aws-clients.md against the shop: its commands, in its order, in a shell, with AWS's own programs. Only
 * the ports are others, and the domain, since Python does not find names under `.localhost` everywhere. The gateway runs in
 * two threads: what one gives, the other takes.
 */
import assert from "node:assert/strict";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PORTS, type Services, startServices } from "../../examples/shop/services.ts";
import { GATEHOUSE, type Started, startInstance } from "../support/instance.ts";
import { installAwsCommand, installPythonPackages } from "../support/python-packages.ts";
import { type Ran, run } from "../support/run.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/guide/aws-clients.md"), "utf8");
const shop = (name: string): string => readFileSync(join(root, "examples/shop", name), "utf8");
const ROLE = "arn:aws:iam::000000000000:role/gatehouse/shop-local-support";

function fencesOf(language: string): readonly string[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? "");
}

describe("calling it with the aws command and boto3", { timeout: 900_000 }, () => {
  let services: Services;
  let instance: Started;
  let path = "";
  let packages = "";
  const [variables = "", calls = "", signed = ""] = fencesOf("sh");

  /** The variables of the page stay set, as in a shell that is kept open. */
  const shell = (text: string): Promise<Ran> =>
    run("bash", ["-c", text.replaceAll("https://shop.localhost:8443", instance.status.edge.https)], {
      cwd: instance.dir,
      limitMs: 300_000,
      env: {
        PATH: `${path}:${process.env["PATH"] ?? ""}`,
        PYTHONPATH: packages,
        PYTHONWARNINGS: "ignore",
        HOME: instance.dir,
        AWS_EC2_METADATA_DISABLED: "true",
      },
    });
  const exportsOf = (text: string): string => text.replace(/^(?:aws|\.\/gatehouse) .*\n/gm, "");

  before(async () => {
    services = await startServices({ ports: { orders: 0, backoffice: 0, web: 0 } });
    let policy = shop("gatehouse.yaml").replace("domain: shop.localhost", "domain: localhost");
    for (const name of ["orders", "backoffice", "web"] as const)
      policy = policy.replace(`127.0.0.1:${PORTS[name]}`, `127.0.0.1:${services.ports[name]}`);
    const args = ["--env", "local", "--workers", "2", "--http", "0", "--private", "0", "--identity", "0"];
    instance = await startInstance({ files: { "gatehouse.yaml": policy, "people.yaml": shop("people.yaml") }, args });
    symlinkSync(GATEHOUSE, join(instance.dir, "gatehouse"));
    writeFileSync(join(instance.dir, "call.py"), fencesOf("python")[0] ?? "");
    path = await installAwsCommand();
    packages = await installPythonPackages();
  });
  after(async () => {
    await instance.stop();
    await services.close();
  });

  test("status says what the page says: endpoint, Region, role", () => {
    const { address, region, roles } = instance.status.sts;
    assert.equal(address, `${instance.status.edge.https}/_gatehouse/sts`);
    assert.equal(region, "local");
    assert.equal(roles.find(({ name }) => name === "support")?.arn, ROLE);
  });

  test("the aws command gets credentials for the token and says who has them", async () => {
    const { code, stdout, stderr } = await shell(variables);
    assert.equal(code, 0, stderr);
    const { Account, Arn } = JSON.parse(stdout) as { Account: string; Arn: string };
    assert.deepEqual(
      [Account, Arn],
      ["000000000000", "arn:aws:sts::000000000000:assumed-role/shop-local-support/alice"],
    );
  });

  test("boto3's signature is let through where the role may, and nowhere else", async () => {
    const { code, stdout, stderr } = await shell(exportsOf(variables) + calls);
    assert.equal(code, 0, stderr);
    const [read = "", write] = stdout.trim().split("\n");
    assert.match(read, /^200 \{.*"lantern"/);
    assert.equal(write, '403 {"message":"Forbidden"}');
  });

  test("so is curl's, with credentials that the aws command fetched", async () => {
    const { code, stdout, stderr } = await shell(exportsOf(variables) + signed);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "200\n");
  });

  test("the records name alice and her role, and no log has a token, key or signature", async () => {
    const { stdout } = await instance.gatehouse("logs", "--json", "--hop", "gateway");
    const { records } = JSON.parse(stdout) as { records: readonly Record<string, unknown>[] };
    const orders = records.filter((record) => record["path"] === "/orders");
    const told = orders.map(({ status, reason, subject, role }) => [Number(status), reason, subject, role] as const);
    assert.deepEqual(
      told.toSorted(([a], [b]) => a - b),
      [
        [200, "role-grants", "alice", "support"],
        [200, "role-grants", "alice", "support"],
        [403, "not-granted", "alice", "support"],
      ],
    );
    const token = readFileSync(join(instance.dir, "alice.token"), "utf8").trim();
    for (const file of ["access.log", "gateway.log", "caddy.log"]) {
      const text = readFileSync(join(instance.state, "logs", file), "utf8");
      for (const canary of [token, "ASIA", "Signature=", "AWS4-HMAC"]) assert.equal(text.includes(canary), false, file);
    }
  });

  test("who does not hold the role gets nothing", async () => {
    const asBob = `./gatehouse token --as bob > alice.token\n${exportsOf(variables)}aws sts get-caller-identity\n`;
    const { code, stderr } = await shell(asBob);
    assert.equal(code, 255);
    assert.match(stderr, /\(AccessDenied\) when calling the AssumeRoleWithWebIdentity operation/);
  });
});
