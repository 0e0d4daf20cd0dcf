/**
 * Who is asking: a bearer token before a signature, a signature before a session, a session before the sign-in page.
 *
 * In: a request whose route needs somebody. Out: an identity, or the answer to nobody.
 * Not here: whether a token or a session is good (identity), what the identity may do (authorizer.ts).
 * A remembered token and a session that lasts are answered at once; only what has to be waited for is asynchronous.
 * Source: RFC 6750, RFC 9449, RFC 8705; docs/adr/0006-sealed-session-cookie.md.
 * INVARIANT: a session counts on the environment's domain alone, and never for what another site asks for.
 */
import type { Clock } from "../core/index.ts";
import type { Identity, Presented, PresentedResult, Session, SessionState, Sessions } from "../identity/index.ts";
import type { Arrival } from "./arrival.ts";
import { bearerToken, dpopToken, isCrossSite, isNavigation } from "./credentials.ts";
import type { GatewayRequest } from "./gateway-request.ts";
import { keepForm } from "./keep-form.ts";
import type { OwnAnswer } from "./own-endpoints.ts";
import type { RecordReason } from "./reasons.ts";
import { type FixedReason, type Reply, UNAUTHORIZED_DPOP, refusedDpopReply, refusedTokenReply } from "./reply.ts";
import type { RoutePlan } from "./route-plan.ts";
import type { Runtime } from "./runtime.ts";
import type { Holding } from "./stream-watch.ts";
import { authenticateSigned, isSigned } from "./signed-request.ts";

/** A request that nobody is known for yet, and what becomes of it. */
export interface Asking {
  readonly arrival: Arrival;
  readonly request: GatewayRequest;
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** The request opens a WebSocket. */
  readonly isUpgrade: boolean;
  onIdentity(plan: RoutePlan, identity: Identity, setCookies: readonly string[] | null, holding: Holding): void;
  /** Goes on with the whole body, which the service gets as it is; answers 413 to a larger one. */
  collectBody(maxBytes: number, next: (body: Buffer) => void): void;
  refuse(reason: FixedReason): void;
  answer(reply: Reply, reason: RecordReason): void;
  answerOwn(answer: OwnAnswer, reason: RecordReason): void;
  /** Goes on when the promise is settled, unless the client has gone meanwhile. */
  wait<T>(promise: Promise<T>, next: (value: T) => void): void;
}

const TOKEN: Holding = { kind: "token" };
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Ends in one call on `asking`: with an identity, or with an answer. */
export function authenticate(asking: Asking, plan: RoutePlan): void {
  const { host, head } = asking.arrival;
  const { authorization, cookie } = head;
  const token = authorization === null ? null : bearerToken(authorization);
  const { verifier, sessions } = asking.runtime.source;
  if (token !== null) {
    const identity = verifier.cached(token);
    if (identity !== null) return asking.onIdentity(plan, identity, null, TOKEN);
    return present(asking, plan, token, "bearer");
  }
  // Where no policy speaks of proofs, this scheme is one that nobody knows.
  const bound = authorization === null || !verifier.proofs.includes("dpop") ? null : dpopToken(authorization);
  if (bound !== null) return present(asking, plan, bound, "dpop");
  const { signedCallers } = asking.runtime;
  if (signedCallers !== null && isSigned(authorization, asking.arrival.query))
    return authenticateSigned(asking, plan, signedCallers);
  // The session's cookie is the domain's alone; on another host nobody can have one.
  const isDomain = typeof host === "object" && host.isDomain;
  if (!plan.login || sessions === null || !isDomain) return refuseNobody(asking, "unauthenticated");
  takeSession(asking, plan, sessions, sessions.read(cookie, plan.minimumSeconds));
}

