/**
 * CPU per request of the gateway's pipeline over a bare proxy of the same engine.
 *
 * In: `node bench/gateway.bench.ts [--requests N] [--rounds N] [--routes N] [--tokens N] [--post] [--write]`.
 * Out: one line for each round and the median ratio; with `--write` also its section of bench/RESULTS.md. The budget is 1.35.
 * Three processes: this one makes the load and is the service; one runs the gateway with real keys, decisions, buckets
 * and a record file; one runs the bare proxy (node:http, undici `dispatch`, hop-by-hop headers removed). Both are asked
 * over unix sockets with the same bytes, by turns, and each reports its own CPU time as the operating system counted it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { type AddressInfo, type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { createManualClock, systemClock } from "../src/core/index.ts";
import { createGateway } from "../src/gateway/index.ts";
import { describeMachine, median, renderClaims, spread } from "./report.ts";
import { writeSection } from "./results.ts";
import { createRecordWriter } from "../src/records/index.ts";
import { BASE_URL, DOMAIN, artifactsOf, createKeys } from "../tests/gateway/fixture.ts";

const { values } = parseArgs({
  options: {
    child: { type: "string" },
    directory: { type: "string" },
    upstream: { type: "string" },
    requests: { type: "string", default: "20000" },
    rounds: { type: "string", default: "5" },
    routes: { type: "string", default: "10" },
    tokens: { type: "string", default: "10" },
    connections: { type: "string", default: "32" },
    post: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    only: { type: "string" },
  },
});

const BODY = JSON.stringify({ id: 7, state: "open", items: [{ sku: "a-1", count: 2 }], total: 4190 });
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
]);

interface Ready {
  readonly socket: string;
  readonly tokens: readonly string[];
}

async function runGateway(directory: string, upstream: string): Promise<void> {
  const clock = createManualClock(Date.now());
  const keys = await createKeys(clock, directory);
  const routes = Array.from({ length: Number(values.routes) }, (_, n) => ({
    key: n === 0 ? "GET /orders/{id}" : n === 1 ? "POST /orders" : `GET /service-${n}/things/{id}`,
    upstream,
  }));
  const writer = createRecordWriter({ file: join(directory, "gateway.jsonl") });
  const gateway = createGateway(
    {
      artifacts: artifactsOf({
        routes,
        roles: [
          { name: "support", groups: ["support"], can: ["GET/orders/*", "POST/orders"] },
          { name: "other", groups: ["other"], can: ["GET/things/*"], sourceIp: ["10.0.0.0/8"] },
        ],
        perIdentity: { ratePerSecond: 1_000_000, burst: 1_000_000 },
      }),
      verifier: keys.verifier,
      sessions: null,
      assertions: keys.assertions,
      baseUrl: BASE_URL,
    },
    {
      clock: { nowMs: () => Date.now(), monotonicMs: () => systemClock.monotonicMs() },
      record: (r) => writer.write(r),
    },
  );
  const socket = join(directory, "gateway.sock");
  await gateway.listen({ publicSocket: socket, privateSocket: null });
  const tokens = await Promise.all(
    Array.from({ length: Number(values.tokens) }, (_, n) =>
      keys.token({ sub: `person-${n}`, groups: ["support", "staff"], name: "Ada Lovelace", azp: "shop-web" }),
    ),
  );
  report({ socket, tokens });
}

async function runBare(directory: string, upstream: string): Promise<void> {
  const pool = new Pool(upstream, { allowH2: false, connections: 512, pipelining: 1 });
  const server = createServer({ optimizeEmptyRequests: true }, (req, res) => {
    const headers: string[] = [];
    const { rawHeaders } = req;
    let hasBody = false;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = (rawHeaders[i] as string).toLowerCase();
      if (name === "content-length" || name === "transfer-encoding") hasBody = true;
      if (!HOP_BY_HOP.has(name)) headers.push(rawHeaders[i] as string, rawHeaders[i + 1] as string);
    }
    let abort: (() => void) | null = null;
    res.on("close", () => abort?.());
    pool.dispatch(
      { path: req.url ?? "/", method: req.method ?? "GET", headers, body: hasBody ? req : null },
      {
        onRequestStart(controller) {
          abort = () => controller.abort(new Error("closed"));
        },
        onResponseStart(_controller, status, received) {
          const out: string[] = [];
          for (const name in received) {
            const value = received[name];
            if (HOP_BY_HOP.has(name) || value === undefined) continue;
            if (typeof value === "string") out.push(name, value);
            else for (const item of value) out.push(name, item);
          }
          res.writeHead(status, out);
        },
        onResponseData(controller, chunk) {
          if (res.write(chunk)) return;
          controller.pause();
          res.once("drain", () => controller.resume());
        },
        onResponseEnd() {
          abort = null;
          res.end();
        },
        onResponseError() {
          abort = null;
          if (res.headersSent) res.destroy();
          else res.writeHead(503).end();
        },
      },
    );
  });
  const socket = join(directory, "bare.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  report({ socket, tokens: [] });
}

function report(ready: Ready): void {
  process.on("message", () => process.send?.(process.cpuUsage()));
  process.on("disconnect", () => process.exit(0));
  process.send?.(ready);
}

interface Target {
  readonly child: ChildProcess;
  readonly ready: Ready;
}

async function startChild(kind: string, directory: string, upstream: string): Promise<Target> {
  const args = ["--child", kind, "--directory", directory, "--upstream", upstream];
  args.push("--routes", values.routes, "--tokens", values.tokens);
  const execArgv = process.env["BENCH_PROF"] === kind ? ["--cpu-prof", "--cpu-prof-dir", tmpdir()] : [];
  const child = fork(import.meta.filename, args, { execArgv });
  const ready = await new Promise<Ready>((resolve) => child.once("message", (message) => resolve(message as Ready)));
  return { child, ready };
}

async function cpuMicros({ child }: Target): Promise<number> {
  const answer = new Promise<NodeJS.CpuUsage>((resolve) =>
    child.once("message", (message) => resolve(message as NodeJS.CpuUsage)),
  );
  child.send("cpu");
  const { user, system } = await answer;
  return user + system;
}

/** Requests as Caddy sends them for curl, each with its own request id. */
function requestsFor(tokens: readonly string[]): Buffer[] {
  const method = values.post ? "POST /orders" : "GET /orders/7";
  const body = values.post ? BODY : "";
  return tokens.map((token, n) =>
    Buffer.from(
      `${method} HTTP/1.1\r\nHost: ${DOMAIN}:8443\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n` +
        `Accept-Encoding: gzip\r\nAuthorization: Bearer ${token}\r\n` +
        (values.post ? `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n` : "") +
        `Via: 2.0 Caddy\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: ${DOMAIN}:8443\r\nX-Forwarded-Proto: https\r\n` +
        `X-Request-Id: 3c6b3c1e-7f0e-4c0e-9d55-${String(n).padStart(12, "0")}\r\n\r\n${body}`,
    ),
  );
}

