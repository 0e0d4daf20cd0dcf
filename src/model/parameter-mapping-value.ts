/**
 * The value of a parameter mapping: text with selections in it.
 *
 * In: the value as written. Out: its parts, or what is wrong with it.
 * `$request.header.x` alone, or `${request.header.x}` between other text. A dollar that begins neither is text.
 * Not here: where a value may go (parameter-mapping.ts), evaluation (src/gateway/http-api/map-value.ts).
 * Source: API Gateway developer guide, "Transform API requests and responses for HTTP APIs".
 */
import { type Result, err, findNearest, ok, quoted } from "../core/index.ts";
import { CONTEXT_NAME, CONTEXT_NAMES, findContextVariable } from "./context-variables.ts";
import { type JsonStep, parseJsonPath } from "./parameter-mapping-json-path.ts";

export type Selection =
  /** In lower case. */
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "querystring"; readonly name: string }
  /** Null: the whole body as it is. */
  | { readonly kind: "body"; readonly path: readonly JsonStep[] | null }
  | { readonly kind: "path" }
  | { readonly kind: "path-parameter"; readonly name: string }
  | { readonly kind: "context"; readonly name: string }
  | { readonly kind: "stage-variable"; readonly name: string };

/** Texts and selections in turn; not empty. */
export type MappingValue = readonly (string | Selection)[];

/** Whether a value is for a request on its way to the backend, or for the backend's answer. */
export type MappingSide = "request" | "response";

export interface ValueProblem {
  readonly message: string;
  readonly hint: string;
}

/** SOURCE: API Gateway v2 service model, `StringWithLengthBetween1And512`. */
const MAX_VALUE = 512;
/** RFC 9110 5.6.2. */
export const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const BRACES = /\$\{([^{}]*)\}/;
const BARE = /\$(?:request|response|context|stageVariables)\b/;

export function parseValue(text: string, side: MappingSide): Result<MappingValue, ValueProblem> {
  if (text.length < 1 || text.length > MAX_VALUE)
    return err({ message: `it has ${text.length} characters`, hint: `write 1 to ${MAX_VALUE}` });
  // eslint-disable-next-line no-control-regex -- what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text))
    return err({ message: "it has a control character", hint: "write text in one line" });
  if (/^\$(?:request|response|context|stageVariables)\b/.test(text)) {
    const selection = parseSelection(text.slice(1), side);
    return selection.ok ? ok([selection.value]) : selection;
  }
  const parts: (string | Selection)[] = [];
  for (const [at, part] of text.split(BRACES).entries()) {
    if (at % 2 === 1) {
      const selection = parseSelection(part, side);
      if (!selection.ok) return selection;
      parts.push(selection.value);
    } else if (part.includes("${"))
      return err({ message: "a `${` has no end", hint: "write `${request.header.name}`" });
    else if (BARE.test(part))
      return err({
        message: "a selection between other text has no braces",
        hint: "write `${request.header.name}`, with everything that is selected in braces of its own",
      });
    else if (part !== "") parts.push(part);
  }
  return ok(parts);
}

function parseSelection(text: string, side: MappingSide): Result<Selection, ValueProblem> {
  const [, root = "", rest = ""] = /^(\w+)(.*)$/s.exec(text) ?? [];
  if (root === "context") return parseContext(rest.slice(1));
  if (root === "stageVariables") {
    const name = rest.slice(1);
    return rest.startsWith(".") && /^\w+$/.test(name) ? ok({ kind: "stage-variable", name }) : unknown(text, side);
  }
  if (root !== side) return unknown(text, side);
  const [, what = "", behind = ""] = /^\.(\w+)(.*)$/s.exec(rest) ?? [];
  const name = behind.startsWith(".") ? behind.slice(1) : "";
  if (what === "header" && HEADER_NAME.test(name)) return ok({ kind: "header", name: name.toLowerCase() });
  if (what === "body") return parseBody(behind);
  if (side === "request") {
    if (what === "querystring" && name !== "") return ok({ kind: "querystring", name });
    if (what === "path" && behind === "") return ok({ kind: "path" });
    if (what === "path" && name !== "") return ok({ kind: "path-parameter", name });
  }
  return unknown(text, side);
}

function parseBody(path: string): Result<Selection, ValueProblem> {
  if (path === "") return ok({ kind: "body", path: null });
  const steps = parseJsonPath(path);
  if (steps !== null) return ok({ kind: "body", path: steps });
  const searches = path.includes("..") || path.includes("?(");
  return err({
    message: searches ? "a path into the body searches" : `${quoted(path)} is not a path into the body`,
    hint: "write names and positions, as in `$request.body.pets[0].name`",
  });
}

function parseContext(name: string): Result<Selection, ValueProblem> {
  if (!CONTEXT_NAME.test(name))
    return err({
      message: `${quoted(`$context.${name}`)} has other characters than letters, digits, \`.\` and \`_\``,
      hint: "have the issuer write the claim under a name of these characters",
    });
  if (findContextVariable(name) !== null) return ok({ kind: "context", name });
  const near = findNearest(name, CONTEXT_NAMES);
  return err({
    message: `there is no variable \`$context.${name}\``,
    hint: near === null ? "remove it" : `did you mean \`$context.${near}\`?`,
  });
}

const KNOWN = {
  request:
    "`$request.header.NAME`, `$request.querystring.NAME`, `$request.body`, `$request.path`, `$context.NAME` or `$stageVariables.NAME`",
  response: "`$response.header.NAME`, `$response.body`, `$context.NAME` or `$stageVariables.NAME`",
} as const;

function unknown(text: string, side: MappingSide): { ok: false; error: ValueProblem } {
  return err({ message: `${quoted(`$${text}`)} selects nothing of a ${side}`, hint: `write ${KNOWN[side]}` });
}
