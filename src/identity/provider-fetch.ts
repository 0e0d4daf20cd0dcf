/**
 * Every call that this module makes to an identity provider goes through the fetch made here.
 *
 * It goes to https only (plain http to this machine when that is allowed), never to a link-local address, to this
 * machine only when the issuer itself is there, follows no redirect, and ends at a time and a size limit.
 * Out: a complete response in memory, or a `GatehouseError`. No URL in a message has a query.
 * Source: RFC 9700 section 4.11 (redirects), OWASP server side request forgery prevention.
 */
import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { isIP } from "node:net";
import type { Agent } from "undici";
import { GatehouseError, isGatehouseError } from "../core/index.ts";
import { isLinkLocalAddress, isLoopbackAddress, isLoopbackHost } from "./loopback.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ProviderFetchOptions {
  readonly issuer: string;
  /** Plain http to a loopback address. For development and tests. */
  readonly allowHttpLoopback: boolean;
  /** What sends the request once its address is accepted. @default undici, which also checks resolved addresses */
  readonly fetch?: Fetch | undefined;
  /** For a whole answer, body included. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Of a decoded body. @default 150000 (API Gateway's limit for a JWKS) */
  readonly maxBytes?: number | undefined;
}

export const DEFAULT_TIMEOUT_MS = 5000;
const DEFAULT_MAX_BYTES = 150_000;
const BODYLESS_STATUS = new Set([204, 205, 304]);

/**
 * A fetch that can reach the provider and little else.
 * @throws GH_IDENTITY_ADDRESS_REFUSED, GH_IDENTITY_PROVIDER_UNREACHABLE (from the returned function)
 */
export function createProviderFetch(options: ProviderFetchOptions): Fetch {
  const issuerHost = new URL(options.issuer).hostname;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const send = options.fetch ?? createGuardedFetch(issuerHost);
  return async (address, init) => {
    const url = new URL(address);
    const problem = findAddressProblem(url, issuerHost, options.allowHttpLoopback);
    if (problem !== null)
      throw new GatehouseError("GH_IDENTITY_ADDRESS_REFUSED", { url: nameOf(url), reason: problem });
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    try {
      const response = await send(url.href, { ...init, redirect: "manual", signal });
      return await readWhole(response, maxBytes);
    } catch (cause) {
      if (isGatehouseError(cause)) throw cause;
      const reason = timeout.aborted ? `no answer within ${timeoutMs} ms` : describeFailure(cause);
      throw new GatehouseError("GH_IDENTITY_PROVIDER_UNREACHABLE", { url: nameOf(url), reason }, { cause });
    }
  };
}

function nameOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function findAddressProblem(url: URL, issuerHost: string, allowHttpLoopback: boolean): string | null {
  const loopback = isLoopbackHost(url.hostname);
  if (url.username !== "" || url.password !== "") return "it holds a user name or password";
  if (url.protocol === "http:" && !(loopback && allowHttpLoopback)) return "it is not https";
  if (url.protocol !== "http:" && url.protocol !== "https:") return "it is not https";
  if (loopback && !isLoopbackHost(issuerHost)) return "the issuer is elsewhere and this is on this machine";
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(literal) !== 0 && isLinkLocalAddress(literal)) return "it is a link-local address";
  return null;
}

function createGuardedFetch(issuerHost: string): Fetch {
  const issuerIsLocal = isLoopbackHost(issuerHost);
  let dispatcher: Agent | null = null;
  return async (url, init) => {
    // Loaded with the first call: commands that call no provider would wait for a tenth of a second for it.
    const undici = await import("undici");
    dispatcher ??= new undici.Agent({
      connect: {
        lookup: (hostname, lookupOptions, callback) => {
          // The issuer's own name was chosen by whoever wrote the policy, so it may resolve to this machine.
          guardedLookup(hostname, lookupOptions, issuerIsLocal || hostname === issuerHost, callback);
        },
      },
    });
    return undici.fetch(url, { ...(init as object), dispatcher });
  };
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: LookupAddress[] | string, family?: number) => void;

/** A name that leads to this machine or to the link (cloud metadata) is not resolved, whatever URL it stood in. */
function guardedLookup(hostname: string, options: LookupOptions, mayBeLocal: boolean, callback: LookupCallback): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const allowed = addresses.filter(
      ({ address }) => !isLinkLocalAddress(address) && (mayBeLocal || !isLoopbackAddress(address)),
    );
    const [first] = allowed;
    if (first === undefined) return callback(new Error(`${hostname} resolves to a refused address`), []);
    if (options.all === true) return callback(null, allowed);
    return callback(null, first.address, first.family);
  });
}

async function readWhole(response: Response, maxBytes: number): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body !== null) {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      // Leaving the loop cancels the stream, so nothing more is read or inflated.
      if (size > maxBytes) throw new Error(`it answered more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  }
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  const body = BODYLESS_STATUS.has(response.status) ? null : Buffer.concat(chunks);
  return new Response(body, { status: response.status, headers });
}

/** The system's words for a failed call, without the address, which the caller adds. */
function describeFailure(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) return "the call failed";
  const code = (inner as NodeJS.ErrnoException).code;
  if (code === "ECONNREFUSED") return "connection refused";
  if (code === "ENOTFOUND") return "its name cannot be resolved";
  return inner.message === "" ? (code ?? "the call failed") : inner.message;
}
