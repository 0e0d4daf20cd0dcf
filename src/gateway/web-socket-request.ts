/**
 * A request that asks for a WebSocket, and the connection that it came on once node has handed it over.
 *
 * In: node's request, socket and what had been read of it. Out: a response that is written to the socket like any other,
 * until the two ends are joined or the answer is complete.
 * Not here: the joined ends (tunnel.ts), what is decided about the request (exchange.ts).
 * Source: RFC 6455 4.1 and 4.2.1, RFC 9110 7.8; node:http on `upgrade`.
 * INVARIANT: nothing that follows such a request is ever read as a request; an answer other than 101 ends the connection.
 */
import type { Socket } from "node:net";
import type { GatewayRequest } from "./gateway-request.ts";
import { GatewayResponse } from "./gateway-response.ts";
import { singleHeader } from "./request-head.ts";

/** What a client may send before it is answered; no client does. */
const MAX_EARLY_BYTES = 65_536;

/** Whether a request is one that opens a WebSocket, without anything that could be read in another way. */
export function asksForWebSocket(req: GatewayRequest): boolean {
  if (req.method !== "GET" || req.httpVersion !== "1.1") return false;
  const { "content-length": length, "transfer-encoding": coding, expect } = req.headers;
  if ((length !== undefined && length !== "0") || coding !== undefined || expect !== undefined) return false;
  if (singleHeader(req.rawHeaders, "upgrade")?.toLowerCase() !== "websocket") return false;
  return singleHeader(req.rawHeaders, "sec-websocket-key") !== null;
}

/** Whether an earlier request of the connection is still being answered: then the connection cannot be handed over. */
export function isAnswering(socket: Socket): boolean {
  // Node keeps the response that a connection is working on here.
  const { _httpMessage: current } = socket as Socket & { readonly _httpMessage?: object | null };
  return current !== undefined && current !== null;
}

/** The client's connection between node's parser and a tunnel. */
export class UpgradedClient {
  readonly socket: Socket;
  readonly #response: GatewayResponse;
  readonly #lingerMs: number;
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #isTaken = false;

  constructor(socket: Socket, head: Buffer, response: GatewayResponse, lingerMs: number) {
    this.socket = socket;
    this.#response = response;
    this.#lingerMs = lingerMs;
    if (head.length > 0) this.#onData(head);
    socket.on("error", ignore);
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("drain", this.#onDrain);
    response.on("finish", () => this.#onFinish());
  }

  /** The socket is the caller's from now on; no event of it is heard here any more. Gives what came early. */
  take(): Buffer[] {
    this.#isTaken = true;
    const { socket } = this;
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("drain", this.#onDrain);
    this.#response.detachSocket(socket);
    this.#response.emit("close");
    return this.#early;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isTaken) return;
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.socket.pause();
  };

  /** Half a connection is no use: the exchange hears that the client has gone. */
  readonly #onEnd = (): void => {
    this.socket.destroy();
  };

  readonly #onDrain = (): void => {
    this.#response.emit("drain");
  };

  /** An answer is complete, so there will be no tunnel. */
  #onFinish(): void {
    if (this.#isTaken || this.socket.destroyed) return;
    const { socket } = this;
    this.take();
    this.#early = [];
    socket.resume();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), this.#lingerMs).unref();
    socket.once("close", () => clearTimeout(timer));
  }
}

/** A response on a connection that node has handed over. */
export function respondOnUpgrade(req: GatewayRequest, socket: Socket, head: Buffer, lingerMs: number): GatewayResponse {
  const response = new GatewayResponse(req);
  response.shouldKeepAlive = false;
  response.upgraded = new UpgradedClient(socket, head, response, lingerMs);
  response.assignSocket(socket);
  return response;
}

function ignore(): void {}
