/**
 * The head of a backend's answer, made fit for the client.
 *
 * In: the headers that the backend sent, by lower-case name. Out: a flat list without hop-by-hop headers, framing and
 * what only the gateway says.
 * Not here: response mapping (map-*.ts), the gateway's own headers (api-call.ts).
 * Source: API Gateway developer guide, "Configuring CORS for HTTP APIs" (the backend's CORS headers are replaced).
 */
import { withoutConnectionOptions } from "../request-head.ts";
import type { UpstreamHeaders } from "../upstream-call.ts";

export interface ClientHead {
  headers: string[];
  /** Null when the backend did not say. */
  contentLength: number | null;
}

const DROPPED: ReadonlySet<string> = new Set([
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "apigw-requestid",
]);

/** @param hasCors the API answers for CORS, and the backend does not */
export function readClientHead(received: UpstreamHeaders, hasCors: boolean): ClientHead {
  const out: string[] = [];
  let contentLength: number | null = null;
  let connection: string | null = null;
  for (const name in received) {
    const value = received[name];
    if (value === undefined) continue;
    if (name === "content-length") {
      if (typeof value === "string") contentLength = Number(value);
    } else if (name === "connection") connection = typeof value === "string" ? value : value.join(",");
    else if (!DROPPED.has(name) && !(hasCors && name.startsWith("access-control-")))
      if (typeof value === "string") out.push(name, value);
      else for (const each of value) out.push(name, each);
  }
  return { headers: connection === null ? out : withoutConnectionOptions(out, connection), contentLength };
}
