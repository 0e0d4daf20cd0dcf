/** `gatehouse test` as a user calls it: a policy's own tests, what fails in them, what they leave out. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";

const POLICY = `gatehouse: 1
name: shop
include: [team/items.yaml]
identity:
  issuer: https://login.shop.example
  audience: shop-api
  issuers: { ci: { issuer: "https://ci.shop.example", claims: { groups: teams, name: repository } } }
environments:
  local: { domain: localhost }
  prod:
    domain: api.shop.example
    certificates: internal
    gateway: { aws: { account: "111122223333", regions: [eu-west-1] } }
    roles: { support: { members: { groups: [prod-support] } } }
services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:9
    routes:
      GET /orders: { needs: orders:read }
      GET /{customer}/orders: { needs: orders:own }
      GET /health: { open: says that it is up }
roles:
  support: { members: { groups: [support] }, can: [orders:read], boundary: staff }
  customer:
    members: { all: [{ groups: [customers] }, { not: { subject: [mallory] } }] }
    can: [{ permission: orders:own, when: { path: { customer: claim:customer_id } } }]
    boundary: staff
    when: { hours: { days: [monday], from: "08:00", to: "18:00", zone: Europe/Berlin } }
  pipeline:
    members: { issuer: ci, claim: { name: repository, prefix: shop/ } }
    can: [items:write]
    boundary: staff
    when: { token_age: 5 minutes }
boundaries: { staff: [orders:*, items:write] }
throttle: { default: 1000/second, per_identity: 1/hour }
`;
const ITEMS = `gatehouse: 1
services:
  items:
    exposure: private
    base_path: /items
    upstream: http://127.0.0.1:9
    routes: { "PUT /{id}": { needs: items:write } }
`;
const TESTS = `policy: ../gatehouse.yaml
as:
  ann: { sub: ann, groups: [customers], customer_id: [c1, 7] }
  mallory: { sub: mallory, groups: [customers], customer_id: c1 }
  ci: { issuer: ci, sub: job, repository: shop/items }
tests:
  - { request: GET /health, expect: { effect: allow, reason: open-route, route: GET /health } }
  - { as: ann, request: [GET /c1/orders, GET /7/orders], at: 2026-11-23T07:00:00Z, expect: { effect: allow, role: customer } }
  - { as: ann, request: GET /c2/orders, at: 2026-11-23T07:00:00Z, expect: { effect: deny, reason: condition-not-met } }
  - { as: ann, request: GET /c1/orders, at: 2026-11-23T06:59:59Z, expect: { effect: deny, reason: condition-not-met } }
  - { as: mallory, request: GET /c1/orders, at: 2026-11-23T07:00:00Z, expect: { effect: deny, reason: no-role } }
  - { as: ci, request: PUT /items/1, expect: { effect: allow, role: pipeline, route: "PUT /items/{id}" } }
  - { as: { issuer: ci, repository: shop/items, token_age: 301 seconds }, request: PUT /items/1, expect: deny }
  - { as: { repository: shop/items }, request: PUT /items/1, expect: { effect: deny, reason: no-role } }
  - { as: { groups: [support] }, request: GET /orders, expect: allow }
`;

let dir: string;
before(() => {
  dir = makeDirectory({ "gatehouse.yaml": POLICY, "team/items.yaml": ITEMS, "team/items.test.yaml": TESTS });
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function gatehouse(...args: string[]): Promise<Ran> {
  return run(GATEHOUSE, args, { cwd: dir });
}

test("PL-17.3: tests beside included files are found, and pass by reference and gateway; all is covered", async () => {
  const { code, stdout, stderr } = await gatehouse("test", "--env", "local", "--require-coverage");
  assert.deepEqual(
    [code, stderr, stdout],
    [
      0,
      "",
      "10 tests in `local`, by the reference and by the gateway: all passed\n  4 of 4 routes touched\n  3 of 3 grants touched\n",
    ],
  );
});

test("PL-15.3: another environment, other members: the test that fails is shown with the lines that decided", async () => {
  const { code, stdout } = await gatehouse("test", "--env", "prod", "team/items.test.yaml");
  assert.equal(code, 1);
  assert.equal(
    stdout,
    `team/items.test.yaml:15:43 failed: GET /orders as these claims
  expected allow, got deny (no-role)
    gatehouse.yaml:20:7  \`GET /orders\` needs \`orders:read\`
    would be allowed in group \`prod-support\`

10 tests in \`prod\`, by the reference and by the gateway: 1 failed
  4 of 4 routes touched
  2 of 3 grants touched
    not touched: gatehouse.yaml:24:52  role \`support\` can \`orders:read\`
`,
  );
});

test("PL-17.2: what a test leaves untouched is told, and fails only where full coverage is asked for", async () => {
  writeFileSync(join(dir, "one.test.yaml"), "tests: [{ request: GET /health, expect: allow }]\n");
  const plain = await gatehouse("test", "--env", "local", "one.test.yaml");
  assert.equal(plain.code, 0);
  assert.match(plain.stdout, /^ {2}1 of 4 routes touched$/m);
  assert.match(plain.stdout, /^ {4}not touched: team\/items\.yaml:7:15 {2}`PUT \/items\/\{id\}`$/m);
  const strict = await gatehouse("test", "--env", "local", "--require-coverage", "--json", "one.test.yaml");
  assert.equal(strict.code, 1);
  const document = JSON.parse(strict.stdout) as { ok: boolean; coverage: { grants: { missing: { line: number }[] } } };
  assert.deepEqual([document.ok, document.coverage.grants.missing.map(({ line }) => line)], [true, [24, 27, 32]]);
  rmSync(join(dir, "one.test.yaml"));
});

test("PL-17.1: a test file that is wrong says so at the place, and nothing is run", async () => {
  writeFileSync(
    join(dir, "bad.test.yaml"),
    "tests:\n  - { request: ANY /x, expect: alow }\n  - { as: nobody, requests: GET /x, expect: { effect: deny, reason: nope } }\n",
  );
  const { code, stdout } = await gatehouse("test", "bad.test.yaml");
  assert.equal(code, 3);
  assert.deepEqual(stdout.match(/^bad\.test\.yaml:\S+ error \S+$/gm), [
    "bad.test.yaml:2:16 error test/request",
    "bad.test.yaml:2:32 error parse/choice",
    "bad.test.yaml:3:19 error parse/unknown-key",
    "bad.test.yaml:3:69 error parse/choice",
  ]);
  writeFileSync(
    join(dir, "bad.test.yaml"),
    `as: { ghost: { subject: x } }
tests:
  - { request: GET /x, from: 10.0.0.0/8, expect: deny }
  - { request: GET /x, host: "https://localhost", expect: deny }
  - { request: GET /x, expect: { effect: allow, reason: no-role } }
`,
  );
  const odd = await gatehouse("test", "bad.test.yaml");
  assert.equal(odd.code, 3);
  assert.deepEqual(odd.stdout.match(/^bad\.test\.yaml:\S+ error \S+$/gm), [
    "bad.test.yaml:1:16 error test/claim",
    "bad.test.yaml:3:30 error test/address",
    "bad.test.yaml:4:30 error test/host",
    "bad.test.yaml:5:57 error test/expect",
  ]);
  rmSync(join(dir, "bad.test.yaml"));
});

test("hosts and paths that have no route are refused alike; names that the policy lacks are said", async () => {
  writeFileSync(
    join(dir, "odd.test.yaml"),
    `tests:
  - { request: GET /health, host: nowhere.example, expect: { effect: deny, reason: no-route } }
  - { request: GET /health, host: LocalHost, expect: allow }
  - { request: GET /_gatehouse/health, expect: { effect: deny, reason: no-route } }
  - { request: GET /health, expect: { effect: allow, role: suport } }
  - { request: GET /health, expect: { effect: allow, route: GET /healt } }
`,
  );
  const { code, stdout } = await gatehouse("test", "--env", "local", "odd.test.yaml");
  assert.equal(code, 1);
  assert.deepEqual(stdout.match(/^ {2}there is no .*$/gm), [
    "  there is no role `suport`; did you mean `support`?",
    "  there is no route `GET /healt`; did you mean `GET /health`?",
  ]);
  assert.match(stdout, /^5 tests in `local`, by the reference and by the gateway: 2 failed$/m);
  rmSync(join(dir, "odd.test.yaml"));
});

test("without any test file the command says what to write; a name that nobody has fails its test", async () => {
  const empty = makeDirectory({
    "gatehouse.yaml": POLICY.replace(/^include.*\n/m, "")
      .replaceAll(/^ {2}pipeline:[^]*?(?=^boundaries)/gm, "")
      .replace(", items:write", ""),
  });
  const none = await run(GATEHOUSE, ["test"], { cwd: empty });
  assert.deepEqual([none.code, none.stdout], [2, ""]);
  assert.match(none.stderr, /there is no `\*\.test\.yaml` in `\.` \[GH_APP_NO_TESTS\]/);
  writeFileSync(join(empty, "a.test.yaml"), "tests: [{ as: anna, request: GET /orders, expect: allow }]\n");
  const unknown = await run(GATEHOUSE, ["test", "--env", "local"], { cwd: empty });
  assert.equal(unknown.code, 1);
  assert.match(unknown.stdout, /`anna` is not under `as`, and environment `local` has no people file/);
  rmSync(empty, { recursive: true, force: true });
});

test("PL-17.1, PL-8.8: how a caller signed in is tested and explained like anything else", async (t) => {
  const own = makeDirectory({
    "gatehouse.yaml": `gatehouse: 1
name: bank
identity: { audience: bank-api }
environments: { local: { identity: embedded, domain: bank.localhost } }
services:
  web:
    exposure: public
    upstream: http://127.0.0.1:9
    routes: { "GET /transfer": { needs: money:move, authentication: { acr: [mfa], max_age: 5 minutes } } }
roles: { staff: { members: { groups: [staff] }, can: [money:move], boundary: all } }
boundaries: { all: [money:move] }
`,
    "people.yaml": "people: { ada: { password: ada-pw, groups: [staff], claims: { acr: pwd } } }\nclients: {}\n",
    "gatehouse.test.yaml": `as: { strong: { sub: ada, groups: [staff], acr: mfa } }
tests:
  - { request: GET /transfer, as: strong, expect: { effect: allow, role: staff } }
  - { request: GET /transfer, as: ada, expect: { effect: deny, reason: authentication-needed, role: staff } }
  - { request: GET /transfer, as: { groups: [staff], acr: mfa, token_age: 301 seconds }, expect: { effect: deny, reason: authentication-needed } }
  - { request: GET /transfer, as: { groups: [staff], acr: mfa, auth_time: 1767225300 }, at: 2026-01-01T00:00:00Z, expect: allow }
  - { request: GET /transfer, as: { groups: [staff], acr: mfa, auth_time: 1767225299 }, at: 2026-01-01T00:00:00Z, expect: deny }
`,
  });
  t.after(() => rmSync(own, { recursive: true, force: true }));
  const tested = await run(GATEHOUSE, ["test", "--require-coverage"], { cwd: own });
  assert.deepEqual(
    [tested.code, tested.stdout],
    [
      0,
      "5 tests in `local`, by the reference and by the gateway: all passed\n  1 of 1 routes touched\n  1 of 1 grants touched\n",
    ],
  );
  const explained = await run(GATEHOUSE, ["explain", "GET", "/transfer", "--as", "ada"], { cwd: own });
  assert.match(explained.stdout, /authentication-needed/);
  assert.match(explained.stdout, /would be allowed to a caller who has signed in with `mfa` at most 5 minutes ago/);
  const access = await run(GATEHOUSE, ["access"], { cwd: own });
  assert.match(access.stdout, /signed in with `mfa` at most 5 minutes ago/);
});
