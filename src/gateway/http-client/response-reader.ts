/**
 * A service's answers on one connection, from bytes to head, data and end.
 *
 * In: bytes as they come, of one answer after the other. Out: calls of its owner.
 * Not here: the connection (connection.ts), chunks (chunked-body.ts).
 * Source: RFC 9112 4 (status line), 5 (fields), 6.3 (length of a body), 9.3 (persistence); RFC 9110 15.2 (interim answers).
 * INVARIANT: an answer has one length or is malformed. What two readers could read in two ways is refused: a length said
 * twice or beside chunks, another coding than chunks alone, a folded line, a bare CR or LF, a space before a colon.
 */
import { ChunkedBody } from "./chunked-body.ts";
import type { ClientHeaders } from "./client-job.ts";
import type { UpstreamErrorCode } from "./upstream-error.ts";

export interface ResponseOwner {
  onHead(status: number, headers: ClientHeaders): void;
  onBody(piece: Buffer): void;
  onComplete(): void;
}

export const MAX_HEAD_BYTES = 65_536;
const END_OF_HEAD = Buffer.from("\r\n\r\n");
/** Control characters that no line may hold, and ends of lines that are only half there. */
// eslint-disable-next-line no-control-regex -- what is looked for
const NOT_IN_HEAD = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DIGITS = /^\d{1,15}$/;
/** Names in lower case by names as sent. Bounded, because a service chooses them. */
const names = new Map<string, string>();
const MAX_NAMES = 1024;

const S = { head: 0, length: 1, chunks: 2, untilClose: 3, complete: 4 } as const;

export class ResponseReader {
  /** Why nothing more can be read. */
  problem: UpstreamErrorCode | null = null;
  /** Whether the connection may carry another request when this answer is complete. */
  keepsOpen = false;
  /** What the service says of how long it keeps an idle connection, in seconds. */
  keepSeconds: number | null = null;
  readonly #owner: ResponseOwner;
  #state: number = S.complete;
  #isHead = false;
  /** Beginning of a head that did not come in one piece. */
  #begun: Buffer | null = null;
  #left = 0;
  #isHalted = false;
  #chunks: ChunkedBody | null = null;
  readonly #onPiece = (piece: Buffer): void => this.#owner.onBody(piece);

  constructor(owner: ResponseOwner) {
    this.#owner = owner;
  }

  get isComplete(): boolean {
    return this.#state === S.complete;
  }

  /** Waits for the answer to a request. */
  begin(method: string): void {
    this.#state = S.head;
    this.#isHead = method === "HEAD";
    this.keepsOpen = false;
    this.keepSeconds = null;
  }

