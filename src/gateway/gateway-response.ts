/** Node's response, which knows its exchange: one object for each request instead of a closure for each event. */
import { ServerResponse } from "node:http";
import type { Exchange } from "./exchange.ts";
import type { GatewayRequest } from "./gateway-request.ts";
import type { UpgradedClient } from "./web-socket-request.ts";

export class GatewayResponse extends ServerResponse<GatewayRequest> {
  exchange: Exchange | null = null;
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
