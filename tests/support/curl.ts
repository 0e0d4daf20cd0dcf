/** Calls the edge with curl, a client that nobody here wrote, over TLS with the edge's own CA. */
import { type Started } from "./instance.ts";
import { run } from "./run.ts";

export interface CurlAnswer {
  readonly status: number;
  /** As `1.1`, `2`. */
  readonly httpVersion: string;
  /** Names in lower case; repeated ones joined by a line break. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface CurlOptions {
  readonly token?: string;
  readonly method?: string;
  readonly headers?: readonly string[];
  readonly data?: string;
  /** More arguments, such as `--http1.1`. */
  readonly args?: readonly string[];
}

export async function curl(instance: Started, path: string, options: CurlOptions = {}): Promise<CurlAnswer> {
  return curlUrl(`${instance.status.edge.https}${path}`, instance.status.edge.caFile, options);
}

export async function curlUrl(url: string, caFile: string | null, options: CurlOptions = {}): Promise<CurlAnswer> {
  const args = ["-sS", "-i", "--max-time", "20", "--path-as-is", "-w", "\n%{http_code} %{http_version}"];
  if (caFile !== null) args.push("--cacert", caFile);
  if (options.method !== undefined) args.push("-X", options.method);
  for (const header of options.headers ?? []) args.push("-H", header);
  if (options.data !== undefined) args.push("--data-binary", "@-");
  if (options.token !== undefined) args.push("-H", `Authorization: Bearer ${options.token}`);
  args.push(...(options.args ?? []), url);
  const ran = await run("curl", args, options.data === undefined ? {} : { input: options.data });
  if (ran.code !== 0) throw new Error(`curl ended with ${ran.code}: ${ran.stderr.trim()}`);
  return parseAnswer(ran.stdout);
}

function parseAnswer(output: string): CurlAnswer {
  const last = output.lastIndexOf("\n");
  const [status, httpVersion] = output.slice(last + 1).split(" ");
  let rest = output.slice(0, last);
  let head = "";
  // `100 Continue` and redirects come first, each with a head of its own.
  while (/^HTTP\/[\d.]+ \d{3}/.test(rest)) {
    const end = rest.indexOf("\r\n\r\n");
    head = rest.slice(0, end);
    rest = rest.slice(end + 4);
    if (head.startsWith(`HTTP/`) && head.split(" ")[1] === status) break;
  }
  const headers: Record<string, string> = {};
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}\n${value}` : value;
  }
  return { status: Number(status), httpVersion: httpVersion ?? "", headers, body: rest };
}
