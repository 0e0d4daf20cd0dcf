/** What holds for every list of an account: how long it may be, and that nothing is in it twice. */
import type { AccountProblemCode, AddProblem } from "./account-problems.ts";

/** SOURCE: API Gateway developer guide, "HTTP API quotas"; IAM user guide, "IAM and AWS STS quotas". */
const QUOTAS = {
  routes: { limit: 300, mayBeRaised: true },
  integrations: { limit: 300, mayBeRaised: false },
  authorizers: { limit: 10, mayBeRaised: true },
  audiences: { limit: 50, mayBeRaised: false },
  scopes: { limit: 10, mayBeRaised: false },
  stages: { limit: 10, mayBeRaised: true },
  "stage variables": { limit: 100, mayBeRaised: false },
  "custom domains": { limit: 120, mayBeRaised: true },
  "mappings of several segments": { limit: 200, mayBeRaised: false },
  "OpenID providers": { limit: 100, mayBeRaised: false },
  "client ids": { limit: 100, mayBeRaised: false },
  tags: { limit: 50, mayBeRaised: false },
} as const;

export function checkCount(what: keyof typeof QUOTAS, count: number, at: string, add: AddProblem): void {
  const { limit, mayBeRaised } = QUOTAS[what];
  if (count <= limit) return;
  const hint = mayBeRaised
    ? `leave out ${count - limit}; on AWS the quota can be raised on request`
    : `leave out ${count - limit}`;
  add("account/quota", at, `${count} ${what}, AWS takes ${limit}`, hint);
}

/** No two of the list have the same text under `key`. */
export function checkUnique<K extends string>(
  items: readonly Readonly<Record<K, string>>[],
  at: string,
  key: K,
  code: AccountProblemCode,
  add: AddProblem,
): void {
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const first = seen.get(item[key]);
    if (first === undefined) seen.set(item[key], index);
    else
      add(
        code,
        `${at}/${index}/${key}`,
        `\`${item[key]}\` is also the \`${key}\` of entry ${first + 1}`,
        "give one of the two another",
        item[key],
      );
  }
}
