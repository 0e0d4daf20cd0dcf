/** What a service was told about a request and its caller, in whatever spelling it came. */
import { DOMAIN } from "./policy.ts";
import type { Entrance, Road } from "./road.ts";
import type { Arrived } from "./backend.ts";

/** Names that a service, or what it runs on, takes for the truth about a request; folded as CGI folds them. */
const TRUTH =
  /^(?:x-gatehouse|x-gh-|x-forwarded|forwarded$|x-auth-user$|x-real-ip$|true-client-ip$|(?:x-)?(?:cluster-)?client-ip$|cf-connecting-ip$|fastly-client-ip$|x-original-|x-rewrite-url$|x-host$|x-http-method|x-method-override$|proxy$|authorization$|x-request-id$|traceparent$)/;
/** Of each request its own. */
const OWN_VALUE = new Set(["x-gatehouse-assertion", "x-request-id", "traceparent"]);

/** Every value under each such name, by the folded name. What is new with each request is told as `...`. */
export function toldTo(arrived: Arrived): Record<string, readonly string[]> {
  const told: Record<string, string[]> = {};
  for (const [name, value] of arrived.headers) {
    const folded = name.toLowerCase().replaceAll(/[_.]/g, "-");
    if (TRUTH.test(folded)) (told[folded] ??= []).push(OWN_VALUE.has(folded) ? "..." : value);
  }
  return told;
}

/** What is told of a member of `support` that `road.support()` speaks for, and nothing else. */
export function truthOf(road: Road): Record<string, readonly string[]> {
  return {
    ...openTruthOf(road),
    "x-auth-user": ["worker"],
    "x-gatehouse-subject": ["worker"],
    "x-gatehouse-issuer": ["idp"],
    "x-gatehouse-groups": ["support"],
    "x-gatehouse-kind": ["machine"],
    "x-gatehouse-role": ["support"],
    "x-gatehouse-assertion": ["..."],
  };
}

/** What is told on an open route. */
export function openTruthOf(road: Road): Record<string, readonly string[]> {
  const host = `${DOMAIN}:${new URL(road.instance.status.edge.https).port}`;
  return {
    forwarded: [`for=127.0.0.1;host="${host}";proto=https`],
    "x-forwarded-for": ["127.0.0.1"],
    "x-forwarded-host": [host],
    "x-forwarded-proto": ["https"],
    "x-request-id": ["..."],
    traceparent: ["..."],
  };
}

/** What Caddy says of a request to the gateway, behind what the client said: nothing where Caddy says it itself. */
export function asEdge(entrance: Entrance): readonly string[] {
  return entrance === "edge" ? [] : ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https"];
}
