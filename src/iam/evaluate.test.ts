import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileDocument } from "./compile-document.ts";
import type { PolicyDocument, Statement } from "./document.ts";
import { type AccessRequest, type Evaluation, evaluate } from "./evaluate.ts";

const API = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5/$default";
const INVOKE = "execute-api:Invoke";

function document(...statements: Statement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}

function allow(resource: string | readonly string[], more: Partial<Statement> = {}): Statement {
  return { Effect: "Allow", Action: INVOKE, Resource: resource, ...more };
}

function deny(resource: string | readonly string[], more: Partial<Statement> = {}): Statement {
  return { Effect: "Deny", Action: INVOKE, Resource: resource, ...more };
}

function ask(
  path: string,
  identity: PolicyDocument | PolicyDocument[],
  boundary: PolicyDocument | null = null,
  more: Partial<AccessRequest> = {},
): Evaluation {
  const documents = {
    identity: [identity].flat().map(compileDocument),
    boundary: boundary === null ? null : compileDocument(boundary),
  };
  return evaluate({ action: INVOKE, resource: `${API}/${path}`, context: {}, ...more }, documents);
}

const ALLOWED = "Allowed/identity";
const NONE = "ImplicitlyDenied/none";
const DENIED = "ExplicitlyDenied/deny";

const rows: [
  title: string,
  path: string,
  identity: PolicyDocument | PolicyDocument[],
  boundary: PolicyDocument | null,
  expected: string,
][] = [
  ["an allowed resource", "GET/pets/1", document(allow(`${API}/GET/pets/*`)), null, ALLOWED],
  ["a star crosses slashes", "GET/pets/1/toys", document(allow(`${API}/GET/pets/*`)), null, ALLOWED],
  ["another method", "POST/pets/1", document(allow(`${API}/GET/pets/*`)), null, NONE],
  ["resources have a case", "GET/Pets", document(allow(`${API}/GET/pets`)), null, NONE],
  [
    "actions have none",
    "GET/pets",
    document(allow(`${API}/GET/pets`, { Action: "EXECUTE-api:invoke" })),
    null,
    ALLOWED,
  ],
  ["action wildcard", "GET/pets", document(allow(`${API}/GET/pets`, { Action: "execute-api:Inv*" })), null, ALLOWED],
  [
    "another action",
    "GET/pets",
    document(allow(`${API}/GET/pets`, { Action: "execute-api:InvalidateCache" })),
    null,
    NONE,
  ],
  [
    "explicit deny wins over `*`",
    "GET/pets/secret",
    document(allow("*"), deny(`${API}/GET/pets/secret`)),
    null,
    DENIED,
  ],
  ["explicit deny in another document", "GET/a", [document(allow("*")), document(deny(`${API}/GET/a`))], null, DENIED],
  [
    "allow in another document",
    "GET/a",
    [document(allow(`${API}/GET/b`)), document(allow(`${API}/GET/a`))],
    null,
    ALLOWED,
  ],
  [
    "boundary does not allow",
    "GET/a",
    document(allow("*")),
    document(allow(`${API}/GET/b`)),
    "ImplicitlyDenied/boundary",
  ],
  [
    "boundary denies",
    "GET/a",
    document(allow("*")),
    document(allow("*"), deny(`${API}/GET/a`)),
    "ExplicitlyDenied/boundary",
  ],
  ["boundary allows, identity does not", "GET/a", document(allow(`${API}/GET/b`)), document(allow("*")), NONE],
  ["boundary denies what is not allowed", "GET/a", document(allow(`${API}/GET/b`)), document(deny("*")), DENIED],
  ["both allow", "GET/a", document(allow("*")), document(allow(`${API}/GET/a`)), ALLOWED],
  ["no documents", "GET/a", [], null, NONE],
  [
    "NotAction with Allow is everything else",
    "GET/a",
    document({ Effect: "Allow", NotAction: "s3:*", Resource: "*" }),
    null,
    ALLOWED,
  ],
  ["NotAction names it", "GET/a", document({ Effect: "Allow", NotAction: "execute-api:*", Resource: "*" }), null, NONE],
  [
    "NotResource with Deny is everything else",
    "GET/a",
    document(allow("*"), { Effect: "Deny", Action: "*", NotResource: `${API}/GET/b` }),
    null,
    DENIED,
  ],
  [
    "NotResource names it",
    "GET/b",
    document(allow("*"), { Effect: "Deny", Action: "*", NotResource: [`${API}/GET/b`, `${API}/GET/c`] }),
    null,
    ALLOWED,
  ],
  [
    "a wildcard stays in its part of the ARN",
    "GET/a",
    document(allow("arn:aws:execute-api:*:a1b2c3d4e5/*:x")),
    null,
    NONE,
  ],
  ["wildcard region and account", "GET/a", document(allow("arn:*:execute-api:*:*:*/GET/a")), null, ALLOWED],
  [
    "a question mark in the account",
    "GET/a",
    document(allow("arn:aws:execute-api:eu-west-?:1111????3333:*")),
    null,
    ALLOWED,
  ],
  ["a colon in the path", "GET/a:b/c", document(allow(`${API}/GET/a:b/*`)), null, ALLOWED],
  ["a star in the request is a star", "GET/*", document(allow(`${API}/GET/pets`)), null, NONE],
];

