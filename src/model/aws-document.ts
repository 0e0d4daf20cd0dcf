/**
 * A document as AWS gets it: without the conditions whose keys only Gatehouse knows, which on AWS would never hold.
 * Gatehouse has decided these before AWS is called; compile tells the user about each of them.
 */
import type { PolicyDocument, Statement } from "../iam/index.ts";

const OURS = /^gatehouse:/i;

/** The same document when there is nothing to leave out. */
export function documentForAws(document: PolicyDocument): PolicyDocument {
  if (!document.Statement.some(hasOwnKeys)) return document;
  return {
    ...document,
    Statement: document.Statement.map((statement) => (hasOwnKeys(statement) ? withoutOwnKeys(statement) : statement)),
  };
}

function hasOwnKeys({ Condition = {} }: Statement): boolean {
  return Object.values(Condition).some((keys) => Object.keys(keys).some((key) => OURS.test(key)));
}

function withoutOwnKeys({ Condition = {}, ...statement }: Statement): Statement {
  const kept = Object.entries(Condition)
    .map(([operator, keys]) => [operator, Object.entries(keys).filter(([key]) => !OURS.test(key))] as const)
    .filter(([, keys]) => keys.length > 0)
    .map(([operator, keys]) => [operator, Object.fromEntries(keys)] as const);
  return kept.length === 0 ? statement : { ...statement, Condition: Object.fromEntries(kept) };
}
