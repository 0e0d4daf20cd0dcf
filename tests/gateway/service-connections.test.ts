/** Connections to services: how many, how long they are kept, over TLS, and what happens when the one who is told throws. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { Deadlines } from "../../src/gateway/deadlines.ts";
import { Origin } from "../../src/gateway/http-client/origin.ts";
import { UpstreamCall, type UpstreamOwner, type UpstreamRequest } from "../../src/gateway/upstream-call.ts";
import { findFreePort } from "../support/free-port.ts";
import { waitFor } from "../support/instance.ts";
import { startPlainCaddy } from "../support/plain-caddy.ts";
import { startRawService } from "./service.ts";

const GET: UpstreamRequest = { method: "GET", path: "/", headers: [], body: null };
const DEADLINES = new Deadlines(20_000);

interface Told {
  readonly status: number | null;
  readonly body: string;
  readonly failure: string | null;
}

/** The answer to one request, or what it failed by. `throwsAt` makes the owner throw when it is told that. */
function ask(origin: Origin, request: UpstreamRequest = GET, throwsAt?: keyof UpstreamOwner): Promise<Told> {
  return new Promise((resolve) => {
    let status: number | null = null;
    let body = "";
    const at = (event: keyof UpstreamOwner): void => {
      if (event === throwsAt) throw new Error(`thrown at ${event}`);
    };
    const owner: UpstreamOwner = {
      onUpstreamHead(received) {
        status = received;
        at("onUpstreamHead");
      },
      onUpstreamData(chunk) {
        body += chunk.toString("latin1");
        at("onUpstreamData");
        return true;
      },
      onUpstreamEnd() {
        at("onUpstreamEnd");
        resolve({ status, body, failure: null });
      },
      onUpstreamUpgrade(_headers, socket) {
        at("onUpstreamUpgrade");
        socket.destroy();
        resolve({ status: 101, body, failure: null });
      },
      onUpstreamFailure(reason, error) {
        resolve({ status, body, failure: `${reason}: ${(error as NodeJS.ErrnoException).code ?? error.message}` });
      },
    };
    new UpstreamCall(origin, request, null, DEADLINES, 0, owner).start(false);
  });
}

function openOrigin(t: TestContext, address: string): Origin {
  const origin = new Origin(address);
  t.after(() => origin.destroy());
  return origin;
}

/** Answers each request with the number of its connection. */
async function startCounting(t: TestContext, headers = ""): Promise<{ address: string; ended: () => number }> {
  let connections = 0;
  let ended = 0;
  const address = await startRawService(t, (socket) => {
    const body = String(++connections);
    socket.on("data", () => socket.write(`HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`));
    socket.on("close", () => ended++);
  });
  return { address, ended: () => ended };
}

test("an owner that throws hears of a fault, and the connection is never used again by mistake", async (t) => {
  const service = await startCounting(t);
  const origin = openOrigin(t, service.address);
  for (const [event, status, body] of [
    ["onUpstreamHead", 200, ""],
    ["onUpstreamData", 200, "2"],
    ["onUpstreamEnd", 200, "3"],
  ] as const)
    assert.deepEqual(await ask(origin, GET, event), { status, body, failure: `fault: thrown at ${event}` });
  // What was thrown at the end of a whole answer says nothing against its connection.
  assert.deepEqual(await ask(origin), { status: 200, body: "3", failure: null });
  const switching = await startRawService(t, (socket) =>
    socket.on("data", () =>
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
    ),
  );
  assert.deepEqual(await ask(openOrigin(t, switching), { ...GET, upgrade: "websocket" }, "onUpstreamUpgrade"), {
    status: null,
    body: "",
    failure: "fault: thrown at onUpstreamUpgrade",
  });
});

test("of 520 requests at a time 512 have a connection, and the others wait for one of those", async (t) => {
  const held: Socket[] = [];
  const address = await startRawService(t, (socket) => socket.on("data", () => held.push(socket)));
  const origin = openOrigin(t, address);
  const answers = Array.from({ length: 520 }, () => ask(origin));
  await waitFor("all connections are in use", async () => Promise.resolve(held.length === 512));
  assert.deepEqual(origin.stats, { connected: 512, running: 512, queued: 8 });
  const answer = (socket: Socket): boolean => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  for (const socket of held.splice(0)) answer(socket);
  await waitFor("those that waited are asked", async () => Promise.resolve(held.length === 8));
  for (const socket of held) answer(socket);
  for (const told of await Promise.all(answers)) assert.deepEqual(told, { status: 200, body: "ok", failure: null });
  assert.deepEqual(origin.stats, { connected: 512, running: 0, queued: 0 });
});

test("an idle connection is left two seconds before the service would end it", async (t) => {
  const kept = await startCounting(t, "Keep-Alive: timeout=60\r\n");
  const shortly = await startCounting(t, "Keep-Alive: timeout=3\r\n");
  const never = await startCounting(t, "Keep-Alive: timeout=2\r\n");
  const origins = [kept, shortly, never].map(({ address }) => openOrigin(t, address));
  const bodies = async (): Promise<string[]> =>
    (await Promise.all(origins.map((origin) => ask(origin)))).map(({ body }) => body);
  assert.deepEqual(await bodies(), ["1", "1", "1"]);
  assert.deepEqual(await bodies(), ["1", "1", "2"]);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.deepEqual(await bodies(), ["1", "2", "3"]);
  await waitFor("what is idle for too long is ended", async () => Promise.resolve(shortly.ended() === 2));
  assert.equal(kept.ended(), 0);
});

test("a service that falls silent within its answer is left", async (t) => {
  const address = await startRawService(t, (socket) =>
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")),
  );
  assert.deepEqual(await ask(openOrigin(t, address), { ...GET, bodyTimeout: 50 }), {
    status: 200,
    body: "half",
    failure: "upstream-aborted: ERR_UPSTREAM_SILENT",
  });
});

test("a service over TLS: its certificate is checked, its connection is kept, a large answer arrives whole", async (t) => {
  const files = mkdtempSync(join(tmpdir(), "gh-files-"));
  const large = Buffer.alloc(3_000_000, "gatehouse ");
  writeFileSync(join(files, "file"), large);
  const port = await findFreePort();
  const caddy = await startPlainCaddy(`https://localhost:${port} {
  tls internal
  root ${files}
  handle /file {
    file_server
  }
  respond "{http.request.remote.port} {http.request.proto} {http.request.tls.resumed}"
}
`);
  const trusted = getCACertificates("default");
  t.after(async () => {
    setDefaultCACertificates(trusted);
    await caddy.stop();
    rmSync(files, { recursive: true, force: true });
  });
  const address = `https://localhost:${port}`;
  const distrusted = await ask(openOrigin(t, address));
  assert.match(distrusted.failure ?? "", /^upstream-unreachable: (?:SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/);
  setDefaultCACertificates([...trusted, readFileSync(caddy.caFile, "utf8")]);
  const origin = openOrigin(t, address);
  const first = await ask(origin);
  assert.match(first.body, /^\d+ HTTP\/1\.1 false$/);
  assert.deepEqual(await ask(origin), first);
  const whole = await ask(origin, { ...GET, path: "/file" });
  assert.ok(whole.status === 200 && whole.body === large.toString("latin1"), `${whole.status}, ${whole.body.length}`);
  assert.deepEqual(await ask(origin), first, "still the same connection");
  const two = await Promise.all([ask(origin), ask(origin)]);
  assert.match(two.map(({ body }) => body.split(" ")[2]).join(), /^false,true$|^true,false$/, "the second is resumed");
});
