/**
 * The answer to a known caller who is not let in; where another sign-in would help, one that asks for it.
 *
 * In: a request whose identity the policy refused. Out: a refusal, a challenge, or the way to sign in.
 * Browsers that went somewhere are sent to sign in and come back, a form is given back to be sent afterwards; scripts and bearer callers get a challenge that says
 * what to ask the provider for. Whoever signs with credentials cannot do anything about it: 403.
 * Source: RFC 9470 section 3; docs/spec PL-8.8.
 */
import { type AskedSignIn, askedParameters } from "../identity/index.ts";
import type { Authorization } from "./authorizer.ts";
import type { Asking } from "./authenticate.ts";
import { isNavigation } from "./credentials.ts";
import { keepForm } from "./keep-form.ts";
import { type Reply, jsonReply } from "./reply.ts";
import type { RoutePlan } from "./route-plan.ts";
import type { Holding } from "./stream-watch.ts";

export type RefusedReason = Extract<Authorization, { readonly allowed: false }>["reason"];

/** Ends in one call on `asking`. */
export function refuseKnown(
  asking: Asking,
  { authentication }: RoutePlan,
  holding: Holding | null,
  reason: RefusedReason | "authentication-needed",
): void {
  if (reason !== "authentication-needed" || authentication === null || holding?.kind === "credentials")
    return asking.refuse(reason);
  const { method, target, head } = asking.arrival;
  const { sessions } = asking.runtime.source;
  const challenge = (): void => asking.answer(challengeReply(authentication), reason);
  if (holding?.kind !== "session" || sessions === null) return challenge();
  if (method === "POST") return keepForm(asking, authentication, challenge);
  if (!isNavigation(method, asking.request.allHeaders)) return challenge();
  asking.wait(sessions.startLogin(target, head.cookie, authentication), (answer) =>
    asking.answerOwn(answer, answer.status === 302 ? reason : answer.reason),
  );
}

/** The policy's `acr` values have no character that a quoted text could not hold. */
function challengeReply(asked: AskedSignIn): Reply {
  const parts = [
    'error="insufficient_user_authentication"',
    'error_description="another sign-in is needed"',
    ...Object.entries(askedParameters(asked)).map(([name, value]) => `${name}="${value}"`),
  ];
  return jsonReply(401, "Unauthorized", ["www-authenticate", `Bearer ${parts.join(", ")}`]);
}
