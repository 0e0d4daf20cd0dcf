/**
 * Requests as clients of APIs send them, at their worst, looking random and the same each time for the same seed.
 *
 * In: a seed and a signer. Out: requests that the signer signs as the others do; where it does not, see
 * disagreements.test.ts.
 */
import { createHash } from "node:crypto";
import { type Random, createRandom } from "../engines/random.ts";
import type { MeantRequest, SignerName } from "./foreign-signers.ts";

const SEGMENTS =
  "| | |.|..|...|.a|a|pets|0|~|-._|a+b|!$&'()*,;=:@|%20|%2F|%2f|%25|%252F|%2E%2E|%2e|%C3%A9|%E4%B8%AD|%F0%9F%98%80|%FF|%00"
    .split("|")
    .map((segment) => segment.trim());
const NAMES = [
  "a",
  "a",
  "b",
  "A",
  "a-",
  "a.b",
  "a b",
  "é",
  "中",
  "q[]",
  "x/y?",
  "%",
  "+",
  "&=",
  "~*'()!",
  "X-Custom",
  "x-amz-meta-a",
  "Action",
];
const VALUES = [
  "",
  "",
  "1",
  "2",
  "a b",
  " ",
  "+",
  "%",
  "%41",
  "a=b",
  "a&b",
  "é",
  "中文",
  "😀",
  "/",
  "//",
  "..",
  "?#",
  "~*'()!",
  "A".repeat(300),
];
const HEADERS = [
  "accept",
  "content-type",
  "x-custom",
  "x-b",
  "x-amz-meta-a",
  "x-amz-target",
  "cookie",
  "if-match",
  "x_under",
  "x.dot",
  "x~t!#$%&'*+^`|",
  "via",
  "forwarded",
];
const HEADER_VALUES = [
  "",
  "",
  "a",
  "b",
  "a, b",
  "a  b",
  "  a  ",
  "a \t b",
  "\t",
  '"a  b"',
  "é",
  "中文",
  "a,,b",
  "text/plain; charset=utf-8",
  "x".repeat(500),
];
/** Headers that the signer leaves unsigned, as `signRequest` does. */
const LEFT_OUT: Readonly<Record<SignerName, readonly string[]>> = {
  smithy: ["user-agent", "x-amzn-trace-id", "cache-control", "connection", "referer", "sec-fetch-mode", "proxy-x"],
  aws4: ["user-agent", "x-amzn-trace-id", "connection", "expect"],
  botocore: ["user-agent", "x-amzn-trace-id", "connection", "expect", "traceparent", "te"],
};
/** Headers about which the signer and `signRequest` differ, or of which it makes something else. */
const ODD: Readonly<Record<SignerName, readonly string[]>> = {
  smithy: ["traceparent", "baggage"],
  aws4: ["range", "cache-control", "referer", "sec-fetch-mode", "traceparent"],
  botocore: ["date", "cache-control", "referer", "pragma", "sec-fetch-mode"],
};

export interface Generated {
  readonly meant: MeantRequest;
  /** Whether `signRequest` has to give the same signature. */
  readonly isAgreed: boolean;
}

export function generateRequests(signer: SignerName, count: number, seed: number): Generated[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => generateRequest(signer, random));
}

function generateRequest(signer: SignerName, random: Random): Generated {
  const isPresigned = random.chance(30);
  const path = `/${list(random, 6, () => random.pick(SEGMENTS)).join("/")}`;
  const query = list(random, 5, (): [string, string] => [random.pick(NAMES), random.pick(VALUES)]);
  // botocore makes parameters of the body of what it presigns.
  const hasBody = random.chance(50) && !(isPresigned && signer === "botocore");
  const body = hasBody ? Buffer.from(random.pick(VALUES.slice(2)).repeat(random.below(9) + 1)) : Buffer.alloc(0);
  const headers: [string, string][] = [
    ["host", random.pick(["api.example.com", "127.0.0.1:8443", "[::1]:80", "xn--bcher-kva.example"])],
  ];
  const odd = random.chance(25) ? random.some(ODD[signer], 1, 2) : [];
  for (const name of [...random.some(HEADERS, 0, 5), ...random.some(LEFT_OUT[signer], 0, 2), ...odd]) {
    const times = random.chance(20) ? 2 + random.below(3) : 1;
    for (let index = 0; index < (name === "date" ? 1 : times); index += 1)
      headers.push([name, valueOf(name, signer, random)]);
  }
  if (random.chance(30)) headers.push(["x-amz-content-sha256", createHash("sha256").update(body).digest("hex")]);
  return {
    meant: {
      method: random.pick(["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
      path,
      // Its presigning keeps one value of each name.
      query: signer === "botocore" && isPresigned ? firstOfEach(query) : query,
      headers,
      body,
      accessKeyId: random.pick(["AKIAEXAMPLE", "ASIAEXAMPLE2"]),
      secretAccessKey: random.pick(["secret/of+this/test", "x", "é".repeat(40)]),
      sessionToken: random.chance(50) ? null : random.pick(["a", "IQoJb3JpZ2lu//+==", "t".repeat(900)]),
      service: random.pick(["execute-api", "sts"]),
      region: random.pick(["eu-west-1", "us-gov-west-1"]),
      nowMs: Date.UTC(
        2026,
        random.below(12),
        1 + random.below(28),
        random.below(24),
        random.below(60),
        random.below(60),
      ),
      expiresSeconds: isPresigned ? random.pick([1, 60, 604_800]) : null,
    },
    isAgreed: odd.length === 0,
  };
}

/** aws4 adds a second content-type beside an empty one. */
function valueOf(name: string, signer: SignerName, random: Random): string {
  const value = random.pick(HEADER_VALUES);
  return name === "content-type" && signer === "aws4" ? `text/plain${value.trim()}` : value;
}

function list<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: random.below(most + 1) }, make);
}

function firstOfEach(query: readonly [string, string][]): [string, string][] {
  return query.filter(([name], index) => query.findIndex(([other]) => other === name) === index);
}
