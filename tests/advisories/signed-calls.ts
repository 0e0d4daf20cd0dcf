/** Callers with temporary credentials: asked for with a token at the gateway, used to sign requests to either entrance. */
import { createHash } from "node:crypto";
import { signRequest } from "../../src/iam/index.ts";
import { DOMAIN } from "./policy.ts";
import type { Request, Road } from "./road.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface Assumed extends Credentials {
  readonly status: number;
  /** Of the error; empty when there is none. */
  readonly code: string;
  readonly body: string;
}

/** What STS answers to this token for this role of the policy. What it gives must come out nowhere from then on. */
export async function assume(road: Road, token: string, role = "support"): Promise<Assumed> {
  const { roles } = road.instance.status.sts;
  const body = new URLSearchParams({
    Version: "2011-06-15",
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: roles.find(({ name }) => name === role)?.arn ?? "",
    RoleSessionName: "worker",
    WebIdentityToken: token,
  });
  const answer = await askSts(road, body.toString());
  const textOf = (name: string): string => textIn(answer.body, name);
  const credentials = {
    accessKeyId: textOf("AccessKeyId"),
    secretAccessKey: textOf("SecretAccessKey"),
    sessionToken: textOf("SessionToken"),
  };
  road.guard(token, credentials.secretAccessKey, credentials.sessionToken);
  return { ...credentials, status: answer.status, code: answer.code, body: answer.body };
}

/** What STS answers at the edge to a form with these headers. */
export async function askSts(
  road: Road,
  form: string,
  headers: readonly string[] = [],
): Promise<{ readonly status: number; readonly code: string; readonly body: string }> {
  const head = [
    "POST /_gatehouse/sts HTTP/1.1",
    `Host: ${DOMAIN}`,
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${form.length}`,
    "Connection: close",
    ...linesOf(headers),
  ];
  const { answer } = await road.exchange("edge", `${head.join("\r\n")}\r\n\r\n${form}`);
  return { status: answer.status, code: textIn(answer.body, "Code"), body: answer.body };
}

function textIn(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
}

export interface Call {
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly presign?: { readonly expiresSeconds: number };
  readonly nowMs?: number;
  /** A form, which makes it a `POST` to STS. */
  readonly form?: string;
}

/** A request that is signed as AWS's own signers do it, in flat parts that a test may change before it sends them. */
export function signCall(credentials: Credentials, call: Call = {}): { target: string; headers: string[] } {
  const { form } = call;
  const signed = signRequest(
    {
      method: form === undefined ? "GET" : "POST",
      target: form === undefined ? (call.target ?? "/orders") : "/_gatehouse/sts",
      headers: ["host", DOMAIN, ...(call.headers ?? [])],
      payloadHash: createHash("sha256")
        .update(form ?? "")
        .digest("hex"),
    },
    {
      ...credentials,
      service: form === undefined ? "execute-api" : "sts",
      region: form === undefined ? "local" : "us-east-1",
      nowMs: call.nowMs ?? Date.now(),
      ...(call.presign === undefined ? {} : { presign: call.presign }),
    },
  );
  return { target: signed.target, headers: [...signed.headers] };
}

/** The request of such parts. */
export function requestOf({
  target,
  headers,
}: {
  readonly target: string;
  readonly headers: readonly string[];
}): Request {
  return [`GET ${target} HTTP/1.1`, ...linesOf(headers)];
}

function linesOf(headers: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return lines;
}
