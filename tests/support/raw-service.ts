/**
 * A service of which every byte is known: it keeps the heads of requests line by line, and answers with lines it is given.
 *
 * In: what to answer next. Out: the lines of each request as they came, the spelling of names and their order included.
 */
import { createHash } from "node:crypto";
import { type AddressInfo, type Socket, createServer } from "node:net";

export interface RawHead {
  readonly requestLine: string;
  /** `Name: value`, as they came. */
  readonly lines: readonly string[];
}

export interface RawService {
  readonly url: string;
  readonly heads: readonly RawHead[];
  /** Lines of every answer from now on; `content-length` is added where none of them frames the body. */
  answer: { readonly status: number; readonly lines: readonly string[]; readonly body: string };
  /** So many of the next requests get no byte of an answer: their connection is ended. */
  cuts: number;
  close(): Promise<void>;
}

const PLAIN = { status: 200, lines: ["content-type: text/plain"], body: "ok" };
/** SOURCE: RFC 6455 1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export async function startRawService(): Promise<RawService> {
  const heads: RawHead[] = [];
  const sockets = new Set<Socket>();
  const service: Pick<RawService, "answer" | "cuts"> = { answer: PLAIN, cuts: 0 };

  function onRequest(socket: Socket, head: RawHead): void {
    heads.push(head);
    if (service.cuts > 0) {
      service.cuts--;
      socket.destroy();
      return;
    }
    const { status, lines, body } = service.answer;
    const key = valueOf(head, "sec-websocket-key");
    if (status === 101 && key !== null) {
      const accept = createHash("sha1").update(`${key}${ACCEPT_SUFFIX}`).digest("base64");
      const joined = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`, ...lines];
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${joined.join("\r\n")}\r\n\r\n`);
      return;
    }
    const hasNone = status === 204 || status === 304;
    const isFramed = hasNone || lines.some((line) => /^(?:content-length|transfer-encoding):/i.test(line));
    const all = isFramed ? lines : [...lines, `content-length: ${body.length}`];
    const isHead = head.requestLine.startsWith("HEAD ");
    socket.write(`HTTP/1.1 ${status} Said\r\n${all.join("\r\n")}\r\n\r\n${isHead || hasNone ? "" : body}`);
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        if (end === -1) return;
        const [requestLine = "", ...lines] = text.slice(0, end).split("\r\n");
        const head = { requestLine, lines };
        const length = Number(valueOf(head, "content-length") ?? 0);
        const isChunked = valueOf(head, "transfer-encoding") !== null;
        const bodyEnd = isChunked ? text.indexOf("0\r\n\r\n", end + 4) + 5 : end + 4 + length;
        if (bodyEnd < end + 4 || text.length < bodyEnd) return;
        text = text.slice(bodyEnd);
        onRequest(socket, head);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(service, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

/** The value of a header in a head; null when it is not there. */
export function valueOf(head: RawHead, name: string): string | null {
  const line = head.lines.find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line === undefined ? null : line.slice(name.length + 1).trim();
}

export function nameOf(line: string): string {
  return line.slice(0, line.indexOf(":"));
}
