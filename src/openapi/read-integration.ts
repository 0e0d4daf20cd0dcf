/**
 * `x-amazon-apigateway-integration` to an integration.
 * Source: API Gateway developer guide, "x-amazon-apigateway-integration object", "…integrations object", "…tlsConfig".
 */
import { type SourceTree, type Span, childOf, entryOf, pointerStep, quoted } from "../core/index.ts";
import type { Integration } from "../model/index.ts";
import { type Importing, isMapping, readText, readTexts, resolveReference } from "./importing.ts";

export const INTEGRATION = "x-amazon-apigateway-integration";
const DEFAULT_TIMEOUT_MS = 30_000;

export type ReadIntegration =
  | { readonly kind: "http"; readonly integration: Omit<Integration, "integrationId"> }
  /** API Gateway goes on without it, or this gateway cannot run it. */
  | { readonly kind: "left-out"; readonly at: Span; readonly why: string; readonly hint: string }
  /** Told already. */
  | { readonly kind: "broken" };

const BROKEN = { kind: "broken" } as const;

/** What REST APIs have and nobody misses. */
const WITHOUT_EFFECT = ["passthroughBehavior", "contentHandling", "cacheNamespace", "cacheKeyParameters", "responses"];
const TEMPLATES = ["requestTemplates", "responseTemplates"];
const KNOWN = [
  "type",
  "httpMethod",
  "uri",
  "payloadFormatVersion",
  "connectionType",
  "connectionId",
  "requestParameters",
  "responseParameters",
  "timeoutInMillis",
  "tlsConfig",
  "credentials",
  "integrationSubtype",
  "description",
];

/** `pointer` is where the integration will stand in the API. */
export function readIntegration(importing: Importing, written: SourceTree, pointer: string): ReadIntegration {
  const tree = resolveReference(importing, written);
  if (tree === null || !isMapping(importing, tree, "the integration")) return BROKEN;
  const type = readText(importing, childOf(tree, "type"), "`type`");
  const problem = (at: Span, message: string, hint: string): typeof BROKEN => {
    importing.add("openapi/integration", at, message, hint);
    return BROKEN;
  };
  if (type === null) return problem(tree.at, "the integration has no `type`", "add `type: http_proxy`");
  const typeAt = childOf(tree, "type")?.at ?? tree.at;
  switch (type.toLowerCase()) {
    case "http_proxy":
      break;
    case "aws_proxy":
      return {
        kind: "left-out",
        at: typeAt,
        why:
          childOf(tree, "integrationSubtype") === null
            ? "it calls a Lambda function, and this gateway has HTTP integrations only"
            : "it calls an AWS service, and this gateway has HTTP integrations only",
        hint: "run the function behind an HTTP server, and write `type: http_proxy` with its URL",
      };
    case "http":
    case "aws":
    case "mock":
      return {
        kind: "left-out",
        at: typeAt,
        why: `HTTP APIs have no integration of type \`${type}\``,
        hint: "write `type: http_proxy`",
      };
    default:
      return problem(typeAt, `${quoted(type)} is not a type of integration`, "write `type: http_proxy`");
  }
  importing.place(pointer, tree.at);
  checkProperties(importing, tree);
  const method = readText(importing, childOf(tree, "httpMethod"), "`httpMethod`");
  const uri = readText(importing, childOf(tree, "uri"), "`uri`");
  const version = readPayloadFormat(importing, tree);
  const connection = readConnection(importing, tree);
  const timeout = readTimeout(importing, tree);
  if (uri === null && childOf(tree, "uri") === null)
    return problem(tree.at, "the integration has no `uri`", "add `uri: https://orders.example/orders`");
  if (method === null && childOf(tree, "httpMethod") === null)
    return problem(tree.at, "the integration has no `httpMethod`", "add `httpMethod: ANY` for the client's own method");
  if (uri === null || method === null || version === null || connection === null || timeout === null) return BROKEN;
  for (const [ours, theirs] of [
    ["integrationUri", "uri"],
    ["integrationMethod", "httpMethod"],
    ["timeoutInMillis", "timeoutInMillis"],
    ["connectionId", "connectionId"],
    ["tlsConfig", "tlsConfig"],
  ] as const) {
    const at = childOf(tree, theirs)?.at;
    if (at !== undefined) importing.place(`${pointer}/${ours}`, at);
  }
  return {
    kind: "http",
    integration: {
      integrationType: "HTTP_PROXY",
      integrationMethod: method === "x-amazon-apigateway-any-method" ? "ANY" : method.toUpperCase(),
      integrationUri: uri,
      ...connection,
      payloadFormatVersion: "1.0",
      timeoutInMillis: timeout,
      requestParameters: readRequestParameters(importing, tree, `${pointer}/requestParameters`),
      ...readResponseParameters(importing, tree, `${pointer}/responseParameters`),
    },
  };
}

