/**
 * cloudsplaining and parliament: Python programs that nobody here wrote.
 *
 * In:  IAM documents by name. Out: what both find in them.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { installPythonPackages } from "../support/python-packages.ts";

const SCAN = join(import.meta.dirname, "scan-documents.py");
const TIMEOUT_MS = 300_000;

export interface OutsideFinding {
  readonly tool: "cloudsplaining" | "parliament";
  readonly kind: string;
  readonly detail: string;
}

/** The findings in each document, by the document's name. */
export async function scanDocuments(
  documents: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, readonly OutsideFinding[]>>> {
  const packages = await installPythonPackages();
  const child = spawn("python3", ["-I", "-W", "ignore", SCAN, packages], {
    stdio: ["pipe", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  child.stdin.end(JSON.stringify(documents));
  const code = await ended;
  if (code !== 0) throw new Error(`scan-documents.py ended with ${code}\n${errors}`);
  return JSON.parse(output) as Record<string, OutsideFinding[]>;
}
