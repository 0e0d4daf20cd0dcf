import assert from "node:assert/strict";
import { test } from "node:test";
import type { Statement } from "../iam/index.ts";
import { listContextKeys } from "./context-keys.ts";

function keysOf(...statements: Omit<Statement, "Effect" | "Action">[]): string[] {
  const Statement = statements.map((each) => ({ Effect: "Allow", Action: "a:B", ...each }) as const);
  return listContextKeys([{ Version: "2012-10-17", Statement }]);
}

test("condition keys and policy variables are found wherever they stand, once each", () => {
  assert.deepEqual(
    keysOf(
      { Resource: "arn:aws:a:::x/${gatehouse:path/a}/${*}" },
      { NotResource: ["arn:aws:a:::x", "arn:aws:a:::${aws:PrincipalTag/team, 'none'}"] },
      {
        Resource: "*",
        Condition: {
          "ForAnyValue:StringEquals": { "gatehouse:claim/sub": ["${gatehouse:path/a}", "x${$}{not:a-key}"] },
          IpAddress: { "aws:SourceIp": "10.0.0.0/8" },
        },
      },
    ),
    ["gatehouse:path/a", "aws:PrincipalTag/team", "gatehouse:claim/sub", "aws:SourceIp"],
  );
  assert.deepEqual(keysOf({ Resource: "*" }), []);
});

test("keys of AWS are asked for by AWS's spelling, whatever the document's", () => {
  assert.deepEqual(
    keysOf({ Resource: "*", Condition: { Bool: { "AWS:sourceip": "true" }, Null: { "aws:currenttime": "true" } } }),
    ["aws:SourceIp", "aws:CurrentTime"],
  );
});
