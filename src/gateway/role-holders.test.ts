import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Identity } from "../identity/index.ts";
import type { MembersArtifact } from "../model/index.ts";
import { isMember } from "../policy/index.ts";
import { RoleHolders, callerOf } from "./role-holders.ts";

const names = fc.constantFrom("a", "b", "ab", "");
const issuers = fc.constantFrom(null, "ci", "cluster");
const values = fc.array(names, { maxLength: 3 });

const { members } = fc.letrec<{ members: MembersArtifact; leaf: MembersArtifact }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ kind: fc.constantFrom("groups", "subject", "client"), values, issuer: issuers }),
    fc.record({
      kind: fc.constant("claim" as const),
      claim: names,
      test: fc.constantFrom("equals", "prefix"),
      values,
      issuer: issuers,
    }),
  ),
  members: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("leaf"),
    fc.record({ kind: fc.constantFrom("any", "all"), of: fc.array(tie("members"), { maxLength: 3 }) }),
    fc.record({ kind: fc.constant("not" as const), of: tie("members") }),
  ),
}));

const identities: fc.Arbitrary<Identity> = fc.record({
  kind: fc.constantFrom("person", "machine"),
  issuer: fc.constant("https://login.shop.example"),
  issuerName: issuers,
  subject: names,
  clientId: fc.option(names),
  name: fc.constant(null),
  groups: values,
  claims: fc.dictionary(names, values),
  tokenId: fc.constant(null),
  issuedAtSeconds: fc.constant(null),
  authTimeSeconds: fc.constant(null),
  expiresAtSeconds: fc.constant(0),
  via: fc.constant("bearer"),
  key: fc.constant("k"),
});

test("looking up gives the roles that asking each expression gives, in their order", () => {
  fc.assert(
    fc.property(fc.array(members, { maxLength: 8 }), identities, (roles, identity) => {
      const expected = roles.flatMap((each, index) => (isMember(each, callerOf(identity)) ? [index] : []));
      assert.deepEqual(new RoleHolders(roles).rolesOf(identity), expected);
    }),
    { numRuns: 5000 },
  );
});
