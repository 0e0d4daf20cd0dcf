/**
 * A client for Caddy's admin API: read the whole configuration, replace it if it is still the one that was read.
 *
 * In:  `unix//path` or `http://host:port`. Out: values, or a fault that says what Caddy said.
 * Not here: what to send (compile), when (apply-config.ts).
 * Source: https://caddyserver.com/docs/api.
 * INVARIANT: every change is guarded by the Etag of what was read. `POST /load` is not used: it ignores `If-Match`.
 */
import { type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type Json, GatehouseError, canonicalJson } from "../core/index.ts";
import { readRefusal } from "./read-refusal.ts";

export interface AdminApi {
  /** As it was given. */
  readonly address: string;
  /**
   * What runs now (null when nothing does), and the tag that guards a change of it.
   * @throws GH_EDGE_ADMIN_UNREACHABLE
   */
  read(): Promise<{ readonly config: Json; readonly etag: string }>;
  /**
   * The configuration runs, in place of the one that had the tag. Resolves when Caddy has taken it over.
   * @throws GH_EDGE_ADMIN_CONFLICT another one runs by now; GH_EDGE_ADMIN_REFUSED, GH_EDGE_PORT_TAKEN, GH_EDGE_PORT_DENIED
   * the old one still runs; GH_EDGE_ADMIN_UNREACHABLE
   */
  replace(config: Json, etag: string): Promise<void>;
  /** The root certificate of Caddy's internal authority, PEM. @throws GH_EDGE_ADMIN_UNREACHABLE, GH_EDGE_ADMIN_REFUSED */
  rootCertificate(): Promise<string>;
  /** The version that the running program tells, null when it tells none (builds with plugins do not). */
  version(): Promise<string | null>;
  /** Caddy has been asked to end. @throws GH_EDGE_ADMIN_UNREACHABLE */
  stop(): Promise<void>;
}

/** Loading may wait for storage and listeners; a Caddy that says nothing for so long is taken for dead. */
const TIMEOUT_MS = 30_000;
/** More than any configuration; a listener that is not Caddy must not fill the memory. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

const ATTEMPTS = 5;
const PAUSE_MS = 10;

function isBrokenOff(error: unknown): boolean {
  if (!(error instanceof GatehouseError)) return false;
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === "ECONNRESET" || code === "EPIPE";
}

/** @throws GH_EDGE_ADMIN_ADDRESS */
export function createAdminApi(address: string): AdminApi {
  const target = parseAddress(address);

  async function call(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
    try {
      return await send(target, method, path, headers, body);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      throw new GatehouseError("GH_EDGE_ADMIN_UNREACHABLE", { address, reason }, { cause: error });
    }
  }

  /** For calls that change nothing: one that meets the endpoint while Caddy replaces it breaks off, and is made again. */
  async function get(path: string) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call("GET", path);
      } catch (error) {
        if (attempt === ATTEMPTS || !isBrokenOff(error)) throw error;
        await delay(attempt * PAUSE_MS);
      }
    }
  }

  async function read() {
    const answer = await get("/config/");
    const config = answer.status === 200 ? parseJson(answer.body) : undefined;
    if (config === undefined || answer.etag === "") {
      const reason = `what listens there is not Caddy (status ${answer.status})`;
      throw new GatehouseError("GH_EDGE_ADMIN_UNREACHABLE", { address, reason });
    }
    return { config, etag: answer.etag };
  }

  return {
    address,
    read,
    async replace(config, etag) {
      const headers = { "content-type": "application/json", "if-match": etag };
      let answer: Answer | null = null;
      for (let attempt = 1; answer === null; attempt += 1) {
        try {
          answer = await call("POST", "/config/", headers, JSON.stringify(config));
        } catch (error) {
          // The connection broke, perhaps after Caddy had taken the configuration over. The tag makes trying again safe.
          const now = await read().catch(() => null);
          if (now !== null && canonicalJson(now.config) === canonicalJson(config)) return;
          if (attempt === ATTEMPTS || now === null || !isBrokenOff(error)) throw error;
        }
      }
      if (answer.status === 200) return;
      if (answer.status === 412) throw new GatehouseError("GH_EDGE_ADMIN_CONFLICT", { address });
      throw readRefusal(answer.body, answer.status);
    },
    async rootCertificate() {
      const answer = await get("/pki/ca/local");
      const authority = answer.status === 200 ? parseJson(answer.body) : null;
      const pem =
        authority !== null && typeof authority === "object" && "root_certificate" in authority
          ? authority["root_certificate"]
          : undefined;
      if (typeof pem !== "string") throw readRefusal(answer.body, answer.status);
      return pem;
    },
    async version() {
      const answer = await get("/metrics");
      const found = /^go_build_info\{[^}]*path="github\.com\/caddyserver\/caddy\/v2"[^}]*version="v([^"]+)"/m;
      return found.exec(answer.body)?.[1] ?? null;
    },
    async stop() {
      await call("POST", "/stop");
    },
  };
}

type Target = { readonly socketPath: string; readonly host: string } | { readonly url: URL; readonly host: string };

function parseAddress(address: string): Target {
  const socket = /^unix\/(\/[^|\0]+)(?:\|[0-7]{3,4})?$/.exec(address)?.[1];
  if (socket !== undefined) return { socketPath: socket, host: "gatehouse" };
  const url = URL.parse(/^[a-z]+:\/\//.test(address) ? address : `http://${address}`);
  const bare = url !== null && url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
  if (url === null || !bare || url.protocol !== "http:" || address.startsWith("unix")) {
    throw new GatehouseError("GH_EDGE_ADMIN_ADDRESS", { address });
  }
  return { url, host: url.host };
}

interface Answer {
  readonly status: number;
  readonly etag: string;
  readonly body: string;
}

function send(
  target: Target,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const where =
      "socketPath" in target
        ? { socketPath: target.socketPath }
        : { host: target.url.hostname.replace(/^\[|\]$/g, ""), port: target.url.port === "" ? 80 : target.url.port };
    // No kept connections: each reload of Caddy closes them, and a call on one that is being closed would fail.
    const options = { ...where, method, path, headers: { ...headers, host: target.host }, agent: false as const };
    const call = request({ ...options, signal: AbortSignal.timeout(TIMEOUT_MS) }, (answer) => {
      readBody(answer).then(
        (text) =>
          resolve({
            status: answer.statusCode ?? 0,
            etag: answer.headers.etag ?? "",
            body: text,
          }),
        reject,
      );
    });
    call.on("error", reject);
    call.end(body);
  });
}

async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
