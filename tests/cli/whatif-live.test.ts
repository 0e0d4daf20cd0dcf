/**
 * Records of a real instance behind real Caddy: replayed against the policy that made them nothing flips; against an edit
 * of it what flips is what the edit is about.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { curl } from "../support/curl.ts";
import { type EchoService, startEcho } from "../support/echo.ts";
import { findFreePort } from "../support/free-port.ts";
import { type Started, startInstance } from "../support/instance.ts";
import { ROAD_PEOPLE, roadPolicy } from "../road/policies.ts";

let orders: EchoService;
let instance: Started;
let policy: string;

before(async () => {
  orders = await startEcho();
  const down = `http://127.0.0.1:${await findFreePort()}`;
  policy = roadPolicy({ orders: orders.url, backoffice: orders.url, down });
  instance = await startInstance({ files: { "gatehouse.yaml": policy, "people.yaml": ROAD_PEOPLE } });
});

after(async () => {
  assert.equal(await instance.stop(), 0);
  await orders.close();
});

interface Document {
  readonly judged: number;
  readonly flipped: number;
  readonly flips: readonly {
    readonly is: { readonly effect: string; readonly reason: string; readonly route: string };
    readonly count: number;
  }[];
  readonly notJudged: Readonly<Record<string, number>>;
}

test("the policy that made the records flips none of them; an edit flips what it is about", async () => {
  const tokens = new Map<string, string>();
  for (const name of ["alice", "bob", "carl", "billing"]) tokens.set(name, await instance.token(name));
  const calls: readonly (readonly [who: string | null, method: string, path: string, status: number])[] = [
    ["alice", "GET", "/orders", 200],
    ["alice", "GET", "/orders/7", 200],
    ["alice", "POST", "/orders", 403],
    ["alice", "GET", "/gone", 503],
    ["bob", "GET", "/orders", 403],
    ["carl", "POST", "/orders", 403],
    ["billing", "POST", "/orders", 200],
    [null, "GET", "/orders", 401],
    [null, "GET", "/health", 200],
    [null, "GET", "/nowhere", 404],
    [null, "GET", "/a/../b", 400],
  ];
  for (const [who, method, path, status] of calls) {
    const token = who === null ? undefined : tokens.get(who);
    const answer = await curl(instance, path, { method, ...(token === undefined ? {} : { token }) });
    assert.equal(answer.status, status, `${who} ${method} ${path}`);
  }
  // `logs` makes the instance write what it holds back.
  await instance.gatehouse("logs", "--limit", "1");

  for (const flags of [[], ["--as-recorded"]]) {
    const same = await instance.gatehouse("whatif", ".gatehouse", "--json", ...flags);
    const found = JSON.parse(same.stdout) as Document;
    assert.deepEqual([found.flips, found.judged, same.code], [[], 10, 0], same.stdout);
  }

  writeFileSync(
    join(instance.dir, "edited.yaml"),
    policy.replace("groups: [support]", "groups: [supporters]").replace("boundary: readers", "boundary: machines"),
  );
  const edited = await instance.gatehouse("whatif", ".gatehouse", "--policy", "edited.yaml", "--json");
  const { flips, flipped } = JSON.parse(edited.stdout) as Document;
  assert.deepEqual(flips.map(({ is, count }) => `${is.effect} ${is.reason} ${is.route} ${count}`).toSorted(), [
    "allow role-grants POST /orders 1",
    "deny no-role GET /gone 1",
    "deny no-role GET /orders 1",
    "deny no-role GET /orders/{id} 1",
  ]);
  assert.deepEqual([flipped, edited.code], [4, 1]);
});