for (const [title, path, identity, boundary, expected] of rows)
  test(title, () => {
    const { effect, by } = ask(path, identity, boundary);
    assert.equal(`${effect}/${by}`, expected);
  });

test("the deciding statement is named, the first one written", () => {
  const role = document(
    allow(`${API}/GET/a`, { Sid: "First" }),
    allow("*", { Sid: "Second" }),
    deny(`${API}/GET/d`, { Sid: "Not" }),
  );
  assert.equal(ask("GET/a", role).statement, "First");
  assert.equal(ask("GET/b", role).statement, "Second");
  assert.equal(ask("GET/d", role).statement, "Not");
});

function except(effect: "Allow" | "Deny"): Statement {
  return { Effect: effect, Action: "*", NotResource: `${API}/GET/b` };
}

test("a resource that is not an ARN is allowed by `*` alone", () => {
  const resource = { resource: "nonsense" };
  assert.equal(ask("", document(allow("*")), null, resource).effect, "Allowed");
  assert.equal(ask("", document(allow("arn:*:*:*:*:*")), null, resource).effect, "ImplicitlyDenied");
  assert.equal(ask("", document(except("Allow")), null, resource).effect, "ImplicitlyDenied");
  assert.equal(ask("", document(allow("*"), except("Deny")), null, resource).effect, "ExplicitlyDenied");
});

test("variables in resources", () => {
  const role = document(allow(`${API}/GET/u/\${aws:PrincipalTag/Team}/*`));
  const tagged = (value: string | string[]): string =>
    ask("GET/u/x/1", role, null, { context: { "aws:principaltag/team": value } }).effect;
  assert.equal(tagged("x"), "Allowed");
  assert.equal(tagged("y"), "ImplicitlyDenied");
  assert.equal(tagged("*"), "ImplicitlyDenied");
  assert.equal(tagged(["x", "x"]), "ImplicitlyDenied");
  assert.equal(tagged(["x"]), "ImplicitlyDenied");
  assert.equal(ask("GET/u/x/1", role).effect, "ImplicitlyDenied");
});

test("a boundary is named before a condition that does not hold", () => {
  const office = allow(`${API}/GET/*`, { Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } });
  const boundary = document(allow([`${API}/GET/a`, `${API}/GET/d`]), deny(`${API}/GET/d`));
  const from = (ip: string, path: string): string => {
    const { effect, by, conditional } = ask(path, document(office), boundary, { context: { "aws:SourceIp": ip } });
    return `${effect}/${by}/${conditional}`;
  };
  assert.equal(from("10.1.1.1", "GET/a"), "Allowed/identity/true");
  assert.equal(from("11.1.1.1", "GET/a"), "ImplicitlyDenied/none/true");
  assert.equal(from("11.1.1.1", "GET/b"), "ImplicitlyDenied/boundary/true");
  assert.equal(from("11.1.1.1", "GET/d"), "ExplicitlyDenied/boundary/true");
});

