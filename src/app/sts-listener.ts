/**
 * STS on a port of this machine, for SDKs that are given its address as endpoint.
 *
 * In: an `Sts`. Out: an HTTP listener on loopback. Not here: what STS answers (sts).
 * INVARIANT: nothing of a request is kept or written anywhere: tokens come in here, and keys go out.
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GatehouseError } from "../core/index.ts";
import { errnoOf } from "./state.ts";

/** A request and its answer as bytes on the wire; `Sts.handle` is one. */
export type AnswerSts = (request: {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}) => Promise<{ readonly status: number; readonly headers: readonly string[]; readonly body: string }>;

export interface StsListener {
  readonly port: number;
  close(): Promise<void>;
}

/** More than a token of 20,000 characters and ten policies need. */
const MAX_BODY_BYTES = 262_144;
const HOST = "127.0.0.1";
/** A page of another site cannot make its own name mean this address. */
const OWN_NAME = /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** @throws GH_GATEWAY_PORT */
export async function listenForSts(handle: AnswerSts, port: number): Promise<StsListener> {
  const server = createServer((req, res) => {
    answer(handle, req, res).catch(() => {
      if (!res.headersSent) res.writeHead(500);
      res.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new GatehouseError("GH_GATEWAY_PORT", { host: HOST, port, reason: errnoOf(cause) ?? "unknown error" })),
    );
    server.listen(port, HOST, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

async function answer(handle: AnswerSts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (!OWN_NAME.test(req.headers.host ?? "")) {
    res.writeHead(421).end();
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      res.writeHead(413, { connection: "close" }).end();
      return;
    }
    chunks.push(chunk);
  }
  const answered = await handle({
    method: req.method ?? "",
    target: req.url ?? "",
    headers: req.rawHeaders,
    body: Buffer.concat(chunks),
  });
  res.writeHead(answered.status, [...answered.headers]);
  res.end(answered.body);
}
