import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseRole, sessionNameOf } from "./credential-process.ts";

const ROLES = [
  { name: "support", arn: "arn:support" },
  { name: "admin", arn: "arn:admin-1" },
  { name: "admin", arn: "arn:admin-2" },
  { name: "billing", arn: "arn:billing" },
];

describe("which role is meant", () => {
  test("the only one that is held", () =>
    assert.equal(chooseRole("ann", ["support"], ROLES, undefined), "arn:support"));
  test("the one that is named", () => {
    assert.equal(chooseRole("ann", ["support", "billing"], ROLES, "billing"), "arn:billing");
    assert.equal(chooseRole("ann", ["support", "admin"], ROLES, "arn:admin-2"), "arn:admin-2");
  });

  for (const [what, held, wanted, message] of [
    ["none", [], undefined, "`ann` holds no role"],
    ["several", ["support", "billing"], undefined, "`ann` holds several roles: `support`, `billing`"],
    ["one with several ARNs", ["admin"], undefined, "`ann` holds several roles: `arn:admin-1`, `arn:admin-2`"],
    [
      "a name with several ARNs",
      ["support", "admin"],
      "admin",
      "`ann` holds several roles: `arn:admin-1`, `arn:admin-2`",
    ],
    ["one that is not held", ["support"], "billing", "`ann` does not hold role `billing`, but `support`"],
    ["an ARN that is not held", ["support"], "arn:billing", "`ann` does not hold role `arn:billing`, but `support`"],
    ["one of nobody", [], "billing", "`ann` does not hold role `billing`, but none"],
  ] as const)
    test(`is told: ${what}`, () =>
      assert.throws(() => chooseRole("ann", held, ROLES, wanted), { code: "GH_APP_ROLES", message }));
});

test("a session is named after the subject, as far as STS takes its characters", () => {
  assert.equal(sessionNameOf("alice"), "alice");
  assert.equal(sessionNameOf("auth0|64/ä"), "auth0-64--");
  assert.equal(sessionNameOf("x"), "x-");
  assert.equal(sessionNameOf("a".repeat(100)), "a".repeat(64));
});
