/** The gateway decides what the policy means: the same effect, reason and role as the reference, request by request. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/compile/index.ts";
import { type Caller, decide, normalizePath, parsePolicy } from "../../src/policy/index.ts";
import { startGateway } from "./fixture.ts";
import { ask } from "./raw-client.ts";
import { startService } from "./service.ts";

const policyText = (origin: string): string => `gatehouse: 1
name: shop
identity: { issuer: https://login.shop.example/realms/shop, audience: shop-api, claims: { groups: groups, name: name } }
environments:
  local:
    domain: shop.localhost
    certificates: internal
    gateway: embedded
    private_network: [10.0.0.0/16]
services:
  orders:
    exposure: public
    upstream: { local: "${origin}" }
    routes:
      GET /:                    { needs: orders:read }
      GET /orders:              { needs: orders:read }
      GET /orders/{id}:         { needs: orders:read }
      GET /orders/export:       { needs: orders:export }
      GET /orders/{id}/items:   { needs: items:read }
      POST /orders:             { needs: orders:write }
      ANY /orders/{id}/notes:   { needs: orders:read }
      DELETE /orders/{id}/notes: { needs: orders:write }
      GET /files/{path+}:       { needs: files:read }
      GET /files/secret/{path+}: { needs: files:secret }
      GET /health:              { open: "load balancer probe, returns no data" }
  backoffice:
    exposure: private
    upstream: { local: "${origin}" }
    routes:
      ANY /{path+}:             { needs: backoffice:use }
      GET /orders:              { needs: orders:read }
roles:
  reader:  { members: { groups: [readers] }, can: [orders:read, files:read], boundary: staff }
  wide:    { members: { groups: [wide] }, can: ["orders:*", "items:*"], boundary: narrow }
  bot:     { members: { client_id: [bot] }, can: [orders:read, orders:write, items:read], boundary: staff, when: { source_ip: [10.0.0.0/16] } }
  keeper:  { members: { subject: [kim] }, can: [files:secret, backoffice:use], boundary: staff }
  outside: { members: { groups: [outside] }, can: [orders:export], boundary: nothing }
boundaries:
  staff:   [orders:read, orders:write, items:read, files:read, files:secret, backoffice:use]
  narrow:  [orders:export, orders:write]
  nothing: [backoffice:use]
throttle: { default: 100000/second burst 100000 }
`;

const CALLERS: Readonly<Record<string, Caller | null>> = {
  nobody: null,
  stranger: { subject: "eve", clientId: null, groups: ["others", "reader"] },
  reader: { subject: "ada", clientId: null, groups: ["readers"] },
  wide: { subject: "wim", clientId: null, groups: ["wide"] },
  both: { subject: "bea", clientId: "bot", groups: ["wide", "readers"] },
  bot: { subject: "bot", clientId: "bot", groups: [] },
  keeper: { subject: "kim", clientId: null, groups: ["outside"] },
  outside: { subject: "olaf", clientId: null, groups: ["outside"] },
};

const REQUESTS = [
  ["GET", "/"],
  ["GET", "/orders"],
  ["GET", "/orders/7"],
  ["GET", "/orders/export"],
  ["GET", "/orders/%65xport"],
  ["GET", "/orders/EXPORT"],
  ["GET", "/orders/7/items"],
  ["GET", "/orders/export/items"],
  ["GET", "/orders/7/notes"],
  ["DELETE", "/orders/7/notes"],
  ["PUT", "/orders/export/notes"],
  ["POST", "/orders"],
  ["DELETE", "/orders"],
  ["HEAD", "/orders"],
  ["GET", "/files/a/b/c"],
  ["GET", "/files/secret/a"],
  ["GET", "/files/secret"],
  ["GET", "/files/a*b"],
  ["GET", "/health"],
  ["GET", "/nothing"],
  ["GET", "/orders/7/"],
] as const;

test("every request is decided as the policy's meaning says", async (t) => {
  const service = await startService(t);
  const file = "gatehouse.yaml";
  const { policy, diagnostics, sources } = parsePolicy(file, policyText(service.origin));
  assert.ok(policy !== null, JSON.stringify(diagnostics));
  const compiled = compile(policy, "local", sources);
  const { artifacts } = compiled;
  assert.ok(artifacts !== null, JSON.stringify(compiled.diagnostics));
  const fixture = await startGateway(t, { routes: [] }, { wrap: (runtime) => ({ ...runtime, artifacts }) });

  let compared = 0;
  for (const [name, caller] of Object.entries(CALLERS)) {
    const token =
      caller === null
        ? null
        : await fixture.token({
            sub: caller.subject,
            groups: caller.groups,
            ...(caller.clientId === null ? {} : { azp: caller.clientId }),
          });
    for (const exposure of ["public", "private"] as const)
      for (const [method, target] of REQUESTS)
        for (const sourceIp of ["10.0.3.4", "192.0.2.1"]) {
          const headers = [
            `X-Forwarded-For: ${sourceIp}`,
            ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
          ];
          const socket = exposure === "public" ? fixture.publicSocket : fixture.privateSocket;
          // Twice: the second time from memory.
          for (let time = 0; time < 2; time++) {
            await ask(socket, `${method} ${target} HTTP/1.1`, headers);
            const record = await fixture.record(compared++);
            const normal = normalizePath(target);
            assert.ok(normal.ok);
            const expected = decide(policy, "local", { exposure, method, path: normal.path, sourceIp }, caller);
            assert.deepEqual(
              [record.reason, record.role, record.routeKey],
              [expected.reason, expected.role, expected.route?.key ?? null],
              `${name} ${exposure} ${method} ${target} from ${sourceIp}`,
            );
          }
        }
  }
  const allowed = fixture.records.filter(({ status }) => status === 200).length;
  assert.equal(allowed, service.hits());
  assert.ok(allowed > 100 && compared - allowed > 400);
});
