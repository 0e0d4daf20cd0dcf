/**
 * Node's request without the work that the gateway does not need.
 *
 * Node asks every request for `headers`, which lower-cases and joins all of them, to find out about three. Those three
 * are found here without the rest; `allHeaders` gives all to the few steps that want them.
 */
import { IncomingMessage, type IncomingHttpHeaders } from "node:http";

const NONE: IncomingHttpHeaders = Object.freeze({});
/** Node's own reading, by its accessor: the types have a plain property there. */
const allHeaders = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, "headers");

export class GatewayRequest extends IncomingMessage {
  #framing: IncomingHttpHeaders | null = null;

  /** `expect`, `content-length` and `transfer-encoding` only. */
  // @ts-expect-error: node's types say property, node itself has an accessor
  override get headers(): IncomingHttpHeaders {
    return (this.#framing ??= readFraming(this.rawHeaders));
  }

  override set headers(_: IncomingHttpHeaders) {
    this.#framing = null;
  }

  /** All headers, by lower-case name. */
  get allHeaders(): IncomingHttpHeaders {
    return (allHeaders?.get?.call(this) as IncomingHttpHeaders | undefined) ?? NONE;
  }

  /** Gives the rest of a body that nobody wants so long to come, and ends the connection after that. */
  limitRest(limitMs: number): void {
    if (this.complete) return;
    const { socket } = this;
    const timer = setTimeout(() => {
      if (!this.complete) socket.destroy();
    }, limitMs);
    timer.unref();
  }
}

function readFraming(raw: readonly string[]): IncomingHttpHeaders {
  let found: Record<string, string> | null = null;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length !== 6 && name.length !== 14 && name.length !== 17) continue;
    const lower = name.toLowerCase();
    if (lower === "expect" || lower === "content-length" || lower === "transfer-encoding")
      (found ??= {})[lower] = raw[i + 1] as string;
  }
  return found ?? NONE;
}
