/**
 * A service that parses nothing it need not: it keeps each request as the bytes that came, counts it, and answers.
 *
 * In: connections of the gateway. Out: heads as text, bodies, a number that must not grow when a request is refused.
 * Framing is read as the head states it, so that whatever came beside one request shows up as another.
 */
import { type AddressInfo, type Socket, createServer } from "node:net";
import { takeRequest } from "../support/take-request.ts";

export interface Arrived {
  readonly method: string;
  readonly target: string;
  /** Names and values as they came, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Request line and headers, byte for byte. */
  readonly head: string;
}

export interface Backend {
  readonly url: string;
  /** Whatever arrived, in order. */
  readonly arrived: readonly Arrived[];
  /** What the next requests are answered with; `null` for the usual answer. */
  reply: string | null;
  /** What is done with a connection in place of answering. */
  onConnection: ((socket: Socket) => void) | null;
  close(): Promise<void>;
}

const OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

export async function startBackend(): Promise<Backend> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    if (made.onConnection !== null) {
      made.onConnection(socket);
      return;
    }
    let buffered = "";
    socket.on("data", (chunk) => {
      buffered += chunk.toString("latin1");
      for (;;) {
        const request = takeRequest(buffered);
        if (request === null) return;
        buffered = request.rest;
        arrived.push(readArrived(request.head, request.body));
        socket.write(made.reply ?? OK, "latin1");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const made: Backend = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    reply: null,
    onConnection: null,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return made;
}

function readArrived(head: string, body: string): Arrived {
  const [line = "", ...lines] = head.split("\r\n");
  const [method = "", target = ""] = line.split(" ");
  const headers = lines.map((text) => {
    const colon = text.indexOf(":");
    return [text.slice(0, colon), text.slice(colon + 1).trim()] as const;
  });
  return { method, target, headers, body, head };
}
