/**
 * A request that is signed with temporary credentials, in the header or in the query, on a route that needs somebody.
 *
 * In: a request as it came, its body. Out: the identity behind the signature, or 403 with a reason for the record alone.
 * The body is collected only when everything else about the signature can be good: whoever has no credentials makes nobody
 * keep a body in memory.
 * Source: API Gateway developer guide, "Controlling access to HTTP APIs with IAM authorization".
 * INVARIANT: nothing of a signature that was taken here (header, session token, parameters) goes on to the service.
 */
import { createHash } from "node:crypto";
import { type SignatureResult, verifySignature } from "../iam/index.ts";
import type { Principal } from "../sts/index.ts";
import type { Asking } from "./authenticate.ts";
import type { RoutePlan } from "./route-plan.ts";
import type { Holding } from "./stream-watch.ts";
import type { SignedCallers } from "./signed-callers.ts";

const SERVICE = "execute-api";
const ALGORITHM = /^AWS4-/;
/** API Gateway's payload quota. */
const MAX_BODY_BYTES = 10_485_760;
const EMPTY_HASH = createHash("sha256").digest("hex");
const PARAMETER = /^x-amz-(?:algorithm|credential|date|expires|security-token|signature|signedheaders)$/i;
const HEADERS: ReadonlySet<string> = new Set(["authorization", "x-amz-security-token"]);

/** Whether a request without token says that it is signed. */
export function isSigned(authorization: string | null, query: string): boolean {
  return authorization === null ? query.includes("X-Amz-Signature=") : ALGORITHM.test(authorization);
}

const CREDENTIALS: Holding = { kind: "credentials" };

/** Ends in one call on `asking`, as `authenticate` does. */
export function authenticateSigned(asking: Asking, plan: RoutePlan, callers: SignedCallers): void {
  if (!asking.arrival.hasBody) return take(asking, plan, callers, verify(asking, callers, EMPTY_HASH));
  // What the hash cannot change is found first; without the body no signature is good.
  const early = verify(asking, callers, "");
  if (!early.ok && early.refusal.reason !== "signature-mismatch" && early.refusal.reason !== "payload-mismatch")
    return take(asking, plan, callers, early);
  asking.collectBody(Math.min(plan.maxBodyBytes, MAX_BODY_BYTES), (body) => {
    const payloadHash = createHash("sha256").update(body).digest("hex");
    take(asking, plan, callers, verify(asking, callers, payloadHash));
  });
}

function verify(asking: Asking, callers: SignedCallers, payloadHash: string): SignatureResult<Principal> {
  const { method, target } = asking.arrival;
  return verifySignature<Principal>(
    { method, target, headers: asking.request.rawHeaders, payloadHash },
    { service: SERVICE, region: callers.region, nowMs: asking.clock.nowMs(), credentials: callers.sts.credentials },
  );
}

function take(asking: Asking, plan: RoutePlan, callers: SignedCallers, result: SignatureResult<Principal>): void {
  if (!result.ok) return asking.refuse(result.refusal.reason);
  const caller = callers.callerOf(result.principal);
  if (caller === null) return asking.refuse("credentials-outdated");
  leaveSignatureBehind(asking);
  asking.runtime.know(caller);
  // A right that was taken away is taken from what was got for it too.
  if (!asking.runtime.source.verifier.mayGoOn(caller.identity)) return asking.refuse("credentials-revoked");
  asking.onIdentity(plan, caller.identity, null, CREDENTIALS);
}

function leaveSignatureBehind({ arrival }: Asking): void {
  const { head, query } = arrival;
  const kept: string[] = [];
  for (let i = 0; i + 1 < head.forwarded.length; i += 2) {
    const [name = "", value = ""] = [head.forwarded[i], head.forwarded[i + 1]];
    if (!HEADERS.has(name.toLowerCase())) kept.push(name, value);
  }
  head.forwarded = kept;
  arrival.onwardQuery = withoutSignature(query);
}

/** A query, with its `?`, without the parameters of a presigned address; what stays is as it was. */
export function withoutSignature(query: string): string {
  if (query === "") return query;
  const kept = query
    .slice(1)
    .split("&")
    .filter((pair) => !PARAMETER.test(nameOf(pair)));
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

function nameOf(pair: string): string {
  const equals = pair.indexOf("=");
  const name = equals === -1 ? pair : pair.slice(0, equals);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
