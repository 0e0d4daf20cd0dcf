/** HTTP/2 to Caddy with pseudo-headers as given: what no browser sends and no HTTP/1.1 request can. */
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, type OutgoingHttpHeaders, connect } from "node:http2";
import { connect as connectTls } from "node:tls";
import { DOMAIN } from "./policy.ts";
import type { Road } from "./road.ts";

export interface Http2 {
  /** The status, or the code of the error with which the stream ended. `trailers` come behind a body. */
  ask(
    headers: OutgoingHttpHeaders,
    more?: { readonly body: string; readonly trailers: OutgoingHttpHeaders },
  ): Promise<number | string>;
  close(): void;
}

/** One connection, which is opened for `DOMAIN`. */
export function openHttp2({ instance }: Road): Http2 {
  const { https, caFile } = instance.status.edge;
  const session: ClientHttp2Session = connect(https, {
    createConnection: () =>
      connectTls({
        host: "127.0.0.1",
        port: Number(new URL(https).port),
        servername: DOMAIN,
        ca: readFileSync(caFile ?? ""),
        ALPNProtocols: ["h2"],
      }),
  });
  return {
    ask: (headers, more) =>
      new Promise((resolve) => {
        const stream = session.request(headers, { endStream: more === undefined, waitForTrailers: more !== undefined });
        stream.on("response", (answer) => resolve(answer[":status"] ?? 0));
        stream.on("error", (cause: NodeJS.ErrnoException) => resolve(cause.code ?? "error"));
        stream.on("wantTrailers", () => stream.sendTrailers(more?.trailers ?? {}));
        stream.resume();
        if (more !== undefined) stream.end(more.body);
      }),
    close: () => session.close(),
  };
}
