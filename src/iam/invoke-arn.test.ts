import assert from "node:assert/strict";
import { test } from "node:test";
import { compileDocument } from "./compile-document.ts";
import { evaluate } from "./evaluate.ts";
import { invokeArn } from "./invoke-arn.ts";

const where = { partition: "aws", region: "eu-west-1", account: "111122223333", apiId: "a1b2c3d4e5" };
const API = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5";

const rows: [stage: string, method: string, path: string, expected: string][] = [
  ["$default", "GET", "/", "$default/GET/"],
  ["$default", "GET", "/orders/7", "$default/GET/orders/7"],
  ["prod", "POST", "/orders/7/", "prod/POST/orders/7/"],
  ["$default", "GET", "//orders", "$default/GET//orders"],
  ["$default", "GET", "/a:b", "$default/GET/a:b"],
];

for (const [stage, method, path, expected] of rows)
  test(`${method} ${path} at stage ${stage}`, () => {
    assert.equal(invokeArn({ ...where, stage, method, path }), `${API}/${expected}`);
  });

const patterns: [pattern: string, stage: string, method: string, path: string, allowed: boolean][] = [
  [`${API}/*/GET/pets/*`, "prod", "GET", "/pets/1/toys", true],
  [`${API}/*/GET/pets/*`, "$default", "POST", "/pets/1", false],
  [`${API}/$default/GET/`, "$default", "GET", "/", true],
  [`${API}/$default/GET/*`, "$default", "GET", "/", true],
  [`${API}/$default/GET`, "$default", "GET", "/", false],
  [`${API}/$default/*`, "$default", "DELETE", "/a/b", true],
  [`${API}/$default/GET/pets/{id}`, "$default", "GET", "/pets/1", false],
  [`${API}/$default/ANY/pets/1`, "$default", "GET", "/pets/1", false],
  [`${API}/?default/GET/pets/?`, "$default", "GET", "/pets/1", true],
  ["arn:aws:execute-api:*:*:*", "prod", "GET", "/a", true],
  ["arn:aws:execute-api:us-*:*:*", "prod", "GET", "/a", false],
];

for (const [pattern, stage, method, path, allowed] of patterns)
  test(`${pattern} ${allowed ? "covers" : "does not cover"} ${method} ${path} at ${stage}`, () => {
    const document = compileDocument({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "Execute-API:invoke", Resource: pattern },
    });
    const resource = invokeArn({ ...where, stage, method, path });
    const { effect } = evaluate(
      { action: "execute-api:Invoke", resource, context: {} },
      { identity: [document], boundary: null },
    );
    assert.equal(effect, allowed ? "Allowed" : "ImplicitlyDenied");
  });
