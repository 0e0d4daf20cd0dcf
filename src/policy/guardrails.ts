/**
 * What a well-formed policy should still not say: the closed list of guardrails, each with why, an example, what to do,
 * and its check. A check is pure and knows nothing of waivers (lint-policy.ts).
 * Not here: the rules of other tools that they answer (guardrails/rules-for-iam.ts).
 */
import { BROWSER_GUARDRAILS } from "./guardrails/browsers.ts";
import { CONDITION_GUARDRAILS } from "./guardrails/conditions.ts";
import { CREDENTIAL_GUARDRAILS } from "./guardrails/credentials.ts";
import { GRANT_GUARDRAILS } from "./guardrails/grants.ts";
import type { Guardrails } from "./guardrails/guardrail.ts";
import { MEMBER_GUARDRAILS } from "./guardrails/members.ts";
import { NETWORK_GUARDRAILS } from "./guardrails/networks.ts";
import { ROUTE_GUARDRAILS } from "./guardrails/routes.ts";

export type { Finding, Guardrail } from "./guardrails/guardrail.ts";

export const GUARDRAILS: Guardrails = {
  ...GRANT_GUARDRAILS,
  ...MEMBER_GUARDRAILS,
  ...CONDITION_GUARDRAILS,
  ...ROUTE_GUARDRAILS,
  ...BROWSER_GUARDRAILS,
  ...NETWORK_GUARDRAILS,
  ...CREDENTIAL_GUARDRAILS,
};
