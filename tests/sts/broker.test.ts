/**
 * Brokered federation as AWS judges it: tokens that Gatehouse mints, against the roles that it compiles, asked of STS. The
 * account is made of nothing but the artifacts; STS finds the keys where the edge would serve them.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createLocalJWKSet, jwtVerify } from "jose";
import { compile } from "../../src/compile/index.ts";
import { Secret, createManualClock } from "../../src/core/index.ts";
import {
  type AssertionSigner,
  type Broker,
  type Identity,
  createAssertionSigner,
  createBroker,
  createKeySource,
} from "../../src/identity/index.ts";
import { createFakeIssuer } from "../../src/identity/testing/fake-issuer.ts";
import type { Account } from "../../src/model/index.ts";
import { parsePolicy } from "../../src/policy/index.ts";
import { type StsAnswer, accountDirectory, createSts } from "../../src/sts/index.ts";
import { NOW, NOW_MS, errorOf, post, textOf } from "./desk.ts";

/** Names that begin with one another; `night` has two IAM roles, one for each condition. */
const ROLES = ["support", "support-lead", "support-lead-2", "s", "night"];
const POLICY = `gatehouse: 1
name: shop
identity: { issuer: https://login.shop.example, audience: shop-api }
environments:
  prod:
    domain: api.shop.example
    certificates: { acme: ops@shop.example }
    gateway: { aws: { account: "111122223333", regions: [eu-west-1], federation: brokered } }
services:
  orders:
    exposure: public
    upstream: http://orders.shop.internal:8080
    routes: { GET /orders: { needs: orders:read }, POST /orders: { needs: orders:write } }
roles:
  support: { members: { groups: [support] }, can: [orders:read], boundary: all }
  support-lead: { members: { groups: [leads] }, can: [orders:write], boundary: all }
  support-lead-2: { members: { groups: [leads] }, can: [orders:write], boundary: all }
  s: { members: { groups: [s] }, can: [orders:read], boundary: all }
  night:
    members: { groups: [night] }
    can: [{ permission: orders:read, when: { source_ip: [10.0.0.0/16] } }, orders:write]
    boundary: all
boundaries: { all: ["orders:*"] }
`;

interface Desk {
  readonly clock: ReturnType<typeof createManualClock>;
  readonly signer: AssertionSigner;
  readonly broker: Broker;
  readonly arns: readonly { readonly name: string; readonly arn: string }[];
  readonly assume: (token: string | null, roleArn: string) => Promise<StsAnswer>;
}

async function openDesk(t: TestContext): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-broker-"));
  t.after(async () => rm(folder, { recursive: true }));
  const clock = createManualClock(NOW_MS);
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", POLICY);
  assert.ok(policy, JSON.stringify(diagnostics));
  const { artifacts, diagnostics: problems } = compile(policy, "prod", sources);
  assert.ok(artifacts, JSON.stringify(problems));
  const { iam } = artifacts;
  assert.ok(iam.oidcProvider);
  const signer = await createAssertionSigner({
    issuer: "https://api.shop.example/_gatehouse",
    keyFile: join(folder, "assertion.json"),
    clock,
  });
  const edge = createFakeIssuer(signer.jwks().keys, iam.oidcProvider.url);
  edge.discovery = { ...edge.discovery, ...signer.discovery(), jwks_uri: edge.discovery["jwks_uri"] };
  const account: Account = {
    accountId: iam.account,
    region: iam.region,
    partition: "aws",
    apis: [],
    domainNames: [],
    oidcProviders: [iam.oidcProvider],
    roles: iam.roles.map(({ roleName, arn, policy: document, permissionsBoundary, assumeRolePolicyDocument }) => {
      assert.ok(assumeRolePolicyDocument);
      return { roleName, arn, assumeRolePolicyDocument, policies: [document], permissionsBoundary };
    }),
  };
  const directory = accountDirectory(account, {
    clock,
    keysOf: (issuer) =>
      createKeySource({
        issuer,
        clock,
        allowHttpLoopback: false,
        fetch: async (url, init) => edge.fetch(url, init),
        schedule: () => () => {},
      }),
  });
  const sts = createSts({ directory, keys: [new Secret(new Uint8Array(32).fill(1))], clock });
  return {
    clock,
    signer,
    broker: createBroker(signer, clock),
    arns: iam.roles.map(({ name, arn }) => ({ name, arn })),
    assume: async (token, roleArn) =>
      sts.handle(
        post({
          Action: "AssumeRoleWithWebIdentity",
          Version: "2011-06-15",
          RoleArn: roleArn,
          RoleSessionName: "ada",
          WebIdentityToken: token,
        }),
      ),
  };
}

