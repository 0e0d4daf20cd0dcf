/**
 * The parameters of AssumeRoleWithWebIdentity, within the limits of the service model.
 *
 * In: parameters by name. Out: a request that keeps every limit, or one ValidationError that tells all that is wrong.
 * Not here: what the policies say (session-policies.ts), what the role allows (role-directory.ts).
 * Source: STS service model 2011-06-15; texts as the service says them. A member that is sensitive in the model is told
 * without its value.
 */
import type { Parameters } from "./query-protocol.ts";
import { type StsRefusal, refuse } from "./sts-error.ts";

export interface AssumeRoleRequest {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly webIdentityToken: string;
  readonly durationSeconds: number;
  /** The text as given. */
  readonly policy: string | null;
  readonly policyArns: readonly string[];
}

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 900;
const MAX_SECONDS = 43_200;
const MAX_POLICY_ARNS = 10;
const POLICY_ARN = /^PolicyArns\.member\.([1-9]\d{0,3})\.arn$/;
const ROLE_ARN = /^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/;

interface Member {
  /** As the service names it in a message. */
  readonly at: string;
  readonly isRequired: boolean;
  readonly length: readonly [min: number, max: number];
  readonly pattern?: { readonly shown: string; readonly test: RegExp };
  readonly isSensitive?: boolean;
}

const DOCUMENT = { shown: "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", test: /^[\t\n\r\u0020-\u00ff]+$/ };
const ARN = {
  shown: "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+",
  test: /^[\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u,
};

const MEMBERS = {
  RoleArn: { at: "roleArn", isRequired: true, length: [20, 2048], pattern: ARN },
  RoleSessionName: {
    at: "roleSessionName",
    isRequired: true,
    length: [2, 64],
    pattern: { shown: "[\\w+=,.@-]*", test: /^[\w+=,.@-]*$/ },
  },
  WebIdentityToken: { at: "webIdentityToken", isRequired: true, length: [4, 20_000], isSensitive: true },
  ProviderId: { at: "providerId", isRequired: false, length: [4, 2048] },
  Policy: { at: "policy", isRequired: false, length: [1, 2048], pattern: DOCUMENT },
} as const satisfies Readonly<Record<string, Member>>;

export function readAssumeRoleRequest(
  parameters: Parameters,
): { readonly ok: true; readonly request: AssumeRoleRequest } | StsRefusal {
  const problems: string[] = [];
  for (const [name, member] of Object.entries<Member>(MEMBERS))
    problems.push(...problemsOf(member, parameters.get(name) ?? null));
  const policyArns = policyArnsOf(parameters);
  if (policyArns.length > MAX_POLICY_ARNS)
    problems.push(
      `Value '[${policyArns.join(", ")}]' at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to ${MAX_POLICY_ARNS}`,
    );
  for (const [index, arn] of policyArns.entries())
    problems.push(
      ...problemsOf(
        { at: `policyArns.${index + 1}.member.arn`, isRequired: true, length: [20, 2048], pattern: ARN },
        arn,
      ),
    );
  const duration = parameters.get("DurationSeconds") ?? String(DEFAULT_SECONDS);
  if (!/^[+-]?\d{1,10}$/.test(duration)) return refuse("MalformedInput", "DurationSeconds is not an integer.");
  const durationSeconds = Number(duration);
  const bound =
    durationSeconds < MIN_SECONDS ? `greater than or equal to ${MIN_SECONDS}` : `less than or equal to ${MAX_SECONDS}`;
  if (durationSeconds < MIN_SECONDS || durationSeconds > MAX_SECONDS)
    problems.push(
      `Value '${durationSeconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${bound}`,
    );
  if (problems.length > 0) {
    const count = problems.length === 1 ? "1 validation error" : `${problems.length} validation errors`;
    return refuse("ValidationError", `${count} detected: ${problems.join("; ")}`);
  }
  const roleArn = parameters.get("RoleArn") ?? "";
  if (!ROLE_ARN.test(roleArn)) return refuse("ValidationError", "Request ARN is invalid");
  if (parameters.has("ProviderId"))
    return refuse("InvalidIdentityToken", "OAuth 2.0 access tokens are not taken: ProviderId must not be given.");
  return {
    ok: true,
    request: {
      roleArn,
      roleSessionName: parameters.get("RoleSessionName") ?? "",
      // SDKs send a token's file as it is, with the line's end that most programs write after a token.
      webIdentityToken: (parameters.get("WebIdentityToken") ?? "").trimEnd(),
      durationSeconds,
      policy: parameters.get("Policy") ?? null,
      policyArns,
    },
  };
}

function problemsOf({ at, isRequired, length, pattern, isSensitive }: Member, value: string | null): string[] {
  const failed = (shown: string, constraint: string): string =>
    `Value ${shown}at '${at}' failed to satisfy constraint: ${constraint}`;
  if (value === null) return isRequired ? [failed("null ", "Member must not be null")] : [];
  const shown = isSensitive === true ? "" : `'${value}' `;
  const problems: string[] = [];
  const [min, max] = length;
  if (value.length > max) problems.push(failed(shown, `Member must have length less than or equal to ${max}`));
  if (value.length < min) problems.push(failed(shown, `Member must have length greater than or equal to ${min}`));
  if (pattern !== undefined && !pattern.test.test(value))
    problems.push(failed(shown, `Member must satisfy regular expression pattern: ${pattern.shown}`));
  return problems;
}

/** In the order of their numbers. */
function policyArnsOf(parameters: Parameters): string[] {
  const numbered: [number, string][] = [];
  for (const [name, value] of parameters) {
    const number = POLICY_ARN.exec(name)?.[1];
    if (number !== undefined) numbered.push([Number(number), value]);
  }
  return numbered.sort(([a], [b]) => a - b).map(([, arn]) => arn);
}
