/**
 * How other commands talk to the running instance: HTTP with JSON over a unix socket in the 0700 state directory.
 * Whoever may open the socket is the instance's owner, so there is no further authentication.
 *
 * INVARIANT: a handler's fault travels as its code and details, never with a stack.
 */
import { chmodSync, rmSync } from "node:fs";
import { type IncomingMessage, type Server, createServer, request as httpRequest } from "node:http";
import { GatehouseError } from "../core/index.ts";
import { type PackedFault, packFault, unpackFault } from "./packed-fault.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;
const CLOSE_GRACE_MS = 1000;

export type ControlHandlers = Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

/** Answers calls until closed. The socket has mode 0600. */
export async function serveControl(socket: string, handlers: ControlHandlers): Promise<{ close(): Promise<void> }> {
  rmSync(socket, { force: true });
  const server: Server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      const text = JSON.stringify(body);
      response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
      response.end(text);
    };
    const handler = handlers[(request.url ?? "").slice(1)];
    if (request.method !== "POST" || handler === undefined) {
      answer(404, { error: { code: "GH_INTERNAL", detail: { problem: "the running instance knows no such call" } } });
      return;
    }
    readBody(request)
      .then(async (text) => handler(text === "" ? null : JSON.parse(text)))
      .then((value) => answer(200, { value }))
      .catch((cause: unknown) => answer(500, { error: packFault(cause) }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, resolve);
  });
  chmodSync(socket, 0o600);
  return {
    close: async () => {
      // A call that is being answered, such as the one that asked to stop, gets its answer.
      const impatient = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      clearTimeout(impatient);
    },
  };
}

/**
 * Calls the running instance.
 *
 * @throws GH_CONTROL_NOT_RUNNING when nothing answers on the socket; or the fault that the instance raised
 */
export async function callControl(socket: string, call: string, input: unknown = null): Promise<unknown> {
  const text = await new Promise<string>((resolve, reject) => {
    const request = httpRequest(
      { socketPath: socket, path: `/${call}`, method: "POST", agent: false, timeout: TIMEOUT_MS },
      (response) => {
        readBody(response).then(resolve, reject);
      },
    );
    request.once("timeout", () => request.destroy(new Error("timeout")));
    request.once("error", (cause) => reject(new GatehouseError("GH_CONTROL_NOT_RUNNING", { socket }, { cause })));
    request.end(input === null ? "" : JSON.stringify(input));
  });
  const answer = JSON.parse(text) as { value?: unknown; error?: PackedFault };
  if (answer.error !== undefined) throw unpackFault(answer.error);
  return answer.value;
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error("body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
