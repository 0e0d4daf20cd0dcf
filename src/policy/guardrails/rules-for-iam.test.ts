import assert from "node:assert/strict";
import { test } from "node:test";
import { GUARDRAILS } from "../guardrails.ts";
import { RULES } from "../rules.ts";
import { RULES_FOR_IAM } from "./rules-for-iam.ts";

const sources = Object.values(GUARDRAILS).flatMap((guardrail) => guardrail.sources);

test("the rules are GH101 to GH135", () =>
  assert.deepEqual(
    Object.keys(RULES_FOR_IAM),
    Array.from({ length: 35 }, (_, index) => `GH${index + 101}`),
  ));

test("every rule has an answer", () =>
  assert.deepEqual(
    Object.entries(RULES_FOR_IAM)
      .filter(([id, rule]) => !sources.includes(id) && rule.language.length === 0 && rule.emitted === null)
      .map(([id]) => id),
    [],
  ));

test("PL-12.1: guardrails and rows name rules that exist", () => {
  assert.deepEqual(
    sources.filter((source) => source.startsWith("GH") && !Object.hasOwn(RULES_FOR_IAM, source)),
    [],
  );
  const language = Object.values(RULES_FOR_IAM).flatMap((rule) => rule.language);
  assert.deepEqual(
    language.filter((id) => !Object.hasOwn(RULES, id)),
    [],
  );
});

test("what a guardrail says that another tool calls it stands in the row of a rule that it answers", () => {
  const stray = Object.entries(GUARDRAILS).flatMap(([id, guardrail]) =>
    guardrail.sources
      .filter((source) => !source.startsWith("GH"))
      .filter((source) => !guardrail.sources.some((rule) => RULES_FOR_IAM[rule as "GH101"]?.known.includes(source)))
      .map((source) => `${id}: ${source}`),
  );
  assert.deepEqual(stray, []);
});
