/** One difference between two sets of artifacts, as a person would say it. */
export interface Change {
  readonly kind:
    | "domain"
    | "edge"
    | "cors"
    | "identity"
    | "throttle"
    | "route-added"
    | "route-removed"
    | "route-access"
    | "route-authentication"
    | "route-throttle"
    | "route-timeout"
    | "route-body"
    | "route-retries"
    | "route-streaming"
    | "route-websocket"
    | "service-upstream"
    | "service-host"
    | "service-headers"
    | "service-login"
    | "role-added"
    | "role-removed"
    | "role-members"
    | "role-grants"
    | "role-boundary"
    | "role-condition"
    | "role-trust";
  /**
   * What changed: a route key (`private GET /x` behind the private listener, `GET /x at HOST` on a host of its own), a
   * role, a service, a host name.
   */
  readonly subject: string;
  /** One sentence, lower case, without full stop; values in backticks. */
  readonly text: string;
}

const SHOWN = 20;

/** The changes as lines for a terminal, at most 20 of them; one line also when there is none. */
export function renderChanges(changes: readonly Change[]): string {
  if (changes.length === 0) return "nothing changed in meaning";
  const lines = changes.slice(0, SHOWN).map(({ text }) => `- ${text}`);
  if (changes.length > SHOWN) lines.push(`- and ${changes.length - SHOWN} more`);
  return lines.join("\n");
}

/** `a`, `b` and `c`: values in backticks. */
export function listValues(values: readonly string[]): string {
  const quoted = values.map((value) => `\`${value}\``);
  const last = quoted.pop() ?? "nothing";
  return quoted.length === 0 ? last : `${quoted.join(", ")} and ${last}`;
}

/** What is in the second list only and in the first list only, sorted. */
export function compareLists(
  before: readonly string[],
  after: readonly string[],
): { readonly gained: readonly string[]; readonly lost: readonly string[] } {
  const [had, has] = [new Set(before), new Set(after)];
  return {
    gained: [...has].filter((value) => !had.has(value)).sort(),
    lost: [...had].filter((value) => !has.has(value)).sort(),
  };
}
