/**
 * One real `gatehouse up` for the rows of the catalogue: Caddy, gateway, a provider, an issuer that signs anything, and a
 * service that counts.
 *
 * In: bytes, for Caddy over TLS or for the gateway's own socket. Out: what was answered, what arrived at the service, the
 * records, and whether a credential that was used stands anywhere that somebody could read.
 * INVARIANT: nothing is sent that is not on 127.0.0.1; every credential that goes in is looked for in all that comes out.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { GatewayRecord } from "../../src/records/index.ts";
import { type RawAnswer, exchangeRaw, headerOf, parseAnswer } from "../gateway/raw-client.ts";
import { findFreePort } from "../support/free-port.ts";
import { type StartOptions, type Started, startInstance, waitFor } from "../support/instance.ts";
import { type IssuerKey, type SigningIssuer, startSigningIssuer } from "../support/signing-issuer.ts";
import { type Arrived, type Backend, startBackend } from "./backend.ts";
import { AUDIENCE, DOMAIN, PEOPLE, type PolicyParts, advisoryPolicy } from "./policy.ts";

/** `edge`: TLS to Caddy. `gateway`: the unix socket that Caddy dials, `private`: the one for its private listener. */
export type Entrance = "edge" | "gateway" | "private";
export const ENTRANCES: readonly Entrance[] = ["edge", "gateway"];

/** Bytes that are sent as they stand, or a request whose `Host` and `Connection: close` are added where it has none. */
export type Request = string | readonly [line: string, ...headers: string[]];

/** In order, or by what is special about each. */
export type Requests = readonly Request[] | Readonly<Record<string, Request>>;

export interface Exchange {
  readonly answer: RawAnswer;
  /** All that came, of every answer on the connection. */
  readonly text: string;
  /** What reached the service meanwhile. */
  readonly arrived: readonly Arrived[];
}

/** What a request is refused with. `reason` is null where Caddy itself refuses, so that the gateway has no record. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly reason: string | null;
  /** Of `www-authenticate`. Default: the header is not there. */
  readonly challenge?: RegExp;
}

const message = (status: number, text: string, reason: string): Refusal => ({
  status,
  body: `{"message":"${text}"}`,
  reason,
});
export const badRequest = (reason: string): Refusal => message(400, "Bad Request", reason);
const BAD_TOKEN = /^Bearer .*error="invalid_token" error_description="[a-z ]+"$/;
export const unauthorized = (reason: string): Refusal => ({
  ...message(401, "Unauthorized", reason),
  challenge: reason.startsWith("token-") ? BAD_TOKEN : /^Bearer$/,
});
export const forbidden = (reason: string): Refusal => message(403, "Forbidden", reason);
export const NO_ROUTE: Refusal = message(404, "Not Found", "no-route");
/** Go's HTTP server, before Caddy sees a request. */
export const EDGE_BAD_REQUEST: Refusal = { status: 400, body: "400 Bad Request", reason: null };
export const EDGE_MISDIRECTED: Refusal = { status: 421, body: '{"message":"Misdirected Request"}', reason: null };

export const get = (target: string, ...headers: readonly string[]): Request => [`GET ${target} HTTP/1.1`, ...headers];

export interface Claims {
  readonly [name: string]: unknown;
}

export interface Road {
  readonly instance: Started;
  readonly backend: Backend;
  readonly idp: SigningIssuer;
  /** Issuer string of the workload issuer that was never there. */
  readonly away: string;
  exchange(entrance: Entrance, request: Request, more?: { readonly servername?: string }): Promise<Exchange>;
  /** A token of `idp`, good but for what is said otherwise; an `undefined` claim is left out. */
  token(claims?: Claims, header?: Readonly<Record<string, unknown>>, kid?: string): Promise<string>;
  /** `Authorization: Bearer ...` with such a token of a member of `support`. */
  support(claims?: Claims): Promise<string>;
  /** The `Cookie` value of a person who has signed in through the edge. */
  signIn(name: string): Promise<string>;
  /** From now on this text must come out nowhere. Texts of less than 20 characters are not looked for. */
  guard(...texts: readonly string[]): void;
  /** Records of what was answered since the last call. */
  takeRecords(): Promise<readonly GatewayRecord[]>;
  /**
   * The same, until there are so many: a request whose body nobody wanted has its record when its connection is done with,
   * which can be after the next one's.
   */
  awaitRecords(count: number): Promise<readonly GatewayRecord[]>;
  /** Each is refused in this way: status, body, nothing at the service, one record with the reason, no credential told. */
  assertRefused(entrance: Entrance, requests: Requests, refusal: Refusal): Promise<void>;
  /** At the edge and at the gateway. `atEdge` where Caddy has an answer of its own. */
  assertRefusedAtBoth(requests: Requests, refusal: Refusal, atEdge?: Refusal): Promise<void>;
  /** Answered by the service, once, with this reason in the record; gives what arrived. */
  assertForwarded(entrance: Entrance, request: Request, reason?: string): Promise<Arrived>;
  /** Ends everything. Fails when it did not end well, or when a credential stands in any output. */
  stop(): Promise<void>;
}

