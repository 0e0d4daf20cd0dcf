/**
 * The parameter mappings of an integration: what is changed of a request before the backend sees it, and of the
 * backend's answer before the client does.
 *
 * In: keys and values as API Gateway takes them. Out: the changes, compiled, or what is wrong, by key.
 * The order of keys has no meaning: removals come first, then what is overwritten, then what is appended.
 * Not here: evaluation (src/gateway/http-api/map-request.ts, map-response.ts).
 * Source: API Gateway developer guide, "Transform API requests and responses for HTTP APIs"; AWS's words on a wrong key
 * of a response were seen in error reports.
 * INVARIANT: no mapping names a reserved header, and none frames a message or is about one connection.
 */
import { type Result, err, ok, quoted } from "../core/index.ts";
import { HEADER_NAME, type MappingSide, type MappingValue, parseValue } from "./parameter-mapping-value.ts";

export type ParameterChange =
  | { readonly action: "remove"; readonly name: string }
  | { readonly action: "overwrite" | "append"; readonly name: string; readonly value: MappingValue };

export interface RequestMapping {
  /** Names in lower case. */
  readonly headers: readonly ParameterChange[];
  /** Names with their case. */
  readonly querystring: readonly ParameterChange[];
  /** Null: the path that the integration's URI makes. */
  readonly path: MappingValue | null;
}

export interface ResponseMapping {
  readonly headers: readonly ParameterChange[];
  /** Null: the backend's. */
  readonly status: MappingValue | null;
}

export interface MappingProblem {
  /** Of the mapping, for a response behind its status: `["404", "overwrite:statuscode"]`. */
  readonly at: readonly string[];
  readonly code: "integration/mapping" | "integration/response-destination";
  readonly message: string;
  readonly hint: string;
  /** What AWS's words name. */
  readonly value: string;
}

/** Whole names, and beginnings that end in `-`. */
export const RESERVED_HEADERS: readonly string[] = [
  "access-control-",
  "apigw-",
  "authorization",
  "connection",
  "content-encoding",
  "content-length",
  "content-location",
  "forwarded",
  "keep-alive",
  "origin",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailers",
  "transfer-encoding",
  "upgrade",
  "via",
  "x-amz-",
  "x-amzn-",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
];

/** Not on AWS's list, and about one connection: no engine passes them on. */
const OF_ONE_CONNECTION: readonly string[] = ["expect", "http2-settings", "proxy-connection", "trailer"];

/** Whatever its case. */
export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return RESERVED_HEADERS.some((each) => (each.endsWith("-") ? lower.startsWith(each) : lower === each));
}

export function parseRequestParameters(
  parameters: Readonly<Record<string, string>>,
): Result<RequestMapping, readonly MappingProblem[]> {
  const reader = new Reader("request", []);
  for (const [key, value] of Object.entries(parameters)) reader.read(key, value);
  const { problems, headers, querystring, path } = reader;
  return problems.length > 0
    ? err(problems)
    : ok({ headers: inOrder(headers), querystring: inOrder(querystring), path });
}

