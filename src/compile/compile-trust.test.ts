import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { brokeredSubject } from "../core/index.ts";
import { checkDocumentLimits, compileTrust, evaluateTrust } from "../iam/index.ts";
import { diffArtifacts } from "../model/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { compile } from "./compile.ts";

const AWS = '{ aws: { account: "111122223333", regions: [eu-west-1] } }';

function iamOf(gateway: string, roles: readonly string[] = ["support"]) {
  return artifactsOf(gateway, roles).iam;
}

function artifactsOf(gateway: string, roles: readonly string[] = ["support"]) {
  const { policy, diagnostics, sources } = parsePolicy(
    "gatehouse.yaml",
    `gatehouse: 1
name: shop
identity: { issuer: https://login.shop.example, audience: shop-api }
environments: { prod: { domain: api.shop.example, certificates: { acme: ops@shop.example }, gateway: ${gateway} } }
services:
  orders:
    exposure: public
    upstream: http://orders.shop.internal:8080
    routes: { GET /orders: { needs: orders:read } }
roles:
${roles.map((name) => `  ${name}: { members: { subject: [ada] }, can: [orders:read], boundary: all }`).join("\n")}
boundaries: { all: [orders:read] }
`,
  );
  assert.ok(policy, JSON.stringify(diagnostics));
  const { artifacts, diagnostics: problems } = compile(policy, "prod", sources);
  assert.ok(artifacts, JSON.stringify(problems));
  return artifacts;
}

const PROVIDER = "api.shop.example/_gatehouse";
const ARN = `arn:aws:iam::111122223333:oidc-provider/${PROVIDER}`;

describe("who may take a role on", () => {
  test("is whoever has a token of Gatehouse for AWS that names this role", () => {
    const { oidcProvider, roles } = iamOf(AWS);
    assert.deepEqual(oidcProvider, { url: `https://${PROVIDER}`, clientIdList: ["sts.amazonaws.com"] });
    assert.deepEqual(roles[0]?.assumeRolePolicyDocument, {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Brokered",
          Effect: "Allow",
          Principal: { Federated: ARN },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: { [`${PROVIDER}:aud`]: "sts.amazonaws.com" },
            StringLike: { [`${PROVIDER}:sub`]: "role:support:*" },
          },
        },
      ],
    });
  });

  test("is in the words of the partition", () => {
    const [role] = iamOf(AWS.replace("eu-west-1", "cn-north-1")).roles;
    assert.match(JSON.stringify(role?.assumeRolePolicyDocument), /"arn:aws-cn:iam::111122223333:oidc-provider\//);
  });

  test("is nobody that an embedded gateway or direct federation would know of", () => {
    const others = ["embedded", AWS.replace("] }", "], federation: direct }")];
    for (const gateway of others) {
      const { oidcProvider, roles } = iamOf(gateway);
      assert.equal(oidcProvider, undefined);
      assert.equal(
        roles.some((role) => "assumeRolePolicyDocument" in role),
        false,
      );
    }
  });

  test("is told when it changes", () => {
    const [direct, brokered] = [artifactsOf(AWS.replace("] }", "], federation: direct }")), artifactsOf(AWS)];
    const told = (from: typeof direct, to: typeof direct): string[] => diffArtifacts(from, to).map(({ text }) => text);
    assert.deepEqual(told(direct, brokered), [`roles on AWS are now taken on with tokens of \`https://${PROVIDER}\``]);
    assert.deepEqual(told(brokered, direct), [
      `roles on AWS are no longer taken on with tokens of \`https://${PROVIDER}\``,
    ]);
  });

  test("fits into what AWS takes, for the longest names", () => {
    const [role] = iamOf(AWS, [`r${"o".repeat(47)}`]).roles;
    assert.ok(role?.assumeRolePolicyDocument);
    assert.deepEqual(checkDocumentLimits("trust", role.assumeRolePolicyDocument), []);
  });
});

/** Names that begin with one another, as `a`, `a-b`, `a-b-c`, `ab`. */
const roleNames = fc.uniqueArray(fc.stringMatching(/^a[ab]{0,2}(-[ab]{1,2}){0,2}$/), { minLength: 2, maxLength: 6 });
const subjects = fc.oneof(
  fc.string({ minLength: 1, unit: "binary" }),
  fc.stringMatching(/^[ab:*?-]{1,10}$/),
  fc.constantFrom("s".repeat(300), "subject::x", "role:a:subject::x", "*", "${aws:username}"),
);

test("a subject of one role takes on that role and no other, whatever the names of roles and subjects are", () => {
  fc.assert(
    fc.property(roleNames, subjects, fc.option(fc.constantFrom("ci", "a"), { nil: null }), (names, subject, issuer) => {
      const { roles } = iamOf(AWS, names);
      for (const minted of names) {
        const context = {
          [`${PROVIDER}:aud`]: "sts.amazonaws.com",
          [`${PROVIDER}:sub`]: brokeredSubject(minted, issuer, subject),
        };
        const taken = roles.filter(
          ({ assumeRolePolicyDocument: trust }) =>
            trust !== undefined &&
            evaluateTrust(compileTrust(trust), {
              action: "sts:AssumeRoleWithWebIdentity",
              principal: { federated: ARN },
              context,
            }) === "Allowed",
        );
        assert.deepEqual(
          taken.map(({ name }) => name),
          [minted],
        );
      }
    }),
    { numRuns: 60 },
  );
});
