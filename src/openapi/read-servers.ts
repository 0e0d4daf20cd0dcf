/**
 * `servers`: the path before all paths, and whether the API's own endpoint answers.
 * Source: API Gateway developer guide, "Set the OpenAPI basePath property", "x-amazon-apigateway-endpoint-configuration".
 */
import { type SourceTree, childOf, quoted } from "../core/index.ts";
import { type Importing, isMapping, isTrue, readList, readText } from "./importing.ts";

const ENDPOINT = "x-amazon-apigateway-endpoint-configuration";

export interface Servers {
  /** Goes before every path; empty or with a slash at its beginning. */
  readonly prefix: string;
  readonly disableExecuteApiEndpoint: boolean;
}

export function readServers(importing: Importing): Servers {
  const tree = childOf(importing.root, "servers");
  const servers = tree === null ? [] : readList(importing, tree, "`servers`");
  const [first] = servers;
  return {
    prefix: first === undefined ? "" : readPrefix(importing, first),
    disableExecuteApiEndpoint: servers.some((server) =>
      isTrue(childOf(childOf(server, ENDPOINT), "disableExecuteApiEndpoint")),
    ),
  };
}

function readPrefix(importing: Importing, server: SourceTree): string {
  if (!isMapping(importing, server, "a server")) return "";
  const url = childOf(server, "url");
  const written = readText(importing, url, "`url`");
  if (url === null || written === null) return "";
  const variables = childOf(server, "variables");
  const filled = written.replace(
    /\{([^{}]+)\}/g,
    (_, name: string) => readText(importing, childOf(childOf(variables, name), "default"), "`default`") ?? "",
  );
  const path = filled.replace(/^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/]*/i, "").replace(/[?#].*$/, "");
  const segments = path.split("/").filter((segment) => segment !== "");
  if (segments.length === 0) return "";
  switch (importing.options.basePath) {
    case "ignore": {
      const problem = `the base path ${quoted(`/${segments.join("/")}`)} is not part of the routes`;
      importing.add("openapi/base-path", url.at, problem, "to have it in front of each path: `--base-path prepend`");
      return "";
    }
    case "prepend":
      return `/${segments.join("/")}`;
    case "split":
      return segments
        .slice(1)
        .map((segment) => `/${segment}`)
        .join("");
  }
  return importing.options.basePath satisfies never;
}
