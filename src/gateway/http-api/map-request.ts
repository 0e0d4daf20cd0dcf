/**
 * What a request mapping makes of a request on its way to the backend.
 *
 * In: a compiled mapping, the request to read, headers, query and path that it would have. Out: those it gets.
 * All values are of the request as it came: no change sees another one.
 * Not here: the grammar (model's parameter-mapping.ts), headers (map-headers.ts).
 * Source: API Gateway developer guide, "Transform API requests and responses for HTTP APIs"; RFC 3986 3.3 and 3.4.
 * INVARIANT: query and path are printable ASCII without what would end them; two harmless parts never make a dot
 * segment or an empty one together, nor does a part that is missing.
 */
import type { MappingValue, ParameterChange, RequestMapping } from "../../model/index.ts";
import { MAX_HEAD_BYTES } from "./gateway-answers.ts";
import { type MappingSwitches, changeHeaders } from "./map-headers.ts";
import { evaluateValue, select } from "./map-value.ts";
import { decodeParameter } from "./query-values.ts";
import { hasLooseSegments } from "./request-target.ts";
import type { ValueSource } from "./value-source.ts";

export interface MappedRequest {
  /** Flat names and values. */
  readonly headers: string[];
  /** With its leading `?`, or empty. */
  readonly query: string;
  readonly path: string;
}

/**
 * @param unmapped takes the destinations whose value cannot stand there
 * @returns null when no path can be made that means the same to everybody
 */
export function applyRequestMapping(
  mapping: RequestMapping,
  source: ValueSource,
  request: Readonly<{ headers: readonly string[]; query: string; path: string }>,
  switches: MappingSwitches,
  unmapped: string[],
): MappedRequest | null {
  const path = mapping.path === null ? request.path : overwritePath(mapping.path, source, request.path);
  if (path === null) return null;
  return {
    headers: changeHeaders(request.headers, mapping.headers, source, switches, unmapped),
    query: changeQuery(request.query, mapping.querystring, source, switches, unmapped),
    path,
  };
}

function changeQuery(
  query: string,
  changes: readonly ParameterChange[],
  source: ValueSource,
  switches: MappingSwitches,
  unmapped: string[],
): string {
  if (changes.length === 0) return query;
  let pairs = query === "" ? [] : query.slice(1).split("&");
  for (const change of changes) {
    const { action, name } = change;
    if (action !== "append") pairs = pairs.filter((pair) => nameOf(pair) !== name);
    if (action === "remove") continue;
    const value = evaluateValue(change.value, source) ?? (switches["absent-value"] === "empty" ? "" : null);
    if (value === null) continue;
    if (value.length > MAX_HEAD_BYTES) unmapped.push(`querystring.${name}`);
    else pairs.push(`${encode(name)}=${encode(value)}`);
  }
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function nameOf(pair: string): string {
  const equals = pair.indexOf("=");
  return decodeParameter(equals === -1 ? pair : pair.slice(0, equals));
}

function overwritePath(value: MappingValue, source: ValueSource, path: string): string | null {
  let made = "";
  let isWritten = true;
  for (const part of value) {
    if (typeof part === "string") {
      made += part.replaceAll(UNFIT_IN_PATH, encode);
      continue;
    }
    isWritten = false;
    const isSent = part.kind === "path" || part.kind === "path-parameter";
    const found = part.kind === "path-parameter" ? source.pathParameter(part.name, "sent") : select(part, source);
    // Alone, what is not there changes nothing; a hole in a path would make it another one.
    if (found === null) return value.length === 1 ? path : null;
    if (found === "" && value.length > 1 && part.kind !== "stage-variable") return null;
    const keepsSlashes = value.length === 1 || part.kind === "stage-variable";
    made += isSent ? found : keepsSlashes ? found.split("/").map(encode).join("/") : encode(found);
  }
  if (!made.startsWith("/")) made = `/${made}`;
  if (made.length > MAX_HEAD_BYTES || !PATH.test(made)) return null;
  return !isWritten && hasLooseSegments(made) ? null : made;
}

const UNFIT_IN_PATH = /[^!$&'()*+,\-./0-9:;=@A-Z_a-z~%]|%(?![0-9A-Fa-f]{2})/gu;
const PATH = /^\/[!-"$->@-[\]-~]*$/;

/** Everything that could mean something in a path or a query, and what is no character at all. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
