/**
 * What could be changed in a signed request on its way.
 *
 * In:  a request that is accepted. Out: requests with one change each, and the reasons for which they may be refused.
 */
import type { RequestToVerify, SignatureRefusal } from "../../src/iam/index.ts";
import type { Random } from "../engines/random.ts";
import type { MeantRequest } from "./foreign-signers.ts";

export interface Mutation {
  readonly name: string;
  readonly request: RequestToVerify;
  readonly reasons: readonly (SignatureRefusal["reason"] | "accepted")[];
}

const MISMATCH = ["signature-mismatch"] as const;
const DATE_NAMES = ["x-amz-date", "date"];

export function mutationsOf(meant: MeantRequest, request: RequestToVerify, random: Random): Mutation[] {
  const list: Mutation[] = [];
  const add = (name: string, changes: Partial<RequestToVerify>, reasons: Mutation["reasons"] = MISMATCH): void => {
    list.push({ name, request: { ...request, ...changes }, reasons });
  };
  const isPresigned = meant.expiresSeconds !== null;
  const { path, parameters } = split(request.target);
  const names = signedNames(request);

  add("method", { method: request.method === "GET" ? "POST" : "GET" });
  add("body", { payloadHash: "0".repeat(64) }, ["signature-mismatch", "payload-mismatch"]);
  add("path longer", { target: join(`${path}x`, parameters) });
  // A byte before may belong to a segment that `..` takes away.
  if (/[A-Za-z0-9]$/.test(path))
    add("path byte", { target: join(path.slice(0, -1) + another(path.slice(-1)), parameters) });

  add("parameter added", { target: join(path, [...parameters, "zz=1"]) });
  const own = parameters.filter((parameter) => !parameter.startsWith("X-Amz-"));
  if (own.length > 0) {
    const chosen = random.pick(own);
    const rest = parameters.toSpliced(parameters.indexOf(chosen), 1);
    add("parameter gone", { target: join(path, rest) });
    add("parameter value", { target: join(path, [...rest, `${chosen}1`]) });
  }

  const signedOthers = names.filter((name) => !name.startsWith("x-amz-") && name !== "date");
  const name = random.pick(signedOthers);
  add("header value", { headers: change(request.headers, name, (value) => `${value}x`) });
  const unneeded = signedOthers.filter((other) => other !== "host");
  if (unneeded.length > 0) {
    const gone = random.pick(unneeded);
    add("header gone", { headers: change(request.headers, gone, () => null) });
    const shorter = names.filter((other) => other !== gone);
    add("header list", withList(request, names, shorter));
  }

  if (isPresigned) {
    const later = stamp(meant.nowMs + 1000);
    const reasons = stamp(meant.nowMs).slice(0, 8) === later.slice(0, 8) ? MISMATCH : (["signature-scope"] as const);
    add("date", { target: request.target.replace(/X-Amz-Date=[^&]*/, `X-Amz-Date=${later}`) }, reasons);
    const shorter = meant.expiresSeconds === 604_800 ? 604_799 : (meant.expiresSeconds ?? 0) + 1;
    add("expiry", { target: request.target.replace(/X-Amz-Expires=\d+/, `X-Amz-Expires=${shorter}`) });
  } else {
    const timeMs = meant.nowMs + 1000;
    const isSameDay = stamp(timeMs).slice(0, 8) === stamp(meant.nowMs).slice(0, 8);
    const headers = request.headers.map((text, index) => {
      const key = (request.headers[index - 1] ?? "").toLowerCase();
      if (index % 2 === 0 || !DATE_NAMES.includes(key)) return text;
      if (key === "x-amz-date") return stamp(timeMs);
      return hasHeader(request, "x-amz-date") ? text : new Date(timeMs).toUTCString();
    });
    add("date", { headers }, isSameDay ? MISMATCH : ["signature-scope"]);
  }

  if (meant.sessionToken !== null) {
    const changed = isPresigned
      ? { target: request.target.replace(/X-Amz-Security-Token=/, "X-Amz-Security-Token=x") }
      : { headers: change(request.headers, "x-amz-security-token", (value) => `${value}x`) };
    add("token", changed, ["credentials-unknown"]);
    // As if both tokens belonged to the key: the token itself is signed.
    add("token, known", changed);
  }

  const replace = (from: RegExp, to: string): Partial<RequestToVerify> =>
    isPresigned
      ? { target: request.target.replace(from, to) }
      : { headers: change(request.headers, "authorization", (value) => value.replace(from, to)) };
  const digits = /Signature=[0-9a-f]*/.exec(isPresigned ? request.target : authorizationOf(request))?.[0] ?? "";
  const at = "Signature=".length + random.below(64);
  const digit = digits[at] ?? "0";
  add(
    "signature digit",
    replace(/Signature=[0-9a-f]*/, digits.slice(0, at) + (digit === "0" ? "1" : "0") + digits.slice(at + 1)),
  );
  add("scope date", replace(/(Credential=[^/%]*(?:\/|%2F))\d{8}/, "$120200101"), ["signature-scope"]);
  add("scope region", replace(meantPattern(meant.region), "eu-west-9"), ["signature-scope"]);
  add("scope service", replace(meantPattern(meant.service), "s3"), ["signature-scope"]);
  add("key", replace(/Credential=/, "Credential=X"), ["credentials-unknown"]);
  return list;
}

