/**
 * Where AWS documents nothing, or says two things, somebody has to choose: each such choice by name.
 *
 * In: names and values as a user gives them. Out: a value for each switch. The first value is what applies untold.
 * Not here: what a choice does (each file reads its own).
 * Source: `section` is the page of the API Gateway developer guide on what is chosen about.
 * INVARIANT: the default never lets a route answer for a path that a backend may take for another one.
 */
import { GatehouseError } from "../../core/index.ts";

export interface SwitchEntry {
  /** The first one is the default. */
  readonly choices: readonly [string, string, ...string[]];
  /** What of API Gateway it is about. */
  readonly section: string;
  /** One sentence. */
  readonly meaning: string;
}

export const SWITCHES = {
  "loopback-host": {
    choices: ["single-api", "unknown"],
    section: "endpoints",
    meaning: "Whether `localhost` and loopback addresses mean the API of an account that has exactly one.",
  },
  "disabled-endpoint": {
    choices: ["404", "403"],
    section: "endpoints",
    meaning: "What the execute-api address answers when it is disabled.",
  },
  "health-paths": {
    choices: ["reserved", "routed"],
    section: "endpoints",
    meaning: "Whether `/ping` and `/sping` are answered with `healthy` instead of reaching a route.",
  },
  scheme: {
    choices: ["https", "actual"],
    section: "endpoints",
    meaning: "Whether calls count as made over TLS, as all of AWS's are, or by the listener that they came in on.",
  },
  "path-spelling": {
    choices: ["normalize", "refuse"],
    section: "routing",
    meaning:
      "Whether dot segments and repeated slashes are resolved before anything is decided or sent on, or refused with 400.",
  },
  "encoded-slash": {
    choices: ["refuse", "opaque"],
    section: "routing",
    meaning:
      "Whether `%2F` and `%5C` are refused with 400, or belong to their segment; a backend that decodes them then sees another path than routes.",
  },
  "trailing-slash": {
    choices: ["distinct", "ignore"],
    section: "routing",
    meaning: "Whether a request for `/pets/` is another one than for `/pets` when its route is looked for.",
  },
  "greedy-order": {
    choices: ["method-first", "path-first"],
    section: "routing",
    meaning: "Which greedy route wins: the one that names the method, or the one with more of the path.",
  },
  "fixed-uri": {
    choices: ["as-written", "append-path"],
    section: "integrations",
    meaning: "Whether a public integration of `$default` gets the request's path behind a URI without parameters.",
  },
  "cors-on-errors": {
    choices: ["add", "omit"],
    section: "CORS",
    meaning: "Whether answers of the gateway itself have the CORS headers of the API.",
  },
  "throttle-order": {
    choices: ["before-authorizer", "after-authorizer"],
    section: "throttling",
    meaning: "Whether a request takes its token before it is authorized.",
  },
  "payload-too-large": {
    choices: ["text", "json"],
    section: "errors",
    meaning: "The body of 413: the front end's text, or a message in JSON.",
  },
  "response-delivery": {
    choices: ["buffered", "streamed"],
    section: "integrations",
    meaning:
      "Whether an answer is held until it is complete, within the timeout and 10 MB, or passed on as it comes, and cut when it falls silent for as long or has more.",
  },
  "integration-timeout": {
    choices: ["503", "504"],
    section: "errors",
    meaning: "The status when the backend does not answer in time.",
  },
  "integration-unreachable": {
    choices: ["503", "500", "502", "504"],
    section: "errors",
    meaning: "The status when the backend cannot be reached or breaks off.",
  },
  "absent-value": {
    choices: ["omit", "empty"],
    section: "parameter mapping",
    meaning: "Whether a mapped value that is not there leaves its header or parameter out, or empty.",
  },
  "empty-body-type": {
    choices: ["form", "none"],
    section: "integrations",
    meaning: "Whether requests without body and content type reach the backend as `application/x-www-form-urlencoded`.",
  },
  "jwt-algorithms": {
    choices: ["rs256", "rsa", "rsa-and-pss"],
    section: "JWT",
    meaning: "Which signature algorithms count: RS256 alone, all of RSA, or these and RSA-PSS. Others never do.",
  },
  "jwt-bearer-prefix": {
    choices: ["any-case", "exact"],
    section: "JWT",
    meaning: "Whether `bearer` in front of a token is taken off however it is spelled, or as `Bearer` only.",
  },
  "jwt-missing-exp": {
    choices: ["refuse", "accept"],
    section: "JWT",
    meaning: "What happens to a token that never expires.",
  },
  "jwt-leeway": {
    choices: ["0", "60"],
    section: "JWT",
    meaning: "Seconds that `exp`, `nbf` and `iat` may be off.",
  },
  "jwt-scope-claims": {
    choices: ["scp-first", "scope-first", "both"],
    section: "JWT",
    meaning: "Which claim has the scopes of a token with `scope` and `scp`.",
  },
  "jwt-unknown-kid": {
    choices: ["refetch", "refuse"],
    section: "JWT",
    meaning:
      "Whether a key that is not known is looked for at the issuer once in a while, or only when keys are too old.",
  },
  "jwt-key-cache": {
    choices: ["2h", "10m"],
    section: "JWT",
    meaning: "How long keys are used; the second is stricter than AWS.",
  },
  "jwt-discovery-issuer": {
    choices: ["unchecked", "must-match"],
    section: "JWT",
    meaning:
      "Whether the discovery document must name the issuer that it was asked of; the second is stricter than AWS.",
  },
  "jwt-token-use": {
    choices: ["any", "access-only"],
    section: "JWT",
    meaning: "Whether a token with `token_use: id` counts; the second is stricter than AWS.",
  },
  "jwt-issued-at": {
    choices: ["optional", "required"],
    section: "JWT",
    meaning: "Whether a token has to say when it was issued; the second is stricter than AWS.",
  },
  "iam-authorization": {
    choices: ["pass", "drop"],
    section: "IAM",
    meaning: "Whether the signature of a signed request and its session token go on to the backend.",
  },
  "iam-error-type": {
    choices: ["unsigned", "always", "never"],
    section: "IAM",
    meaning: "Which refusals of a signed route have `x-amzn-errortype`.",
  },
  "unsigned-payload": {
    choices: ["refuse", "accept"],
    section: "IAM",
    meaning: "Whether `x-amz-content-sha256: UNSIGNED-PAYLOAD` is taken instead of the body's hash.",
  },
} as const satisfies Readonly<Record<string, SwitchEntry>>;

export type SwitchName = keyof typeof SWITCHES;
export type Switches = { readonly [N in SwitchName]: (typeof SWITCHES)[N]["choices"][number] };

/** @throws GH_GATEWAY_SWITCH for a name or a value that is not in the table */
export function readSwitches(given: Readonly<Record<string, string>>): Switches {
  const values = Object.fromEntries(
    Object.entries(SWITCHES).map(([name, { choices }]) => [name, choices[0] as string]),
  );
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(SWITCHES, name))
      throw new GatehouseError("GH_GATEWAY_SWITCH", { name, wanted: Object.keys(SWITCHES).join(", ") });
    const { choices }: SwitchEntry = SWITCHES[name as SwitchName];
    if (!choices.includes(value))
      throw new GatehouseError("GH_GATEWAY_SWITCH", { name: `${name}=${value}`, wanted: choices.join(", ") });
    values[name] = value;
  }
  return values as Switches;
}

/** The table, for those who show it. */
export function listSwitches(): readonly (SwitchEntry & { readonly name: string; readonly default: string })[] {
  return Object.entries<SwitchEntry>(SWITCHES).map(([name, entry]) => ({ name, default: entry.choices[0], ...entry }));
}
