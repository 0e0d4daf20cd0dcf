/**
 * What a road is: servers from TLS to the same backend, and the proof that it does its work before it is measured.
 *
 * In: programs of this machine, the bench's issuer, a backend. Out: a `Road` that serves, or the reason why it does not.
 * INVARIANT: a road that is to check tokens is measured only after it let a good one in and refused none, a bad
 * signature, an expired one, one for another audience and one of another issuer: nobody is fast by not checking.
 */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { RouteOfBench } from "../bench-policy.ts";
import type { BenchIssuer } from "../issuer.ts";
import { type Running, waitFor } from "../processes.ts";

export type Letter = "A" | "B" | "C" | "D" | "E" | "F" | "G";

export interface Road {
  readonly letter: Letter;
  readonly name: string;
  /** `https://localhost:PORT` */
  readonly origin: string;
  /** What is counted: these processes and all that they started. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export interface Setting {
  /** For configurations, states and logs; of mode 0700 and gone at the end. */
  readonly folder: string;
  readonly backendPort: number;
  readonly issuer: BenchIssuer;
  readonly routes: readonly RouteOfBench[];
}

/** How a road is got going; nothing is measured while that happens. */
export interface Starter {
  readonly letter: Letter;
  readonly name: string;
  readonly checksTokens: boolean;
  /** It answers by route, so that 10,000 of them mean something to it. */
  readonly hasRoutes: boolean;
  /** With version, as printed. Null: it has no programs of its own besides Caddy and Node. */
  readonly version: string | null;
  /** Why this machine cannot run it; null when it can. */
  readonly missing: string | null;
  start(setting: Setting): Promise<Road>;
}

export const ORDER_PATH = "/orders/1001";
const READY_WITHIN_MS = 60_000;

/** The status of one GET, whatever the certificate: this is about speed on loopback. */
export function probe(origin: string, path: string, token: string | null): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    request(`${origin}${path}`, { headers, rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

/** @throws Error with the end of `logFile` when the good token is not let in in time */
export async function untilServing(
  running: Running,
  origin: string,
  token: string | null,
  what: string,
  logFile: string,
): Promise<void> {
  let status = 0;
  const isServing = await waitFor(running, READY_WITHIN_MS, async () => {
    status = await probe(origin, ORDER_PATH, token);
    return status === 200;
  });
  if (isServing) return;
  await running.stop();
  throw new Error(`${what} does not serve (last status ${status}):\n${readFileSync(logFile, "utf8").slice(-2000)}`);
}

/** @throws Error that names the token which was let in, or the good one that was not */
export async function proveThatTokensAreChecked(road: Road, issuer: BenchIssuer): Promise<void> {
  const [good = ""] = await issuer.tokens(1);
  const cases: (readonly [what: string, token: string | null, isGood: boolean])[] = [
    ["a good token", good, true],
    ["no token", null, false],
    ...Object.entries(await issuer.badTokens()).map(([what, token]) => [what, token, false] as const),
    // Once more, for who remembers the caller by something that the bad ones share with it.
    ["a good token again", good, true],
  ];
  for (const [what, token, isGood] of cases) {
    const status = await probe(road.origin, ORDER_PATH, token);
    if (isGood ? status !== 200 : status !== 401)
      throw new Error(`${road.name} answers ${status} to ${what}: it is not measured`);
  }
}
