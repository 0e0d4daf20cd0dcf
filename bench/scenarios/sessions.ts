/** What a running gateway holds after very many people with a session of their own came by. */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Identity } from "../../src/identity/index.ts";
import { Secret } from "../../src/core/index.ts";
import { createSealer } from "../../src/identity/sealed-text.ts";
import { asCookieHeader, createCookieSessions } from "../../src/identity/session-cookie.ts";
import { createSessionCodec } from "../../src/identity/session.ts";
import { AUDIENCE, BASE_URL, DOMAIN, ISSUER } from "../../tests/gateway/fixture.ts";
import { memoryBytes } from "../processes.ts";
import type { Held } from "../session-gateway.ts";
import type { Scenario } from "./scenario.ts";

const CONNECTIONS = 32;
const WARM_UP_SESSIONS = 2000;
const BUDGET_SESSIONS = 100_000;
const MIB = 2 ** 20;
/** As src/identity/sessions.ts has it: sealed for another place a cookie opens nothing, and the first visit fails. */
const SEALED_FOR = JSON.stringify([BASE_URL, AUDIENCE, "groups", "name"]);

/** A `Cookie` header for each of `count` people, sealed as the gateway itself does. */
function sealCookies(key: Uint8Array, from: number, count: number): string[] {
  const cookies = createCookieSessions(createSessionCodec(createSealer([new Secret(key)], "session", SEALED_FOR), []));
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, n) => {
    const subject = `person-${from + n}`;
    const identity: Identity = {
      kind: "person",
      issuer: ISSUER,
      issuerName: null,
      subject,
      clientId: "shop-web",
      name: `Person ${from + n}`,
      groups: ["support", "staff"],
      claims: {},
      tokenId: null,
      issuedAtSeconds: now,
      authTimeSeconds: null,
      expiresAtSeconds: now + 3600,
      via: "session",
      key: JSON.stringify([ISSUER, subject]),
    };
    const session = {
      id: randomBytes(16).toString("base64url"),
      identity,
      refreshToken: new Secret(randomBytes(256).toString("base64url")),
      providerSession: null,
      obtainedAtSeconds: now,
      startedAtSeconds: now,
      activeAtSeconds: now,
      serial: 0,
      handle: null,
    };
    return asCookieHeader(cookies.cookiesFor(session)) ?? "";
  });
}

/** One request for each cookie, over connections that stay. @throws Error at the first answer that is not 200 */
async function visit(path: string, cookies: readonly string[]): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    const socket: Socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      let received = "";
      const send = (): void => {
        const cookie = cookies[next++];
        if (cookie === undefined) {
          socket.end();
          resolve();
          return;
        }
        socket.write(
          `GET /orders/7 HTTP/1.1\r\nHost: ${DOMAIN}:8443\r\nCookie: ${cookie}\r\nSec-Fetch-Site: same-origin\r\n` +
            "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n",
        );
      };
      socket.on("error", reject);
      socket.on("connect", send);
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        if (!received.endsWith("ok")) {
          if (received.length > 12 && !received.startsWith("HTTP/1.1 200"))
            reject(new Error(received.split("\r\n")[0]));
          return;
        }
        received = "";
        send();
      });
    });
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

function ask(child: ChildProcess): Promise<Held> {
  return new Promise((resolve) => {
    child.once("message", (message) => resolve(message as Held));
    child.send("held");
  });
}

async function startGateway(folder: string, key: Uint8Array, upstream: string) {
  const child = fork(join(import.meta.dirname, "../session-gateway.ts"), [folder, upstream], {
    // The second as `gatehouse up` has it.
    execArgv: ["--expose-gc", "--max-semi-space-size=16"],
    env: { ...process.env, BENCH_SEAL_KEY: Buffer.from(key).toString("base64url") },
  });
  const socket = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve(message as string));
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
  });
  return { child, socket };
}

export const sessions: Scenario = {
  name: "sessions",
  title: "memory of sessions",
  async run(bench) {
    const count = bench.settings.manyTokens;
    const folder = mkdtempSync(join(tmpdir(), "gh-sessions-"));
    const key = randomBytes(32);
    const service = createServer({ keepAliveTimeout: 60_000 }, (_req, res) =>
      res.writeHead(200, { "content-length": 2 }).end("ok"),
    );
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    const upstream = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const { child, socket } = await startGateway(folder, key, upstream);
    try {
      // Its code is compiled and its buffers are made before it is counted.
      const few = sealCookies(key, 0, WARM_UP_SESSIONS);
      for (let i = 0; i < 5; i++) await visit(socket, few);
      const before = await ask(child);
      const memoryBefore = memoryBytes([child.pid ?? -1]);
      for (let from = WARM_UP_SESSIONS; from < count + WARM_UP_SESSIONS; from += 10_000) {
        await visit(socket, sealCookies(key, from, Math.min(10_000, count + WARM_UP_SESSIONS - from)));
        bench.say(`${from} sessions`);
      }
      const after = await ask(child);
      const grown = (memoryBytes([child.pid ?? -1]) - memoryBefore) / MIB;
      const total = (after.heapTotalBytes - before.heapTotalBytes) / MIB;
      const heap = (after.heapBytes - before.heapBytes) / MIB;
      const many = count.toLocaleString("en");
      return {
        // The budget is for that many; fewer say little about it, as what a process takes in any case is among it.
        claims:
          count < BUDGET_SESSIONS ? [] : [{ text: `memory of ${many} sessions, MiB`, budget: 200, values: [grown] }],
        text: `One gateway process, ${many} people with a session cookie and a refresh token each, one request of each: ${grown.toFixed(0)} MiB more
memory (proportional set size, from ${(memoryBefore / MIB).toFixed(0)} MiB); the heap holds ${heap.toFixed(0)} MiB more of live objects after a collection, and is
${total.toFixed(0)} MiB larger. A session lives in its cookie; what is held is the opened ones that are remembered, a bucket for
each caller, and assertions that are still good.`,
      };
    } finally {
      child.disconnect();
      service.closeAllConnections();
      service.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
