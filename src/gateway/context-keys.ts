/**
 * Which facts of a request a role's documents ask for, read off the documents themselves.
 *
 * In: IAM documents. Out: the condition keys and policy variables that occur in them, once each.
 * Source: IAM user guide, "Condition elements" and "Policy elements: variables" (`${*}`, `${?}` and `${$}` are no keys).
 * INVARIANT: a key that is not listed here cannot change what the documents say about a request.
 */
import type { ConditionValue, WrittenDocument } from "../iam/index.ts";
import { CURRENT_TIME_KEY, SOURCE_IP_KEY } from "../model/index.ts";

const VARIABLE = /\$\{([A-Za-z][^\s,'{}$]*)[^}]*\}/g;
/** IAM folds the case of keys; those of AWS are asked for by their own spelling. */
const SPELLINGS = new Map([SOURCE_IP_KEY, CURRENT_TIME_KEY].map((key) => [key.toLowerCase(), key]));

/** The keys in the order in which they occur. */
export function listContextKeys(documents: readonly WrittenDocument[]): string[] {
  const keys = new Map<string, string>();
  const add = (key: string): void => {
    const folded = key.toLowerCase();
    if (!keys.has(folded)) keys.set(folded, SPELLINGS.get(folded) ?? key);
  };
  const addVariables = (texts: ConditionValue | readonly ConditionValue[] | undefined): void => {
    for (const text of [texts ?? []].flat()) for (const [, key = ""] of String(text).matchAll(VARIABLE)) add(key);
  };
  for (const { Statement } of documents)
    for (const { Resource, NotResource, Condition } of [Statement].flat()) {
      addVariables(Resource);
      addVariables(NotResource);
      for (const byKey of Object.values(Condition ?? {}))
        for (const [key, values] of Object.entries(byKey)) {
          add(key);
          addVariables(values);
        }
    }
  return [...keys.values()];
}
