/**
 * The headers that tell the service who asks and how the request came: the only ones it may believe.
 *
 * In: a verified identity, the role that allowed it, what the edge saw. Out: flat lists of names and values.
 * Not here: what is taken out of the client's headers first (request-head.ts), the assertion's content (identity).
 * Source: RFC 7239 (Forwarded), docs/guide on headers.
 * INVARIANT: a value holds visible ASCII only; what else was in a claim is percent-encoded, and so are `%` and `,`.
 */
import { isIP } from "node:net";
import type { Identity } from "../identity/index.ts";
import type { IdentityField } from "../model/index.ts";
import type { Arrival } from "./arrival.ts";
import type { HeaderPlan } from "./header-plan.ts";

const PLAIN = /^[!-$&-+\--~]+(?: [!-$&-+\--~]+)*$/;
const UNSAFE = /[^ !-$&-+\--~]|^ | $| (?= )/gu;

/** A claim's value as one header value: `decodeURIComponent` gives it back. */
export function encodeHeaderValue(value: string): string {
  if (value === "" || PLAIN.test(value)) return value;
  return value.toWellFormed().replaceAll(UNSAFE, encodeEach);
}

function encodeEach(character: string): string {
  let encoded = "";
  for (const byte of Buffer.from(character)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return encoded;
}

/** `x-gatehouse-*` of an identity, without role and assertion, which depend on the request. */
export function identityHeaders(identity: Identity): readonly string[] {
  const headers = ["x-gatehouse-subject", encodeHeaderValue(identity.subject)];
  // Beside the subject: what another issuer calls `ann` is not the provider's `ann`.
  if (identity.issuerName !== null) headers.push("x-gatehouse-issuer", encodeHeaderValue(identity.issuerName));
  if (identity.name !== null) headers.push("x-gatehouse-name", encodeHeaderValue(identity.name));
  if (identity.groups.length > 0)
    headers.push("x-gatehouse-groups", identity.groups.map((group) => encodeHeaderValue(group)).join(","));
  if (identity.clientId !== null) headers.push("x-gatehouse-client", encodeHeaderValue(identity.clientId));
  headers.push("x-gatehouse-kind", identity.kind);
  // Kept as long as the identity: without the room that `push` has made for more.
  return headers.slice();
}

/** Who asks, as far as the service is told. */
export interface Caller {
  readonly identity: Identity;
  /** Of `identityHeaders`. */
  readonly headers: readonly string[];
  readonly role: string | null;
  readonly assertion: string;
}

/** What is told of how a request came. */
export type Introduced = Pick<Arrival, "head" | "requestId" | "traceparent" | "tracestate" | "sourceIp" | "proto">;

/** Adds Gatehouse's headers to those of the client that go on. */
export function addServiceHeaders(arrival: Introduced, plan: HeaderPlan, caller: Caller | null): string[] {
  const { head, sourceIp, proto } = arrival;
  const { forwarded: headers, contentLength } = head;
  const host = head.host ?? "";
  // After everything that a client may have said, so that its `Connection` takes none of these away.
  for (let i = 0; i < plan.requestHeaders.length; i++) headers.push(plan.requestHeaders[i] as string);
  if (plan.keepsHost) headers.push("host", host);
  if (contentLength !== null && contentLength !== "0") headers.push("content-length", contentLength);
  headers.push("x-request-id", arrival.requestId, "traceparent", arrival.traceparent);
  if (arrival.tracestate !== null) headers.push("tracestate", arrival.tracestate);
  headers.push("forwarded", forwardedElement(sourceIp, host, proto), "x-forwarded-for", sourceIp);
  headers.push("x-forwarded-host", host, "x-forwarded-proto", proto);
  if (caller === null) return headers;
  const { headers: facts, role } = caller;
  for (let i = 0; i < facts.length; i++) headers.push(facts[i] as string);
  if (role !== null) headers.push("x-gatehouse-role", encodeHeaderValue(role));
  headers.push("x-gatehouse-assertion", caller.assertion);
  for (const [name, field] of plan.ownIdentityHeaders) {
    const value = fieldOf(field, caller.identity, role);
    if (value !== null) headers.push(name, value);
  }
  return headers;
}

function fieldOf(field: IdentityField, identity: Identity, role: string | null): string | null {
  switch (field) {
    case "subject":
      return encodeHeaderValue(identity.subject);
    case "name":
      return identity.name === null ? null : encodeHeaderValue(identity.name);
    case "groups":
      return identity.groups.length === 0 ? null : identity.groups.map((group) => encodeHeaderValue(group)).join(",");
    case "client":
      return identity.clientId === null ? null : encodeHeaderValue(identity.clientId);
    case "role":
      return role === null ? null : encodeHeaderValue(role);
    case "issuer":
      return identity.issuerName === null ? null : encodeHeaderValue(identity.issuerName);
    case "kind":
      return identity.kind;
    default:
      return field satisfies never;
  }
}

/** What `sourceIp` says when the edge did not say it. It is in no network, so a condition on the address fails. */
export const UNKNOWN_ADDRESS = "unknown";

/** The address that the edge saw: the last one of the list, as each hop appends. */
export function sourceAddress(forwardedFor: string | null): string {
  if (forwardedFor === null) return UNKNOWN_ADDRESS;
  const last = forwardedFor.slice(forwardedFor.lastIndexOf(",") + 1).trim();
  return isIP(last) === 0 ? UNKNOWN_ADDRESS : last;
}

/** One `Forwarded` element. `host` has been checked before: it holds no quote. */
export function forwardedElement(sourceIp: string, host: string, proto: string): string {
  const node = sourceIp.includes(":") ? `"[${sourceIp}]"` : sourceIp;
  return `for=${node};host="${host}";proto=${proto}`;
}
