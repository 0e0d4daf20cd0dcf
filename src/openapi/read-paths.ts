/**
 * `paths` to routes and integrations.
 *
 * Source: API Gateway developer guide, "Working with OpenAPI definitions for HTTP APIs", "x-amazon-apigateway-any-method".
 * INVARIANT: a route that is left out is told, and never falls through to another route unnoticed.
 */
import { type SourceEntry, type SourceTree, type Span, childOf, entryOf, quoted } from "../core/index.ts";
import {
  type Integration,
  type Route,
  canonicalHttpRouteKey,
  integrationIdOf,
  routeTakes,
  stableId,
} from "../model/index.ts";
import { checkExtensions } from "./extensions.ts";
import { type Importing, isMapping, isTrue, readText, resolveReference } from "./importing.ts";
import type { Scheme } from "./read-authorizers.ts";
import { INTEGRATION, readIntegration } from "./read-integration.ts";
import { readAuthorization } from "./read-security.ts";

const ANY_METHOD = "x-amazon-apigateway-any-method";
const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", ANY_METHOD];
/** OpenAPI's own keys of a path that are no operations. */
const OF_PATH = ["summary", "description", "servers", "parameters", "$ref"];

export interface Paths {
  readonly routes: readonly Route[];
  readonly integrations: readonly Integration[];
}

interface Operation {
  readonly routeKey: string;
  readonly entry: SourceEntry;
  readonly pathAt: Span;
}

interface UsedIntegration {
  readonly integration: Omit<Integration, "integrationId">;
  /** Of all routes that lead to it. */
  readonly routeKeys: string[];
}

interface LeftOut {
  readonly operation: Operation;
  readonly at: Span;
}

export function readPaths(importing: Importing, prefix: string, schemes: ReadonlyMap<string, Scheme>): Paths {
  const made: { readonly route: Omit<Route, "target">; readonly uses: UsedIntegration }[] = [];
  const integrations = new Map<string, UsedIntegration>();
  const leftOut: LeftOut[] = [];
  for (const operation of listOperations(importing, prefix)) {
    const { entry, pathAt, routeKey } = operation;
    if (!isMapping(importing, entry.value, `\`${entry.key}\``)) continue;
    checkExtensions(importing, entry.value, ["auth", "integration"]);
    checkIgnored(importing, entry.value);
    const authorization = readAuthorization(importing, entry.value, entry, schemes);
    const uses = readTarget(importing, operation, integrations, leftOut);
    if (authorization === null || uses === null) continue;
    const pointer = `/routes/${made.length}`;
    importing.place(pointer, entry.keyAt);
    importing.place(`${pointer}/routeKey`, pathAt);
    const routeId = stableId("route", canonicalHttpRouteKey(routeKey));
    made.push({ route: { routeId, routeKey, ...authorization }, uses });
  }
  const routes = made.map(({ route, uses }) => ({
    ...route,
    target: `integrations/${integrationIdOf(uses.routeKeys)}`,
  }));
  checkLeftOut(importing, leftOut, routes);
  return {
    routes,
    integrations: [...integrations.values()].map(({ routeKeys, integration }) => ({
      integrationId: integrationIdOf(routeKeys),
      ...integration,
    })),
  };
}

function listOperations(importing: Importing, prefix: string): readonly Operation[] {
  const paths = childOf(importing.root, "paths");
  if (paths === null || !isMapping(importing, paths, "`paths`")) return [];
  const operations: Operation[] = [];
  for (const { key: path, keyAt: pathAt, value } of paths.entries) {
    if (/^x-/i.test(path)) continue;
    const item = resolveReference(importing, value);
    if (item === null || !isMapping(importing, item, `path ${quoted(path)}`)) continue;
    const isDefault = path === "/$default" || path === "$default";
    if (path === "$default")
      importing.add("openapi/default-path", pathAt, "the path `$default` has no slash before it", "write `/$default`");
    else if (!path.startsWith("/")) {
      importing.add("openapi/path", pathAt, `the path ${quoted(path)} has no slash before it`, `write \`/${path}\``);
      continue;
    }
    checkExtensions(importing, item, ["any-method"]);
    for (const entry of item.entries) {
      if (OF_PATH.includes(entry.key) || /^x-(?!amazon-apigateway-any-method$)/i.test(entry.key)) continue;
      if (!METHODS.includes(entry.key)) {
        importing.add(
          "openapi/method",
          entry.keyAt,
          `${quoted(entry.key)} is left out`,
          `known are ${METHODS.slice(0, -1).join(", ")} and \`${ANY_METHOD}\``,
        );
        continue;
      }
      const routeKey = keyOf(importing, isDefault ? null : joinPaths(prefix, path), entry);
      if (routeKey !== null) operations.push({ routeKey, entry, pathAt });
    }
  }
  return operations;
}

