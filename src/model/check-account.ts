/**
 * Everything that AWS's control plane would refuse of an account, found without asking it.
 *
 * In: an account whose shape is right. Out: every finding with where it is, what to write instead and, where it is known,
 * what AWS answers; warnings are for what AWS takes and its author will not have meant.
 * Not here: shape and places in a file (src/app/read-account.ts); what only this gateway cannot do (src/gateway).
 * Source: API Gateway v2 service model and developer guide, IAM user guide; `ACCOUNT_PROBLEMS` names each.
 */
import type { Account } from "./account.ts";
import { type AccountProblem, type AddProblem, createProblemList } from "./account-problems.ts";
import { checkApi } from "./check-account-api.ts";
import { checkDomains } from "./check-account-domains.ts";
import { checkRoles } from "./check-account-roles.ts";
import { checkCount, checkUnique } from "./check-account-lists.ts";
import { checkThrottle } from "./check-account-stages.ts";

/** In the order of the account; empty when AWS would take all of it. */
export function checkAccount(account: Account): readonly AccountProblem[] {
  const { add, found } = createProblemList();
  checkNames(account, add);
  if (account.throttle !== undefined) checkThrottle(account.throttle, "/throttle", "account/throttle", add);
  checkUnique(account.apis, "/apis", "apiId", "account/duplicate-id", add);
  for (const [index, api] of account.apis.entries()) checkApi(api, account, `/apis/${index}`, add);
  checkCount("custom domains", account.domainNames.length, "/domainNames", add);
  checkDomains(account, add);
  checkRoles(account, add);
  return found;
}

const PARTITIONS: readonly (readonly [prefix: RegExp, partition: string])[] = [
  [/^cn-/, "aws-cn"],
  [/^us-gov-/, "aws-us-gov"],
  [/^/, "aws"],
];

/** The partition that a Region belongs to. */
export function partitionOfRegion(region: string): string {
  return PARTITIONS.find(([prefix]) => prefix.test(region))?.[1] ?? "aws";
}

function checkNames({ accountId, region, partition }: Account, add: AddProblem): void {
  if (!/^\d{12}$/.test(accountId))
    add("account/id", "/accountId", `\`${accountId}\` is not an account id`, 'write twelve digits, `"111122223333"`');
  if (!/^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/.test(region))
    add("account/region", "/region", `\`${region}\` is not a Region`, "write a Region such as `eu-central-1`");
  else if (partition !== partitionOfRegion(region))
    add(
      "account/partition",
      "/partition",
      `Region \`${region}\` is not in partition \`${partition}\``,
      `write \`${partitionOfRegion(region)}\`, or leave it out`,
    );
}
