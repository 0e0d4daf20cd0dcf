/**
 * HTTP/1.1 over a connection that is kept, with request lines that no client library would send.
 * In: how to connect, method, target and headers as they are to stand on the line. Out: the status of the answer.
 * Not here: request bodies, pipelining; one request at a time.
 */
import type { Socket } from "node:net";

export interface ChannelAnswer {
  readonly status: number;
  readonly body: string;
}

interface Head {
  readonly status: number;
  /** Bytes of the head with its empty line. */
  readonly length: number;
  readonly field: (name: string) => string | null;
}

const LIMIT_MS = 10_000;

export class HttpChannel {
  readonly #open: () => Promise<Socket>;
  #socket: Socket | null = null;

  constructor(open: () => Promise<Socket>) {
    this.#open = open;
  }

  /** @throws when there is no connection or it ends within the answer */
  async send(method: string, target: string, headers: readonly string[]): Promise<ChannelAnswer> {
    const socket = (this.#socket ??= await this.#open());
    const text = [`${method} ${target} HTTP/1.1`, ...headers, "", ""].join("\r\n");
    const answer = this.#receive(socket, method);
    socket.write(Buffer.from(text, "utf8"));
    return answer;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #receive(socket: Socket, method: string): Promise<ChannelAnswer> {
    return new Promise((resolve, reject) => {
      let received = "";
      const settle = (answer: ChannelAnswer | Error, keep: boolean): void => {
        clearTimeout(timer);
        socket.off("data", onData).off("close", onClose).off("error", onClose);
        if (!keep) this.close();
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      const timer = setTimeout(() => settle(new Error("no answer came"), false), LIMIT_MS);
      const onClose = (): void => {
        const head = readHead(received);
        // An answer of the parser itself may end with its connection.
        if (head !== null) settle({ status: head.status, body: received.slice(head.length) }, false);
        else settle(new Error("the connection was ended without an answer"), false);
      };
      const onData = (chunk: Buffer): void => {
        received += chunk.toString("latin1");
        const head = readHead(received);
        const end = head === null ? null : endOfAnswer(received, head, method);
        if (head === null || end === null) return;
        const keep = head.field("connection")?.toLowerCase() !== "close" && !socket.readableEnded;
        settle({ status: head.status, body: received.slice(head.length, end) }, keep);
      };
      socket.on("data", onData).on("close", onClose).on("error", onClose);
      if (socket.destroyed) onClose();
    });
  }
}

function readHead(text: string): Head | null {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const [line = "", ...fields] = text.slice(0, end).split("\r\n");
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1] ?? 0),
    length: end + 4,
    field(name) {
      const prefix = `${name}:`;
      const found = fields.find((field) => field.toLowerCase().startsWith(prefix));
      return found === undefined ? null : found.slice(prefix.length).trim();
    },
  };
}

/** Null while it is not complete. */
function endOfAnswer(text: string, head: Head, method: string): number | null {
  if (method === "HEAD" || head.status === 204 || head.status === 304) return head.length;
  if (head.field("transfer-encoding") !== null) {
    const end = text.indexOf("0\r\n\r\n", head.length);
    return end === -1 ? null : end + 5;
  }
  const length = head.field("content-length");
  // Without a length the connection's end is the answer's.
  if (length === null) return null;
  const end = head.length + Number(length);
  return text.length >= end ? end : null;
}
