/** Whether something listens where the policy says a service is. Opens a connection and closes it; sends nothing. */
import { connect } from "node:net";
import type { Policy } from "../policy/index.ts";

const TIMEOUT_MS = 1000;

export interface Probe {
  readonly service: string;
  readonly upstream: string;
  readonly up: boolean;
}

export async function probeUpstreams(policy: Policy, environment: string): Promise<readonly Probe[]> {
  const probes = policy.services.flatMap((service) => {
    const upstream = service.upstream[environment];
    return upstream === undefined ? [] : [{ service: service.name, upstream }];
  });
  return Promise.all(probes.map(async (probe) => ({ ...probe, up: await isListening(probe.upstream) })));
}

async function isListening(address: string): Promise<boolean> {
  const url = new URL(address);
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port, timeout: TIMEOUT_MS });
    const end = (up: boolean): void => {
      socket.destroy();
      resolve(up);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
