import assert from "node:assert/strict";
import { test } from "node:test";
import { isGatehouseError } from "../core/index.ts";
import { ask, askPages } from "./ask.ts";

/** As the SDK throws: a name, words, and the status when something answered. */
function refusal(name: string, message: string, httpStatusCode?: number): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

test("a refusal of AWS is told by what it means", async () => {
  const cases = [
    [refusal("CredentialsProviderError", "Could not load"), "GH_AWS_CREDENTIALS", /: Could not load$/],
    [refusal("ExpiredTokenException", "The security token", 403), "GH_AWS_CREDENTIALS", /: they have expired$/],
    [refusal("InvalidClientTokenId", "is invalid.", 403), "GH_AWS_CREDENTIALS", /: is invalid\.$/],
    [refusal("AccessDenied", "User: a is not authorized", 403), "GH_AWS_DENIED", /`iam:GetRole` is missing: User: a/],
    [refusal("Forbidden", "", 403), "GH_AWS_DENIED", /: Forbidden$/],
    [refusal("TooManyRequestsException", "Rate exceeded", 429), "GH_AWS_UNREACHABLE", /: Rate exceeded$/],
    [Object.assign(refusal("Error", ""), { code: "ENOTFOUND" }), "GH_AWS_UNREACHABLE", /: ENOTFOUND$/],
    [refusal("TimeoutError", "Connection timed out"), "GH_AWS_UNREACHABLE", /: Connection timed out$/],
    [refusal("NoSuchEntityException", "no\nrole", 404), "GH_AWS_REFUSED", /: NoSuchEntityException: no role$/],
    [refusal("ValidationError", "x".repeat(1000), 400), "GH_AWS_REFUSED", /: ValidationError: x{300}$/],
  ] as const;
  for (const [error, code, message] of cases)
    await assert.rejects(
      ask("iam:GetRole", () => Promise.reject(error)),
      (fault) => isGatehouseError(fault) && fault.code === code && message.test(fault.message),
      error.name,
    );
});

test("every page of a list is read once, and a list that leads back to itself ends", async () => {
  const pages: Readonly<Record<string, readonly [items: string[], next: string | undefined]>> = {
    "": [["a", "b"], "1"],
    "1": [[], "2"],
    "2": [["c"], "1"],
  };
  const asked: string[] = [];
  const all = await askPages("iam:ListRoles", (token = "") => {
    asked.push(token);
    const [items, next] = pages[token] ?? [[], undefined];
    return Promise.resolve({ items, next });
  });
  assert.deepEqual(
    [all, asked],
    [
      ["a", "b", "c"],
      ["", "1", "2"],
    ],
  );
});
