/** How long the data plane waits for what. Values are those of production; tests may shorten them. */
export interface GatewayLimits {
  /** For a request's head. */
  readonly headersMs: number;
  /** For a whole request; a streaming route's body may take longer as long as it flows. */
  readonly requestMs: number;
  /** How often the two above are looked at. */
  readonly checkMs: number;
  /** On a streaming route, and on a connection to an account's APIs, without a byte in either direction. */
  readonly idleMs: number;
  /** Between two looks at the rights of open streams. */
  readonly rightCheckMs: number;
  /** For the rest of a body that nobody wants, so that the client sees the answer and not a reset; and for the other end of a WebSocket. */
  readonly lingerMs: number;
}

export const LIMITS: GatewayLimits = {
  headersMs: 15_000,
  requestMs: 300_000,
  checkMs: 30_000,
  idleMs: 300_000,
  rightCheckMs: 1000,
  lingerMs: 5000,
};