/** The same query written otherwise: order, `+` for a space, escapes in small letters or not needed, empty parameters. */
export function respell(target: string, random: Random): string {
  const { path, parameters } = split(target);
  if (parameters.length === 0) return random.chance(50) ? `${path}?` : target;
  const respelled = parameters.map((parameter) =>
    parameter.replace(/%[0-9A-F]{2}|[A-Za-z]/g, (text) => {
      if (!random.chance(30)) return text;
      if (text === "%20") return "+";
      return text.startsWith("%") ? text.toLowerCase() : `%${text.charCodeAt(0).toString(16)}`;
    }),
  );
  for (let index = respelled.length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    [respelled[index], respelled[other]] = [respelled[other] ?? "", respelled[index] ?? ""];
  }
  return join(path, random.chance(20) ? ["", ...respelled, ""] : respelled);
}

function split(target: string): { path: string; parameters: string[] } {
  const mark = target.indexOf("?");
  if (mark === -1 || mark === target.length - 1) return { path: target.replace("?", ""), parameters: [] };
  return { path: target.slice(0, mark), parameters: target.slice(mark + 1).split("&") };
}

function join(path: string, parameters: readonly string[]): string {
  return parameters.length === 0 ? path : `${path}?${parameters.join("&")}`;
}

function authorizationOf(request: RequestToVerify): string {
  const index = request.headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === "authorization");
  return index === -1 ? "" : (request.headers[index + 1] ?? "");
}

function signedNames(request: RequestToVerify): string[] {
  const inHeader = /SignedHeaders=([^,]*)/.exec(authorizationOf(request))?.[1];
  const inQuery = /X-Amz-SignedHeaders=([^&]*)/.exec(request.target)?.[1] ?? "";
  return (inHeader ?? decodeURIComponent(inQuery)).split(";");
}

function withList(request: RequestToVerify, from: readonly string[], to: readonly string[]): Partial<RequestToVerify> {
  const [before, after] = [from.join(";"), to.join(";")];
  return authorizationOf(request) === ""
    ? {
        target: request.target.replace(
          /X-Amz-SignedHeaders=[^&]*/,
          () => `X-Amz-SignedHeaders=${encodeURIComponent(after)}`,
        ),
      }
    : {
        headers: change(request.headers, "authorization", (value) =>
          value.replace(`SignedHeaders=${before}`, () => `SignedHeaders=${after}`),
        ),
      };
}

function change(headers: readonly string[], name: string, to: (value: string) => string | null): string[] {
  const changed: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const [key = "", value = ""] = [headers[index], headers[index + 1]];
    const next = key.toLowerCase() === name ? to(value) : value;
    if (next !== null) changed.push(key, next);
  }
  return changed;
}

function hasHeader(request: RequestToVerify, name: string): boolean {
  return request.headers.some((key, index) => index % 2 === 0 && key.toLowerCase() === name);
}

/** The word in the scope, where a slash stands before it. */
function meantPattern(word: string): RegExp {
  return new RegExp(`(?<=(?:/|%2F))${word}(?=(?:/|%2F))`);
}

function another(character: string): string {
  return character === "7" ? "8" : "7";
}

function stamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[:-]|\.\d{3}/g, "");
}
