/**
 * The JSONPath of `$request.body.<path>` and `$response.body.<path>`: names, positions and `*`, nothing that searches.
 *
 * In: what follows `body`. Out: steps, or null.
 * Not here: evaluation (src/gateway/http-api/map-value.ts).
 * Source: API Gateway developer guide, "Transform API requests and responses for HTTP APIs" (no recursive descent, no
 * filter expressions); RFC 9535 2.3. Slices and several selectors in one pair of brackets are not taken here.
 */

export type JsonStep = { readonly name: string } | { readonly index: number } | "*";

const STEP = /\.([\w-]+|\*)|\[(-?\d{1,9}|\*)\]|\['((?:[^'\\]|\\['\\])*)'\]|\["((?:[^"\\]|\\["\\])*)"\]/y;
const MAX_STEPS = 32;

/** Null for what is no such path. An empty text is the whole body. */
export function parseJsonPath(text: string): readonly JsonStep[] | null {
  const steps: JsonStep[] = [];
  let at = 0;
  while (at < text.length) {
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    if (match === null || steps.length === MAX_STEPS) return null;
    at = STEP.lastIndex;
    const [, name, index, single, double] = match;
    if (name === "*" || index === "*") steps.push("*");
    else if (index !== undefined) steps.push({ index: Number(index) });
    else steps.push({ name: name ?? (single ?? double ?? "").replaceAll(/\\(.)/g, "$1") });
  }
  return steps;
}
