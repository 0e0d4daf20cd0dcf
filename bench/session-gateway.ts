/**
 * A gateway process with sign-in sessions, for the scenario that counts what sessions hold.
 *
 * In: folder and upstream as arguments, BENCH_SEAL_KEY. Out: messages: its socket once, then `Held` whenever it is asked.
 */
import { join } from "node:path";
import { Secret, createManualClock, systemClock } from "../src/core/index.ts";
import { createGateway } from "../src/gateway/index.ts";
import { createSessions } from "../src/identity/index.ts";
import { createRecordWriter } from "../src/records/index.ts";
import { AUDIENCE, BASE_URL, ISSUER, artifactsOf, createKeys } from "../tests/gateway/fixture.ts";

export interface Held {
  /** In live objects, after a collection. */
  readonly heapBytes: number;
  /** What the engine has taken from the system for its heap, live or not. */
  readonly heapTotalBytes: number;
}

const HOUR_MS = 3_600_000;
const UNREACHED = { ratePerSecond: 1_000_000, burst: 1_000_000 };
const [folder = "", upstream = ""] = process.argv.slice(2);

const keys = await createKeys(createManualClock(Date.now()), folder);
const writer = createRecordWriter({ file: join(folder, "gateway.jsonl") });
const gateway = createGateway(
  {
    artifacts: artifactsOf({
      routes: [{ key: "GET /orders/{id}", upstream, login: true }],
      roles: [{ name: "support", groups: ["support"], can: ["GET/orders/*"] }],
      perIdentity: UNREACHED,
    }),
    verifier: keys.verifier,
    sessions: createSessions({
      issuer: ISSUER,
      login: {
        clientId: "shop-web",
        clientSecret: null,
        scopes: ["openid"],
        sessionIdleMs: HOUR_MS,
        sessionMaxMs: 10 * HOUR_MS,
      },
      baseUrl: BASE_URL,
      audience: AUDIENCE,
      claims: { groups: "groups", name: "name" },
      verifier: keys.verifier,
      sealKeys: [new Secret(Buffer.from(process.env["BENCH_SEAL_KEY"] ?? "", "base64url"))],
      clock: systemClock,
      allowHttpLoopback: false,
    }),
    assertions: keys.assertions,
    baseUrl: BASE_URL,
  },
  { clock: systemClock, record: (record) => writer.write(record) },
);
const socket = join(folder, "gateway.sock");
await gateway.listen({ publicSocket: socket, privateSocket: null });

process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, heapTotal } = process.memoryUsage();
  const held: Held = { heapBytes: heapUsed, heapTotalBytes: heapTotal };
  process.send?.(held);
});
process.on("disconnect", () => process.exit(0));
process.send?.(socket);
