/** Node's response, which knows its exchange: one object for each request instead of a closure for each event. */
import { ServerResponse } from "node:http";
import type { GatewayRequest } from "./gateway-request.ts";
import type { UpgradedClient } from "./web-socket-request.ts";

/** What a connection that breaks wants to know of the request that it is answering. */
export interface ExchangeOnConnection {
  /** The response is complete or its connection is gone. */
  onClose(): void;
  /** The time that a request may take as a whole is not for this one. */
  readonly hasOwnIdleLimit: boolean;
  /** The connection broke the protocol in the middle of this request's body. Whether an answer is under way. */
  refuseBrokenBody(reason: "request-malformed" | "request-timeout"): boolean;
}

export class GatewayResponse extends ServerResponse<GatewayRequest> {
  exchange: ExchangeOnConnection | null = null;
  /** The connection that a WebSocket is asked for on; null for every other request. */
  upgraded: UpgradedClient | null = null;
  #expectsContinue = false;

  /** The client waits with its body until it is told to go on. */
  expectContinue(): void {
    this.#expectsContinue = true;
  }

  continueIfExpected(): void {
    if (!this.#expectsContinue) return;
    this.#expectsContinue = false;
    this.writeContinue();
  }
}
