/**
 * A form that could not be sent on, given back to the person who filled it in: its fields as they came, a way to sign in
 * beside it, and a button that sends it once more.
 *
 * In: the address, content type and body of a form post. Out: a page, or null for what cannot be given back exactly.
 * Files are not given back: the page asks for them again, in their places.
 * INVARIANT: the same names and values come again in the same order, or there is no page; nothing of them is markup, and
 * nothing is kept here.
 * Source: HTML, "constructing the form data set" and "URL-encoded form data"; RFC 7578.
 */
import { type AskedSignIn, askedParameters } from "./asked-sign-in.ts";
import { escapeHtml, pageHeaders, renderDocument } from "./pages.ts";
import { SIGNED_IN_PATH } from "./return-to.ts";
import type { WebResponse } from "./web-response.ts";

export interface FormPost {
  /** Path and query. */
  readonly target: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** What the route asks of a sign-in that the session is not enough for; null when the session has ended. */
  readonly asked: AskedSignIn | null;
}

/** `file`: the name of one that was chosen, or empty. */
type Field = { readonly name: string; readonly value: string } | { readonly name: string; readonly file: string };

/** A page has an element for each. */
const MAX_FIELDS = 1000;
const URL_ENCODED = /^application\/x-www-form-urlencoded[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;
const MULTIPART = /^multipart\/form-data[ \t]*;/i;

/** Whether such a body may be a form that can be given back. */
export function isFormType(contentType: string): boolean {
  return URL_ENCODED.test(contentType) || MULTIPART.test(contentType);
}

/** Never throws. */
export async function keptFormPage({ target, contentType, body, asked }: FormPost): Promise<WebResponse | null> {
  const isMultipart = MULTIPART.test(contentType);
  const fields = isMultipart ? await readMultipart(contentType, body) : readUrlEncoded(body);
  if (fields === null || fields.length > MAX_FIELDS || !fields.every(comesAgain)) return null;
  const files = fields.filter((field) => "file" in field && field.file !== "");
  const signIn = new URLSearchParams({ return_to: SIGNED_IN_PATH, ...askedParameters(asked) });
  const html = renderDocument(asked === null ? "Your session has ended" : "This form asks for another sign-in", [
    "<p>What you filled in has not been sent on yet, and nothing was changed.</p>",
    `<p><a href="/_gatehouse/login?${escapeHtml(signIn.toString())}" target="_blank" rel="noopener">Sign in in another tab</a>, then come back to this one and send the form.</p>`,
    ...(files.length === 0 ? [] : ["<p>Files have to be chosen again.</p>"]),
    `<form method="post" action="${escapeHtml(target)}" enctype="${isMultipart ? "multipart/form-data" : "application/x-www-form-urlencoded"}">`,
    ...fields.map(renderField),
    "<button>Send the form</button>",
    "</form>",
  ]);
  // With `no-referrer` the form's `Origin` would be `null`, and services that look at it would refuse the form.
  const headers = { ...pageHeaders(html, "'self'"), "referrer-policy": "same-origin" };
  return { status: 401, headers, body: html, reason: "form-kept" };
}

function renderField(field: Field, index: number): string {
  const name = `name="${escapeValue(field.name)}"`;
  if ("value" in field) return `<input type="hidden" ${name} value="${escapeValue(field.value)}">`;
  if (field.file === "") return `<input type="file" ${name} hidden>`;
  const label = `${field.name}: ${field.file}`;
  return `<label for="file-${index}">${escapeHtml(label)}</label>\n<input type="file" id="file-${index}" ${name}>`;
}

/** Line breaks as they are: a reader of HTML makes one kind of all that stand in a text. */
function escapeValue(text: string): string {
  return escapeHtml(text).replaceAll("\r", "&#13;").replaceAll("\n", "&#10;");
}

/** What a browser would send otherwise than it stands in the page, or not at all. */
function comesAgain(field: Field): boolean {
  const value = "value" in field ? field.value : "";
  if (field.name === "" || /[\0\ufffd]/.test(field.name + value)) return false;
  if (/\r(?!\n)|(?<!\r)\n/.test(field.name + value)) return false;
  return field.name.toLowerCase() !== "_charset_" || value === "UTF-8";
}

/** Null for what is no UTF-8. */
function readUrlEncoded(body: Uint8Array): readonly Field[] | null {
  const text = Buffer.from(body).toString("latin1");
  if (text === "") return [];
  const pairs = text.split("&", MAX_FIELDS + 1);
  try {
    return pairs.map((pair) => {
      const equals = pair.indexOf("=");
      const [name, value] = equals === -1 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return { name: decode(name), value: decode(value) };
    });
  } catch {
    return null;
  }
}

/** @throws URIError, for percent signs that encode no UTF-8; what browsers always encode counts as such */
function decode(text: string): string {
  if (/[^\u0020-\u007e]/.test(text)) throw new URIError("not encoded");
  return decodeURIComponent(text.replaceAll("+", " "));
}

async function readMultipart(contentType: string, body: Uint8Array): Promise<readonly Field[] | null> {
  try {
    const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData();
    return [...form].map(([name, value]) => (typeof value === "string" ? { name, value } : { name, file: value.name }));
  } catch {
    return null;
  }
}