/** Sends `count` requests over keep-alive connections, the next when the answer to the last is complete. */
async function load(path: string, requests: readonly Buffer[], count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    const socket: Socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      let received = Buffer.alloc(0);
      const next = (): void => {
        if (left === 0) {
          socket.end();
          resolve();
          return;
        }
        socket.write(requests[left-- % requests.length] as Buffer);
      };
      socket.on("error", reject);
      socket.on("connect", next);
      socket.on("data", (chunk) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        const end = received.indexOf("\r\n\r\n");
        if (end === -1 || received.length < end + 4 + BODY.length) return;
        if (!received.subarray(0, 12).equals(EXPECTED)) {
          reject(new Error(received.toString("latin1")));
          return;
        }
        received = Buffer.alloc(0);
        next();
      });
    });
  };
  await Promise.all(Array.from({ length: Number(values.connections) }, worker));
}
const EXPECTED = Buffer.from("HTTP/1.1 200");

async function measure(target: Target, requests: readonly Buffer[], count: number): Promise<number> {
  const before = await cpuMicros(target);
  await load(target.ready.socket, requests, count);
  return ((await cpuMicros(target)) - before) / count;
}

function startService(): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => {
    req.resume();
    res.writeHead(200, ["content-type", "application/json", "content-length", String(BODY.length), "etag", '"7"']);
    res.end(BODY);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function renderResults(ratios: readonly number[], bare: readonly number[], full: readonly number[]): string {
  const text = "the gateway's pipeline ÷ a bare proxy of the same engine, CPU per request";
  return `# Results of bench/gateway.bench.ts

- Machine: ${describeMachine()}
- Versions: Node ${process.version}

${renderClaims([{ text, budget: 1.35, values: ratios }])}

| program | CPU per request, µs |
| --- | --- |
| bare proxy | ${spread(bare, 1)} |
| gateway | ${spread(full, 1)} |

${ratios.length} rounds of ${values.requests} requests to each, both at the same time, over unix sockets with ${values.connections} connections;
${values.routes} routes, ${values.tokens} tokens. No edge and no TLS: this is the cost of deciding, recording and telling the service.
`;
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "gw-bench-"));
  const service = await startService();
  const upstream = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const gateway = await startChild("gateway", directory, upstream);
  const bare = await startChild("bare", directory, upstream);
  try {
    const requests = requestsFor(gateway.ready.tokens);
    const count = Number(values.requests);
    const bareRounds: number[] = [];
    const fullRounds: number[] = [];
    await measure(bare, requests, count / 2);
    await measure(gateway, requests, Math.max(count / 2, requests.length));
    for (let round = 1; round <= Number(values.rounds); round++) {
      // At the same time: whatever else the machine does is done to both.
      const [bareMicros, fullMicros] = await Promise.all([
        values.only === "gateway" ? 1 : measure(bare, requests, count),
        values.only === "bare" ? 1 : measure(gateway, requests, count),
      ]);
      bareRounds.push(bareMicros);
      fullRounds.push(fullMicros);
      console.log(
        `round ${round}: bare ${bareMicros.toFixed(1)} µs, gateway ${fullMicros.toFixed(1)} µs, ratio ${(fullMicros / bareMicros).toFixed(3)}`,
      );
    }
    // Others use the machine too: the quietest round of each is the nearest to what the code costs.
    const ratios = bareRounds.map((bareMicros, round) => (fullRounds[round] ?? Number.NaN) / bareMicros);
    const quietest = Math.min(...fullRounds) / Math.min(...bareRounds);
    console.log(
      `median ratio ${median(ratios).toFixed(3)}, medians' ratio ${(median(fullRounds) / median(bareRounds)).toFixed(3)}, quietest rounds ${quietest.toFixed(3)} (budget 1.35)`,
    );
    if (values.write) writeSection(renderResults(ratios, bareRounds, fullRounds));
  } finally {
    gateway.child.disconnect();
    bare.child.disconnect();
    service.closeAllConnections();
    service.close();
    await rm(directory, { recursive: true, force: true });
  }
}

if (values.child === undefined) await main();
else if (values.child === "gateway") await runGateway(values.directory ?? "", values.upstream ?? "");
else await runBare(values.directory ?? "", values.upstream ?? "");
