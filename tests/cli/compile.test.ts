/** The files of `gatehouse compile` for a policy with hosts of its own and grants under different conditions. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { run } from "../support/run.ts";

const POLICY = `gatehouse: 1
name: shop
identity: { issuer: https://login.shop.example, audience: shop-api }
environments: { local: { domain: shop.localhost } }
services:
  orders:
    exposure: public
    host: orders.localhost
    upstream: http://127.0.0.1:9
    routes:
      GET /orders: { needs: orders:list }
      GET /orders/{customer}: { needs: orders:read }
roles:
  people:
    members: { groups: [people] }
    can: [orders:list, { permission: orders:read, when: { path: { customer: claim:sub } } }]
    boundary: staff
boundaries:
  staff: [orders:*]
throttle: { default: 100/second, per_identity: 10/second }
`;

let dir: string;
before(() => {
  dir = makeDirectory({ "gatehouse.yaml": POLICY });
});
after(() => rmSync(dir, { recursive: true, force: true }));

test("every API and every document has a file of its own", async () => {
  const { code, stderr } = await run(GATEHOUSE, ["compile", "--env", "local", "--out", "out"], { cwd: dir });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(
    readdirSync(join(dir, "out"), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith(".json"))
      .sort(),
    ["artifacts.json", "caddy.json", "http-api.public.orders.localhost.json", "iam/people-2.json", "iam/people.json"],
  );
  const permissionsIn = (name: string): unknown =>
    (JSON.parse(readFileSync(join(dir, "out/iam", name), "utf8")) as { permissions: unknown }).permissions;
  assert.deepEqual(permissionsIn("people.json"), ["orders:list"]);
  assert.deepEqual(permissionsIn("people-2.json"), ["orders:read"]);
});
