/** Chromium that speaks HTTP/3 to an instance's edge and to nothing else. */
import { type X509Certificate, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import { type Browser, chromium } from "playwright-core";
import type { Started } from "./instance.ts";

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

export async function launchHttp3(instance: Started): Promise<Browser> {
  const { host } = new URL(instance.status.edge.https);
  return chromium.launch({
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
}
