/** The limits of every call to a provider, against a real server that breaks each of them. */
import assert from "node:assert/strict";
import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createManualClock } from "../../src/core/index.ts";
import { createKeySource } from "../../src/identity/index.ts";

const asked: string[] = [];
let answer: (response: ServerResponse) => void;
let issuer: string;

const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  answer(response);
});

before(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

async function load(timeoutMs = 5000): Promise<void> {
  asked.length = 0;
  const keys = createKeySource({ issuer, clock: createManualClock(0), allowHttpLoopback: true, timeoutMs });
  try {
    await keys.load();
  } finally {
    keys.close();
  }
}

const unreachable = (reason: RegExp) => ({ code: "GH_IDENTITY_PROVIDER_UNREACHABLE", message: reason });

test("a redirect is not followed", async () => {
  answer = (response) => response.writeHead(302, { location: `${issuer}/elsewhere` }).end();
  await assert.rejects(load(), unreachable(/redirects are not followed/));
  assert.deepEqual(asked, ["/.well-known/openid-configuration"]);
});

test("an answer without end is cut at the size limit", async () => {
  let written = 0;
  answer = (response) => {
    const more = (): void => {
      if (response.destroyed) return;
      written += 65_536;
      response.write(Buffer.alloc(65_536, " "), () => setImmediate(more));
    };
    more();
  };
  await assert.rejects(load(), unreachable(/more than 150000 bytes/));
  assert.ok(written < 50_000_000);
});

test("a compressed answer is cut at its size when unpacked", async () => {
  answer = (response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(50_000_000, " ")));
  await assert.rejects(load(), unreachable(/more than 150000 bytes/));
});

test("an answer that never comes, and one that comes byte by byte, end at the time limit", async () => {
  answer = () => {};
  await assert.rejects(load(200), unreachable(/no answer within 200 ms/));
  answer = (response) => {
    const timer = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(timer));
  };
  await assert.rejects(load(200), unreachable(/no answer within 200 ms/));
});

test("a connection that is cut is one line, without a query or a stack", async () => {
  answer = (response) => response.destroy();
  await assert.rejects(
    load(),
    unreachable(
      /^cannot use identity provider at `http:\/\/127\.0\.0\.1:\d+\/\.well-known\/openid-configuration`: [^\n]+$/,
    ),
  );
});

test("a name that leads to this machine is not followed for an issuer elsewhere", async () => {
  const keys = createKeySource({
    issuer: "https://localhost.localdomain.invalid",
    clock: createManualClock(0),
    allowHttpLoopback: true,
  });
  await assert.rejects(keys.load(), { code: "GH_IDENTITY_PROVIDER_UNREACHABLE" });
  keys.close();
});
