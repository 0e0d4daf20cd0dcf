/**
 * A real Caddy with the compiled configuration, in front of a gateway that tells back what it received.
 * Out: addresses, logs, and a stop that leaves nothing running.
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { type RequestListener, type Server, createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { type EdgeRuntime, bootstrapCaddy, compileCaddy } from "../../src/compile/index.ts";
import type { Json } from "../../src/core/index.ts";
import {
  type CaddyProcess,
  type CaddyStart,
  applyConfig,
  findCaddy,
  findLoopbackAddresses,
  startCaddy,
} from "../../src/edge/index.ts";
import type { EdgeArtifact } from "../../src/model/index.ts";
import { type CurlAnswer, type CurlOptions, curlUrl } from "../support/curl.ts";
import { findFreePort } from "../support/free-port.ts";

export const DOMAIN = "shop.localhost";
export const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";

export const EDGE: EdgeArtifact = {
  domain: DOMAIN,
  hosts: [],
  certificates: { kind: "internal" },
  loopbackOnly: true,
  privateNetwork: ["127.0.0.0/8", "::1/128"],
};

/** Folders, ports and a binary for one Caddy; nothing runs yet. */
export interface EdgeSetup {
  readonly dir: string;
  readonly runtime: EdgeRuntime;
  readonly start: CaddyStart;
  config(changes?: Partial<EdgeArtifact>): Json;
  remove(): Promise<void>;
}

export async function setUpEdge(changes: Partial<EdgeRuntime> = {}): Promise<EdgeSetup> {
  const { binary } = await findCaddy({ pathEnv: process.env["PATH"] });
  // A short path: unix sockets live below it.
  const dir = await mkdtemp(path.join(tmpdir(), "gh-edge-"));
  await mkdir(path.join(dir, "run"), { mode: 0o700 });
  const runtime: EdgeRuntime = {
    httpsPort: await findFreePort(),
    httpPort: await findFreePort(),
    privatePort: await findFreePort(),
    publicSocket: path.join(dir, "run/public.sock"),
    privateSocket: path.join(dir, "run/private.sock"),
    adminListen: `unix/${path.join(dir, "run/admin.sock")}`,
    storageDir: path.join(dir, "caddy"),
    accessLog: path.join(dir, "access.log"),
    loopbackAddresses: findLoopbackAddresses(),
    ...changes,
  };
  return {
    dir,
    runtime,
    start: {
      binary,
      adminListen: runtime.adminListen,
      storageDir: runtime.storageDir,
      stdoutLog: path.join(dir, "caddy.log"),
      bootstrap: bootstrapCaddy(runtime),
    },
    config: (edge = {}) => compileCaddy({ ...EDGE, ...edge }, runtime),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Answers as the gateway does as far as the edge is concerned, and tells what it received. */
const tellBack: RequestListener = (request, response) => {
  response.setHeader("traceresponse", `00-${TRACE_ID}-00f067aa0ba902b7-01`);
  response.setHeader("x-request-id", request.headers["x-request-id"] ?? "");
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ url: request.url, headers: request.headersDistinct, body }));
  });
};

export interface Received {
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: string;
}

export function startGateway(socket: string, listener: RequestListener = tellBack): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer({ keepAliveTimeout: 75_000, maxHeaderSize: 512 * 1024 }, listener);
    server.listen(socket, () => resolve(server));
  });
}

export interface RealEdge extends EdgeSetup {
  readonly caddy: CaddyProcess;
  readonly caFile: string;
  readonly gateway: Server;
  /** To the public listener unless another port is named; `PATH` or a whole URL. */
  curl(target: string, options?: CurlOptions): Promise<CurlAnswer>;
  received(answer: CurlAnswer): Received;
  /** The access log's lines, when there are at least so many. */
  accessLines(atLeast: number): Promise<readonly Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** @param change of the text of what Caddy is given, for what no policy and no runtime can say */
export async function startRealEdge(
  edge: Partial<EdgeArtifact> = {},
  change: (config: string) => string = (config) => config,
): Promise<RealEdge> {
  const setup = await setUpEdge();
  const changed = (config: Json) => JSON.parse(change(JSON.stringify(config))) as Json;
  const gateway = await startGateway(setup.runtime.publicSocket);
  const privateGateway = await startGateway(setup.runtime.privateSocket ?? "", (_request, response) =>
    response.end("private"),
  );
  const caddy = await startCaddy({ ...setup.start, bootstrap: changed(setup.start.bootstrap) });
  await applyConfig(caddy.admin, changed(setup.config(edge)));
  const caFile = path.join(setup.runtime.storageDir, "pki/authorities/local/root.crt");
  const { httpsPort } = setup.runtime;
  const origin = `https://${DOMAIN}:${httpsPort}`;
  const running: RealEdge = {
    ...setup,
    caddy,
    caFile,
    gateway,
    curl: (target, options) => curlUrl(target.startsWith("/") ? `${origin}${target}` : target, caFile, options),
    received: (answer) => JSON.parse(answer.body) as Received,
    async accessLines(atLeast) {
      for (;;) {
        const text = await readFile(setup.runtime.accessLog, "utf8").catch(() => "");
        const lines = text
          .split("\n")
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Record<string, unknown>)
          .filter(({ logger }) => logger === "http.log.access");
        if (lines.length >= atLeast) return lines;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async stop() {
      await caddy.stop(6000);
      for (const server of [gateway, privateGateway]) {
        server.closeAllConnections();
        server.close();
      }
      await setup.remove();
    },
  };
  await waitForCertificate(running);
  return running;
}

/** The certificate is made after the configuration has been taken over. */
async function waitForCertificate(edge: RealEdge): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await edge.curl("/ready").catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the edge never answered over TLS");
}
