/** A service with WebSockets (npm `ws`), a client (npm `ws`) and what the two said to each other. */
import { once } from "node:events";
import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** One side of an open WebSocket: what it received, in order, and how it ended. */
export class Side {
  readonly socket: WebSocket;
  readonly closed: Promise<Closed>;
  readonly #received: string[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("message", (data: Buffer, isBinary) => {
      this.#received.push(isBinary ? `<${data.length} bytes>` : data.toString());
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /** The next message that nobody took yet. */
  async next(): Promise<string> {
    for (;;) {
      const text = this.#received.shift();
      if (text !== undefined) return text;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

export interface WebSocketService {
  readonly origin: string;
  /** The handshakes that reached it. */
  readonly handshakes: IncomingMessage[];
  /** The service's side of the next WebSocket. */
  accepted(): Promise<Side>;
  /** Plain requests that reached it. */
  plain(): number;
}

export async function startWebSocketService(t: TestContext): Promise<WebSocketService> {
  let plain = 0;
  const server = createServer((_req, res) => {
    plain++;
    res.writeHead(426, { "content-length": 5 });
    res.end("plain");
  });
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: true,
    handleProtocols: (offered) => (offered.has("chat.v2") ? "chat.v2" : false),
  });
  const handshakes: IncomingMessage[] = [];
  const sides: Side[] = [];
  const waiting: (() => void)[] = [];
  sockets.on("connection", (socket, req) => {
    handshakes.push(req);
    sides.push(new Side(socket));
    for (const wake of waiting.splice(0)) wake();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const client of sockets.clients) client.terminate();
    sockets.close();
    server.closeAllConnections();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handshakes,
    plain: () => plain,
    async accepted() {
      for (;;) {
        const side = sides.shift();
        if (side !== undefined) return side;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

export interface Opening {
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  readonly options?: ClientOptions;
}

function connect(t: TestContext, socketPath: string, path: string, opening: Opening): WebSocket {
  const socket = new WebSocket(`ws+unix:${socketPath}:${path}`, [...(opening.protocols ?? [])], {
    ...opening.options,
    headers: { host: opening.host ?? "shop.localhost:8443", ...opening.headers },
  });
  t.after(() => socket.terminate());
  return socket;
}

/** A WebSocket through the gateway, open. */
export async function openWebSocket(
  t: TestContext,
  socketPath: string,
  path: string,
  opening: Opening = {},
): Promise<Side & { readonly answer: IncomingMessage }> {
  const socket = connect(t, socketPath, path, opening);
  const answered = once(socket, "upgrade") as Promise<[IncomingMessage]>;
  const side = new Side(socket);
  await once(socket, "open");
  const [answer] = await answered;
  return Object.assign(side, { answer });
}

/** The answer to a handshake that is refused. */
export async function refusedWebSocket(
  t: TestContext,
  socketPath: string,
  path: string,
  opening: Opening = {},
): Promise<{ readonly status: number; readonly headers: IncomingMessage["headers"]; readonly body: string }> {
  const socket = connect(t, socketPath, path, opening);
  socket.on("error", () => {});
  const [, answer] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() };
}
