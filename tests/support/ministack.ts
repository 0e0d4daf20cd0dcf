/** AWS on this machine, by others: MiniStack on a port of loopback, with nothing in it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { findFreePort } from "./free-port.ts";
import { waitFor } from "./instance.ts";
import { installPythonPackages } from "./python-packages.ts";
import { run } from "./run.ts";

export interface MiniStack {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export const MINISTACK_ACCOUNT = "111122223333";
/** As an environment, for programs that find their credentials in it. */
export const ROOT = { AWS_ACCESS_KEY_ID: "AKIAROOTROOTROOTROOT", AWS_SECRET_ACCESS_KEY: "example-root-key" } as const;
const REQUIREMENTS = join(import.meta.dirname, "../aws/requirements.txt");

/** Calls are authorized by the IAM policies that it holds, as on AWS; `ROOT` may do everything. */
export async function startMiniStack(region: string): Promise<MiniStack> {
  const packages = await installPythonPackages(REQUIREMENTS);
  const port = await findFreePort();
  const child: ChildProcess = spawn("python3", ["-m", "ministack"], {
    stdio: "ignore",
    env: {
      ...process.env,
      PYTHONPATH: packages,
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      MINISTACK_ACCOUNT_ID: MINISTACK_ACCOUNT,
      MINISTACK_REGION: region,
      IOT_MTLS_ENABLED: "0",
      SFTP_ENABLED: "0",
      AUTH: "true",
      AWS_ACCESS_KEY_ID: ROOT.AWS_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: ROOT.AWS_SECRET_ACCESS_KEY,
    },
  });
  const ended = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await waitFor("MiniStack answers", async () => {
      if (child.exitCode !== null) throw new Error(`MiniStack ended with ${child.exitCode}`);
      return fetch(`${endpoint}/_ministack/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop };
}

/** What a script in tests/aws prints, with boto3 as the hand; in and out are JSON. */
export async function runBoto(script: string, input: unknown): Promise<unknown> {
  const packages = await installPythonPackages();
  const ran = await run("python3", [join(import.meta.dirname, "../aws", script)], {
    input: JSON.stringify(input),
    env: { ...process.env, ...ROOT, PYTHONPATH: packages },
  });
  if (ran.code !== 0) throw new Error(`${script} ended with ${ran.code}: ${ran.stderr.slice(-2000)}`);
  return JSON.parse(ran.stdout);
}
