/**
 * Load on one address by wrk: TLS, keep-alive, bounded time, tokens in turn.
 *
 * Out: requests, requests per second, latency; an answer that is not 2xx or a socket error is no result but a fault.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";

export interface Load {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Lua program that makes the requests. */
  readonly script: string;
}

/** The tokens are in a file of mode 0600, never on a command line. */
export function writeLoadScript(file: string, tokens: readonly string[]): void {
  const list = tokens.map((token) => JSON.stringify(token)).join(",\n  ");
  writeFileSync(
    file,
    `local tokens = {
  ${list}
}
local requests = {}
local turn = 0
init = function()
  for i, token in ipairs(tokens) do
    requests[i] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. token })
  end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
`,
    { mode: 0o600 },
  );
}

export async function runLoad({ url, connections, seconds, script }: LoadOptions): Promise<Load> {
  const { stdout } = await promisify(execFile)("wrk", [
    "--threads=1",
    `--connections=${connections}`,
    `--duration=${seconds}s`,
    "--latency",
    "--script",
    script,
    url,
  ]);
  return parseWrk(stdout);
}

/** @throws Error when wrk saw a refusal or a broken connection, with its own lines */
export function parseWrk(output: string): Load {
  const trouble = output.split("\n").filter((line) => /Non-2xx|Socket errors/.test(line));
  if (trouble.length > 0) throw new Error(`the load met answers that it should not: ${trouble.join("; ").trim()}`);
  const find = (pattern: RegExp): string => {
    const found = pattern.exec(output)?.[1];
    if (found === undefined) throw new Error(`wrk printed no ${pattern.source}`);
    return found;
  };
  return {
    requests: Number(find(/(\d+) requests in/)),
    requestsPerSecond: Number(find(/Requests\/sec:\s+([\d.]+)/)),
    p50Ms: parseMilliseconds(find(/^\s+50%\s+(\S+)/m)),
    p99Ms: parseMilliseconds(find(/^\s+99%\s+(\S+)/m)),
  };
}

function parseMilliseconds(text: string): number {
  const value = Number.parseFloat(text);
  if (text.endsWith("us")) return value / 1000;
  return text.endsWith("ms") ? value : value * 1000;
}
