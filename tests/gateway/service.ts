/** A service on loopback that tells what reached it, byte for byte where it matters. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { type AddressInfo, type Socket, createServer as createTcpServer } from "node:net";
import type { TestContext } from "node:test";

export interface Service {
  readonly origin: string;
  /** Requests that reached it, in order, with raw headers. */
  readonly seen: SeenRequest[];
  hits(): number;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

type Handler = (req: IncomingMessage, res: ServerResponse, body: string) => void;

const ANSWER: Handler = (_req, res) => {
  res.writeHead(200, ["content-type", "text/plain", "content-length", "2"]);
  res.end("ok");
};

/** Reads the whole request, remembers it, answers with `handler`. */
export async function startService(t: TestContext, handler: Handler = ANSWER): Promise<Service> {
  const seen: SeenRequest[] = [];
  let hits = 0;
  const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => {
    hits++;
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("error", () => {});
    req.on("end", () => {
      const body = Buffer.concat(chunks).toString("latin1");
      const headers = [];
      for (let i = 0; i < req.rawHeaders.length; i += 2)
        headers.push([req.rawHeaders[i] ?? "", req.rawHeaders[i + 1] ?? ""] as const);
      seen.push({ method: req.method ?? "", url: req.url ?? "", headers, body });
      handler(req, res, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: originOf(server.address() as AddressInfo), seen, hits: () => hits };
}

/** A service that speaks raw bytes: `onConnection` gets each connection. */
export async function startRawService(t: TestContext, onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return originOf(server.address() as AddressInfo);
}

/** An origin on which nobody listens. */
export async function closedOrigin(): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return originOf(address);
}

function originOf(address: AddressInfo): string {
  return `http://127.0.0.1:${address.port}`;
}
