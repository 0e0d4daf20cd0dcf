import assert from "node:assert/strict";
import { test } from "node:test";
import { compileDocument } from "./compile-document.ts";
import type { WrittenDocument } from "./document.ts";
import { evaluate } from "./evaluate.ts";
import { explainDenial } from "./explain-denial.ts";

const userArn = "arn:aws:sts::111122223333:assumed-role/reader/ada";
const action = "execute-api:Invoke";
const resource = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5/$default/GET/orders";
const LINE = `User: ${userArn} is not authorized to perform: ${action} on resource: ${resource}`;

function statement(Effect: "Allow" | "Deny"): WrittenDocument {
  return { Version: "2012-10-17", Statement: { Effect, Action: action, Resource: "*" } };
}

const [allow, deny] = [statement("Allow"), statement("Deny")];
const other: WrittenDocument = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:*", Resource: "*" } };

const rows: [
  title: string,
  identity: WrittenDocument[],
  boundary: WrittenDocument | null,
  session: WrittenDocument[] | null,
  reason: string | null,
][] = [
  ["allowed", [allow], allow, [allow], null],
  ["nothing allows", [other], null, null, "because no identity-based policy allows the execute-api:Invoke action"],
  ["nothing at all", [], allow, [allow], "because no identity-based policy allows the execute-api:Invoke action"],
  ["the boundary", [allow], other, null, "because no permissions boundary allows the execute-api:Invoke action"],
  ["the session", [allow], null, [other], "because no session policy allows the execute-api:Invoke action"],
  ["a deny", [allow, deny], null, null, "with an explicit deny in an identity-based policy"],
  ["a deny of the boundary", [allow], deny, null, "with an explicit deny in a permissions boundary"],
  ["a deny of the boundary, nothing allowed", [other], deny, null, "with an explicit deny in a permissions boundary"],
  ["a deny of the session", [allow], allow, [allow, deny], "with an explicit deny in a session policy"],
];

for (const [title, identity, boundary, session, reason] of rows)
  test(`why a request is refused: ${title}`, () => {
    const evaluation = evaluate(
      { action, resource, context: {} },
      {
        identity: identity.map(compileDocument),
        boundary: boundary === null ? null : compileDocument(boundary),
        session: session?.map(compileDocument) ?? null,
      },
    );
    const line = explainDenial(evaluation, { userArn, action, resource });
    assert.equal(line, reason === null ? null : `${LINE} ${reason}`);
  });
