import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { Secret, isGatehouseError } from "../core/index.ts";
import { type SessionFacts, createSessionTokens } from "./session-tokens.ts";

const NOW_MS = Date.UTC(2026, 10, 25, 12);
const keyOf = (byte: number, length = 32): Secret<Uint8Array> => new Secret(new Uint8Array(length).fill(byte));
const session: SessionFacts = {
  partition: "aws-cn",
  accountId: "111122223333",
  roleArn: "arn:aws-cn:iam::111122223333:role/team/support",
  roleId: "AROASUPPORTSUPPORTSUP",
  sessionName: "ada",
  sessionPolicies: [{ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] }],
  tags: { team: "blue" },
  token: { issuer: "https://login.example", subject: "ada", audience: "shop" },
  facts: { groups: ["support"] },
  expiresAtMs: NOW_MS + 900_000,
};

function issued(tokens: ReturnType<typeof createSessionTokens>, more: Partial<SessionFacts> = {}) {
  const credentials = tokens.issue({ ...session, ...more });
  assert.ok(credentials);
  return credentials;
}

describe("session tokens", () => {
  test("give back the session, by whoever has the key", () => {
    const { accessKeyId, secretAccessKey, sessionToken } = issued(createSessionTokens({ keys: [keyOf(1)] }));
    const found = createSessionTokens({ keys: [keyOf(2), keyOf(1)] }).find(accessKeyId, sessionToken, NOW_MS);
    assert.deepEqual(found, {
      ok: true,
      secretAccessKey,
      principal: {
        accountId: "111122223333",
        arn: "arn:aws-cn:sts::111122223333:assumed-role/support/ada",
        userId: "AROASUPPORTSUPPORTSUP:ada",
        accessKeyId,
        roleName: "support",
        roleArn: session.roleArn,
        sessionName: "ada",
        sessionPolicies: session.sessionPolicies,
        tags: { team: "blue" },
        token: session.token,
        facts: { groups: ["support"] },
        expiresAtMs: NOW_MS + 900_000,
      },
    });
  });

  test("the same principal each time, so that more can be remembered about it", () => {
    const tokens = createSessionTokens({ keys: [keyOf(1)] });
    const { accessKeyId, sessionToken } = issued(tokens);
    const [first, second] = [0, 1].map(() => tokens.find(accessKeyId, sessionToken, NOW_MS));
    assert.ok(first?.ok && second?.ok);
    assert.equal(first.principal, second.principal);
  });

  test("no two are alike, and nothing of the session can be read in one", () => {
    const tokens = createSessionTokens({ keys: [keyOf(1)] });
    const all = [issued(tokens), issued(tokens)];
    for (const name of ["accessKeyId", "secretAccessKey", "sessionToken"] as const)
      assert.notEqual(all[0]?.[name], all[1]?.[name]);
    for (const { sessionToken } of all) assert.equal(Buffer.from(sessionToken, "base64url").includes("support"), false);
  });

  test("any byte changed: unknown", () => {
    const tokens = createSessionTokens({ keys: [keyOf(1)] });
    const { accessKeyId, sessionToken } = issued(tokens);
    const sealed = Buffer.from(sessionToken, "base64url");
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i] = (changed[i] ?? 0) ^ 1;
      assert.deepEqual(tokens.find(accessKeyId, changed.toString("base64url"), NOW_MS), {
        ok: false,
        problem: "unknown",
      });
    }
  });

  test("with another access key id, without token, cut short, in another spelling, without key: unknown", () => {
    const tokens = createSessionTokens({ keys: [keyOf(1)] });
    const [one, two] = [issued(tokens), issued(tokens)];
    const unknown = { ok: false, problem: "unknown" };
    assert.deepEqual(tokens.find(two.accessKeyId, one.sessionToken, NOW_MS), unknown);
    assert.deepEqual(tokens.find(one.accessKeyId, null, NOW_MS), unknown);
    for (const text of ["", "AQ", one.sessionToken.slice(0, -4), `${one.sessionToken}=`, ` ${one.sessionToken}`])
      assert.deepEqual(tokens.find(one.accessKeyId, text, NOW_MS), unknown);
    assert.deepEqual(
      createSessionTokens({ keys: [keyOf(2)] }).find(one.accessKeyId, one.sessionToken, NOW_MS),
      unknown,
    );
    // Also after the good one has been remembered.
    assert.equal(tokens.find(one.accessKeyId, one.sessionToken, NOW_MS).ok, true);
    assert.deepEqual(tokens.find(one.accessKeyId, two.sessionToken, NOW_MS), unknown);
  });

  test("what would not fit into headers is not issued", () => {
    const tokens = createSessionTokens({ keys: [keyOf(1)] });
    // Digests do not get smaller when they are packed.
    const noise = Array.from({ length: 150 }, (_, i) => createHash("sha256").update(String(i)).digest("base64")).join(
      "",
    );
    assert.equal(tokens.issue({ ...session, facts: noise }), null);
    const { sessionToken } = issued(tokens, { facts: { groups: Array.from({ length: 40 }, (_, i) => `group-${i}`) } });
    assert.ok(sessionToken.length < 700, `${sessionToken.length}`);
  });

  test("few are remembered, and those that are not still open", () => {
    const tokens = createSessionTokens({ keys: [keyOf(1)], remembered: 2 });
    const all = Array.from({ length: 10 }, () => issued(tokens));
    for (const { accessKeyId, sessionToken } of [...all, ...all])
      assert.equal(tokens.find(accessKeyId, sessionToken, NOW_MS).ok, true);
  });

  for (const [title, keys] of [
    ["no key", []],
    ["a short key", [keyOf(1), keyOf(2, 31)]],
  ] as const)
    test(`${title} is a fault`, () => {
      assert.throws(
        () => createSessionTokens({ keys }),
        (error) => isGatehouseError(error) && error.code === "GH_STS_SEAL_KEY",
      );
    });

  test("printing a source of credentials prints no key", () => {
    const tokens = createSessionTokens({ keys: [new Secret(Buffer.from("k".repeat(32)))] });
    assert.equal(inspect(tokens, { depth: 9 }).includes("6b 6b"), false);
  });
});
