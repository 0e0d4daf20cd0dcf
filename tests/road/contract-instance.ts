/** An instance with the policy of the header contract, its service, and a client for each road. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import { readTrace } from "../../src/app/trace.ts";
import type { HeadersOfRequest } from "../../src/app/trace-headers.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";
import { type RawHead, type RawService, nameOf, startRawService, valueOf } from "../support/raw-service.ts";
import { CONTRACT_PEOPLE, type RoadName, contractPolicy } from "./header-contract.ts";

export interface ContractInstance {
  readonly instance: Started;
  readonly service: RawService;
  readonly host: string;
  readonly privateHost: string;
  readonly token: string;
  stop(): Promise<void>;
}

export async function startContract(): Promise<ContractInstance> {
  const service = await startRawService();
  const files = { "gatehouse.yaml": contractPolicy(service.url), "people.yaml": CONTRACT_PEOPLE };
  const instance = await startInstance({ files });
  return {
    instance,
    service,
    host: new URL(instance.status.edge.https).host,
    privateHost: new URL(instance.status.edge.private ?? "").host,
    token: await instance.token("ann"),
    stop: async () => {
      const code = await instance.stop();
      await service.close();
      if (code !== 0) throw new Error(`the instance ended with ${code}: ${instance.said()}`);
    },
  };
}

/** What the client got: the lines of the head. */
export interface RawAnswerHead {
  readonly status: number;
  readonly lines: readonly string[];
}

/** Bytes to the edge over HTTP/1.1, or to the gateway's socket; the head of the answer. The connection is then ended. */
export async function askRaw(to: ContractInstance, road: "edge" | "socket", bytes: string): Promise<RawAnswerHead> {
  const { edge, gateway } = to.instance.status;
  const socket =
    road === "socket"
      ? connectSocket(gateway.socket)
      : connectTls({
          port: Number(new URL(edge.https).port),
          host: "127.0.0.1",
          servername: new URL(edge.https).hostname,
          ca: readFileSync(edge.caFile ?? ""),
          ALPNProtocols: ["http/1.1"],
        });
  return new Promise((resolve, reject) => {
    let text = "";
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`no whole answer: ${text}`)));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end === -1) return;
      const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
      const length = Number(/^content-length: *(\d+)/im.exec(text.slice(0, end))?.[1] ?? 0);
      if (text.length < end + 4 + (bytes.startsWith("HEAD ") ? 0 : length)) return;
      resolve({ status: Number(statusLine.split(" ")[1]), lines });
      socket.destroy();
    });
    socket.write(bytes, "latin1");
  });
}

/** A session of HTTP/2 with the edge, and the lines of an answer to any headers. */
export function openHttp2(to: ContractInstance, origin: string): ClientHttp2Session {
  const { port, hostname, host } = new URL(origin);
  return connectHttp2(`https://${host}`, {
    createConnection: () =>
      connectTls({
        port: Number(port),
        host: "127.0.0.1",
        servername: hostname,
        ca: readFileSync(to.instance.status.edge.caFile ?? ""),
        ALPNProtocols: ["h2"],
      }),
  });
}

/** @param lines names and values; those of one name become one list */
export async function askHttp2(
  session: ClientHttp2Session,
  path: string,
  lines: readonly string[],
  method = "GET",
): Promise<RawAnswerHead> {
  const headers: Record<string, string | string[]> = { ":path": path, ":method": method };
  for (const line of lines) {
    const at = line.indexOf(":");
    const name = line.slice(0, at).toLowerCase();
    ((headers[name] ??= []) as string[]).push(line.slice(at + 1).trim());
  }
  for (const [name, value] of Object.entries(headers)) if (value.length === 1) headers[name] = value[0] ?? "";
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    stream.on("error", reject);
    stream.on("response", (answer, _flags, raw: readonly string[]) => {
      const got: string[] = [];
      for (let i = 0; i + 1 < raw.length; i += 2) if (!raw[i]?.startsWith(":")) got.push(`${raw[i]}: ${raw[i + 1]}`);
      stream.on("end", () => resolve({ status: Number(answer[":status"]), lines: got }));
      stream.resume();
    });
    stream.end();
  });
}

/** The bytes of a request without a body. */
export function requestText(method: string, path: string, lines: readonly string[], body = ""): string {
  return [`${method} ${path} HTTP/1.1`, ...lines, "", body].join("\r\n");
}

/** What the product says of a request's headers, as `gatehouse trace ID --headers --json` does, once both hops have. */
export async function headersOf(to: ContractInstance, requestId: string): Promise<HeadersOfRequest> {
  let told: HeadersOfRequest | undefined;
  // A WebSocket is recorded when it has ended.
  await waitFor(`there is a record of ${requestId}`, async () => {
    const { json } = await readTrace(requestId, to.instance.state, true);
    const [request, ...others] = (json as { requests: readonly { headers: HeadersOfRequest }[] }).requests;
    assert.equal(others.length, 0);
    told = request?.headers;
    return told !== undefined && told.policy.decided !== null;
  });
  assert.ok(told !== undefined);
  return told;
}

/** Lines with the words of the contract in place of what is of this run. */
export function inWords(head: RawHead, to: ContractInstance, road: RoadName): readonly string[] {
  const host = road === "private" ? to.privateHost : to.host;
  return head.lines.map((line) =>
    line
      .replace(new URL(to.service.url).host, "<service>")
      .replaceAll(host, "<host>")
      .replace(`Bearer ${to.token}`, "<token>")
      .replace(/^(x-request-id): [0-9a-f-]{36}$/, "$1: <id>")
      .replace(/^(traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736)-[0-9a-f]{16}-/, "$1-<span>-")
      .replace(/^(traceparent): 00-[0-9a-f]{32}-[0-9a-f]{16}-/, "$1: 00-<trace>-<span>-")
      .replace(/^(x-gatehouse-assertion): [\w-]+\.[\w-]+\.[\w-]+$/, "$1: <assertion>"),
  );
}

/** The request id under which a request arrived. */
export function idOf(head: RawHead): string {
  return valueOf(head, "x-request-id") ?? "none";
}

/** Lines of `all` that are not among `others`, each as often as it is there more often. */
export function without(all: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return all.filter((line) => {
    const at = rest.indexOf(line);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}

/** Names in lower case. */
export function lower(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}

/** The trace says the same as the bytes that arrived. */
export function agree(told: HeadersOfRequest, head: RawHead, cameThroughEdge: boolean): void {
  assert.deepEqual(told.request.service, head.lines.map(nameOf));
  assert.equal(told.policy.isSame, true);
  const { edge } = told.request;
  if (!cameThroughEdge) {
    assert.equal(edge, null);
    assert.ok(told.notes.includes("it did not come through the edge: the edge has no record of it"));
    return;
  }
  // What the edge passed on is what the gateway got.
  const got = told.request.gateway?.filter(({ change }) => change !== "added").map(({ name }) => name);
  assert.deepEqual(
    edge?.map(({ name }) => name),
    got,
  );
}
