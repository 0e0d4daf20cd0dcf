/**
 * The text that a mapping's value makes of a message.
 *
 * In: a compiled value, a message. Out: text; null when the value is one selection and there is nothing.
 * Between other text what is not there is empty. Of a body, a path finds what stands in its first 100 KB: a larger one
 * is cut there and is no JSON any more.
 * Not here: where the text goes and what must not go there (map-headers.ts, map-request.ts).
 * Source: API Gateway developer guide, "Transform API requests and responses for HTTP APIs"; RFC 9535 2.3.
 * INVARIANT: total; a body is data, and names of it are own properties.
 */
import type { JsonStep, MappingValue, Selection } from "../../model/index.ts";
import type { ValueSource } from "./value-source.ts";

const MAX_JSON_BYTES = 102_400;

export function evaluateValue(value: MappingValue, source: ValueSource): string | null {
  const [first] = value;
  if (value.length === 1 && first !== undefined) return typeof first === "string" ? first : select(first, source);
  return value.map((part) => (typeof part === "string" ? part : (select(part, source) ?? ""))).join("");
}

export function select(selection: Selection, source: ValueSource): string | null {
  const { kind } = selection;
  if (kind === "header") return source.header(selection.name);
  if (kind === "querystring") return source.querystring(selection.name);
  if (kind === "body") return selectBody(source.body(), selection.path);
  if (kind === "path") return source.path();
  if (kind === "path-parameter") return source.pathParameter(selection.name, "decoded");
  if (kind === "context") return source.context(selection.name);
  return source.stageVariable(selection.name);
}

function selectBody(body: Buffer | null, path: readonly JsonStep[] | null): string | null {
  if (body === null) return null;
  if (path === null) return body.toString("utf8");
  if (body.length > MAX_JSON_BYTES) return null;
  let root: unknown;
  try {
    root = JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
  let found: unknown[] = [root];
  for (const step of path) found = found.flatMap((each) => follow(each, step));
  return textOf(path.includes("*") ? found : found[0]);
}

function follow(value: unknown, step: JsonStep): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if (step === "*") return Object.values(value);
  if ("index" in step) {
    const one: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
    return one === undefined ? [] : [one];
  }
  return !Array.isArray(value) && Object.hasOwn(value, step.name)
    ? [(value as Readonly<Record<string, unknown>>)[step.name]]
    : [];
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value);
  } catch {
    // It can be parsed deeper than it can be written.
    return null;
  }
}
