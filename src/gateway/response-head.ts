/**
 * The head of a service's answer, made fit for the client.
 *
 * In: the headers that the service sent, by lower-case name, and the policy's rules. Out: a flat list without hop-by-hop headers and without the
 * names that only Gatehouse may use towards a client or a next hop.
 * INVARIANT: the service cannot set a request id, a trace answer, or a cookie of Gatehouse.
 */
import { RESPONSE_CLASS, foldHeaderName, responseClassOf } from "./header-names.ts";
import type { HeaderRules } from "./header-rules.ts";
import { isOurCookie, withoutConnectionOptions } from "./request-head.ts";
import type { UpstreamHeaders } from "./upstream-call.ts";

export interface ResponseHead {
  /** What the service sent. */
  readonly received: UpstreamHeaders;
  headers: string[];
  /** Null when the service did not say, or not in one way. */
  contentLength: number | null;
  /** The service tried to set a cookie of Gatehouse. */
  hadOurCookie: boolean;
  /** The value of `Connection`; null when there is none. */
  connection: string | null;
}

/** @param hasCors the API answers for CORS, and the service does not */
export function readResponseHead(received: UpstreamHeaders, rules: HeaderRules | null, hasCors: boolean): ResponseHead {
  const C = RESPONSE_CLASS;
  const out: string[] = [];
  const head: ResponseHead = { received, headers: out, contentLength: null, hadOurCookie: false, connection: null };
  const dropped = rules === null ? null : rules.dropped;
  let connection: string | null = null;
  for (const name in received) {
    const value = received[name];
    if (value === undefined) continue;
    switch (responseClassOf(name)) {
      case C.pass:
        if (dropped === null || !dropped.has(foldHeaderName(name))) pushAll(out, name, value);
        break;
      case C.contentLength:
        if (typeof value === "string") {
          out.push(name, value);
          head.contentLength = Number(value);
        }
        break;
      case C.setCookie:
        for (const cookie of typeof value === "string" ? [value] : value)
          if (isOurCookie(cookie)) head.hadOurCookie = true;
          else out.push(name, cookie);
        break;
      case C.connection:
        connection = typeof value === "string" ? value : value.join(",");
        break;
      case C.cors:
        if (!hasCors) pushAll(out, name, value);
        break;
      case C.drop:
      case C.own:
        break;
    }
  }
  if (connection !== null) {
    head.connection = connection;
    head.headers = withoutConnectionOptions(out, connection);
  }
  if (rules !== null) for (let i = 0; i < rules.set.length; i++) head.headers.push(rules.set[i] as string);
  return head;
}

function pushAll(out: string[], name: string, value: string | readonly string[]): void {
  if (typeof value === "string") out.push(name, value);
  else for (const item of value) out.push(name, item);
}
