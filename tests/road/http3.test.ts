/** HTTP/3 end to end: Chromium speaks QUIC to the edge, and the edge's own log says which protocol it was. */
import assert from "node:assert/strict";
import { type X509Certificate, createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "node:tls";
import { chromium } from "playwright-core";
import { startEcho } from "../support/echo.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";
import { ROAD_PEOPLE, roadPolicy } from "./policies.ts";

/** SHA-256 of the public key that the edge shows, which Chromium is told to trust: QUIC knows no "go on anyway". */
async function keyOf(instance: Started): Promise<string> {
  const { hostname, port } = new URL(instance.status.edge.https);
  const ca = readFileSync(instance.status.edge.caFile ?? "");
  const certificate = await new Promise<X509Certificate>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: Number(port), servername: hostname, ca }, () => {
      const shown = socket.getPeerX509Certificate();
      socket.end();
      if (shown === undefined) reject(new Error("no certificate"));
      else resolve(shown);
    });
    socket.once("error", reject);
  });
  const key = certificate.publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

test("a request over HTTP/3 gets the service's answer, with one request id at both ends", async () => {
  const echo = await startEcho();
  const policy = roadPolicy({ orders: echo.url, backoffice: echo.url, down: echo.url });
  const instance = await startInstance({ files: { "gatehouse.yaml": policy, "people.yaml": ROAD_PEOPLE } });
  const { host } = new URL(instance.status.edge.https);
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--enable-quic",
      `--origin-to-force-quic-on=${host}`,
      `--ignore-certificate-errors-spki-list=${await keyOf(instance)}`,
    ],
  });
  try {
    const page = await browser.newPage();
    const response = await page.goto(`${instance.status.edge.https}/health`);
    assert.equal(response?.status(), 200);
    const requestId = response.headers()["x-request-id"] ?? "none";
    // As text, since this program's types know no browser.
    assert.equal(await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol"), "h3");
    const log = join(instance.state, "logs/access.log");
    const lineOf = (): string | undefined =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .split("\n")
            .find((line) => line.includes(requestId))
        : undefined;
    await waitFor("the edge has written its line", () => lineOf() !== undefined);
    assert.match(lineOf() ?? "", /"proto":"HTTP\/3\.0"/);
    assert.ok(
      echo.last().headers.some(([name, value]) => name.toLowerCase() === "x-request-id" && value === requestId),
    );
  } finally {
    await browser.close();
    assert.equal(await instance.stop(), 0);
    await echo.close();
  }
});
