/**
 * Extensions of API Gateway that a document uses and that no HTTP API has, or that nobody has.
 * INVARIANT: a name that was meant for authorization and is misspelled is an error, for its route would be open.
 */
import { type SourceEntry, type SourceTree, findNearest, quoted, suggest } from "../core/index.ts";
import type { Importing } from "./importing.ts";

const PREFIX = "x-amazon-apigateway-";
/** Read elsewhere, at the places where they belong. */
const OURS = [
  "any-method",
  "auth",
  "authorizer",
  "authtype",
  "cors",
  "endpoint-configuration",
  "importexport-version",
  "integration",
  "integrations",
];
/** What they ask for is not done: who wrote them has to know. */
const REST_PROMISES = ["api-key-source", "gateway-responses", "policy", "request-validator", "request-validators"];
const REST_REST = [
  "binary-media-types",
  "documentation",
  "minimum-compression-size",
  "tag-value",
  "security-policy",
  "endpoint-access-mode",
];
const OF_AUTHORIZATION = new Set(["auth", "authorizer", "authtype"]);

/** Of one mapping, not of what stands in it. `belong` are those that are read here. */
export function checkExtensions(importing: Importing, tree: SourceTree, belong: readonly string[]): void {
  if (tree.kind !== "mapping") return;
  for (const entry of tree.entries)
    if (entry.key.toLowerCase().startsWith(PREFIX)) checkExtension(importing, entry, belong);
}

function checkExtension({ add, addOnce }: Importing, { key, keyAt }: SourceEntry, belong: readonly string[]): void {
  const name = key.slice(PREFIX.length);
  if (key.startsWith(PREFIX) && belong.includes(name)) return;
  if (REST_PROMISES.includes(name))
    addOnce(
      "openapi/rest-only",
      key,
      keyAt,
      `\`${key}\` is left out: HTTP APIs have nothing of the kind`,
      "remove it, and do in the backend what it asks for",
    );
  else if (REST_REST.includes(name))
    addOnce("openapi/ignored", key, keyAt, `\`${key}\` is ignored`, "it can be removed");
  else {
    const nearest = OURS.includes(name) ? name : findNearest(name, OURS);
    const hint = OURS.includes(name)
      ? `it belongs ${PLACES[name] ?? "elsewhere"}`
      : suggest(
          key,
          OURS.map((known) => PREFIX + known),
        );
    if (nearest !== null && OF_AUTHORIZATION.has(nearest))
      add("openapi/misspelled", keyAt, `nobody reads ${quoted(key)} here`, hint);
    else addOnce("openapi/extension", key, keyAt, `${quoted(key)} is not read here`, hint);
  }
}

const PLACES: Readonly<Record<string, string>> = {
  "any-method": "into a path",
  auth: "into an operation",
  authorizer: "into a security scheme",
  authtype: "into a security scheme",
  cors: "to the top of the document",
  "endpoint-configuration": "into an entry of `servers`",
  "importexport-version": "to the top of the document",
  integration: "into an operation",
  integrations: "into `components`",
};
