/** Bytes to a unix socket and back: what no HTTP client would send, and every byte of what comes. */
import { type Socket, connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly statusLine: string;
  /** Names as sent, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Sends bytes and gives what came until the gateway ended the connection. */
export async function exchangeRaw(path: string, bytes: string | Buffer): Promise<string> {
  const socket = connect(path);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  await new Promise<void>((resolve) => {
    socket.on("error", () => resolve());
    socket.on("close", () => resolve());
    socket.write(bytes);
  });
  return Buffer.concat(chunks).toString("latin1");
}

/** One request on a connection of its own. The request must make the gateway close: `Connection: close` is added. */
export async function ask(
  path: string,
  requestLine: string,
  headers: readonly string[] = [],
  body = "",
): Promise<RawAnswer> {
  const host = headers.some((header) => /^host:/i.test(header)) ? [] : ["Host: shop.localhost:8443"];
  const head = [requestLine, ...host, ...headers, "Connection: close", "", ""].join("\r\n");
  return parseAnswer(await exchangeRaw(path, Buffer.from(head + body, "latin1")));
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, end === -1 ? text.length : end).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0),
    statusLine,
    headers,
    body: end === -1 ? "" : text.slice(end + 4),
  };
}

export function headerOf(answer: Pick<RawAnswer, "headers">, name: string): string | null {
  const values = answer.headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(" | ");
}

/** A connection that stays open: write, and wait for text to come. */
export class RawConnection {
  received = "";
  isClosed = false;
  readonly socket: Socket;
  readonly #waiting: (() => void)[] = [];

  /** @param address a socket's path, or a port of 127.0.0.1 */
  constructor(address: string | number) {
    this.socket = typeof address === "string" ? connect(address) : connect(address, "127.0.0.1");
    this.socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
      this.#wake();
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  write(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** Until `done` holds of what came so far, or the connection is closed. */
  async until(done: (received: string) => boolean): Promise<string> {
    while (!done(this.received) && !this.isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.received;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
