/** From `gatehouse up` to the first answered request, Caddy and its first certificate included. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findFreePort } from "../../tests/support/free-port.ts";
import { startProcess } from "../processes.ts";
import { spread } from "../report.ts";
import { GATEHOUSE, writePolicy } from "../roads/gatehouse.ts";
import { ORDER_PATH, probe } from "../roads/road.ts";
import type { Bench, Scenario } from "./scenario.ts";

const LIMIT_MS = 30_000;
const LOOKS_EVERY_MS = 5;

async function startOnce(bench: Bench): Promise<number> {
  // Every start is the first one: no state, no authority, no certificate.
  const folder = mkdtempSync(join(tmpdir(), "gh-start-"));
  const policy = writePolicy({ ...bench.setting, folder });
  const port = await findFreePort();
  const [token = ""] = await bench.issuer.tokens(1);
  const beganMs = performance.now();
  const running = startProcess(
    GATEHOUSE,
    ["up", policy, "--env", "local", "--state", join(folder, "s"), "--https", String(port), "--http", "0"],
    { logFile: join(folder, "log") },
  );
  try {
    while (performance.now() - beganMs < LIMIT_MS) {
      const status = await probe(`https://localhost:${port}`, ORDER_PATH, token).catch(() => 0);
      if (status === 200) return performance.now() - beganMs;
      await delay(LOOKS_EVERY_MS);
    }
    throw new Error(`gatehouse up answered nothing within ${LIMIT_MS} ms`);
  } finally {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const start: Scenario = {
  name: "start",
  title: "start",
  async run(bench) {
    const times: number[] = [];
    for (let i = 0; i < bench.settings.rounds; i++) {
      times.push((await startOnce(bench)) / 1000);
      bench.say(`start ${i + 1}: ${times.at(-1)?.toFixed(2)} s`);
    }
    return {
      claims: [{ text: "start of `gatehouse up` to the first answered request, s", budget: 2, values: times }],
      text: `${times.length} starts, each with an empty state: ${spread(times, 2)} s. The other roads stand idle meanwhile.`,
    };
  },
};