test("`conditional` tells that a condition was consulted", () => {
  const office = allow(`${API}/GET/a`, { Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } });
  const from = (ip: string, path = "GET/a"): Evaluation =>
    ask(path, document(office), null, { context: { "aws:SourceIp": ip } });
  assert.deepEqual(from("10.1.1.1"), {
    effect: "Allowed",
    by: "identity",
    deniedIn: null,
    statement: null,
    conditional: true,
  });
  assert.deepEqual(from("11.1.1.1"), {
    effect: "ImplicitlyDenied",
    by: "none",
    deniedIn: null,
    statement: null,
    conditional: true,
  });
  assert.equal(from("10.1.1.1", "GET/b").conditional, false);
});

const malformed: [title: string, document: unknown, message: string][] = [
  ["no object", null, "IAM document is malformed at `document`: must be an object"],
  [
    "version",
    { Version: "2012-10-18", Statement: [allow("*")] },
    "IAM document is malformed at `Version`: must be `2012-10-17` or `2008-10-17`",
  ],
  ["id", { Version: "2012-10-17", Id: 7, Statement: [allow("*")] }, "IAM document is malformed at `Id`: must be text"],
  [
    "no statement",
    { Version: "2012-10-17", Statement: [] },
    "IAM document is malformed at `Statement`: there is no statement",
  ],
  [
    "unknown element",
    document({ ...allow("*"), Resources: "*" } as Statement),
    "IAM document is malformed at `Statement[0].Resources`: is not an element of this document",
  ],
  [
    "principal",
    document({ ...allow("*"), Principal: "*" }),
    "IAM document is malformed at `Statement[0].Principal`: is not an element of this document",
  ],
  [
    "effect",
    document({ ...allow("*"), Effect: "allow" as "Allow" }),
    "IAM document is malformed at `Statement[0].Effect`: must be `Allow` or `Deny`",
  ],
  [
    "both resources",
    document({ ...allow("*"), NotResource: "*" }),
    "IAM document is malformed at `Statement[0]`: must have exactly one of `Resource` and `NotResource`",
  ],
  [
    "no action",
    document({ Effect: "Allow", Resource: "*" }),
    "IAM document is malformed at `Statement[0]`: must have exactly one of `Action` and `NotAction`",
  ],
  ["empty resource list", document(allow([])), "IAM document is malformed at `Statement[0].Resource`: is empty"],
  [
    "short ARN",
    document(allow("arn:aws:execute-api:*")),
    "IAM document is malformed at `Statement[0].Resource`: `arn:aws:execute-api:*`: an ARN has 6 parts, this one has 4",
  ],
  [
    "not an ARN",
    document(allow("a:b:c:d:e:f")),
    "IAM document is malformed at `Statement[0].Resource`: `a:b:c:d:e:f`: an ARN begins with `arn:`",
  ],
  [
    "number as resource",
    document(allow([7 as unknown as string])),
    "IAM document is malformed at `Statement[0].Resource`: must be text or a list of texts",
  ],
  [
    "action",
    document(allow("*", { Action: "invoke" })),
    "IAM document is malformed at `Statement[0].Action`: `invoke` is not `service:Action`",
  ],
  [
    "sid",
    document(allow("*", { Sid: "a b" })),
    "IAM document is malformed at `Statement[0].Sid`: must be letters and digits",
  ],
  [
    "sid twice",
    document(allow("*", { Sid: "A" }), allow("*", { Sid: "A" })),
    "IAM document is malformed at `Statement[1].Sid`: is not unique",
  ],
  [
    "operator",
    document(allow("*", { Condition: { StringSame: { k: "v" } } })),
    "IAM condition operator `StringSame` at `Statement[0].Condition` is not known",
  ],
  [
    "operator case",
    document(allow("*", { Condition: { stringequals: { k: "v" } } })),
    "IAM condition operator `stringequals` at `Statement[0].Condition` is not known",
  ],
  [
    "set of nulls",
    document(allow("*", { Condition: { "ForAllValues:Null": { k: "true" } } })),
    "IAM condition operator `ForAllValues:Null` at `Statement[0].Condition` is not known",
  ],
  [
    "variable before the fifth colon",
    document(allow("arn:aws:execute-api:eu-west-1:${aws:PrincipalAccount}:*")),
    "IAM document is malformed at `Statement[0].Resource`: `arn:aws:execute-api:eu-west-1:${aws:PrincipalAccount}:*`: a policy variable may stand behind the fifth colon only",
  ],
  [
    "one key in two cases",
    document(allow("*", { Condition: { StringEquals: { "aws:UserAgent": "a", "aws:useragent": "b" } } })),
    "IAM document is malformed at `Statement[0].Condition.StringEquals.aws:useragent`: stands twice, keys have no case",
  ],
  [
    "values of two kinds",
    { Version: "2012-10-17", Statement: { ...allow("*"), Condition: { NumericEquals: { k: [1, "2"] } } } },
    "IAM document is malformed at `Statement[0].Condition.NumericEquals.k`: has values of different kinds",
  ],
  [
    "object as value",
    { Version: "2012-10-17", Statement: { ...allow("*"), Condition: { StringEquals: { k: {} } } } },
    "IAM document is malformed at `Statement[0].Condition.StringEquals.k`: must be text, a number, a boolean, or a list of them",
  ],
  ...["Numeric", "Date"].map((kind): [string, unknown, string] => [
    `variable under ${kind}Equals`,
    document(allow("*", { Condition: { [`${kind}Equals`]: { k: "${aws:EpochTime}" } } })),
    `IAM document is malformed at \`Statement[0].Condition.${kind}Equals.k\`: \`\${aws:EpochTime}\` is not a ${kind === "Date" ? "date" : "number"}`,
  ]),
  [
    "bytes",
    document(allow("*", { Condition: { BinaryEquals: { k: "a" } } })),
    "IAM document is malformed at `Statement[0].Condition.BinaryEquals.k`: `a` is not base64",
  ],
  [
    "null that may be missing",
    document(allow("*", { Condition: { NullIfExists: { k: "true" } } })),
    "IAM condition operator `NullIfExists` at `Statement[0].Condition` is not known",
  ],
  [
    "odd address",
    document(allow("*", { Condition: { IpAddress: { k: "010.0.0.1" } } })),
    "IAM document is malformed at `Statement[0].Condition.IpAddress.k`: `010.0.0.1` is not an IP address or CIDR block",
  ],
  [
    "no value",
    document(allow("*", { Condition: { StringEquals: { k: [] } } })),
    "IAM document is malformed at `Statement[0].Condition.StringEquals.k`: there is no value",
  ],
];

