import assert from "node:assert/strict";
import { test } from "node:test";
import type { WrittenDocument } from "./document.ts";
import { type TrustRequest, compileTrust, evaluateTrust } from "./trust.ts";

const PROVIDER = "arn:aws:iam::111122223333:oidc-provider/id.example.test/realms/shop";
const ISSUER = "id.example.test/realms/shop";
const ASSUME = "sts:AssumeRoleWithWebIdentity";

type Statements = readonly Readonly<Record<string, unknown>>[];

function trust(...statements: Statements): WrittenDocument {
  return { Version: "2012-10-17", Statement: statements } as unknown as WrittenDocument;
}

function allow(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { Effect: "Allow", Principal: { Federated: PROVIDER }, Action: ASSUME, ...more };
}

function ask(document: WrittenDocument, more: Partial<TrustRequest> = {}): string {
  return evaluateTrust(compileTrust(document), {
    action: ASSUME,
    principal: { federated: PROVIDER },
    context: { [`${ISSUER}:aud`]: "shop", [`${ISSUER}:sub`]: "ada" },
    ...more,
  });
}

const ofAda = { StringEquals: { [`${ISSUER}:aud`]: "shop", [`${ISSUER}:sub`]: "ada" } };
const tagged = { "aws:RequestTag/team": "red", "aws:TagKeys": ["team"] };

const rows: [title: string, statements: Statements, expected: string, more?: Partial<TrustRequest>][] = [
  ["the provider is named", [allow()], "Allowed"],
  ["another provider is named", [allow({ Principal: { Federated: `${PROVIDER}2` } })], "ImplicitlyDenied"],
  [
    "the provider is one of several",
    [allow({ Principal: { Federated: ["accounts.google.com", PROVIDER] } })],
    "Allowed",
  ],
  ["everybody is named", [allow({ Principal: "*" })], "Allowed"],
  ["everybody is named as AWS principals", [allow({ Principal: { AWS: "*" } })], "Allowed"],
  ["an account is named", [allow({ Principal: { AWS: "111122223333" } })], "ImplicitlyDenied"],
  ["a service is named", [allow({ Principal: { Service: "apigateway.amazonaws.com" } })], "ImplicitlyDenied"],
  ["another action is named", [allow({ Action: "sts:AssumeRole" })], "ImplicitlyDenied"],
  ["actions have no case", [allow({ Action: "STS:assumerolewithwebidentity" })], "Allowed"],
  ["an action with a wildcard", [allow({ Action: "sts:AssumeRole*" })], "Allowed"],
  ["every other action", [allow({ Action: undefined, NotAction: "sts:AssumeRole" })], "Allowed"],
  ["audience and subject fit", [allow({ Condition: ofAda })], "Allowed"],
  [
    "another subject",
    [allow({ Condition: ofAda })],
    "ImplicitlyDenied",
    { context: { [`${ISSUER}:aud`]: "shop", [`${ISSUER}:sub`]: "bob" } },
  ],
  ["no subject", [allow({ Condition: ofAda })], "ImplicitlyDenied", { context: { [`${ISSUER}:aud`]: "shop" } }],
  ["keys have no case", [allow({ Condition: { StringLike: { [`${ISSUER.toUpperCase()}:SUB`]: "a*" } } })], "Allowed"],
  [
    "methods of sign-in are a set",
    [allow({ Condition: { "ForAnyValue:StringEquals": { [`${ISSUER}:amr`]: "mfa" } } })],
    "Allowed",
    { context: { [`${ISSUER}:amr`]: ["pwd", "mfa"] } },
  ],
  ["a deny beside an allow", [allow(), { ...allow({ Condition: ofAda }), Effect: "Deny" }], "ExplicitlyDenied"],
  ["a deny for everybody", [{ ...allow({ Principal: "*" }), Effect: "Deny" }, allow()], "ExplicitlyDenied"],
  [
    "a deny with a condition that does not hold",
    [allow(), { ...allow({ Condition: { StringEquals: { "sts:RoleSessionName": "x" } } }), Effect: "Deny" }],
    "Allowed",
  ],
  [
    "the name of the session",
    [allow({ Condition: { StringLike: { "sts:RoleSessionName": `\${${ISSUER}:sub}-*` } } })],
    "Allowed",
    { context: { [`${ISSUER}:sub`]: "ada", "sts:RoleSessionName": "ada-1" } },
  ],
  ["tags without sts:TagSession", [allow()], "ImplicitlyDenied", { action: "sts:TagSession", context: tagged }],
  [
    "tags with sts:TagSession",
    [allow({ Action: [ASSUME, "sts:TagSession"] })],
    "Allowed",
    { action: "sts:TagSession", context: tagged },
  ],
  [
    "tags of other keys",
    [allow({ Action: "sts:TagSession", Condition: { "ForAllValues:StringEquals": { "aws:TagKeys": ["cost"] } } })],
    "ImplicitlyDenied",
    { action: "sts:TagSession", context: tagged },
  ],
  [
    "a tag of another value",
    [allow({ Action: "sts:TagSession", Condition: { StringEquals: { "aws:RequestTag/Team": "blue" } } })],
    "ImplicitlyDenied",
    { action: "sts:TagSession", context: tagged },
  ],
];

