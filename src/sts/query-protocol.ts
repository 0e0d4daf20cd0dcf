/**
 * The AWS Query protocol as STS speaks it: parameters in the query or in a form, answers as XML, or as JSON for a client
 * that asks for it (Envoy does).
 *
 * In: a request as received; a tree of names and texts. Out: parameters by name; an answer with its headers.
 * Not here: which actions there are (sts.ts), which parameters they take (assume-role-request.ts).
 * Source: Smithy, "AWS Query protocol"; STS API reference, "Making query requests".
 * INVARIANT: a request has one reading: a parameter that is there twice, or that is not UTF-8, is refused.
 */
import type { StsErrorCode, StsRefusal } from "./sts-error.ts";
import { refuse, statusOf } from "./sts-error.ts";

export interface StsRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** Flat names and values as received. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface StsAnswer {
  readonly status: number;
  /** Flat names and values; `content-length` is left to who sends it. */
  readonly headers: readonly string[];
  readonly body: string;
}

export type Parameters = ReadonlyMap<string, string>;

/** Texts are written as they are; seconds since the epoch as a time. Null is left out. */
export type Tree = { readonly [name: string]: string | number | { readonly epochSeconds: number } | Tree | null };

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";
const FORM = "application/x-www-form-urlencoded";

/** The parameters of a GET or POST; those in the query of a POST count too. */
export function readParameters(
  request: StsRequest,
): { readonly ok: true; readonly parameters: Parameters } | StsRefusal {
  const { method, target, body } = request;
  if (method !== "GET" && method !== "POST")
    return refuse("MethodNotAllowed", "The requested method is not allowed for this service.");
  const mark = target.indexOf("?");
  const texts = mark === -1 ? [] : [target.slice(mark + 1)];
  if (method === "POST" && body.length > 0) {
    if (!isForm(request)) return refuse("MalformedInput", `The body must be of type ${FORM}.`);
    // Every octet as one character: what is not ASCII has no place in a form and does not decode.
    texts.push(body.toString("latin1"));
  }
  const parameters = new Map<string, string>();
  for (const pair of texts.join("&").split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = decode(equals === -1 ? "" : pair.slice(equals + 1));
    if (name === null || value === null || parameters.has(name))
      return refuse("MalformedQueryString", "The query string contains a syntax error.");
    parameters.set(name, value);
  }
  return { ok: true, parameters };
}

function decode(text: string): string | null {
  if (/[^\x20-\x7e]/.test(text)) return null;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}

function isForm({ headers }: StsRequest): boolean {
  const type = headerOf(headers, "content-type");
  return type === null || (type.split(";")[0] ?? "").trim().toLowerCase() === FORM;
}

/** The first value of a header; `name` in lower case. */
function headerOf(headers: readonly string[], name: string): string | null {
  for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i]?.toLowerCase() === name) return headers[i + 1] ?? null;
  return null;
}

/** Answers one request in the form that its client wants. */
export class AnswerWriter {
  readonly #requestId: string;
  readonly #isJson: boolean;

  constructor({ headers }: StsRequest, requestId: string) {
    this.#requestId = requestId;
    this.#isJson = /^application\/json\b/i.test(headerOf(headers, "accept") ?? "");
  }

  result(action: string, tree: Tree): StsAnswer {
    return this.#write(200, `${action}Response`, {
      [`${action}Result`]: tree,
      ResponseMetadata: { RequestId: this.#requestId },
    });
  }

  error(code: StsErrorCode, message: string): StsAnswer {
    const status = statusOf(code);
    const Type = status >= 500 ? "Receiver" : "Sender";
    const error = { Error: { Type, Code: code, Message: message }, RequestId: this.#requestId };
    const answer = this.#write(status, "ErrorResponse", error);
    return status === 405 ? { ...answer, headers: [...answer.headers, "allow", "GET, POST"] } : answer;
  }

  #write(status: number, root: string, tree: Tree): StsAnswer {
    const headers = ["x-amzn-requestid", this.#requestId, "cache-control", "no-store"];
    if (this.#isJson) {
      // Errors have no name around them in this form.
      const value = root === "ErrorResponse" ? jsonOf(tree) : { [root]: jsonOf(tree) };
      return { status, headers: ["content-type", "application/json", ...headers], body: JSON.stringify(value) };
    }
    const body = `<${root} xmlns="${NAMESPACE}">\n${xmlOf(tree, "  ")}</${root}>\n`;
    return { status, headers: ["content-type", "text/xml", ...headers], body };
  }
}

function xmlOf(tree: Tree, indent: string): string {
  let text = "";
  for (const [name, value] of Object.entries(tree)) {
    if (value === null) continue;
    if (typeof value === "string" || typeof value === "number")
      text += `${indent}<${name}>${escapeXml(String(value))}</${name}>\n`;
    else if (isTime(value)) text += `${indent}<${name}>${isoTime(value.epochSeconds)}</${name}>\n`;
    else text += `${indent}<${name}>\n${xmlOf(value, `${indent}  `)}${indent}</${name}>\n`;
  }
  return text;
}

function jsonOf(tree: Tree): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const [name, value] of Object.entries(tree))
    if (value === null || typeof value === "string" || typeof value === "number") entries.push([name, value]);
    else entries.push([name, isTime(value) ? value.epochSeconds : jsonOf(value)]);
  return Object.fromEntries(entries);
}

function isTime(value: object): value is { readonly epochSeconds: number } {
  return "epochSeconds" in value;
}

function isoTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace(".000Z", "Z");
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;" };

/** What XML 1.0 cannot hold becomes U+FFFD. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll(/[&<>\r]/g, (character) => ESCAPES[character] ?? "");
}