for (const [title, written, message] of malformed)
  test(`a malformed document is a fault: ${title}`, () => {
    assert.throws(() => compileDocument(written as PolicyDocument), { name: "GatehouseError", message });
  });

const writings: [
  title: string,
  document: unknown,
  path: string,
  context: AccessRequest["context"],
  allowed: boolean,
][] = [
  ["one statement without a list", { Version: "2012-10-17", Statement: allow("*") }, "GET/a", {}, true],
  [
    "an id and empty sids",
    {
      Id: "a b",
      Statement: [
        { ...allow("*"), Sid: "" },
        { ...allow("*"), Sid: "" },
      ],
    },
    "GET/a",
    {},
    true,
  ],
  [
    "2008: a variable is text",
    { Version: "2008-10-17", Statement: allow(`${API}/\${aws:userid}`) },
    "${aws:userid}",
    { "aws:userid": "x" },
    true,
  ],
  [
    "2008: a variable is not its value",
    { Version: "2008-10-17", Statement: allow(`${API}/\${aws:userid}`) },
    "x",
    { "aws:userid": "x" },
    false,
  ],
  [
    "no version is 2008",
    { Statement: allow("*", { Condition: { StringEquals: { k: "${aws:userid}" } } }) },
    "x",
    { k: "${aws:userid}" },
    true,
  ],
  ["2008: wildcards within braces", { Version: "2008-10-17", Statement: allow(`${API}/\${*}`) }, "${abc}", {}, true],
  [
    "numbers and booleans as values",
    {
      Version: "2012-10-17",
      Statement: {
        ...allow("*"),
        Condition: { NumericLessThan: { n: 10.5 }, Bool: { b: true }, StringEquals: { s: [1, 20] } },
      },
    },
    "x",
    { n: "10", b: "true", s: "20" },
    true,
  ],
  ["an action of any service", { Version: "2012-10-17", Statement: allow("*", { Action: "*:Invoke" }) }, "x", {}, true],
];

