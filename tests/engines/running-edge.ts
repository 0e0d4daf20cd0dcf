/**
 * The third engine: a real Caddy with the compiled configuration, in front of the running gateway.
 *
 * In: compiled edge settings. Out: answers to requests that a client makes over TLS, from the address that it wants.
 * Certificates come from Caddy's own authority whatever the policy says, and everything stays on loopback.
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { type EdgeRuntime, bootstrapCaddy, compileCaddy } from "../../src/compile/index.ts";
import { applyConfig, findCaddy, findLoopbackAddresses, startCaddy } from "../../src/edge/index.ts";
import type { EdgeArtifact } from "../../src/model/index.ts";
import { findFreePort } from "../support/free-port.ts";
import { type ChannelAnswer, HttpChannel } from "./http-channel.ts";
import type { Asked } from "./running-gateway.ts";

export interface RunningEdge {
  /** Afterwards every name of the environment has its certificate. */
  load(edge: EdgeArtifact): Promise<void>;
  send(asked: Asked): Promise<ChannelAnswer>;
  close(): Promise<void>;
}

const CERTIFICATE_TRIES = 200;

export async function startRunningEdge(sockets: {
  readonly publicSocket: string;
  readonly privateSocket: string;
}): Promise<RunningEdge> {
  const { binary } = await findCaddy({ pathEnv: process.env["PATH"] });
  const folder = await mkdtemp(join(tmpdir(), "gh-ed-"));
  await mkdir(join(folder, "run"), { mode: 0o700 });
  const runtime: EdgeRuntime = {
    publicSocket: sockets.publicSocket,
    privateSocket: sockets.privateSocket,
    httpsPort: await findFreePort(),
    httpPort: await findFreePort(),
    privatePort: await findFreePort(),
    adminListen: `unix/${join(folder, "run/admin.sock")}`,
    storageDir: join(folder, "caddy"),
    accessLog: join(folder, "access.log"),
    loopbackAddresses: findLoopbackAddresses(),
  };
  const caddy = await startCaddy({
    binary,
    adminListen: runtime.adminListen,
    storageDir: runtime.storageDir,
    stdoutLog: join(folder, "caddy.log"),
    bootstrap: bootstrapCaddy(runtime),
  });
  const channels = new Map<string, HttpChannel>();
  let names: ReadonlySet<string> = new Set();
  let domain = "";
  let authority = "";

  const portOf = (exposure: Asked["exposure"]): number =>
    exposure === "public" ? runtime.httpsPort : (runtime.privatePort ?? 0);

  function open(exposure: Asked["exposure"], servername: string, localAddress: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({
        host: localAddress.includes(":") ? "::1" : "127.0.0.1",
        port: portOf(exposure),
        servername,
        localAddress,
        ca: authority,
        ALPNProtocols: ["http/1.1"],
      } as ConnectionOptions & { readonly localAddress: string });
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        socket.off("error", reject);
        resolve(socket);
      });
    });
  }

  function forgetChannels(): void {
    for (const channel of channels.values()) channel.close();
    channels.clear();
  }

  return {
    async load(edge) {
      forgetChannels();
      const local: EdgeArtifact = { ...edge, loopbackOnly: true, certificates: { kind: "internal" } };
      await applyConfig(caddy.admin, compileCaddy(local, runtime));
      domain = edge.domain;
      const hosts = [
        { host: domain, exposure: "public" as const },
        ...edge.hosts.map(({ host, public: isPublic }) => ({
          host,
          exposure: isPublic ? ("public" as const) : ("private" as const),
        })),
      ];
      names = new Set(hosts.map(({ host }) => host));
      for (const { host, exposure } of hosts)
        for (let left = CERTIFICATE_TRIES; ; left--) {
          // The certificate is made after the configuration has been taken over.
          try {
            authority ||= await readFile(join(runtime.storageDir, "pki/authorities/local/root.crt"), "utf8");
            (await open(exposure, host, "127.0.0.1")).destroy();
            break;
          } catch (cause) {
            if (left === 0) throw cause;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
    },
    async send({ exposure, method, target, host, sourceIp, token }) {
      const name = host.toLowerCase().replace(/:\d+$/, "");
      const servername = names.has(name) ? name : domain;
      const key = `${exposure} ${servername} ${sourceIp}`;
      let channel = channels.get(key);
      if (channel === undefined)
        channels.set(key, (channel = new HttpChannel(() => open(exposure, servername, sourceIp))));
      const headers = [`Host: ${host}`];
      if (token !== null) headers.push(`Authorization: Bearer ${token}`);
      return channel.send(method, target, headers);
    },
    async close() {
      forgetChannels();
      await caddy.stop(6000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
