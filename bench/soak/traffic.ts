/**
 * A mix of callers over the whole road, from a fixed seed: small JSON, 100 KB in either direction, refusals of every kind,
 * and one in a hundred who goes away in the head, in the body or in the answer.
 *
 * @throws Error at the first answer that is not the one expected: its kind, never its token
 */
import { type TLSSocket, connect as connectTls } from "node:tls";
import { Pool } from "undici";

export type Kind =
  | "small"
  | "large answer"
  | "upload"
  | "no token"
  | "bad token"
  | "no right"
  | "throttled"
  | "gone in the head"
  | "gone in the body"
  | "gone in the answer";

/** Of a thousand. */
const SHARES: readonly (readonly [Kind, number])[] = [
  ["small", 640],
  ["large answer", 80],
  ["upload", 70],
  ["no token", 40],
  ["bad token", 30],
  ["no right", 60],
  ["throttled", 70],
  ["gone in the head", 3],
  ["gone in the body", 4],
  ["gone in the answer", 3],
];
const STATUSES: Readonly<Partial<Record<Kind, readonly number[]>>> = {
  small: [200],
  "large answer": [200],
  upload: [201],
  "no token": [401],
  "bad token": [401],
  "no right": [403],
  throttled: [200, 429],
};

export const BODY_BYTES = 100_000;
const BODY = Buffer.alloc(BODY_BYTES, 0x61);
const CONNECTIONS = 32;
const ABORT_WITHIN_MS = 10_000;

export interface TrafficOptions {
  readonly origin: string;
  readonly tokens: readonly string[];
  readonly badToken: string;
  readonly onAnswer: (requestId: string, status: number) => void;
}

/** Numbers in [0, 1), the same each time. Source: mulberry32, public domain. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Traffic {
  readonly counts = new Map<Kind, number>();
  readonly statuses = new Map<number, number>();
  readonly #options: TrafficOptions;
  readonly #pool: Pool;
  readonly #random = createRandom(20_261_125);
  #sent = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#pool = new Pool(options.origin, {
      connections: CONNECTIONS,
      connect: { rejectUnauthorized: false },
      pipelining: 1,
    });
  }

  /** As many requests more, all ended when it resolves. */
  async send(count: number): Promise<void> {
    const end = this.#sent + count;
    const work = async (): Promise<void> => {
      while (this.#sent < end) await this.#one(this.#sent++);
    };
    await Promise.all(Array.from({ length: 2 * CONNECTIONS }, work));
  }

  /** No connection is left afterwards. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  async #one(number: number): Promise<void> {
    const kind = this.#choose();
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    const { tokens, badToken } = this.#options;
    const token = tokens[number % tokens.length] ?? "";
    switch (kind) {
      case "small":
        return this.#ask(kind, "GET", `/orders/${number}`, token);
      case "large answer":
        return this.#ask(kind, "GET", "/orders/large", token);
      case "upload":
        return this.#ask(kind, "POST", "/orders", token);
      case "no token":
        return this.#ask(kind, "GET", `/orders/${number}`, null);
      case "bad token":
        return this.#ask(kind, "GET", `/orders/${number}`, badToken);
      case "no right":
        return this.#ask(kind, "GET", `/secret/${number}`, token);
      case "throttled":
        return this.#ask(kind, "GET", `/limited/${number}`, token);
      case "gone in the head":
      case "gone in the body":
      case "gone in the answer":
        return this.#leave(kind, token);
    }
  }

  #choose(): Kind {
    let at = this.#random() * 1000;
    for (const [kind, share] of SHARES) if ((at -= share) < 0) return kind;
    return "small";
  }

  async #ask(kind: Kind, method: "GET" | "POST", path: string, token: string | null): Promise<void> {
    const { statusCode, headers, body } = await this.#pool.request({
      method,
      path,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      body: method === "POST" ? BODY : null,
    });
    const text = await body.text();
    if (STATUSES[kind]?.includes(statusCode) !== true) throw new Error(`${kind}: answered ${statusCode}`);
    if (kind === "large answer" && text.length !== BODY_BYTES) throw new Error(`${kind}: ${text.length} bytes came`);
    if (kind === "upload" && text !== `{"stored":${BODY_BYTES}}`) throw new Error(`${kind}: the service got less`);
    const requestId = headers["x-request-id"];
    if (typeof requestId !== "string") throw new Error(`${kind}: an answer without an id`);
    this.statuses.set(statusCode, (this.statuses.get(statusCode) ?? 0) + 1);
    this.#options.onAnswer(requestId, statusCode);
  }

  /** A connection of its own that is cut in the middle of what it does. */
  async #leave(kind: Kind, token: string): Promise<void> {
    const { hostname, port } = new URL(this.#options.origin);
    const socket: TLSSocket = connectTls({
      host: hostname,
      servername: hostname,
      port: Number(port),
      rejectUnauthorized: false,
    });
    const head = (line: string): string =>
      `${line} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${token}\r\n`;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`${kind}: nothing came`)), ABORT_WITHIN_MS);
      const done = (): void => {
        clearTimeout(limit);
        socket.destroy();
        resolve();
      };
      let isConnected = false;
      // Cut off by the other end is as good; never having been connected is not.
      const broken = (error?: Error): void => {
        if (isConnected) return done();
        clearTimeout(limit);
        reject(new Error(`${kind}: no connection${error === undefined ? "" : `, ${error.message}`}`));
      };
      socket.on("error", broken);
      socket.on("close", () => broken());
      socket.on("secureConnect", () => {
        isConnected = true;
        if (kind === "gone in the head") socket.write(head("GET /orders/1").slice(0, -10), done);
        else if (kind === "gone in the body")
          socket.write(
            `${head("POST /orders")}Content-Length: ${BODY_BYTES}\r\n\r\n${"a".repeat(BODY_BYTES / 2)}`,
            done,
          );
        else socket.write(`${head("GET /orders/large")}\r\n`);
      });
      socket.once("data", done);
    });
  }
}
