/** What the edge's configuration needs beside the artifacts: ports and paths of this instance. */
import type { EdgeRuntime } from "../compile/index.ts";
import type { Artifacts } from "../model/index.ts";
import type { Ports } from "./ports.ts";
import type { StatePaths } from "./state.ts";
import type { ThreadSockets } from "./thread-runtime.ts";

/** @param sockets of every thread of the gateway */
export function edgeRuntime(
  paths: StatePaths,
  ports: Ports,
  artifacts: Artifacts,
  sockets: readonly ThreadSockets[] = [],
): EdgeRuntime {
  return {
    httpsPort: ports.https,
    httpPort: ports.http,
    privatePort: artifacts.edge.privateNetwork === null ? null : ports.private,
    publicSocket: paths.publicSocket,
    privateSocket: artifacts.edge.privateNetwork === null ? null : paths.privateSocket,
    ...(sockets.length < 2 ? {} : { otherSockets: sockets.slice(1) }),
    adminListen: `unix/${paths.adminSocket}`,
    storageDir: paths.caddyStorage,
    accessLog: paths.edgeLog,
  };
}

/** Below the address of the public listener. */
export const STS_PATH = "/_gatehouse/sts";

/** Where browsers and clients reach the public listener: `https://host` with the port unless it is 443. */
export function baseUrlOf(domain: string, httpsPort: number): string {
  return `https://${domain}${httpsPort === 443 ? "" : `:${httpsPort}`}`;
}
