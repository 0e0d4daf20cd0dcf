/**
 * An OpenAPI 3.0 document with API Gateway's extensions to an HTTP API, as API Gateway's import makes one.
 *
 * In: the text of a YAML or JSON file. Out: the API, everything found with its place, and where each part of the API
 * stands in the file, so that what is wrong with the API itself can be shown there too (`checkAccount`).
 * Not here: stages, which a document cannot say; mappings' grammar, quotas and names (src/model/check-account.ts).
 * Source: API Gateway developer guide, "Working with OpenAPI definitions for HTTP APIs"; OpenAPI 3.0.3.
 * INVARIANT: the same text gives the same API, ids included. A route is open only where the document says so.
 */
import {
  type Diagnostic,
  type SourceTree,
  type Sources,
  type Span,
  childOf,
  entryOf,
  hasErrors,
  quoted,
  readSourceTree,
} from "../core/index.ts";
import { type HttpApi, stableId } from "../model/index.ts";
import { checkExtensions } from "./extensions.ts";
import { type ImportOptions, type Importing, createImporting, isMapping, readText } from "./importing.ts";
import { readSchemes } from "./read-authorizers.ts";
import { readCors } from "./read-cors.ts";
import { readPaths } from "./read-paths.ts";
import { readServers } from "./read-servers.ts";

export interface ImportedApi {
  /** Null when there are errors. Has no stage. */
  readonly api: HttpApi | null;
  /** What could be read of one with errors, to find more that is wrong with it; never to be served. */
  readonly draft: HttpApi | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
  /** Where parts of the API stand, by their JSON pointer in it; a part without an entry is where the one around it is. */
  readonly places: ReadonlyMap<string, Span>;
}

/** Whether a document says that it is one of OpenAPI, of whatever version. */
export function isOpenApi(tree: SourceTree): boolean {
  return entryOf(tree, "openapi") !== null || entryOf(tree, "swagger") !== null;
}

/** `file` is the name that findings give. */
export function importOpenApi(file: string, text: string, options: ImportOptions): ImportedApi {
  const sources = new Map([[file, text]]);
  const { tree, diagnostics } = readSourceTree(file, text);
  if (tree === null) return { api: null, draft: null, diagnostics, sources, places: new Map() };
  const { importing, found, places } = createImporting(tree, options);
  const api = isMapping(importing, tree, "the document") && checkVersion(importing) ? readApi(importing) : null;
  found.sort((a, b) => a.span.start - b.span.start);
  return { api: hasErrors(found) ? null : api, draft: api, diagnostics: found, sources, places };
}

function checkVersion(importing: Importing): boolean {
  const { root, add } = importing;
  const swagger = entryOf(root, "swagger");
  const openapi = entryOf(root, "openapi");
  const hint = "write it as OpenAPI 3.0 (`openapi: 3.0.3`)";
  if (swagger !== null)
    add("openapi/version", swagger.keyAt, "the document is Swagger 2.0, HTTP APIs take OpenAPI 3.0 only", hint);
  else if (openapi === null)
    add("openapi/version", { ...root.at, end: root.at.start }, "the document does not say `openapi`", hint);
  else {
    const version = readText(importing, openapi.value, "`openapi`");
    if (version === null) return false;
    if (/^3\.0(?:\.\d+)?$/.test(version)) return true;
    add("openapi/version", openapi.value.at, `HTTP APIs take OpenAPI 3.0 only, not ${quoted(version)}`, hint);
  }
  return false;
}

function readApi(importing: Importing): HttpApi | null {
  const { root, add, place } = importing;
  const top = { ...root.at, end: root.at.start };
  const title = entryOf(childOf(root, "info"), "title");
  const name = readText(importing, title?.value ?? null, "`title`");
  if (title === null || name === null || name === "")
    add(
      "openapi/title",
      title?.keyAt ?? entryOf(root, "info")?.keyAt ?? top,
      "the document has no title",
      'add `info: { title: orders, version: "1" }`',
    );
  else place("/name", title.value.at);
  checkRoot(importing);
  const { prefix, disableExecuteApiEndpoint } = readServers(importing);
  const schemes = readSchemes(importing);
  const authorizers = [...schemes.values()].flatMap((scheme) => (scheme.kind === "jwt" ? [scheme.authorizer] : []));
  const { routes, integrations } = readPaths(importing, prefix, schemes);
  const paths = entryOf(root, "paths");
  place("", paths?.keyAt ?? top);
  if (paths === null) add("openapi/no-routes", top, "the document has no `paths`", "add `paths`");
  else if (routes.length === 0 && !importing.hasErrors())
    add("openapi/no-routes", paths.keyAt, "no route is left", "give an operation an HTTP integration");
  const cors = readCors(importing);
  return {
    apiId: stableId("api", name ?? ""),
    // Of a document without title there is a draft only.
    name: name === null || name === "" ? "untitled" : name,
    protocolType: "HTTP",
    routes,
    integrations,
    authorizers,
    stages: [],
    ...(cors === null ? {} : { corsConfiguration: cors }),
    ...(disableExecuteApiEndpoint ? { disableExecuteApiEndpoint } : {}),
  };
}

function checkRoot(importing: Importing): void {
  const { root, add } = importing;
  checkExtensions(importing, root, ["cors", "importexport-version"]);
  const components = childOf(root, "components");
  if (components !== null) checkExtensions(importing, components, ["integrations", "integration"]);
  for (const scheme of listEntries(childOf(components, "securitySchemes")))
    checkExtensions(importing, scheme, ["authorizer", "authtype"]);
  const version = childOf(root, "x-amazon-apigateway-importexport-version");
  if (version !== null && readText(importing, version, "the version") !== "1.0")
    add("openapi/import-version", version.at, "the version of the import is not 1.0", 'write `"1.0"`');
}

function listEntries(tree: SourceTree | null): readonly SourceTree[] {
  return tree?.kind === "mapping" ? tree.entries.map(({ value }) => value) : [];
}
