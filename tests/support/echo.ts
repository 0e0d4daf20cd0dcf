/** A service that answers with the request as it arrived, byte for byte in the header names and values. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Seen {
  readonly method: string;
  readonly url: string;
  /** Name and value pairs in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface EchoService {
  readonly url: string;
  readonly port: number;
  readonly seen: readonly Seen[];
  /** The latest request. */
  last(): Seen;
  /** Waits this long before answering. */
  delayMs: number;
  close(): Promise<void>;
}

export function headerOf(seen: Seen, name: string): string | null {
  const values = seen.headers.filter(([n]) => n.toLowerCase() === name).map(([, value]) => value);
  if (values.length > 1) throw new Error(`${name} arrived ${values.length} times`);
  return values[0] ?? null;
}

export async function startEcho(port = 0): Promise<EchoService> {
  const seen: Seen[] = [];
  const service = { delayMs: 0 };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readAll(request);
    const headers: [string, string][] = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2)
      headers.push([request.rawHeaders[i] ?? "", request.rawHeaders[i + 1] ?? ""]);
    const entry: Seen = { method: request.method ?? "", url: request.url ?? "", headers, body };
    seen.push(entry);
    if (service.delayMs > 0) await sleep(service.delayMs);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(entry));
  };
  const server: Server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    seen,
    last: () => {
      const entry = seen.at(-1);
      if (entry === undefined) throw new Error("the service has not been called");
      return entry;
    },
    get delayMs() {
      return service.delayMs;
    },
    set delayMs(ms) {
      service.delayMs = ms;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
