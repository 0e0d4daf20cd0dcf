/**
 * Load on one address by wrk, as fast as answers come: TLS, keep-alive, bounded time, tokens and paths in turn.
 *
 * Out: requests, requests per second, latency; an answer that is not 2xx or a socket error is no result but a fault.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Load {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Requests {
  readonly method: "GET" | "POST";
  /** In turn, each with the next token. */
  readonly paths: readonly string[];
  readonly tokens: readonly string[];
  /** Of each request; none when it is 0. */
  readonly bodyBytes: number;
  /** No token is sent twice: the load ends when they are used up. */
  readonly isEachTokenOnce: boolean;
}

/**
 * Writes wrk's program beside a file of tokens; both have mode 0600, and no token is ever on a command line.
 * @param name of the files in `folder`
 * @returns the program's file
 */
export function writeRequests(folder: string, name: string, requests: Requests): string {
  const { method, paths, tokens, bodyBytes, isEachTokenOnce } = requests;
  const tokenFile = join(folder, `${name}.tokens`);
  const file = join(folder, `${name}.lua`);
  // One a line: a list of that many constants is more than a Lua function may have.
  writeFileSync(tokenFile, tokens.map((token) => `${token}\n`).join(""), { mode: 0o600 });
  const headers = bodyBytes === 0 ? "" : ', ["Content-Type"] = "application/octet-stream"';
  const body = bodyBytes === 0 ? "nil" : `string.rep("x", ${bodyBytes})`;
  const end = isEachTokenOnce ? "  if turn == #requests then wrk.thread:stop() end\n" : "";
  writeFileSync(
    file,
    `local paths = { ${paths.map((path) => JSON.stringify(path)).join(", ")} }
local requests = {}
local turn = 0
init = function()
  local tokens = {}
  for token in io.lines(${JSON.stringify(tokenFile)}) do tokens[#tokens + 1] = token end
  local body = ${body}
  for i = 1, math.max(#tokens, #paths) do
    requests[i] = wrk.format(${JSON.stringify(method)}, paths[(i - 1) % #paths + 1],
      { ["Authorization"] = "Bearer " .. tokens[(i - 1) % #tokens + 1]${headers} }, body)
  end
end
request = function()
${end}  turn = turn % #requests + 1
  return requests[turn]
end
`,
    { mode: 0o600 },
  );
  return file;
}

export interface LoadOptions {
  readonly origin: string;
  readonly connections: number;
  readonly seconds: number;
  /** Of `writeRequests`. */
  readonly script: string;
}

export async function runLoad({ origin, connections, seconds, script }: LoadOptions): Promise<Load> {
  const { stdout } = await promisify(execFile)("wrk", [
    "--threads=1",
    `--connections=${connections}`,
    `--duration=${seconds}s`,
    "--latency",
    "--timeout=10s",
    "--script",
    script,
    origin,
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