export interface RoadOptions {
  readonly policy?: (parts: PolicyParts) => string;
  readonly people?: string;
  readonly issuerKeys?: readonly IssuerKey[];
  /** Keys that the issuer publishes besides, by `kid`. */
  readonly published?: Readonly<Record<string, Record<string, unknown>>>;
  readonly args?: readonly string[];
}

const SHORTEST_SECRET = 20;
const LIMIT_MS = 15_000;
/** A request that shows in the log that all before it have been written. */
const FENCE = "fence-of-the-records";

export async function startRoad(options: RoadOptions = {}): Promise<Road> {
  const { policy = advisoryPolicy, people = PEOPLE, issuerKeys } = options;
  const backend = await startBackend();
  const idp = await startSigningIssuer(null, issuerKeys);
  for (const [kid, jwk] of Object.entries(options.published ?? {})) idp.jwks.set(kid, jwk);
  const away = `http://127.0.0.1:${await findFreePort()}`;
  const instance = await startOrClose(backend, idp, {
    files: { "gatehouse.yaml": policy({ backend: backend.url, idp: idp.origin, away }), "people.yaml": people },
    // One thread: records stand in the log in the order of the answers.
    args: ["--workers", "1", ...(options.args ?? [])],
  });
  const port = Number(new URL(instance.status.edge.https).port);
  const ca = readFileSync(instance.status.edge.caFile ?? "");
  const log = join(instance.state, "logs", "gateway.log");
  const secrets = new Set<string>();
  let taken = 0;
  /** Something was asked since the records were taken. */
  let isDue = true;
  let fences = 0;

  const exchangeTls = (bytes: Buffer, servername: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connectTls({ host: "127.0.0.1", port, servername, ca, ALPNProtocols: ["http/1.1"] });
      socket.on("secureConnect", () => socket.write(bytes));
      socket.on("data", (chunk) => chunks.push(chunk));
      // The other end may have closed before all was written; what it answered is what counts.
      socket.on("error", (cause) => (chunks.length === 0 ? reject(cause) : resolve(textOf(chunks))));
      socket.on("close", () => resolve(textOf(chunks)));
      socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error("the edge neither answered nor closed")));
    });

  const exchange: Road["exchange"] = async (entrance, request, { servername = DOMAIN } = {}) => {
    isDue = true;
    const before = backend.arrived.length;
    const bytes = bytesOf(request, port);
    const { socket, privateSocket } = instance.status.gateway;
    const text = await (entrance === "edge"
      ? exchangeTls(bytes, servername)
      : exchangeRaw(entrance === "gateway" ? socket : (privateSocket ?? ""), bytes));
    return { answer: parseAnswer(text), text, arrived: backend.arrived.slice(before) };
  };

  const guard: Road["guard"] = (...texts) => {
    for (const text of texts)
      for (const part of [text, ...text.split(".")]) if (part.length >= SHORTEST_SECRET) secrets.add(part);
  };

  const token: Road["token"] = async (claims = {}, header, kid) => {
    const signed = await idp.sign(goodClaims(idp.issuer, claims), header, kid);
    guard(signed);
    return signed;
  };

  const readLog = (): string => (existsSync(log) ? readFileSync(log, "utf8") : "");

  const takeRecords: Road["takeRecords"] = async () => {
    const fence = `${FENCE}-${++fences}`;
    await exchange("gateway", [`GET /${fence} HTTP/1.1`]);
    await waitFor("the records are written", () => readLog().includes(fence));
    const all = readLog().split("\n").slice(0, -1);
    const lines = all.slice(taken).filter((line) => !line.includes(FENCE));
    taken = all.length;
    isDue = false;
    for (const line of lines) assertSilent(line, "a record");
    return lines.map((line) => JSON.parse(line) as GatewayRecord);
  };

  const awaitRecords: Road["awaitRecords"] = async (count) => {
    const records: GatewayRecord[] = [];
    await waitFor(`${count} records are written`, async () => {
      records.push(...(await takeRecords()));
      return records.length >= count;
    });
    return records;
  };

  function assertSilent(text: string, where: string): void {
    for (const secret of secrets) assert.ok(!text.includes(secret), `a credential is told in ${where}`);
  }

  const assertRefused: Road["assertRefused"] = async (entrance, requests, refusal) => {
    const { status, body, reason, challenge } = refusal;
    if (isDue) await takeRecords();
    const named = Object.entries(requests);
    for (const [name, request] of named) {
      const { answer, text, arrived } = await exchange(entrance, request);
      assert.deepEqual([answer.status, answer.body.trim(), arrived.length], [status, body, 0], name);
      const asked = headerOf(answer, "www-authenticate");
      if (challenge === undefined) assert.equal(asked, null, name);
      else assert.match(asked ?? "", challenge, name);
      assertSilent(text, `the answer to ${name}`);
    }
    const written = await awaitRecords(reason === null ? 0 : named.length);
    const records = written.map((record) => [record.status, record.reason]);
    assert.deepEqual(records, reason === null ? [] : named.map(() => [status, reason]));
  };

  return {
    instance,
    backend,
    idp,
    away,
    exchange,
    token,
    support: async (claims = {}) => `Authorization: Bearer ${await token(claims)}`,
    guard,
    awaitRecords,
    takeRecords,
    async signIn(name) {
      const cookie = await signInThrough(exchange, instance, name);
      guard(...cookie.split("; ").map((pair) => pair.slice(pair.indexOf("=") + 1)));
      await takeRecords();
      return cookie;
    },
    assertRefused,
    async assertRefusedAtBoth(requests, refusal, atEdge = refusal) {
      await assertRefused("edge", requests, atEdge);
      await assertRefused("gateway", requests, refusal);
    },
    async assertForwarded(entrance, request, reason = "role-grants") {
      if (isDue) await takeRecords();
      const { answer, arrived } = await exchange(entrance, request);
      assert.deepEqual([answer.status, arrived.length], [200, 1]);
      const records = await takeRecords();
      assert.deepEqual(
        records.map((record) => record.reason),
        [reason],
      );
      return arrived[0] as Arrived;
    },
    async stop() {
      const files = readdirSync(join(instance.state, "logs"));
      const outputs = files.map((name) => [name, readFileSync(join(instance.state, "logs", name), "utf8")] as const);
      const code = await instance.stop();
      await backend.close();
      await idp.close();
      for (const [name, text] of [...outputs, ["what `up` said", instance.said()] as const]) assertSilent(text, name);
      assert.equal(code, 0);
    },
  };
}

