/**
 * The head of a request as text.
 *
 * In: method, target, headers as pairs. Out: what goes on the wire up to and with the empty line; null when a part of it
 * holds what HTTP does not allow there.
 * Source: RFC 9112 3 and 5; RFC 9110 8.6 (when a length is sent without a body).
 * INVARIANT: no input can begin a second line or a second request, nor say the length twice.
 */
import type { ClientRequest, Job } from "./client-job.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_TARGET = /[^!-\xff]/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const DIGITS = /^\d{1,15}$/;
/** Methods for which a service expects a body and must be told that there is none. */
const EXPECTS_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);
/** What a name means here; names that were seen to be good are remembered, within a bound. */
const ROLE = { plain: 0, host: 1, length: 2, ours: 3 } as const;
const roles = new Map<string, number>();
const MAX_NAMES = 4096;

/** @param host of the origin, for a request that names none */
export function writeRequestHead(request: ClientRequest, host: string): Pick<Job, "text" | "length"> | null {
  const { method, path, headers, body, upgrade } = request;
  if (roleOf(method) === null || path === "" || NOT_IN_TARGET.test(path)) return null;
  let named: string | null = null;
  let length: string | null = null;
  let fields = "";
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    const role = roleOf(name);
    if (role === null || role === ROLE.ours || NOT_IN_VALUE.test(value)) return null;
    if (role === ROLE.plain) {
      fields += `${name}: ${value}\r\n`;
    } else if (role === ROLE.host) {
      if (named !== null) return null;
      named = value;
    } else {
      if (length !== null || !DIGITS.test(value)) return null;
      length = value;
      fields += `${name}: ${value}\r\n`;
    }
  }
  const bytes = body instanceof Uint8Array ? body.length : body === null ? 0 : null;
  if (length === null && bytes !== null && (bytes > 0 || EXPECTS_BODY.has(method))) {
    length = String(bytes);
    fields += `content-length: ${length}\r\n`;
  } else if (length === null && bytes === null) fields += "transfer-encoding: chunked\r\n";
  if (length !== null && bytes !== null && Number(length) !== bytes) return null;
  const connection = upgrade === undefined ? "keep-alive" : `upgrade\r\nupgrade: ${upgrade}`;
  return {
    text: `${method} ${path} HTTP/1.1\r\nhost: ${named ?? host}\r\nconnection: ${connection}\r\n${fields}\r\n`,
    length: length === null ? null : Number(length),
  };
}

/** Null for what is no token. */
function roleOf(name: string): number | null {
  const known = roles.get(name);
  if (known !== undefined) return known;
  if (!TOKEN.test(name)) return null;
  const role = ROLES[name.toLowerCase()] ?? ROLE.plain;
  if (roles.size >= MAX_NAMES) roles.clear();
  roles.set(name, role);
  return role;
}

const ROLES: Readonly<Record<string, number>> = {
  __proto__: null as never,
  host: ROLE.host,
  "content-length": ROLE.length,
  connection: ROLE.ours,
  "transfer-encoding": ROLE.ours,
  "keep-alive": ROLE.ours,
  upgrade: ROLE.ours,
};