function checkProperties(importing: Importing, tree: Extract<SourceTree, { kind: "mapping" }>): void {
  for (const { key, keyAt } of tree.entries) {
    if (KNOWN.includes(key) || key === "$ref") {
      if (key === "credentials")
        importing.addOnce(
          "openapi/rest-only",
          key,
          keyAt,
          "`credentials` are for integrations with AWS services",
          "remove it",
        );
    } else if (TEMPLATES.includes(key))
      importing.addOnce(
        "openapi/mapping-template",
        key,
        keyAt,
        `\`${key}\` is left out: HTTP APIs pass the body as it is`,
        "map headers, query and path with `requestParameters`, or leave it to the backend",
      );
    else if (WITHOUT_EFFECT.includes(key))
      importing.addOnce("openapi/ignored", key, keyAt, `\`${key}\` of an integration is ignored`, "it can be removed");
    else
      importing.addOnce(
        "openapi/extension",
        `integration ${key}`,
        keyAt,
        `${quoted(key)} is not a property of an integration`,
        `known are ${KNOWN.map((name) => `\`${name}\``).join(", ")}`,
      );
  }
}

function readPayloadFormat(importing: Importing, tree: SourceTree): "1.0" | null {
  const written = childOf(tree, "payloadFormatVersion");
  if (written === null) {
    importing.addOnce(
      "openapi/payload-format",
      "",
      tree.at,
      "the integration has no `payloadFormatVersion`; 1.0 is taken",
      'add `payloadFormatVersion: "1.0"`',
    );
    return "1.0";
  }
  const version = readText(importing, written, "`payloadFormatVersion`");
  if (version === null) return null;
  // Documents that API Gateway exported have 2.0 on HTTP integrations, where it changes nothing.
  if (!/^1(?:\.0)?$/.test(version))
    importing.addOnce(
      "openapi/payload-format",
      version,
      written.at,
      `an HTTP integration has no payload format ${quoted(version)}; 1.0 is taken`,
      'write `payloadFormatVersion: "1.0"`',
    );
  return "1.0";
}

function readConnection(
  importing: Importing,
  tree: SourceTree,
): Pick<Integration, "connectionType" | "connectionId" | "tlsConfig"> | null {
  const typeTree = childOf(tree, "connectionType");
  const type = typeTree === null ? "INTERNET" : readText(importing, typeTree, "`connectionType`");
  const connectionId = readText(importing, childOf(tree, "connectionId"), "`connectionId`");
  const tls = childOf(tree, "tlsConfig");
  const serverName = isMappingOrNull(importing, tls)
    ? readText(importing, childOf(tls, "serverNameToVerify"), "`serverNameToVerify`")
    : null;
  const upper = type?.toUpperCase();
  if (upper !== "INTERNET" && upper !== "VPC_LINK") {
    if (type !== null)
      importing.add(
        "openapi/integration",
        typeTree?.at ?? tree.at,
        `${quoted(type)} is not a type of connection`,
        "write `INTERNET` or `VPC_LINK`",
      );
    return null;
  }
  return {
    connectionType: upper,
    ...(connectionId === null ? {} : { connectionId }),
    ...(serverName === null ? {} : { tlsConfig: { serverNameToVerify: serverName } }),
  };
}

function isMappingOrNull(importing: Importing, tree: SourceTree | null): boolean {
  return tree !== null && isMapping(importing, tree, "`tlsConfig`");
}

function readTimeout(importing: Importing, tree: SourceTree): number | null {
  const written = childOf(tree, "timeoutInMillis");
  if (written === null) return DEFAULT_TIMEOUT_MS;
  const text = readText(importing, written, "`timeoutInMillis`");
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const problem = `${quoted(text)} is not a number of milliseconds`;
  importing.add("openapi/integration", written.at, problem, "write `timeoutInMillis: 29000`");
  return null;
}

const REST_MAPPING = /^integration\.request\.(?:path|querystring|header)\./;

function readRequestParameters(importing: Importing, tree: SourceTree, pointer: string): Record<string, string> {
  const written = entryOf(tree, "requestParameters");
  const parameters = readTexts(importing, written?.value ?? null, "`requestParameters`", pointer);
  for (const [key, value] of Object.entries(parameters)) {
    if (!REST_MAPPING.test(key)) continue;
    delete parameters[key];
    // Parameters of the path stand in the URI by their name as it is.
    if (value === key.replace("integration.request.path.", "method.request.path.")) continue;
    const [, , place = "header", ...name] = key.split(".");
    importing.add(
      "openapi/rest-mapping",
      written?.keyAt ?? tree.at,
      `the mapping ${quoted(key)} is left out`,
      place === "path"
        ? "write the parameter into `uri` under the name that it has in the path"
        : `write \`overwrite:${place}.${name.join(".")}: ${value.replace(/^method\.request\./, "$request.")}\``,
    );
  }
  return parameters;
}

function readResponseParameters(
  importing: Importing,
  tree: SourceTree,
  pointer: string,
): Pick<Integration, "responseParameters"> {
  const written = childOf(tree, "responseParameters");
  if (written === null || !isMapping(importing, written, "`responseParameters`")) return {};
  importing.place(pointer, written.at);
  const responseParameters: Record<string, Record<string, string>> = {};
  for (const { key, value } of written.entries)
    responseParameters[key] = readTexts(
      importing,
      value,
      `\`responseParameters\` of ${quoted(key)}`,
      pointer + pointerStep(key),
    );
  return Object.keys(responseParameters).length === 0 ? {} : { responseParameters };
}
