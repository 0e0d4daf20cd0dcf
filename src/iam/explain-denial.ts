/**
 * Why IAM refused, in the words that AWS has for it. For records of whoever runs the gateway; an HTTP API tells its callers
 * `Forbidden` and nothing else.
 * Source: IAM user guide, "Troubleshooting access denied error messages".
 */
import type { Evaluation } from "./evaluate.ts";

export interface DeniedRequest {
  /** Of a role session: `arn:aws:sts::111122223333:assumed-role/reader/ada`. */
  readonly userArn: string;
  readonly action: string;
  readonly resource: string;
}

const NAMES = {
  identity: ["an", "identity-based policy"],
  boundary: ["a", "permissions boundary"],
  session: ["a", "session policy"],
} as const;

/** One line; null when the request is allowed. Of several kinds of policy that refuse, it names one, as AWS does. */
export function explainDenial(
  { effect, by, deniedIn }: Evaluation,
  { userArn, action, resource }: DeniedRequest,
): string | null {
  if (effect === "Allowed") return null;
  const line = `User: ${userArn} is not authorized to perform: ${action} on resource: ${resource}`;
  if (deniedIn !== null) return `${line} with an explicit deny in ${NAMES[deniedIn].join(" ")}`;
  const [, name] = NAMES[by === "boundary" || by === "session" ? by : "identity"];
  return `${line} because no ${name} allows the ${action} action`;
}
