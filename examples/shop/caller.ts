/**
 * Who is calling, as Gatehouse says: the `x-gatehouse-*` headers, believed only together with the signed assertion.
 *
 * Behind Gatehouse the headers alone are right, since it removes whatever a client sends under these names. The
 * assertion is for the day when somebody reaches the service by another way: three lines with any JWT library.
 *
 * The shop knows the subjects of its provider alone. Were the policy to name a workload issuer, a subject of its would be
 * somebody else, whatever the name, so here it is nobody.
 */
import type { IncomingHttpHeaders } from "node:http";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { Agent, fetch } from "undici";

/** Where the assertions come from. */
export interface Trust {
  /** `https://HOST:PORT/_gatehouse`. */
  readonly issuer: string;
  /** PEM of the authority that signed the edge's certificate; null when the system knows it. */
  readonly ca: string | null;
}

export interface Caller {
  readonly subject: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly role: string;
  readonly kind: string;
}

export type ReadCaller = (headers: IncomingHttpHeaders) => Promise<Caller | null>;

/**
 * A reader for one service; null for a caller whose assertion is missing, forged, expired or for another service, and for
 * one of a workload issuer.
 */
export function createReadCaller(service: string, trust: Trust): ReadCaller {
  const { issuer } = trust;
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks.json`), { [customFetch]: fetchFrom(trust) });
  return async (headers) => {
    const assertion = one(headers["x-gatehouse-assertion"]);
    try {
      const { payload } = await jwtVerify(assertion, keys, { issuer, audience: service, algorithms: ["ES256"] });
      if (payload.sub === undefined || payload["issuer"] !== undefined) return null;
      return describeCaller(headers, payload.sub);
    } catch {
      return null;
    }
  };
}

/** For services that run by hand on loopback with nothing in front: the headers as they come. */
export const readUnverifiedCaller: ReadCaller = (headers) => {
  const subject = one(headers["x-gatehouse-subject"]);
  const isOfProvider = headers["x-gatehouse-issuer"] === undefined;
  return Promise.resolve(subject !== "" && isOfProvider ? describeCaller(headers, decode(subject)) : null);
};

function describeCaller(headers: IncomingHttpHeaders, subject: string): Caller {
  return {
    subject,
    name: decode(one(headers["x-gatehouse-name"])) || subject,
    groups: one(headers["x-gatehouse-groups"]).split(",").filter(Boolean).map(decode),
    role: decode(one(headers["x-gatehouse-role"])),
    kind: one(headers["x-gatehouse-kind"]),
  };
}

function one(value: string | readonly string[] | undefined): string {
  return typeof value === "string" ? value : "";
}

/** What is not plain ASCII arrives percent-encoded. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `*.localhost` is this machine for browsers and curl, but not for every system's resolver. */
function fetchFrom({ issuer, ca }: Trust): typeof globalThis.fetch {
  const isLocal = new URL(issuer).hostname.endsWith(".localhost");
  const dispatcher = new Agent({
    connect: {
      ...(ca === null ? {} : { ca }),
      ...(isLocal ? { lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) } : {}),
    },
  });
  const fetchKeys = (url: string, init: object): unknown => fetch(url, { ...init, dispatcher });
  return fetchKeys as typeof globalThis.fetch;
}
