/**
 * Random names of headers, look-alikes and `Connection` lists among them, through the edge over HTTP/1.1 and HTTP/2 and to
 * the gateway's socket: what `gatehouse trace --headers` says was kept is what arrived, name by name in its order, and
 * nothing else did.
 */
import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { HeadersOfRequest } from "../../src/app/trace-headers.ts";
import { type RawHead, nameOf } from "../support/raw-service.ts";
import {
  type ContractInstance,
  askHttp2,
  askRaw,
  headersOf,
  idOf,
  openHttp2,
  requestText,
  startContract,
} from "./contract-instance.ts";

let contract: ContractInstance;
let session: ClientHttp2Session;

before(async () => {
  contract = await startContract();
  session = openHttp2(contract, contract.instance.status.edge.https);
});

after(async () => {
  session.destroy();
  await contract.stop();
});

const NAMES = [
  "x-user",
  "x-tenant",
  "x-debug",
  "x-from",
  "x-remote-user",
  "x-gatehouse-subject",
  "x-gatehouse-assertion",
  "x-gatehouse",
  "x-gh-proof",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-user",
  "forwarded",
  "x-request-id",
  "traceparent",
  "tracestate",
  "x-real-ip",
  "cf-connecting-ip",
  "cf-ray",
  "x-amz-security-token",
  "x-amzn-trace-id",
  "dpop",
  "via",
  "cookie",
  "accept-language",
  "x-http-method-override",
  "proxy",
  "te",
  "keep-alive",
  "proxy-authorization",
  "proxy-authenticate",
  "x-original-url",
  "sec-fetch-mode",
  "alt-svc",
];
/** A token that no list knows: letters, digits and what else a name may hold. */
const ODD_NAME = fc.string({
  unit: fc.constantFrom(...Array.from("abXY01-_.!#$%&'*+^`|~")),
  minLength: 1,
  maxLength: 8,
});

/** The same name as others may write it: other case, `_` or `.` for `-`. */
const SPELLED = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom("-", "-", "-", "_", "."), fc.infiniteStream(fc.boolean()))
  .map(([name, separator, upper]) =>
    Array.from(name.replaceAll("-", separator))
      .map((letter) => (upper.next().value === true ? letter.toUpperCase() : letter))
      .join(""),
  );
const NAME = fc.oneof({ weight: 5, arbitrary: SPELLED }, { weight: 1, arbitrary: ODD_NAME.map((name) => `x${name}`) });
const LISTS = fc.record({
  names: fc.array(NAME, { minLength: 1, maxLength: 12 }),
  /** Which of them `Connection` names, and what it names besides. */
  named: fc.array(fc.nat({ max: 11 }), { maxLength: 3 }),
  others: fc.subarray(["x-gatehouse-role", "x-request-id", "authorization", "x-absent"], { maxLength: 2 }),
  path: fc.constantFrom("/plain", "/rules"),
});

/** Values by which each one is known again. */
function linesOf(names: readonly string[]): string[] {
  return names.map((name, index) => `${name}: mark-${index}`);
}

function marksOf(head: RawHead): string[] {
  return head.lines.filter((line) => /mark-\d/.test(line)).map(nameOf);
}

/** A kept one is one that arrived with the client's value. */
function assertTold(told: HeadersOfRequest, head: RawHead, names: readonly string[]): void {
  assert.deepEqual(told.request.service, head.lines.map(nameOf));
  const fates = told.request.gateway ?? [];
  const asked = new Set(names.map((name) => name.toLowerCase()));
  const kept = fates.filter(({ name, change }) => change === "kept" && asked.has(name.toLowerCase()));
  // Caddy's own `Via` has no mark, and stands last among those of that name.
  const arrived = head.lines.filter((line) => asked.has(nameOf(line).toLowerCase()) && isClients(line)).map(nameOf);
  assert.deepEqual(
    kept.map(({ name }) => name),
    arrived,
  );
  const marked = marksOf(head).filter((name) => !arrived.includes(name));
  assert.deepEqual(marked, [], "a value of the client arrived under a name that trace does not call kept");
  for (const { change, why } of fates) assert.equal(why === null, change === "kept");
  const gone = fates.filter(({ change }) => change === "dropped").map(({ name }) => name.toLowerCase());
  const known = new Set(head.lines.map((line) => nameOf(line).toLowerCase()));
  for (const name of gone)
    assert.ok(!known.has(name) || arrived.some((each) => each.toLowerCase() === name), `${name} is called dropped`);
}

function isClients(line: string): boolean {
  return /mark-\d/.test(line) || /^via: \d\.\d Caddy$/i.test(line);
}

async function arrivalOf(send: () => Promise<{ readonly status: number }>): Promise<RawHead> {
  const { service } = contract;
  const first = service.heads.length;
  const { status } = await send();
  assert.equal(status, 200);
  assert.equal(service.heads.length, first + 1);
  return service.heads[first] ?? { requestLine: "", lines: [] };
}

const USUAL = () => ["User-Agent: contract", `Authorization: Bearer ${contract.token}`];
const HOP_BY_HOP =
  /^(?:alt-svc|te|keep-alive|proxy-authorization|proxy-authenticate|proxy-connection|trailer|upgrade)$/;
const EDGE_SETS = /^(?:x-request-id|x-forwarded-(?:for|host|proto))$/;

