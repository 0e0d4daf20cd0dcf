/** docs/guide/what-your-service-receives.md: its table is what arrives, its example tells a provider's subject from others. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type JWTPayload, createRemoteJWKSet, jwtVerify } from "jose";
import { systemClock } from "../../src/core/index.ts";
import { type Identity, createAssertionSigner } from "../../src/identity/index.ts";
import { createDirectory, startGateway } from "../gateway/fixture.ts";
import { ask } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/guide/what-your-service-receives.md"), "utf8");

/** Lines that begin with a backquoted name in the first column of a table, by that name. */
function namesInTables(text: string): readonly string[] {
  return [...text.matchAll(/^\| `(x-gatehouse-[a-z]+)` \|/gm)].map((match) => match[1] ?? "");
}

test("the first table lists exactly the headers about the caller that a service can get", async (t) => {
  const service = await startService(t);
  const issuer = "https://ci.shop.example";
  const fixture = await startGateway(
    t,
    {
      routes: [{ key: "GET /orders", upstream: service.origin }],
      roles: [
        {
          name: "release",
          members: { kind: "groups", values: ["release"], issuer: "ci" },
          can: ["GET/orders"],
        },
      ],
    },
    {
      trust: {
        usedClaims: [],
        issuers: [{ name: "ci", issuer, audience: "ci", claims: { groups: "groups", name: "repo" } }],
      },
    },
  );
  const claims = { iss: issuer, aud: "ci", sub: "ann", repo: "shop/web", groups: ["release"], azp: "runner" };
  const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [
    `Authorization: Bearer ${await fixture.token(claims)}`,
  ]);
  assert.equal(answer.status, 200);
  const arrived = service.seen[0]?.headers.map(([name]) => name).filter((name) => name.startsWith("x-gatehouse-"));
  const [table = ""] = page.split("\n## Headers that never arrive");
  assert.deepEqual(namesInTables(table.split("\n## Look at the issuer")[0] ?? "").toSorted(), arrived?.toSorted());
});

/** Runs the fence of the page, as it stands there, on an assertion about `ann` of an issuer; null is the provider. */
async function runExample(t: TestContext, issuerName: string | null): Promise<JWTPayload> {
  let jwks: unknown = null;
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/_gatehouse/jwks.json" ? 200 : 404;
    response.end(JSON.stringify(jwks));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/_gatehouse`;
  const keyFile = join(await createDirectory(t), "key.json");
  const signer = await createAssertionSigner({ issuer, keyFile, clock: systemClock });
  jwks = signer.jwks();
  const identity: Identity = {
    kind: "machine",
    issuer: "https://issuer.example",
    issuerName,
    subject: "ann",
    clientId: null,
    name: null,
    groups: [],
    claims: {},
    tokenId: null,
    issuedAtSeconds: null,
    authTimeSeconds: null,
    expiresAtSeconds: Math.floor(Date.now() / 1000) + 600,
    via: "bearer",
    key: "ann",
  };
  const [fence = ""] = /(?<=^```ts\n)[\s\S]*?(?=^```$)/m.exec(page) ?? [];
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- the page's own lines are what is tested
  const example = new Function(
    "createRemoteJWKSet",
    "jwtVerify",
    "issuer",
    "assertion",
    `return (async () => {${fence}; return payload; })()`,
  ) as (...given: unknown[]) => Promise<JWTPayload>;
  const assertion = signer.sign(identity, { audience: "orders", role: null, minimumSeconds: 30 });
  return example(createRemoteJWKSet, jwtVerify, issuer, assertion);
}

test("the example takes a subject of the provider", async (t) => {
  assert.equal((await runExample(t, null)).sub, "ann");
});

test("the example refuses a subject of the same name by a workload issuer", async (t) => {
  await assert.rejects(runExample(t, "ci"), { message: "a subject of ci, not of the provider" });
});
