/**
 * For tests: an issuer's discovery and keys answered from memory, with a count of what was asked and faults on demand.
 */
import type { Fetch } from "../provider-fetch.ts";

export interface FakeIssuer {
  readonly issuer: string;
  readonly fetch: Fetch;
  /** Every URL asked, in order. */
  readonly asked: string[];
  /** Members of the JWKS. Change it to rotate. */
  keys: unknown;
  discovery: Record<string, unknown>;
  /** Answers instead of the issuer while set. */
  fault: ((url: string, init: RequestInit) => Promise<Response>) | null;
}

export function createFakeIssuer(keys: unknown, issuer = "https://login.shop.example/realms/shop"): FakeIssuer {
  const jwksUri = `${issuer}/jwks`;
  const fake: FakeIssuer = {
    issuer,
    asked: [],
    keys,
    discovery: { issuer, jwks_uri: jwksUri },
    fault: null,
    async fetch(url, init) {
      fake.asked.push(url);
      if (fake.fault !== null) return fake.fault(url, init);
      if (url === jwksUri) return Response.json({ keys: fake.keys });
      return Response.json(fake.discovery);
    },
  };
  return fake;
}

/** Runs nothing by itself: a test fires what was planned last. */
export function createManualSchedule(): {
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  readonly delays: number[];
  fire(): void;
} {
  let planned: (() => void) | null = null;
  const delays: number[] = [];
  return {
    delays,
    schedule(task, delayMs) {
      planned = task;
      delays.push(delayMs);
      return () => {
        planned = null;
      };
    },
    fire() {
      const task = planned;
      planned = null;
      task?.();
    },
  };
}
