/** The life of a Caddy that we start: its start, its changes, its deaths, its end. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { Json } from "../../src/core/index.ts";
import { type EdgeEvent, type SupervisedCaddy, applyConfig, startCaddy, superviseCaddy } from "../../src/edge/index.ts";
import { type EdgeSetup, setUpEdge } from "./real-edge.ts";

let setup: EdgeSetup;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  setup = await setUpEdge();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await setup.remove();
});

async function started(changes: Partial<EdgeSetup["start"]> = {}) {
  const caddy = await startCaddy({ ...setup.start, ...changes });
  ends.push(() => caddy.stop(6000));
  return caddy;
}

function occupy(port: number, host = "127.0.0.1"): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
    ends.push(async () => server.close());
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );

test("it starts with the bootstrap, and stops without leaving process, socket or note", async () => {
  const caddy = await started();
  assert.equal(isRunning(caddy.pid), true);
  assert.deepEqual((await caddy.admin.read()).config, setup.start.bootstrap);
  assert.equal(await exists(path.join(setup.start.storageDir, "caddy.pid")), true);
  assert.equal((await stat(setup.start.storageDir)).mode & 0o777, 0o700);
  await caddy.stop(6000);
  await caddy.stop(6000);
  assert.deepEqual(await caddy.exited, { code: 0, signal: null });
  assert.equal(isRunning(caddy.pid), false);
  assert.equal(await exists(path.join(setup.start.storageDir, "caddy.pid")), false);
  assert.equal(await exists(setup.runtime.adminListen.slice("unix/".length)), false);
});

test("it sees nothing of our environment but what it needs", async () => {
  process.env["GATEHOUSE_TEST_SECRET"] = "canary-7b21";
  ends.push(async () => delete process.env["GATEHOUSE_TEST_SECRET"]);
  const caddy = await started();
  const names = (await readFile(`/proc/${caddy.pid}/environ`, "utf8")).split("\0").map((pair) => pair.split("=")[0]);
  assert.deepEqual(
    names.filter((name) => name?.startsWith("GATEHOUSE") || name === "USER"),
    [],
  );
  assert.ok(names.includes("PATH") && names.includes("XDG_DATA_HOME"));
  const commandLine = await readFile(`/proc/${caddy.pid}/cmdline`, "utf8");
  assert.equal(commandLine, `${setup.start.binary}\0run\0--config\0-\0`);
});

test("the same configuration twice is sent once", async () => {
  const caddy = await started();
  assert.deepEqual(await applyConfig(caddy.admin, setup.config()), { changed: true });
  const { etag } = await caddy.admin.read();
  assert.deepEqual(await applyConfig(caddy.admin, setup.config()), { changed: false });
  assert.equal((await caddy.admin.read()).etag, etag);
});

test("a stale tag changes nothing", async () => {
  const caddy = await started();
  const { etag } = await caddy.admin.read();
  await caddy.admin.replace(setup.config(), etag);
  await assert.rejects(caddy.admin.replace(setup.start.bootstrap, etag), { code: "GH_EDGE_ADMIN_CONFLICT" });
  assert.deepEqual((await caddy.admin.read()).config, setup.config());
});

test("a refused configuration leaves the old one running at the same admin endpoint", async () => {
  const caddy = await started();
  await applyConfig(caddy.admin, setup.config());
  const bad = JSON.parse(JSON.stringify(setup.config()).replaceAll('"static_response"', '"no_such_handler"')) as Json;
  await assert.rejects(applyConfig(caddy.admin, bad), (error: Error & { code?: string }) => {
    assert.equal(error.code, "GH_EDGE_ADMIN_REFUSED");
    assert.match(error.message, /^Caddy refused the configuration: .*unknown module: http\.handlers\.no_such_handler/);
    return true;
  });
  assert.deepEqual((await caddy.admin.read()).config, setup.config());
});

test("a port that is taken is named, and the old configuration goes on", async () => {
  const caddy = await started();
  await occupy(setup.runtime.httpsPort);
  await assert.rejects(applyConfig(caddy.admin, setup.config()), {
    code: "GH_EDGE_PORT_TAKEN",
    message: `port ${setup.runtime.httpsPort} is taken by another program`,
  });
  assert.deepEqual((await caddy.admin.read()).config, setup.start.bootstrap);
});

test("a start that fails says why and leaves nothing", async () => {
  const port = setup.runtime.httpsPort;
  await occupy(port);
  const pidFile = path.join(setup.start.storageDir, "caddy.pid");
  const cases = [
    [{ bootstrap: setup.config() }, "GH_EDGE_PORT_TAKEN", new RegExp(`port ${port} is taken`)],
    [{ bootstrap: { ...(setup.start.bootstrap as object), nonsense: 1 } }, "GH_EDGE_START_FAILED", /did not tell why/],
    [{ bootstrap: { apps: { nope: {} } } }, "GH_EDGE_START_FAILED", /loading nope app module: unknown module: nope/],
    [{ binary: "/nowhere/caddy" }, "GH_EDGE_START_FAILED", /cannot run `\/nowhere\/caddy` \(ENOENT\)/],
    [{ binary: "/bin/false" }, "GH_EDGE_START_FAILED", /it ended at once \(code 1\)/],
    [{ storageDir: "/dev/null/x" }, "GH_EDGE_START_FAILED", /cannot create `\/dev\/null\/x` \(ENOTDIR\)/],
  ] as const;
  for (const [changes, code, message] of cases) {
    await assert.rejects(startCaddy({ ...setup.start, ...changes }), (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
    assert.equal(await exists(pidFile), false);
  }
});

test("a Caddy that an earlier run left behind is ended before the next one starts", async () => {
  const first = await started();
  const second = await started();
  assert.deepEqual(await first.exited, { code: 0, signal: null });
  assert.deepEqual((await second.admin.read()).config, setup.start.bootstrap);
  await second.stop(6000);
});

test("when we are killed, our Caddy ends too", async () => {
  const script = path.join(setup.dir, "parent.ts");
  const edge = path.resolve(import.meta.dirname, "../../src/edge/index.ts");
  await writeFile(
    script,
    `import { startCaddy } from ${JSON.stringify(edge)};
const caddy = await startCaddy(${JSON.stringify(setup.start)});
process.stdout.write(String(caddy.pid));`,
  );
  const parent = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  ends.push(async () => parent.kill("SIGKILL"));
  const [output] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(output.toString("utf8"));
  assert.equal(isRunning(pid), true);
  parent.kill("SIGKILL");
  await untilTrue(() => !isRunning(pid));
});

async function untilTrue(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Supervised, with its events: `next` waits for the next of a kind. */
async function supervised(): Promise<{
  caddy: SupervisedCaddy;
  next: (kind: EdgeEvent["kind"]) => Promise<EdgeEvent>;
}> {
  const events: EdgeEvent[] = [];
  let wake = () => {};
  const caddy = await superviseCaddy({
    ...setup.start,
    backOffMs: { first: 10, longest: 40 },
    onEvent: (event) => {
      events.push(event);
      wake();
    },
  });
  ends.push(() => caddy.stop(6000));
  return {
    caddy,
    async next(kind) {
      for (;;) {
        const index = events.findIndex((event) => event.kind === kind);
        const [event] = index === -1 ? [] : events.splice(0, index + 1).slice(-1);
        if (event !== undefined) return event;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

function killed(caddy: SupervisedCaddy): number {
  const pid = caddy.pid();
  assert.ok(pid !== null);
  process.kill(pid, "SIGKILL");
  return pid;
}

test("a Caddy that dies is started again with the configuration that was good last", async () => {
  const { caddy, next } = await supervised();
  await caddy.apply(setup.config());
  await assert.rejects(caddy.apply({ ...(setup.config() as object), nonsense: true }), {
    code: "GH_EDGE_ADMIN_REFUSED",
  });
  const pid = killed(caddy);
  assert.deepEqual(await next("exited"), {
    kind: "exited",
    pid,
    end: { code: null, signal: "SIGKILL" },
    lastError: "",
  });
  await next("restarted");
  assert.notEqual(caddy.pid(), pid);
  assert.deepEqual((await caddy.admin.read()).config, setup.config());
  assert.deepEqual(await caddy.apply(setup.config()), { changed: false });
});

test("a change during a restart waits for it", async () => {
  const { caddy, next } = await supervised();
  killed(caddy);
  await next("exited");
  assert.deepEqual(await caddy.apply(setup.config()), { changed: true });
  assert.deepEqual((await caddy.admin.read()).config, setup.config());
});

test("while it cannot be started it is tried again, with the reason told, until it can", async () => {
  const { caddy, next } = await supervised();
  await caddy.apply(setup.config());
  // Somebody puts a folder where the socket has to be; nothing of ours can start until it is gone.
  const socket = setup.runtime.adminListen.slice("unix/".length);
  const pid = caddy.pid() ?? 0;
  process.kill(pid, "SIGTERM");
  await next("exited");
  await mkdir(path.join(socket, "in-the-way"), { recursive: true });
  const failed = await next("restart-failed");
  assert.equal(failed.kind === "restart-failed" && failed.error.code, "GH_EDGE_START_FAILED");
  await rm(socket, { recursive: true });
  await next("restarted");
  assert.deepEqual((await caddy.admin.read()).config, setup.config());
});

test("after stop nothing is started again, not even in the middle of a restart", async () => {
  const { caddy, next } = await supervised();
  killed(caddy);
  await next("exited");
  await caddy.stop(6000);
  assert.equal(caddy.pid(), null);
  await assert.rejects(caddy.admin.read(), { code: "GH_EDGE_ADMIN_UNREACHABLE" });
});

test("Ctrl-C in the terminal reaches us alone", async () => {
  const caddy = await started();
  const groups = await Promise.all([caddy.pid, process.pid].map((pid) => groupOf(pid)));
  assert.equal(groups[0], caddy.pid);
  assert.notEqual(groups[0], groups[1]);
});

async function groupOf(pid: number): Promise<number> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8");
  return Number(line.slice(line.lastIndexOf(")") + 2).split(" ")[2]);
}
