import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGood } from "../testing/shop-policy.ts";
import type { PolicyRoute } from "../policy.ts";
import { findOpenBeside } from "./open-beside.ts";

function readRoutes(keys: readonly (readonly [key: string, access: string])[]): readonly PolicyRoute[] {
  const routes = keys.map(([key, access]) => `      ${key}: { ${access} }\n`).join("");
  const policy = parseGood(`gatehouse: 1
name: tiny
identity: { audience: tiny-api }
environments: { local: { identity: embedded, domain: localhost } }
services:
  web:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes:
${routes}
secrets: { session-key: { rotate: 30 days, overlap: 12 hours } }
`);
  return policy.services.flatMap((service) => service.routes);
}

function find(...keys: readonly (readonly [key: string, access: string])[]): string[] {
  return findOpenBeside(readRoutes(keys)).map(
    ({ open, guarded, request }) => `${open.key} answers ${request} beside ${guarded.key}`,
  );
}

const OPEN = "open: for everybody";
const NEEDS = "needs: web:use";

/** Open route, guarded route, and the request that tells them apart. */
const WIDER = [
  // The guarded route matches, and the open one comes first.
  ["GET /{a}/{b}", "GET /admin/{p+}", "GET /admin/x"],
  ["GET /{a}/settings", "GET /admin/{p+}", "GET /admin/settings"],
  ["GET /{a}/{b}/{c}", "GET /admin/{p+}", "GET /admin/x/x"],
  ["GET /{p+}", "ANY /admin/{p+}", "GET /admin/x"],
  ["GET /admin/{x}", "GET /{a}/secret", "GET /admin/secret"],
  ["GET /x/{a}", "GET /{a}/xx", "GET /x/xx"],
  ["ANY /{a}/{b}", "POST /x/y", "GET /x/y"],
  // It does not, and the open one is what is left.
  ["GET /files/{f}", "POST /files/secret", "GET /files/secret"],
  ["GET /{p+}", "POST /admin/{p+}", "GET /admin/x"],
  ["GET /{p+}", "GET /admin", "GET /admin/"],
  ["GET /{p+}", "GET /admin/{id}", "GET /admin/x/"],
  ["GET /{p+}", "GET /admin/{p+}", "GET /admin/"],
  ["GET /admin/{p+}", "GET /admin/users", "GET /admin/users/"],
] as const;

/** The open route says at least as much in every segment, or both say the same. */
const NARROWER = [
  ["GET /health", "ANY /{path+}"],
  ["GET /health/{probe}", "ANY /{path+}"],
  ["GET /docs/{p+}", "ANY /{path+}"],
  ["GET /docs/{p+}", "GET /{a}/{b}"],
  ["GET /{p+}", "POST /{p+}"],
  ["GET /{p}", "POST /{p}"],
  ["GET /{p+}", "GET /"],
  ["GET /{a}/open", "GET /{a}/closed"],
  ["GET /{a}/{b}", "GET /admin/{b}"],
  ["GET /files/{f}", "POST /files/{f+}"],
] as const;

for (const [open, guarded, request] of WIDER)
  test(`PL-7.5, PL-7.6: open ${open} answers ${request} beside ${guarded}`, () =>
    assert.deepEqual(find([open, OPEN], [guarded, NEEDS]), [`${open} answers ${request} beside ${guarded}`]));

for (const [open, guarded] of NARROWER)
  test(`open ${open} says no less than ${guarded}`, () => assert.deepEqual(find([open, OPEN], [guarded, NEEDS]), []));

test("a request that a further route answers is no find", () =>
  assert.deepEqual(
    find(["GET /files/{f}", OPEN], ["POST /files/secret", NEEDS], ["GET /files/secret", "open: no secret"]),
    [],
  ));

test("a request without a slash at the end is told before one with it", () =>
  assert.deepEqual(find(["GET /{p+}", OPEN], ["GET /a", NEEDS], ["ANY /b/{p+}", NEEDS]), [
    "GET /{p+} answers GET /b/x beside ANY /b/{p+}",
  ]));

test("thousands of routes that all overlap cost no more than their number allows", () => {
  const [open, guarded] = readRoutes([
    ["GET /{a}/0", OPEN],
    ["GET /0/{b}/c", NEEDS],
  ]);
  assert.ok(open && guarded);
  const routes: PolicyRoute[] = [];
  for (let index = 0; index < 5000; index++)
    routes.push({ ...open, path: `/{a}/${index}` }, { ...guarded, path: `/${index}/{b}/c` });
  const before = process.cpuUsage();
  assert.deepEqual(findOpenBeside(routes), []);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 5_000_000, `${user} microseconds`);
});