/** The root of an API below `/v1` is `/v1`. */
function joinPaths(prefix: string, path: string): string {
  return prefix !== "" && path === "/" ? prefix : prefix + path;
}

/** `path` is null for the default route. */
function keyOf(importing: Importing, path: string | null, { key, keyAt, value }: SourceEntry): string | null {
  const isDefault = key === ANY_METHOD && isTrue(childOf(value, "isDefaultRoute"));
  if (path === null && isDefault) return "$default";
  if (path === null || isDefault) {
    importing.add(
      "openapi/default-route",
      keyAt,
      path === null
        ? "`/$default` is the path of the default route only"
        : "the default route has the path `/$default`",
      `write \`${ANY_METHOD}\` with \`isDefaultRoute: true\` below \`/$default\``,
    );
    return null;
  }
  const method = key === ANY_METHOD ? "ANY" : key.toUpperCase();
  return `${method} ${path}`;
}

/** The operation's integration; null when there is none, which is told. */
function readTarget(
  importing: Importing,
  operation: Operation,
  integrations: Map<string, UsedIntegration>,
  leftOut: LeftOut[],
): UsedIntegration | null {
  const { entry, routeKey } = operation;
  const written = entryOf(entry.value, INTEGRATION);
  const leave = (at: Span, why: string, hint: string): null => {
    importing.add("openapi/left-out", at, `\`${routeKey}\` is left out: ${why}`, hint);
    leftOut.push({ operation, at });
    return null;
  };
  if (written === null) return leave(entry.keyAt, "it has no integration", `add \`${INTEGRATION}\``);
  const reference = childOf(written.value, "$ref");
  const shared = reference === null ? null : readText(importing, reference, "`$ref`");
  // Each shared one is read once.
  const key = shared ?? routeKey;
  const known = integrations.get(key);
  if (known !== undefined) {
    known.routeKeys.push(routeKey);
    return known;
  }
  const read = readIntegration(importing, written.value, `/integrations/${integrations.size}`);
  switch (read.kind) {
    case "broken":
      return null;
    case "left-out":
      return leave(read.at, read.why, read.hint);
    case "http": {
      const uses = { integration: read.integration, routeKeys: [routeKey] };
      integrations.set(key, uses);
      return uses;
    }
  }
  return read satisfies never;
}

/** What the operation has for documentation only, each kind said once. */
function checkIgnored(importing: Importing, operation: SourceTree): void {
  const body = entryOf(operation, "requestBody");
  if (body !== null)
    importing.addOnce(
      "openapi/ignored",
      "requestBody",
      body.keyAt,
      "`requestBody` and its schemas are ignored: HTTP APIs do not validate requests",
      "validate in the backend",
    );
}

/**
 * A request for a route that is not there goes to a less specific one, whose authorization may be another: what its
 * author closed would be open.
 */
function checkLeftOut(importing: Importing, leftOut: readonly LeftOut[], routes: readonly Route[]): void {
  for (const { operation, at } of leftOut) {
    const heir = routes.find(({ routeKey }) => routeTakes(routeKey, operation.routeKey));
    if (heir === undefined) continue;
    importing.add(
      "openapi/left-out-open",
      at,
      `requests for \`${operation.routeKey}\` would be taken by \`${heir.routeKey}\` (${heir.authorizationType})`,
      "give it an HTTP integration, or remove it from the document",
    );
  }
}