/** As Go writes it: what is not a letter, digit or hyphen ends nothing. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

test("to the socket: kept is what arrived", async () => {
  await fc.assert(
    fc.asyncProperty(LISTS, async ({ names, named, others, path: asked }) => {
      const path = asked === "/rules" ? "/rules" : "/plain";
      const options = [...named.map((index) => names[index % names.length] ?? ""), ...others, "close"];
      const lines = [`Host: ${contract.host}`, ...USUAL(), ...linesOf(names), `Connection: ${options.join(", ")}`];
      const head = await arrivalOf(async () => askRaw(contract, "socket", requestText("GET", path, lines)));
      const told = await headersOf(contract, idOf(head));
      assert.equal(told.request.edge, null);
      assertTold(told, head, names);
    }),
    { numRuns: 60 },
  );
});

test("through the edge over HTTP/1.1: kept is what arrived, and the edge drops what it is said to drop", async () => {
  await fc.assert(
    fc.asyncProperty(LISTS, async ({ names, named, others, path }) => {
      const options = [...named.map((index) => names[index % names.length] ?? ""), ...others, "close"];
      const lines = [`Host: ${contract.host}`, ...USUAL(), ...linesOf(names), `Connection: ${options.join(", ")}`];
      // Without the token there would be no request to look at.
      if (others.includes("authorization")) lines.splice(lines.length - 1, 1, `Connection: close`);
      const isNamed = new Set(others.includes("authorization") ? [] : options.map((option) => option.toLowerCase()));
      const head = await arrivalOf(async () => askRaw(contract, "edge", requestText("GET", path, lines)));
      const told = await headersOf(contract, idOf(head));
      assertTold(told, head, names);
      const passed = names.filter((name) => {
        const lower = name.toLowerCase();
        return !/[_.]/.test(name) && !HOP_BY_HOP.test(lower) && !EDGE_SETS.test(lower) && !isNamed.has(lower);
      });
      const edge = (told.request.edge ?? []).filter(({ change }) => change === "kept").map(({ name }) => name);
      assert.deepEqual(edge.toSorted(), ["Host", "User-Agent", "Authorization", ...passed.map(canonical)].toSorted());
    }),
    { numRuns: 60 },
  );
});

test("through the edge over HTTP/2: kept is what arrived", async () => {
  await fc.assert(
    fc.asyncProperty(LISTS, async ({ names: all, path }) => {
      // What HTTP/2 forbids, and what Node's client does not send twice.
      const isOnce = /^(?:keep-alive|te|proxy-connection|transfer-encoding|proxy-authorization)$/i;
      const names = all.filter((name) => !isOnce.test(name));
      const head = await arrivalOf(async () => askHttp2(session, path, [...USUAL(), ...linesOf(names)]));
      const told = await headersOf(contract, idOf(head));
      assertTold(told, head, names);
    }),
    { numRuns: 60 },
  );
});

const ANSWER_NAMES = [
  "x-any",
  "x-other",
  "x-powered-by",
  "x-frame-options",
  "set-cookie",
  "server",
  "via",
  "date",
  "alt-svc",
  "vary",
  "etag",
  "cache-control",
  "strict-transport-security",
  "access-control-allow-origin",
  "x-request-id",
  "traceresponse",
  "apigw-requestid",
  "x-gatehouse-role",
  "keep-alive",
  "proxy-authenticate",
  "trailer",
  "te",
  "content-type",
  "content-encoding",
  "content-language",
  "location",
];
const ANSWER_NAME = fc
  .tuple(fc.constantFrom(...ANSWER_NAMES), fc.constantFrom("-", "-", "-", "-", "_", "."), fc.boolean())
  .map(([name, separator, isUpper]) => (isUpper ? name.toUpperCase() : name).replaceAll("-", separator));
const ANSWERS = fc.record({
  names: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: ANSWER_NAME },
      ODD_NAME.map((name) => `x${name}`),
    ),
    { maxLength: 10 },
  ),
  named: fc.array(fc.nat({ max: 9 }), { maxLength: 2 }),
  path: fc.constantFrom("/plain", "/rules"),
  to: fc.constantFrom("edge" as const, "socket" as const),
});

test("answers with any names: what trace says the client got is what it got", async () => {
  await fc.assert(
    fc.asyncProperty(ANSWERS, async ({ names, named, path, to }) => {
      const options = ["keep-alive", ...named.flatMap((index) => names[index % Math.max(names.length, 1)] ?? [])];
      contract.service.answer = {
        status: 200,
        lines: [...names.map((name, index) => `${name}: mark-${index}`), `Connection: ${options.join(", ")}`],
        body: "ok",
      };
      const lines = [`Host: ${contract.host}`, ...USUAL()];
      const answer = await askRaw(contract, to, requestText("GET", path, lines));
      assert.equal(answer.status, 200);
      const ours = answer.lines.filter((line) => !/^(?:connection|keep-alive|transfer-encoding):/i.test(line));
      const id = answer.lines.find((line) => /^x-request-id:/i.test(line))?.slice("x-request-id: ".length) ?? "none";
      const told = await headersOf(contract, id);
      const inOrder = (all: readonly string[]): string[] => all.map((name) => name.toLowerCase()).toSorted();
      assert.deepEqual(inOrder(told.response.client ?? []), inOrder(ours.map(nameOf)));
      const kept = told.response.gateway?.filter(({ change }) => change === "kept").map(({ name }) => name) ?? [];
      // Of all that the gateway passes on this alone stays at the edge.
      const isEdges = (name: string): boolean => to === "edge" && name.toLowerCase() === "alt-svc";
      const marked = ours.filter((line) => line.includes("mark-")).map(nameOf);
      assert.deepEqual(inOrder(kept.filter((name) => name !== "content-length" && !isEdges(name))), inOrder(marked));
    }),
    { numRuns: 80 },
  );
});
