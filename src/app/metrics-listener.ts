/**
 * `GET /metrics` on loopback, for Prometheus and whoever reads its format. Plain HTTP: it is for this machine alone.
 *
 * INVARIANT: it listens on loopback only, and tells figures and names of the policy, nothing of a caller.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GatehouseError } from "../core/index.ts";
import { type Family, renderPage } from "../records/index.ts";

export interface MetricsListener {
  /** `http://127.0.0.1:PORT/metrics`. */
  readonly url: string;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const ACCEPTED = new Set(["GET", "HEAD"]);

/** @param port 0 for a free one @throws GH_APP_PORT_TAKEN, GH_APP_PORT_DENIED */
export async function startMetrics(port: number, read: () => Promise<readonly Family[]>): Promise<MetricsListener> {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { contentType, body } = renderPage(await read(), request.headers.accept ?? "");
    response.writeHead(200, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
    response.end(body);
  }

  const server: Server = createServer((request, response) => {
    const path = (request.url ?? "").replace(/\?.*$/s, "");
    const refuse = (status: number, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers });
      response.end(status === 404 ? "figures are at /metrics\n" : "\n");
    };
    // A page of another site that found the port reads nothing, and cannot make its name mean this address.
    if (!/^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(request.headers.host ?? "")) return refuse(421);
    if (path !== "/metrics") return refuse(404);
    if (!ACCEPTED.has(request.method ?? "")) return refuse(405, { allow: "GET, HEAD" });
    void answer(request, response).catch(() => refuse(503));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const code = error.code === "EACCES" ? "GH_APP_PORT_DENIED" : "GH_APP_PORT_TAKEN";
      reject(new GatehouseError(code, { port, flag: "metrics" }, { cause: error }));
    });
    server.listen(port, HOST, resolve);
  });
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/metrics`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
