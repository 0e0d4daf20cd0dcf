/** The service behind every integration of the cases: it keeps what it is sent, byte for byte, and answers as it is told. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Settles when the connection ends before an answer was given. */
  readonly aborted: Promise<void>;
}

export interface BackendScript {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
  readonly isSilent?: true | undefined;
  readonly isStalled?: true | undefined;
}

export interface Backend {
  readonly origin: string;
  /** Nobody listens here. */
  readonly closedOrigin: string;
  readonly seen: SeenRequest[];
  script: BackendScript;
  close(): Promise<void>;
}

export const PLAIN: BackendScript = { status: 200, headers: [], body: "ok" };

export async function startBackend(): Promise<Backend> {
  const seen: SeenRequest[] = [];
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readWhole(request);
    seen.push(seenOf(request, response, body));
    const { status, headers, body: text, isSilent, isStalled } = made.script;
    if (isSilent === true) return;
    const lines = headers.map((line) => line.split(/:\s*/, 2) as [string, string]);
    const isTyped = lines.some(([name]) => name.toLowerCase() === "content-type");
    const type = isTyped ? [] : ["content-type", "text/plain"];
    const length = Buffer.byteLength(text) + (isStalled === true ? 1 : 0);
    response.writeHead(status, [...lines.flat(), ...type, "content-length", String(length)]);
    if (isStalled === true) response.write(text);
    else response.end(text);
  }
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const made: Backend = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    closedOrigin: await findClosedOrigin(),
    seen,
    script: PLAIN,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return made;
}

async function readWhole(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("latin1");
}

function seenOf(request: IncomingMessage, response: ServerResponse, body: string): SeenRequest {
  const { rawHeaders, method = "", url = "", httpVersion } = request;
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  const aborted = new Promise<void>((resolve) => {
    response.on("close", () => {
      if (!response.writableEnded) resolve();
    });
  });
  return { method, target: url, httpVersion, headers, body, aborted };
}

async function findClosedOrigin(): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return `http://127.0.0.1:${port}`;
}