/** A start that fails leaves nothing listening: the test file would never end. */
async function startOrClose(backend: Backend, idp: SigningIssuer, options: StartOptions): Promise<Started> {
  try {
    return await startInstance(options);
  } catch (cause) {
    await backend.close();
    await idp.close();
    throw cause;
  }
}

function bytesOf(request: Request, port: number): Buffer {
  if (typeof request === "string") return Buffer.from(request, "latin1");
  const [line, ...headers] = request;
  const has = (name: string): boolean => headers.some((header) => header.toLowerCase().startsWith(`${name}:`));
  const lines = [line, ...(has("host") ? [] : [`Host: ${DOMAIN}:${port}`]), ...headers];
  if (!has("connection")) lines.push("Connection: close");
  return Buffer.from([...lines, "", ""].join("\r\n"), "latin1");
}

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString("latin1");

/** Claims of a member of `support`, valid now. */
export function goodClaims(issuer: string, more: Claims = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: AUDIENCE, sub: "worker", groups: ["support"], iat: now - 5, exp: now + 600 };
  const all: Record<string, unknown> = { ...claims, ...more };
  for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
  return all;
}

/** The values of a header of a request that arrived, by its name in lower case. */
export function valuesOf(arrived: Arrived, name: string): readonly string[] {
  return arrived.headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

const NAVIGATION = ["Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none"] as const;

/** As a browser does it, with the few cookies that occur. */
async function signInThrough(exchange: Road["exchange"], instance: Started, name: string): Promise<string> {
  const started = await exchange("edge", ["GET /account HTTP/1.1", ...NAVIGATION]);
  assert.equal(started.answer.status, 302);
  const login = cookiesOf(started.answer);
  const jar = new Map<string, string>();
  let at = headerOf(started.answer, "location") ?? "";
  let form: URLSearchParams | null = null;
  for (let step = 0; step < 10 && !at.startsWith(instance.status.edge.https); step++) {
    const cookie = [...jar].map(([key, value]) => `${key}=${value}`).join("; ");
    const response: Response = await fetch(at, {
      redirect: "manual",
      headers: { cookie },
      ...(form === null ? {} : { method: "POST", body: form }),
    });
    await response.text();
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const location = response.headers.get("location");
    form = location === null ? new URLSearchParams({ name, password: `${name}-password` }) : null;
    if (location !== null) at = new URL(location, at).href;
  }
  const back = new URL(at);
  const finished = await exchange("edge", [
    `GET ${back.pathname}${back.search} HTTP/1.1`,
    `Cookie: ${login.join("; ")}`,
    ...NAVIGATION,
  ]);
  const session = cookiesOf(finished.answer).filter((pair) => !pair.endsWith("="));
  assert.deepEqual([finished.answer.status, session.length > 0], [302, true]);
  return session.join("; ");
}

function cookiesOf(answer: RawAnswer): string[] {
  return answer.headers
    .filter(([name]) => name.toLowerCase() === "set-cookie")
    .map(([, value]) => value.split(";")[0] ?? "");
}
