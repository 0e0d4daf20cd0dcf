/** Changes of the edge under load lose no request, and rotated logs are still one story. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { after, before, test } from "node:test";
import { applyConfig } from "../../src/edge/index.ts";
import { findTrace, followRecords } from "../../src/records/index.ts";
import { run } from "../support/run.ts";
import { DOMAIN, type RealEdge, startRealEdge } from "./real-edge.ts";

let edge: RealEdge;
let ca: Buffer;
before(async () => {
  edge = await startRealEdge();
  ca = await readFile(edge.caFile);
});
after(() => edge.stop());

interface Outcome {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly requestId: string;
}

/** One request on a connection of its own. */
function tryCall(path: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: edge.runtime.httpsPort, servername: DOMAIN, ca, path, agent: false };
    const sent = request({ ...options, headers: { host: DOMAIN } }, (response) => {
      response.resume();
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, requestId: String(response.headers["x-request-id"]) }),
      );
      // An answer that has begun has to be whole.
      response.on("error", reject);
    });
    sent.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? resolve({ status: 0, requestId: "" }) : reject(error),
    );
    sent.end();
  });
}

/** As browsers and HTTP libraries do: a connection that ended without an answer is replaced by a new one. */
async function call(path: string): Promise<Outcome> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await tryCall(path);
    if (outcome.status !== 0 || attempt === 5) return outcome;
  }
}

// Go's server ends connections whose first request has not been read when it hands over to the next one. Such a request
// was never handled, so that the next attempt is the first one that counts.
test("thirty reloads under load: what was received is answered, and nothing is received twice", async () => {
  const received = new Map<string, number>();
  edge.gateway.on("request", ({ url = "" }) => received.set(url, (received.get(url) ?? 0) + 1));
  let isDone = false;
  const outcomes = new Map<string, number>();
  const workers = Array.from({ length: 4 }, async (_, worker) => {
    for (let n = 0; !isDone; n += 1) {
      const path = `/orders/${worker}-${n}`;
      outcomes.set(path, (await call(path)).status);
    }
  });
  try {
    for (let n = 0; n < 30; n += 1) {
      const config = edge.config({ privateNetwork: [`10.0.${n}.0/24`] });
      assert.deepEqual(await applyConfig(edge.caddy.admin, config), { changed: true });
    }
  } finally {
    isDone = true;
    await Promise.all(workers);
  }
  assert.deepEqual([...new Set(outcomes.values())], [200]);
  assert.deepEqual([...received.keys()].toSorted(), [...outcomes.keys()].toSorted());
  assert.deepEqual([...new Set(received.values())], [1]);
});

test("an open request outlives the reload that happens under it", async () => {
  const arrived = Promise.withResolvers<() => void>();
  const [listener] = edge.gateway.listeners("request") as (() => void)[];
  assert.ok(listener !== undefined);
  edge.gateway.off("request", listener);
  edge.gateway.once("request", (_request, response) => arrived.resolve(() => response.end("late")));
  const answer = call("/slow");
  const finish = await arrived.promise;
  edge.gateway.on("request", listener);
  await applyConfig(edge.caddy.admin, edge.config({ privateNetwork: ["10.1.0.0/16"] }));
  finish();
  assert.equal((await answer).status, 200);
});

test("a log that Caddy rotated is still searched and followed", async (t) => {
  const small = await startRealEdge({}, (config) => config.replace(`"roll_size_mb":64`, `"roll_size_mb":1`));
  t.after(() => small.stop());
  const files = { edgeLog: small.runtime.accessLog, gatewayLog: `${small.dir}/gateway.log` };
  const stop = new AbortController();
  const followed = new Set<string>();
  const last = Promise.withResolvers<void>();
  const following = (async () => {
    for await (const record of followRecords(files, { signal: stop.signal, fromEnd: false, pollMs: 5, holdMs: 0 })) {
      assert.equal(followed.has(record.requestId), false);
      followed.add(record.requestId);
      if (record.path === "/last") last.resolve();
    }
  })();
  const ids: string[] = [];
  const send = async (path: string, count = 1) => {
    const url = `https://${DOMAIN}:${small.runtime.httpsPort}${path}`;
    // One curl, many requests: each answer's id is on a line of its own.
    const args = ["-s", "--cacert", small.caFile, "-w", "\n%header{x-request-id}\n", "-o", "/dev/null"];
    const ran = await run("curl", [...args, ...Array.from({ length: count }, () => ["-o", "/dev/null", url]).flat()]);
    ids.push(...ran.stdout.split("\n").filter((line) => line !== ""));
  };
  await send("/first");
  for (let n = 0; n < 6; n += 1) await send("/".padEnd(6000, "x"), 40);
  await send("/last");
  assert.equal(ids.length, 242);
  await last.promise;
  stop.abort();
  await following;
  assert.deepEqual(
    ids.filter((id) => !followed.has(id)),
    [],
  );
  const [first = ""] = ids;
  assert.equal((await findTrace(files, first))?.requests[0]?.edge?.path, "/first");
  assert.equal((await readFile(files.edgeLog, "utf8")).includes(first), false);
});
