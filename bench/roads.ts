/**
 * The roads that are compared, each from TLS to the same backend, each with its access log on.
 *
 * A. Caddy alone. B. Caddy and Gatehouse, started as a user starts it. C. Caddy and oauth2-proxy by `forward_auth`, as
 * both projects document it, accepting the same tokens of the same provider.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFreePort } from "../tests/support/free-port.ts";
import { type Running, startProcess, waitFor } from "./processes.ts";

const root = join(import.meta.dirname, "..");

export interface Road {
  readonly letter: "A" | "B" | "C";
  readonly name: string;
  readonly url: string;
  /** What is counted: these processes and all that they started. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export interface Gatehouse extends Road {
  readonly issuer: string;
  newToken(): Promise<string>;
}

const READY_WITHIN_MS = 30_000;
const PATH = "/orders/1001";

/** The status of one request, whatever the certificate: this is about speed on loopback. */
function probe(url: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    request(url, { headers, rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

async function untilServing(road: Running, url: string, token: string, what: string, logFile: string): Promise<void> {
  const isServing = await waitFor(road, READY_WITHIN_MS, async () => (await probe(url, token)) === 200);
  if (isServing) return;
  await road.stop();
  throw new Error(`${what} does not serve ${url}:\n${readFileSync(logFile, "utf8").slice(-2000)}`);
}

export async function startBackend(folder: string): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const running = startProcess(process.execPath, [join(import.meta.dirname, "backend.ts")], {
    logFile: join(folder, "backend.log"),
    readsOutput: true,
  });
  const port = await new Promise<number>((resolve, reject) => {
    running.child.stdout?.once("data", (chunk: Buffer) => resolve(Number(chunk.toString())));
    running.child.once("exit", () => reject(new Error("the backend ended")));
  });
  return { port, stop: () => running.stop() };
}

export async function startGatehouse(folder: string, backendPort: number): Promise<Gatehouse> {
  const policy = join(folder, "gatehouse.yaml");
  writeFileSync(
    policy,
    readFileSync(join(import.meta.dirname, "policy.yaml"), "utf8").replace(
      "127.0.0.1:4999",
      `127.0.0.1:${backendPort}`,
    ),
  );
  writeFileSync(join(folder, "people.yaml"), readFileSync(join(import.meta.dirname, "people.yaml")));
  const state = join(folder, "state");
  const command = join(root, "gatehouse");
  const logFile = join(folder, "gatehouse.log");
  const running = startProcess(
    command,
    ["up", policy, "--env", "local", "--state", state, "--https", "0", "--http", "0", "--identity", "0"],
    { logFile },
  );
  const run = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(command, [...args, "--state", state])).stdout;
  let status = { ready: false, edge: { https: "" }, identity: { issuer: "" } };
  const isReady = await waitFor(running, READY_WITHIN_MS, async () => {
    status = JSON.parse(await run("status", "--json")) as typeof status;
    return status.ready;
  });
  if (!isReady) {
    await running.stop();
    throw new Error(`gatehouse up is not ready:\n${readFileSync(logFile, "utf8").slice(-2000)}`);
  }
  const newToken = async (): Promise<string> => (await run("token", "--as", "bench")).trim();
  const url = `${status.edge.https}${PATH}`;
  await untilServing(running, url, await newToken(), "gatehouse", logFile);
  return {
    letter: "B",
    name: "Caddy + Gatehouse",
    url,
    pids: [running.pid],
    issuer: status.identity.issuer,
    newToken,
    stop: () => running.stop(),
  };
}

/** Caddy's own configuration language, so that a reader sees what is compared. */
function renderCaddyfile(folder: string, name: string, port: number, site: string): string {
  return `{
	admin off
	auto_https disable_redirects
	skip_install_trust
	storage file_system ${folder}/caddy-${name}
	log {
		output file ${folder}/caddy-${name}.log
		level WARN
	}
}
https://localhost:${port} {
	bind 127.0.0.1
	tls internal
	log {
		output file ${folder}/access-${name}.log
	}
${site}
}
`;
}

async function startCaddy(
  caddy: string,
  folder: string,
  name: string,
  site: string,
): Promise<[Running, string, string]> {
  const port = await findFreePort();
  const file = join(folder, `Caddyfile-${name}`);
  const logFile = join(folder, `caddy-${name}.out`);
  writeFileSync(file, renderCaddyfile(folder, name, port, site));
  const running = startProcess(caddy, ["run", "--config", file, "--adapter", "caddyfile"], { logFile });
  return [running, `https://localhost:${port}${PATH}`, logFile];
}

export async function startCaddyAlone(caddy: string, folder: string, backendPort: number): Promise<Road> {
  const [running, url, logFile] = await startCaddy(caddy, folder, "alone", `\treverse_proxy 127.0.0.1:${backendPort}`);
  await untilServing(running, url, "none", "Caddy", logFile);
  return { letter: "A", name: "Caddy alone", url, pids: [running.pid], stop: () => running.stop() };
}

export async function startOauth2Proxy(
  programs: { readonly caddy: string; readonly oauth2Proxy: string },
  folder: string,
  backendPort: number,
  provider: Gatehouse,
): Promise<Road> {
  const port = await findFreePort();
  const logFile = join(folder, "oauth2-proxy.log");
  const proxy = startProcess(
    programs.oauth2Proxy,
    [
      "--provider=oidc",
      `--oidc-issuer-url=${provider.issuer}`,
      "--client-id=bench-api",
      "--email-domain=*",
      "--oidc-email-claim=sub",
      "--skip-jwt-bearer-tokens=true",
      "--reverse-proxy=true",
      "--trusted-proxy-ip=127.0.0.1",
      "--set-xauthrequest=true",
      "--upstream=static://202",
      `--redirect-url=https://localhost/oauth2/callback`,
      `--http-address=127.0.0.1:${port}`,
    ],
    {
      logFile,
      env: {
        ...process.env,
        // Needed to start; no browser signs in here.
        OAUTH2_PROXY_CLIENT_SECRET: "bench-only",
        OAUTH2_PROXY_COOKIE_SECRET: "0123456789abcdef0123456789abcdef",
      },
    },
  );
  const [caddy, url, caddyLog] = await startCaddy(
    programs.caddy,
    folder,
    "forward-auth",
    `	handle /oauth2/* {
		reverse_proxy 127.0.0.1:${port} {
			header_up X-Real-IP {remote_host}
			header_up X-Forwarded-Uri {uri}
		}
	}
	handle {
		forward_auth 127.0.0.1:${port} {
			uri /oauth2/auth
			header_up X-Real-IP {remote_host}
			copy_headers X-Auth-Request-User X-Auth-Request-Email
			@error status 401
			handle_response @error {
				redir * /oauth2/sign_in?rd={scheme}://{host}{uri}
			}
		}
		reverse_proxy 127.0.0.1:${backendPort}
	}`,
  );
  const stop = async (): Promise<void> => {
    await Promise.all([caddy.stop(), proxy.stop()]);
  };
  try {
    await untilServing(caddy, url, await provider.newToken(), "Caddy with oauth2-proxy", caddyLog);
    if ((await probe(url, "none")) === 200) throw new Error("oauth2-proxy lets a caller without a token in");
  } catch (error) {
    await stop();
    const tail = readFileSync(logFile, "utf8").slice(-2000);
    throw new Error(`${(error as Error).message}\noauth2-proxy says:\n${tail}`, { cause: error });
  }
  return { letter: "C", name: "Caddy + oauth2-proxy forward_auth", url, pids: [caddy.pid, proxy.pid], stop };
}