for (const [title, written, path, context, allowed] of writings)
  test(`a document as AWS takes it: ${title}`, () => {
    const { effect } = ask(path, written as PolicyDocument, null, { context });
    assert.equal(effect, allowed ? "Allowed" : "ImplicitlyDenied");
  });

const sessions: [
  title: string,
  path: string,
  boundary: PolicyDocument | null,
  session: PolicyDocument[] | null,
  expected: string,
][] = [
  ["no session policy", "GET/a", null, null, "Allowed/identity/null"],
  ["an empty list is none", "GET/a", null, [], "Allowed/identity/null"],
  ["allowed by both", "GET/a", null, [document(allow(`${API}/GET/a`))], "Allowed/identity/null"],
  ["allowed by the identity only", "GET/b", null, [document(allow(`${API}/GET/a`))], "ImplicitlyDenied/session/null"],
  [
    "one of two session policies allows",
    "GET/b",
    null,
    [document(allow(`${API}/GET/a`)), document(allow(`${API}/GET/b`))],
    "Allowed/identity/null",
  ],
  ["allowed by the session only", "PUT/a", null, [document(allow("*"))], "ImplicitlyDenied/none/null"],
  [
    "denied by the session",
    "GET/a",
    null,
    [document(allow("*"), deny(`${API}/GET/a`))],
    "ExplicitlyDenied/session/session",
  ],
  ["denied by the session what is not granted", "PUT/a", null, [document(deny("*"))], "ExplicitlyDenied/deny/session"],
  [
    "the boundary is named before the session",
    "GET/a",
    document(allow(`${API}/PUT/a`)),
    [document(allow(`${API}/PUT/a`))],
    "ImplicitlyDenied/boundary/null",
  ],
  [
    "boundary and session allow different things",
    "GET/a",
    document(allow(`${API}/GET/a`)),
    [document(allow(`${API}/GET/b`))],
    "ImplicitlyDenied/session/null",
  ],
  [
    "a deny of the boundary is named before that of the session",
    "GET/a",
    document(deny("*")),
    [document(deny("*"))],
    "ExplicitlyDenied/boundary/boundary",
  ],
];

for (const [title, path, boundary, session, expected] of sessions)
  test(`session policies: ${title}`, () => {
    const { effect, by, deniedIn } = evaluate(
      { action: INVOKE, resource: `${API}/${path}`, context: {} },
      {
        identity: [compileDocument(document(allow(`${API}/GET/*`)))],
        boundary: boundary === null ? null : compileDocument(boundary),
        session: session?.map(compileDocument) ?? null,
      },
    );
    assert.equal(`${effect}/${by}/${deniedIn}`, expected);
  });

test("the index finds what comparing with every resource finds", () => {
  const segment = fc.constantFrom("a", "b", "c", "x1");
  const patternSegment = fc.constantFrom("a", "b", "c", "*", "*", "?", "x?", "a*");
  const resources = fc.array(fc.array(patternSegment, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 30 });
  const path = fc.array(segment, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(resources, path, (written, segments) => {
      const arns = written.map((parts) => `${API}/${parts.join("/")}`);
      const together = ask(segments.join("/"), document(allow(arns))).effect;
      const alone = arns.some((arn) => ask(segments.join("/"), document(allow(arn))).effect === "Allowed");
      return together === (alone ? "Allowed" : "ImplicitlyDenied");
    }),
    { numRuns: 1000 },
  );
});