for (const [title, statements, expected, more] of rows)
  test(`who may take a role on: ${title}`, () => {
    assert.equal(ask(trust(...statements), more), expected);
  });

test("one statement without a list, version 2008, spaces nowhere", () => {
  assert.equal(ask({ Version: "2008-10-17", Statement: allow() } as unknown as WrittenDocument), "Allowed");
});

const malformed: [title: string, statement: Readonly<Record<string, unknown>>, message: string][] = [
  ["no principal", { ...allow(), Principal: undefined }, "`Statement[0]`: must have a `Principal`"],
  ["no kind of principal", allow({ Principal: {} }), "`Statement[0].Principal`: is empty"],
  ["no name", allow({ Principal: { Federated: [] } }), "`Statement[0].Principal.Federated`: is empty"],
  ["text as principal", allow({ Principal: PROVIDER }), "`Statement[0].Principal`: must be an object"],
  [
    "kind of principal",
    allow({ Principal: { CanonicalUser: "x" } }),
    "`Statement[0].Principal.CanonicalUser`: is not an element of this document",
  ],
  [
    "part of a name",
    allow({ Principal: { Federated: `${PROVIDER}/*` } }),
    `\`Statement[0].Principal.Federated\`: \`${PROVIDER}/*\` is not the name of a principal`,
  ],
  [
    "any provider",
    allow({ Principal: { Federated: "*" } }),
    "`Statement[0].Principal.Federated`: `*` is not the name of a principal",
  ],
  [
    "roles of an account",
    allow({ Principal: { AWS: "arn:aws:iam::111122223333:role/*" } }),
    "`Statement[0].Principal.AWS`: `arn:aws:iam::111122223333:role/*` is not the name of a principal",
  ],
  [
    "all but a principal",
    { ...allow(), NotPrincipal: { AWS: "111122223333" } },
    "`Statement[0].NotPrincipal`: is not an element of this document",
  ],
  ["resource", allow({ Resource: "*" }), "`Statement[0].Resource`: is not an element of this document"],
  ["every action", allow({ Action: "*" }), "`Statement[0].Action`: a trust policy is about actions of `sts` only"],
  [
    "another service's action",
    allow({ Action: [ASSUME, "s3:GetObject"] }),
    "`Statement[0].Action`: a trust policy is about actions of `sts` only",
  ],
];

for (const [title, statement, message] of malformed)
  test(`a malformed trust policy is a fault: ${title}`, () => {
    assert.throws(() => compileTrust(trust(statement)), {
      name: "GatehouseError",
      message: `IAM document is malformed at ${message}`,
    });
  });

test("an operator that is not known is a fault in a trust policy too", () => {
  assert.throws(() => compileTrust(trust(allow({ Condition: { StringSame: { k: "v" } } }))), {
    name: "GatehouseError",
    message: "IAM condition operator `StringSame` at `Statement[0].Condition` is not known",
  });
});