/** @returns by status code of the backend */
export function parseResponseParameters(
  parameters: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Result<ReadonlyMap<number, ResponseMapping>, readonly MappingProblem[]> {
  const mappings = new Map<number, ResponseMapping>();
  const problems: MappingProblem[] = [];
  for (const [code, changes] of Object.entries(parameters)) {
    if (!STATUS.test(code))
      problems.push(problem([code], `${quoted(code)} is not a status code of a backend`, "write 200 to 599"));
    const reader = new Reader("response", [code]);
    for (const [key, value] of Object.entries(changes)) reader.read(key, value);
    problems.push(...reader.problems);
    mappings.set(Number(code), { headers: inOrder(reader.headers), status: reader.status });
  }
  return problems.length > 0 ? err(problems) : ok(mappings);
}

/** The values of a mapping, for those who look for something in them. */
export function* listValues(mapping: RequestMapping): Iterable<MappingValue> {
  for (const change of [...mapping.headers, ...mapping.querystring]) if (change.action !== "remove") yield change.value;
  if (mapping.path !== null) yield mapping.path;
}

const STATUS = /^[2-5]\d\d$/;
const KEY = /^(append|overwrite|remove):(header|querystring)\.(.+)$/s;
const ORDER = ["remove", "overwrite", "append"] as const;

function inOrder(changes: readonly ParameterChange[]): readonly ParameterChange[] {
  return ORDER.flatMap((action) => changes.filter((each) => each.action === action));
}

function problem(at: readonly string[], message: string, hint: string): MappingProblem {
  return { at, code: "integration/mapping", message, hint, value: at.at(-1) ?? "" };
}

class Reader {
  readonly headers: ParameterChange[] = [];
  readonly querystring: ParameterChange[] = [];
  path: MappingValue | null = null;
  status: MappingValue | null = null;
  readonly problems: MappingProblem[] = [];
  readonly #side: MappingSide;
  readonly #at: readonly string[];
  readonly #seen = new Set<string>();

  constructor(side: MappingSide, at: readonly string[]) {
    this.#side = side;
    this.#at = at;
  }

  read(key: string, written: string): void {
    if (key === "overwrite:path" && this.#side === "request") this.path = this.#readValue(key, written);
    else if (key === "overwrite:statuscode" && this.#side === "response") this.#readStatus(key, written);
    else this.#readParameter(key, written);
  }

  #readParameter(key: string, written: string): void {
    const [, action, place, name = ""] = KEY.exec(key) ?? [];
    if (action === undefined || (place === "querystring" && this.#side === "response")) return this.#refuseKey(key);
    const isHeader = place === "header";
    if (isHeader && !this.#checkHeader(key, name)) return;
    const one = isHeader ? name.toLowerCase() : name;
    const changes = isHeader ? this.headers : this.querystring;
    const id = `${action}:${place}.${one}`;
    if (this.#seen.has(id)) return this.#add(key, `${quoted(id)} stands twice`, "write each header once, in one case");
    this.#seen.add(id);
    if (action === "remove") {
      if (written !== "''") this.#add(key, "a removal has a value", "write `''`");
      changes.push({ action, name: one });
      return;
    }
    const value = this.#readValue(key, written);
    if (value !== null) changes.push({ action: action === "append" ? "append" : "overwrite", name: one, value });
  }

  #checkHeader(key: string, name: string): boolean {
    const hint = "map to a header of another name";
    if (!HEADER_NAME.test(name)) this.#add(key, `${quoted(name)} is not the name of a header`, hint);
    else if (isReservedHeader(name)) this.#add(key, `the header ${quoted(name)} is reserved`, hint);
    else if (OF_ONE_CONNECTION.includes(name.toLowerCase()))
      this.#add(key, `the header ${quoted(name)} is about one connection and is not passed on`, hint);
    else return true;
    return false;
  }

  #readStatus(key: string, written: string): void {
    const value = this.#readValue(key, written);
    if (value === null) return;
    if (value.every((part) => typeof part === "string") && !STATUS.test(written))
      return this.#add(key, `${quoted(written)} is not a status code`, "write 200 to 599");
    this.status = value;
  }

  #readValue(key: string, written: string): MappingValue | null {
    const value = parseValue(written, this.#side);
    if (value.ok) return value.value;
    this.#add(key, `the value of ${quoted(key)} is wrong: ${value.error.message}`, value.error.hint);
    return null;
  }

  #refuseKey(key: string): void {
    const isRequest = this.#side === "request";
    const known = isRequest
      ? "`append:header.NAME`, `overwrite:querystring.NAME`, `remove:header.NAME` or `overwrite:path`"
      : "`append:header.NAME`, `overwrite:header.NAME`, `remove:header.NAME` or `overwrite:statuscode`";
    this.problems.push({
      ...problem([...this.#at, key], `${quoted(key)} changes nothing of a ${this.#side}`, `write ${known}`),
      code: isRequest ? "integration/mapping" : "integration/response-destination",
    });
  }

  #add(key: string, message: string, hint: string): void {
    this.problems.push(problem([...this.#at, key], message, hint));
  }
}
