/** A real Redis server on a port of loopback, with nothing in it and nothing kept. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { findFreePort } from "./free-port.ts";
import { waitFor } from "./instance.ts";

export interface ValkeyServer {
  /** As a policy writes it. */
  readonly address: string;
  /** It stands still: connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Ends it; `start` begins it anew on the same port, empty. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startValkey(args: readonly string[] = []): Promise<ValkeyServer> {
  const port = await findFreePort();
  let child: ChildProcess | null = null;
  const server: ValkeyServer = {
    address: `valkey://127.0.0.1:${port}`,
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    async stop() {
      const running = child;
      child = null;
      if (running === null || running.exitCode !== null) return;
      const ended = once(running, "exit");
      running.kill("SIGKILL");
      await ended;
    },
    async start() {
      const started = spawn(
        "redis-server",
        ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...args],
        { stdio: "ignore" },
      );
      child = started;
      let fault: Error | null = null;
      started.once("error", (error) => (fault = error));
      await waitFor("redis-server takes connections", async () => {
        if (fault !== null) throw fault;
        if (started.exitCode !== null) throw new Error(`redis-server ended with ${started.exitCode}`);
        return takesConnections(port);
      });
    },
  };
  await server.start();
  return server;
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