function identity(subject: string): Identity {
  return {
    kind: "person",
    issuer: "https://login.shop.example",
    issuerName: null,
    subject,
    clientId: null,
    name: null,
    groups: ["support"],
    claims: {},
    tokenId: null,
    issuedAtSeconds: null,
    authTimeSeconds: null,
    expiresAtSeconds: NOW + 3600,
    via: "bearer",
    key: subject,
  };
}

const ADA = identity("ada");

test("a token for a role takes on the IAM roles of that role, and no other", async (t) => {
  const { broker, arns, assume } = await openDesk(t);
  for (const minted of ROLES) {
    const taken: string[] = [];
    for (const { name, arn } of arns) {
      const answer = await assume(broker.mint(ADA, minted), arn);
      if (answer.status === 200) taken.push(name);
      else
        assert.deepEqual(errorOf(answer), [
          403,
          "Sender",
          "AccessDenied",
          "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        ]);
    }
    assert.deepEqual(taken, minted === "night" ? ["night", "night"] : [minted]);
  }
});

test("STS says whom it was for", async (t) => {
  const { broker, arns, assume } = await openDesk(t);
  const answer = await assume(broker.mint(ADA, "support"), arns[0]?.arn ?? "");
  assert.deepEqual(
    ["SubjectFromWebIdentityToken", "Audience", "Provider"].map((name) => textOf(answer, name)),
    [
      "role:support:subject::ada",
      "sts.amazonaws.com",
      "arn:aws:iam::111122223333:oidc-provider/api.shop.example/_gatehouse",
    ],
  );
});

test("who is called like a role of others is nobody but themselves", async (t) => {
  const { broker, arns, assume } = await openDesk(t);
  const support = arns.find(({ name }) => name === "support")?.arn ?? "";
  for (const subject of [
    "role:support:subject::ada",
    "*",
    "support:subject::ada",
    "\u0000role:support:",
    "x".repeat(300),
  ])
    assert.equal((await assume(broker.mint(identity(subject), "s"), support)).status, 403);
});

test("an assertion for a service is no token for AWS, whatever its subject says", async (t) => {
  const { signer, arns, assume } = await openDesk(t);
  const forService = { audience: "orders", role: "support", minimumSeconds: 30 };
  for (const who of [ADA, identity("role:support:subject::ada")])
    assert.deepEqual(errorOf(await assume(signer.sign(who, forService), arns[0]?.arn ?? "")), [
      400,
      "Sender",
      "InvalidIdentityToken",
      "Incorrect token audience",
    ]);
});

test("a token for AWS is no assertion for a service", async (t) => {
  const { signer, broker, clock } = await openDesk(t);
  const keys = createLocalJWKSet(signer.jwks() as Parameters<typeof createLocalJWKSet>[0]);
  const options = { issuer: "https://api.shop.example/_gatehouse", algorithms: ["ES256"] };
  const token = broker.mint(ADA, "support") ?? "";
  for (const audience of ["orders", "support"])
    await assert.rejects(jwtVerify(token, keys, { ...options, audience, currentDate: new Date(clock.nowMs()) }), {
      code: "ERR_JWT_CLAIM_VALIDATION_FAILED",
      claim: "aud",
    });
});

test("a token takes no role on after five minutes, to the second", async (t) => {
  const { broker, clock, arns, assume } = await openDesk(t);
  const token = broker.mint(ADA, "support");
  clock.advance(299_999);
  assert.equal((await assume(token, arns[0]?.arn ?? "")).status, 200);
  clock.advance(1);
  assert.equal(textOf(await assume(token, arns[0]?.arn ?? ""), "Code"), "ExpiredTokenException");
});
