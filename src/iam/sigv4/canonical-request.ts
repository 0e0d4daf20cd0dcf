/**
 * The canonical request of Signature Version 4: what both sides hash.
 *
 * In:  method, target and headers as they are on the wire, one character for each byte; characters above U+00FF, which
 *      no wire carries, count as their UTF-8 bytes.
 * Out: text whose bytes are the same for everybody who means the same request.
 * Source: IAM user guide, "Create a signed AWS API request", step 1, for services other than S3: the path is normalised
 *      and encoded once more than it is on the wire; awslabs/aws-c-auth tests/aws-signing-test-suite for the corners.
 * INVARIANT: total, and linear but for the sorting of names.
 */
import { hash } from "node:crypto";

const WHITE = /[ \t\r\n]+/g;
const PLAIN_PATH = /^\/[A-Za-z0-9\-._~/]*$/;
const TO_ENCODE_IN_PATH = /[^A-Za-z0-9\-._~/]/gu;
const TO_ENCODE_IN_QUERY = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~]/gu;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const PLAIN_QUERY = /^[A-Za-z0-9\-._~=&]*$/;
const BEYOND_BYTES = /[^\0-\xff]/;

/** For each byte: itself if RFC 3986 calls it unreserved, else its escape in capitals. */
const ENCODED = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

/** A parameter of a query, name and value in canonical encoding. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

export interface Query {
  /** In the order of the query. */
  readonly parameters: readonly QueryParameter[];
  /** Whether a `%` starts no escape; such a one is encoded itself. */
  readonly isMalformed: boolean;
}

/** Values by lower-case name, in the order of the request, white space as signatures see it. */
export type HeaderValues = ReadonlyMap<string, readonly string[]>;

/** Dot segments and repeated slashes removed, then every byte but the unreserved and `/` encoded, `%` included. */
export function canonicalPath(path: string): string {
  if (PLAIN_PATH.test(path) && !path.includes("//") && !path.includes("/.")) return path;
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") segments.pop();
    else segments.push(segment);
  }
  // As AWS's signers do, and unlike RFC 3986: `/a/b/..` is `/a`.
  const ending = segments.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${segments.join("/")}${ending}`.replace(TO_ENCODE_IN_PATH, encodeCharacter);
}

/** Names and values decoded, `+` being a space, and encoded again. Empty parameters (`a&&b`) are none. */
export function readQuery(query: string): Query {
  const parameters: QueryParameter[] = [];
  if (query === "") return { parameters, isMalformed: false };
  const isPlain = PLAIN_QUERY.test(query);
  for (const text of query.split("&")) {
    if (text === "") continue;
    const equals = text.indexOf("=");
    const name = equals === -1 ? text : text.slice(0, equals);
    const value = equals === -1 ? "" : text.slice(equals + 1);
    // The first `=` separates; one in a value is encoded.
    if (isPlain && !value.includes("=")) parameters.push({ name, value });
    else
      parameters.push({
        name: name.replace(TO_ENCODE_IN_QUERY, encodeInQuery),
        value: value.replace(TO_ENCODE_IN_QUERY, encodeInQuery),
      });
  }
  return { parameters, isMalformed: !isPlain && BROKEN_ESCAPE.test(query) };
}

/** Sorted by name, then by value; `X-Amz-Signature`, which cannot sign itself, left out. */
export function canonicalQuery(parameters: readonly QueryParameter[]): string {
  if (parameters.length === 0) return "";
  return parameters
    .filter(({ name }) => name !== "X-Amz-Signature")
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join("&");
}

/** What a canonical name or value stands for; null if that is no UTF-8. */
export function decodeParameter(text: string): string | null {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** In: flat names and values. A name without a value at the end is left out. */
export function readHeaders(flat: readonly string[]): HeaderValues {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = (flat[index] ?? "").toLowerCase();
    const value = trimAll(flat[index + 1] ?? "");
    const others = headers.get(name);
    if (others === undefined) headers.set(name, [value]);
    else others.push(value);
  }
  return headers;
}

/** The values of a signed header: `host` and `:authority` stand for each other, since proxies turn one into the other. */
export function signedValues(headers: HeaderValues, name: string): readonly string[] | undefined {
  const values = headers.get(name);
  if (values !== undefined) return values;
  if (name === ":authority") return headers.get("host");
  return name === "host" ? headers.get(":authority") : undefined;
}

/** Null if a signed header is not in the request. In: canonical path and query, sorted lower-case names. */
export function canonicalRequest(parts: {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderValues;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}): string | null {
  let lines = "";
  for (const name of parts.signedHeaders) {
    const values = signedValues(parts.headers, name);
    if (values === undefined) return null;
    lines += `${name}:${values.length === 1 ? values[0] : values.join(",")}\n`;
  }
  return `${parts.method}\n${parts.path}\n${parts.query}\n${lines}\n${parts.signedHeaders.join(";")}\n${parts.payloadHash}`;
}

/** SHA-256 in lower-case hexadecimal, of the bytes that the text stands for. */
export function digestOf(text: string): string {
  const isAscii = Buffer.byteLength(text) === text.length;
  if (isAscii || BEYOND_BYTES.test(text)) return hash("sha256", text, "hex");
  return hash("sha256", Buffer.from(text, "latin1"), "hex");
}

/** Path and query of a target, the first `?` between them. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf("?");
  return mark === -1 ? { path: target, query: "" } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** For sorting: by code unit, which for ASCII is by byte. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function trimAll(value: string): string {
  const single = value.replace(WHITE, " ");
  const start = single.startsWith(" ") ? 1 : 0;
  return single.slice(start, single.length > start && single.endsWith(" ") ? -1 : undefined);
}

function encodeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return ENCODED[code] ?? "";
  let text = "";
  for (const byte of Buffer.from(character)) text += ENCODED[byte] ?? "";
  return text;
}

function encodeInQuery(match: string): string {
  if (match.length === 3 && match.startsWith("%")) return ENCODED[Number.parseInt(match.slice(1), 16)] ?? "";
  return match === "+" ? "%20" : encodeCharacter(match);
}