function takeSession(asking: Asking, plan: RoutePlan, sessions: Sessions, read: SessionState): void {
  switch (read.state) {
    case "unread":
      return asking.wait(sessions.load(asking.arrival.head.cookie, plan.minimumSeconds), (loaded) =>
        takeSession(asking, plan, sessions, loaded),
      );
    case "unavailable":
      return asking.refuse("session-store-unavailable");
    case "none":
    case "invalid":
      return askToSignIn(asking, sessions, "unauthenticated");
    case "expired":
      return askToSignIn(asking, sessions, "session-expired");
    case "valid":
      return useSession(asking, plan, sessions, read.session, false);
    case "needs-refresh":
      return useSession(asking, plan, sessions, read.session, true);
    default:
      return read satisfies never;
  }
}

function present(asking: Asking, plan: RoutePlan, token: string, scheme: Presented["scheme"]): void {
  const { api, method, origin, rawPath, head } = asking.arrival;
  const presented: Presented = {
    scheme,
    proofs: head.dpop,
    method,
    url: origin + rawPath,
    // The private listener asks for none, so nobody but a client can have written one there.
    certificate: api === "public" ? head.clientCertificate : null,
  };
  const { verifier } = asking.runtime.source;
  asking.wait(verifier.verifyPresented(token, presented), (result) => takeVerified(asking, plan, result, scheme));
}

function takeVerified(asking: Asking, plan: RoutePlan, result: PresentedResult, scheme: Presented["scheme"]): void {
  if (result.ok) return asking.onIdentity(plan, result.identity, null, TOKEN);
  const { reason } = result;
  if (reason === "keys-unavailable" || reason === "proof-memory-full") return asking.refuse(reason);
  // Who sent a bound token, or one that should be, as a bearer's is told of the scheme that would do.
  const lacksProof = reason === "token-sender-constrained" || reason === "token-not-bound";
  const isDpop = scheme === "dpop" || (lacksProof && asking.runtime.source.verifier.proofs.includes("dpop"));
  const reply = isDpop ? refusedDpopReply : refusedTokenReply;
  asking.answer(reply(reason, plan.challengeScope), reason);
}

function refuseNobody(asking: Asking, reason: "unauthenticated" | "session-expired"): void {
  if (asking.runtime.source.verifier.proofs.includes("dpop")) asking.answer(UNAUTHORIZED_DPOP, reason);
  else asking.refuse(reason);
}

function useSession(asking: Asking, plan: RoutePlan, sessions: Sessions, session: Session, isDue: boolean): void {
  const { method, origin } = asking.arrival;
  // A WebSocket is open to the page that asked for it, whatever its origin is: no other rule of browsers guards it.
  if ((asking.isUpgrade || !SAFE_METHODS.has(method)) && isCrossSite(asking.request.allHeaders, origin))
    return asking.refuse("request-cross-site");
  if (!isDue) return asking.onIdentity(plan, session.identity, sessions.touch(session), { kind: "session", session });
  asking.wait(sessions.refresh(session, plan.minimumSeconds), (result) => {
    if (result.ok)
      return asking.onIdentity(plan, result.session.identity, result.setCookie, {
        kind: "session",
        session: result.session,
      });
    if (result.reason === "session-expired") return askToSignIn(asking, sessions, "session-expired");
    // The provider is away, but the right that the caller has is good at this second, as a bearer's would be.
    if (session.identity.expiresAtSeconds * 1000 > asking.clock.nowMs())
      return asking.onIdentity(plan, session.identity, null, { kind: "session", session });
    return asking.refuse(result.reason === "store-unavailable" ? "session-store-unavailable" : result.reason);
  });
}

function askToSignIn(asking: Asking, sessions: Sessions, reason: "unauthenticated" | "session-expired"): void {
  const { method, target, head } = asking.arrival;
  if (reason === "session-expired" && method === "POST")
    return keepForm(asking, null, () => refuseNobody(asking, reason));
  if (!isNavigation(method, asking.request.allHeaders)) return refuseNobody(asking, reason);
  asking.wait(sessions.startLogin(target, head.cookie), (answer) =>
    asking.answerOwn(answer, answer.status === 302 ? "sign-in" : answer.reason),
  );
}