  /** How many of `bytes` were read; fewer than all when more came than the answer, or at a problem. */
  read(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.#state !== S.complete && this.problem === null && !this.#isHalted)
      switch (this.#state) {
        case S.head:
          at = this.#readHead(bytes, at);
          break;
        case S.length: {
          const end = Math.min(bytes.length, at + this.#left);
          this.#left -= end - at;
          const piece = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end);
          at = end;
          this.#owner.onBody(piece);
          if (this.#left === 0) this.#complete();
          break;
        }
        case S.chunks:
          at = this.#readChunks(bytes, at);
          break;
        default:
          this.#owner.onBody(at === 0 ? bytes : bytes.subarray(at));
          at = bytes.length;
      }
    return at;
  }

  /** Nothing more is told, also of what was given to `read`. */
  halt(): void {
    this.#isHalted = true;
  }

  /** The service ended its side: the end of an answer whose length nobody said. False when there was more to come. */
  end(): boolean {
    if (this.#state === S.untilClose) this.#complete();
    return this.#state === S.complete;
  }

  #complete(): void {
    if (this.#isHalted) return;
    this.#state = S.complete;
    this.#owner.onComplete();
  }

  #fail(problem: UpstreamErrorCode): void {
    this.problem = problem;
  }

  #readChunks(bytes: Buffer, at: number): number {
    const chunks = this.#chunks as ChunkedBody;
    const count = chunks.read(bytes, at, this.#onPiece);
    if (count === -1) {
      this.#fail("ERR_UPSTREAM_MALFORMED");
      return at;
    }
    if (chunks.isDone) this.#complete();
    return at + count;
  }

  #readHead(bytes: Buffer, at: number): number {
    const begun = this.#begun;
    const whole = begun === null ? bytes : Buffer.concat([begun, at === 0 ? bytes : bytes.subarray(at)]);
    const from = begun === null ? at : 0;
    const end = whole.indexOf(END_OF_HEAD, from);
    const isTooLarge = (end === -1 ? whole.length : end) - from > MAX_HEAD_BYTES;
    if (isTooLarge) this.#fail("ERR_UPSTREAM_HEAD_TOO_LARGE");
    else if (end === -1) this.#begun = Buffer.from(whole.subarray(from));
    if (isTooLarge || end === -1) return bytes.length;
    this.#begun = null;
    if (!this.#parseHead(whole.toString("latin1", from, end))) this.#fail("ERR_UPSTREAM_MALFORMED");
    return end + END_OF_HEAD.length - (whole.length - bytes.length);
  }

  /** @param text without the empty line. False when it is malformed. */
  #parseHead(text: string): boolean {
    const minor = text.charCodeAt(7) - 0x30;
    const after = text.charCodeAt(12);
    if (!text.startsWith("HTTP/1.") || (minor !== 0 && minor !== 1) || text.charCodeAt(8) !== 0x20) return false;
    if (text.length > 12 && after !== 0x20 && after !== 0x0d) return false;
    const code = text.slice(9, 12);
    const status = Number(code);
    if (!/^[1-9]\d\d$/.test(code) || NOT_IN_HEAD.test(text)) return false;
    const headers = parseFields(text);
    if (headers === null) return false;
    if (status < 200 && status !== 101) {
      this.#owner.onHead(status, headers);
      return true;
    }
    if (!this.#measure(status, minor, headers)) return false;
    this.#owner.onHead(status, headers);
    if (this.#state === S.length && this.#left === 0) this.#complete();
    return true;
  }

  /** Where the body ends. RFC 9112 6.3. */
  #measure(status: number, minor: number, headers: ClientHeaders): boolean {
    const coding = headers["transfer-encoding"];
    const length = headers["content-length"];
    if (coding !== undefined) {
      if (minor === 0 || length !== undefined) return false;
      if (typeof coding !== "string" || coding.toLowerCase() !== "chunked") return false;
    } else if (length !== undefined && (typeof length !== "string" || !DIGITS.test(length))) return false;
    this.keepsOpen = keepsOpen(headers["connection"], minor) && status !== 101;
    const hint = headers["keep-alive"];
    if (typeof hint === "string") {
      const seconds = /(?:^|[,\s])timeout=(\d{1,9})/i.exec(hint)?.[1];
      if (seconds !== undefined) this.keepSeconds = Number(seconds);
    }
    if (this.#isHead || status === 204 || status === 304 || status === 101) {
      this.#state = S.length;
      this.#left = 0;
    } else if (coding !== undefined) {
      this.#state = S.chunks;
      this.#chunks = new ChunkedBody();
    } else if (length === undefined) {
      this.#state = S.untilClose;
      this.keepsOpen = false;
    } else {
      this.#state = S.length;
      this.#left = Number(length);
    }
    return true;
  }
}

/** Null when a line is no field. */
function parseFields(text: string): ClientHeaders | null {
  // Without a prototype: a service may send a header named `constructor`.
  const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  let at = text.indexOf("\r\n");
  while (at !== -1) {
    const begin = at + 2;
    at = text.indexOf("\r\n", begin);
    const end = at === -1 ? text.length : at;
    const colon = text.indexOf(":", begin);
    if (colon === -1 || colon >= end) return null;
    const name = lowerName(text.slice(begin, colon));
    if (name === null) return null;
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    const value = text.slice(from, to);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (typeof before === "string") headers[name] = [before, value];
    else before.push(value);
  }
  return headers;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Null when it is no name, as that of a folded line. */
function lowerName(sent: string): string | null {
  const known = names.get(sent);
  if (known !== undefined) return known;
  if (!TOKEN.test(sent)) return null;
  const lower = sent.toLowerCase();
  if (names.size >= MAX_NAMES) names.clear();
  names.set(sent, lower);
  return lower;
}

/** RFC 9112 9.3. */
function keepsOpen(connection: string | readonly string[] | undefined, minor: number): boolean {
  if (connection === undefined) return minor === 1;
  const options = (typeof connection === "string" ? connection : connection.join(",")).toLowerCase();
  if (options === "keep-alive") return true;
  const all = options.split(",").map((option) => option.trim());
  return !all.includes("close") && (minor === 1 || all.includes("keep-alive"));
}
