/**
 * One import under way: the document, what is found on the way, and the values that stand in it.
 *
 * Every reader says what it found wrong through `add` and goes on, so that one import tells everything at once.
 * INVARIANT: nothing is thrown for what a document says.
 */
import { type Diagnostic, type SourceTree, type Span, childOf, inOneLine, pointerStep, quoted } from "../core/index.ts";
import { OPENAPI_FINDINGS, type OpenApiFinding, awsWords } from "./findings.ts";

export interface ImportOptions {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  /** What becomes of the path of `servers[0].url`. */
  readonly basePath: "ignore" | "prepend" | "split";
  /** `serve`: a route that cannot be served is an error, as nobody reads warnings of a server. */
  readonly purpose: "import" | "serve";
}

export interface Importing {
  readonly root: SourceTree;
  readonly options: ImportOptions;
  readonly add: (code: OpenApiFinding, at: Span, message: string, hint: string) => void;
  /** Adds only the first of its kind: what a document does on every line is said once. */
  readonly addOnce: (code: OpenApiFinding, key: string, at: Span, message: string, hint: string) => void;
  readonly hasErrors: () => boolean;
  /** Remembers where a part of the API stands: a JSON pointer into it. */
  readonly place: (pointer: string, at: Span) => void;
}

export function createImporting(
  root: SourceTree,
  options: ImportOptions,
): { readonly importing: Importing; readonly found: Diagnostic[]; readonly places: Map<string, Span> } {
  const found: Diagnostic[] = [];
  const places = new Map<string, Span>();
  const once = new Set<string>();
  const said = new Set<string>();
  const add: Importing["add"] = (code, at, message, hint) => {
    // What several operations share is read for each of them when it is broken.
    const identity = `${code} ${at.start} ${message}`;
    if (said.has(identity)) return;
    said.add(identity);
    const aws = awsWords(code);
    const { severity } = OPENAPI_FINDINGS[code];
    found.push({
      id: code,
      severity: code === "openapi/left-out" && options.purpose === "serve" ? "error" : severity,
      message: inOneLine(aws === null ? message : `${message} (API Gateway: "${aws}")`),
      span: at,
      hint: inOneLine(hint),
    });
  };
  const importing: Importing = {
    root,
    options,
    add,
    addOnce(code, key, ...rest) {
      if (once.has(`${code} ${key}`)) return;
      once.add(`${code} ${key}`);
      add(code, ...rest);
    },
    hasErrors: () => found.some(({ severity }) => severity === "error"),
    place: (pointer, at) => places.set(pointer, at),
  };
  return { importing, found, places };
}

/** A text, number or truth value as text, with AWS's variables filled in; null for anything else, which is told. */
export function readText(importing: Importing, tree: SourceTree | null, what: string): string | null {
  if (tree === null) return null;
  if (tree.kind === "text" || tree.kind === "number" || tree.kind === "boolean")
    return fillVariables(importing, tree.text, tree.at);
  reportKind(importing, tree, what, "a text");
  return null;
}

export function readList(importing: Importing, tree: SourceTree | null, what: string): readonly SourceTree[] {
  if (tree === null) return [];
  if (tree.kind === "list") return tree.items;
  reportKind(importing, tree, what, "a list");
  return [];
}

/** Whether it is one; what else it is is told. */
export function isMapping(
  importing: Importing,
  tree: SourceTree | null,
  what: string,
): tree is Extract<SourceTree, { kind: "mapping" }> {
  if (tree === null) return false;
  if (tree.kind === "mapping") return true;
  reportKind(importing, tree, what, "a mapping");
  return false;
}

export function isTrue(tree: SourceTree | null): boolean {
  return tree !== null && (tree.kind === "boolean" || tree.kind === "text") && tree.text.toLowerCase() === "true";
}

function reportKind({ add }: Importing, tree: SourceTree, what: string, wanted: string): void {
  const [first] = tree.kind === "mapping" ? tree.entries : [];
  if (first !== undefined && /^(?:Fn::\w+|Ref)$/.test(first.key))
    add(
      "openapi/template",
      tree.at,
      `${what} is \`${first.key}\`, which CloudFormation fills in`,
      "deploy or package the template first, or write the value",
    );
  else add("openapi/shape", tree.at, `${what} is not ${wanted}`, `write ${wanted}`);
}

/** Source: API Gateway developer guide, "AWS variables for OpenAPI import". */
function fillVariables({ options, addOnce }: Importing, text: string, at: Span): string {
  return text.replace(/\$\{AWS::(\w+)\}/g, (whole, name: string) => {
    switch (name) {
      case "Region":
        return options.region;
      case "Partition":
        return options.partition;
      case "AccountId":
        return options.accountId;
      default:
        addOnce(
          "openapi/variable",
          name,
          at,
          `\`${whole}\` is not a variable of an import`,
          "only CloudFormation fills it in: write the value",
        );
        return whole;
    }
  });
}

/** What a `$ref` leads to, through others if need be; the tree itself when it is none. Null, and told, when it leads nowhere. */
export function resolveReference(importing: Importing, tree: SourceTree): SourceTree | null {
  let found: SourceTree = tree;
  for (let hops = 0; hops < 16; hops++) {
    const reference = childOf(found, "$ref");
    if (reference === null) return found;
    const target = readText(importing, reference, "`$ref`");
    if (target === null) return null;
    if (!target.startsWith("#/")) {
      const problem = `${quoted(target)} is not in this document`;
      importing.add("openapi/reference", reference.at, problem, "write what it says into this document");
      return null;
    }
    const next = follow(importing.root, target);
    if (next === null) {
      importing.add("openapi/reference", reference.at, `nothing is at ${quoted(target)}`, "check its spelling");
      return null;
    }
    found = next;
  }
  importing.add("openapi/reference", tree.at, "the references lead in a circle", "write the value out");
  return null;
}

function follow(root: SourceTree, pointer: string): SourceTree | null {
  let found: SourceTree | null = root;
  for (const step of pointer.slice(2).split("/")) {
    const key = decode(step).replaceAll("~1", "/").replaceAll("~0", "~");
    found = found?.kind === "list" ? (found.items[Number(key)] ?? null) : childOf(found, key);
  }
  return found;
}

/** A pointer in a `$ref` is the fragment of a URI. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A mapping of texts, with the place of each under `pointer`. */
export function readTexts(
  importing: Importing,
  tree: SourceTree | null,
  what: string,
  pointer: string,
): Record<string, string> {
  if (tree === null || !isMapping(importing, tree, what)) return {};
  importing.place(pointer, tree.at);
  const texts: Record<string, string> = {};
  for (const { key, value } of tree.entries) {
    const text = readText(importing, value, `${quoted(key)} of ${what}`);
    if (text === null) continue;
    importing.place(pointer + pointerStep(key), value.at);
    Object.defineProperty(texts, key, { value: text, enumerable: true, configurable: true, writable: true });
  }
  return texts;
}
