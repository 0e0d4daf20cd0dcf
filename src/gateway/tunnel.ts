/**
 * An open WebSocket: the client's connection and the service's, joined until either ends or somebody ends both.
 *
 * In: two sockets after the service's 101. Out: from `start` on bytes both ways, each side as fast as the other reads, and one call of
 * `onEnd` when both are gone.
 * Not here: the request that opened it (exchange.ts), its record (exchange-record.ts).
 * Source: RFC 6455 5.5.1 and 7.4.1 (close frames), of which Gatehouse sends its own only between two frames.
 * INVARIANT: bytes are passed as they are; after `end` none are; no socket outlives the other by more than the linger.
 */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { describeError } from "./describe-error.ts";
import type { GatewayLimits } from "./limits.ts";
import type { StreamEnd } from "./stream-watch.ts";
import { FrameReader, closeFrame, maskedCloseFrame } from "./frame-reader.ts";

export interface TunnelEnd {
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Null when one of the two sides ended it. */
  readonly error: string | null;
  /** When the caller's right was why. */
  readonly why: StreamEnd | null;
}

export interface TunnelParts {
  readonly client: Socket;
  /** What the client sent before it was answered. */
  readonly early: readonly Buffer[];
  readonly service: Socket;
  readonly limits: Pick<GatewayLimits, "lingerMs">;
  readonly onEnd: (end: TunnelEnd) => void;
}

/** SOURCE: RFC 6455 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/** To the two sides, and to the record. */
const RIGHT_ENDS: Readonly<Record<StreamEnd, readonly [said: string, recorded: string]>> = {
  "right-ended": ["the right to this has ended", "the caller's right ended"],
  "right-revoked": ["the right to this was taken away", "the caller's right was taken away"],
  "policy-changed": ["the policy grants this no longer", "the policy grants this no longer"],
};

export class Tunnel {
  readonly #parts: TunnelParts;
  readonly #toService = new FrameReader();
  readonly #toClient = new FrameReader();
  #bytesIn = 0;
  #bytesOut = 0;
  #error: string | null = null;
  #isEnding = false;
  #open = 2;
  #why: StreamEnd | null = null;
  #lingerTimer: NodeJS.Timeout | null = null;

  constructor(parts: TunnelParts) {
    this.#parts = parts;
  }

  /** Joins the two. `onEnd` is called after this. */
  start(): void {
    const { client, service, early } = this.#parts;
    for (const chunk of early) this.#passIn(chunk);
    client.on("data", (chunk: Buffer) => this.#passIn(chunk));
    service.on("data", (chunk: Buffer) => this.#passOut(chunk));
    client.on("drain", () => service.resume());
    service.on("drain", () => client.resume());
    for (const socket of [client, service]) {
      socket.setTimeout(0);
      socket.on("error", (error) => this.#onError(error));
      socket.on("end", () => this.#endBoth());
      socket.on("close", () => this.#onClose());
      if (socket.closed) this.#onClose();
      else socket.resume();
    }
  }

  /** The gateway stops. */
  endForClosing(): void {
    this.#end(GOING_AWAY, "the gateway is closing", "the gateway closed");
  }

  /** What the caller was let in by is no good any more. */
  endForRight(why: StreamEnd): void {
    if (this.#isEnding) return;
    this.#why = why;
    this.#end(POLICY_VIOLATION, ...RIGHT_ENDS[why]);
  }

  #passIn(chunk: Buffer): void {
    const { client, service } = this.#parts;
    if (this.#isEnding) return;
    this.#bytesIn += chunk.length;
    this.#toService.read(chunk);
    if (!service.write(chunk)) client.pause();
  }

  #passOut(chunk: Buffer): void {
    const { client, service } = this.#parts;
    if (this.#isEnding) return;
    this.#bytesOut += chunk.length;
    this.#toClient.read(chunk);
    if (!client.write(chunk)) service.pause();
  }

  /** Both sides are told why where a frame may stand; what still comes from them is dropped. */
  #end(code: number, why: string, error: string): void {
    if (this.#isEnding) return;
    this.#error = error;
    const { client, service } = this.#parts;
    if (this.#toClient.isBetweenFrames && client.writable) client.write(closeFrame(code, why));
    if (this.#toService.isBetweenFrames && service.writable) service.write(maskedCloseFrame(code, why, randomBytes(4)));
    this.#endBoth();
  }

  /** What was passed on is still written; then both connections are over. */
  #endBoth(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const socket of [this.#parts.client, this.#parts.service]) {
      socket.end();
      // Read on, or its end would never be seen.
      socket.resume();
    }
    this.#lingerTimer = setTimeout(() => this.destroy(), this.#parts.limits.lingerMs).unref();
  }

  #onError(error: Error): void {
    if (!this.#isEnding) this.#error = describeError(error);
    this.#endBoth();
  }

  #onClose(): void {
    this.#open--;
    if (this.#open > 0) return this.#endBoth();
    if (this.#lingerTimer !== null) clearTimeout(this.#lingerTimer);
    this.#parts.onEnd({ bytesIn: this.#bytesIn, bytesOut: this.#bytesOut, error: this.#error, why: this.#why });
  }

  /** Nothing more is written or told. */
  destroy(): void {
    this.#parts.client.destroy();
    this.#parts.service.destroy();
  }
}
