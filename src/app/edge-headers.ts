/**
 * What the edge does to headers: a stock Caddy with the configuration that Gatehouse compiles.
 *
 * In: the names that the gateway got and answered with. Out: fates at the edge.
 * How it is known: `tests/road/header-contract.test.ts` holds every line of this against a real Caddy. Caddy can keep
 * headers out of its log or write them with their values, and has no filter that leaves the names: so no log says what a
 * client sent that the edge did not pass on (`EDGE_DROPS`).
 */
import type { HeaderFate } from "../gateway/index.ts";
import type { EdgeRecord } from "../records/index.ts";

/** What the edge never passes on from a client, for people. No log tells whether a request had any of it. */
export const EDGE_DROPS: readonly string[] = [
  "names with `_` or `.`",
  "hop-by-hop headers (`Alt-Svc` too, but not `Te: trailers`), and what `Connection` names (HTTP/1.1)",
];

/** The edge puts its own value there, whatever the client sent. */
const SET: Readonly<Record<string, "request-id" | "forwarding">> = {
  "x-request-id": "request-id",
  "x-forwarded-for": "forwarding",
  "x-forwarded-host": "forwarding",
  "x-forwarded-proto": "forwarding",
};

/** @param arrived names as the gateway got them */
export function explainEdgeRequest(arrived: readonly string[]): readonly HeaderFate[] {
  const lastVia = arrived.findLastIndex((name) => name.toLowerCase() === "via");
  return arrived.map((name, index): HeaderFate => {
    const why = SET[name.toLowerCase()];
    if (why !== undefined) return { name, change: "added", why };
    // The client's own come before it.
    return index === lastVia ? { name, change: "added", why: "edge" } : { name, change: "kept", why: null };
  });
}

export interface EdgeAnswer {
  readonly protocol: EdgeRecord["protocol"];
  readonly status: number;
  readonly hasBody: boolean;
  /** The environment is on loopback, where `Strict-Transport-Security` would outlive it. */
  readonly isLoopback: boolean;
}

/** @param answered names as the gateway sent them, without those of its own connection */
export function explainEdgeAnswer(
  answered: readonly string[],
  { protocol, status, hasBody, isLoopback }: EdgeAnswer,
): readonly HeaderFate[] {
  const has = (wanted: string): boolean => answered.some((name) => name.toLowerCase() === wanted);
  // Over HTTP/3 there is nothing to promise any more.
  const saysWhereElse = !protocol.startsWith("HTTP/3");
  const own = answered.findIndex((name) => name.toLowerCase() === "alt-svc");
  const passed = answered.map((name, index): HeaderFate => {
    // Of another connection than the client's, so that Caddy counts it with the hop-by-hop headers.
    if (name.toLowerCase() !== "alt-svc") return { name, change: "kept", why: null };
    return { name, change: saysWhereElse && index === own ? "replaced" : "dropped", why: "edge" };
  });
  const added: HeaderFate[] = [];
  const add = (name: string): void => void added.push({ name, change: "added", why: "edge" });
  if (saysWhereElse && own === -1) add("alt-svc");
  if (status !== 101) add("via");
  if (!isLoopback && !has("strict-transport-security")) add("strict-transport-security");
  // Guessed from the first bytes, as Go does for whoever says nothing.
  if (hasBody && status !== 101 && !has("content-type") && !has("content-encoding")) add("content-type");
  return [...passed, ...added];
}
