/** What the engine towards services takes and tells. */
import type { Duplex, Readable } from "node:stream";

export interface ClientRequest {
  readonly method: string;
  /** The request target: path and query. */
  readonly path: string;
  /**
   * Names and values in turn, as they shall stand on the wire. `host` replaces the origin's. No `connection`, no
   * `transfer-encoding`: they are the engine's.
   */
  readonly headers: readonly string[];
  /** A stream without a stated `content-length` goes in chunks. */
  readonly body: Readable | Buffer | null;
  /** Longest silence of the service within its answer, in ms; 0 when somebody else watches. @default five minutes */
  readonly bodyTimeout?: number;
  /** The protocol that the connection shall be switched to. */
  readonly upgrade?: string;
}

export type ClientHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One attempt's grip on its connection. Does nothing once that attempt is over. */
export interface ClientController {
  /** The connection had carried an answer before. */
  readonly isReused: boolean;
  /** Ends the connection; nothing more is told. */
  abort(): void;
  /** No more data until `resume`, but for what was read already. */
  pause(): void;
  resume(): void;
}

/** In this order: `onRequestStart`, `onResponseStarted`, head, data, and one of end, error and upgrade. */
export interface ClientHandler {
  /** A connection is there and the request goes out now. Never called for one that could not be had. */
  onRequestStart(controller: ClientController): void;
  /** The first byte of an answer came, be it an interim one. */
  onResponseStarted(): void;
  /** `headers` by lower-case name; a list where a name came more than once. Interim answers come here too. */
  onResponseStart(status: number, headers: ClientHeaders): void;
  /** `piece` is valid during the call only: whoever keeps it copies it. */
  onResponseData(piece: Buffer): void;
  onResponseEnd(): void;
  /** The socket is the handler's. */
  onRequestUpgrade(status: number, headers: ClientHeaders, socket: Duplex): void;
  onResponseError(error: Error): void;
}

export interface Job {
  readonly request: ClientRequest;
  readonly handler: ClientHandler;
  /** The request's head as it goes out. */
  readonly text: string;
  /** Of the body, as the head says; null when it goes in chunks or there is none. */
  readonly length: number | null;
}
