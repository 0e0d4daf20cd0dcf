/**
 * OpenID providers and roles: names, ARNs, limits, and documents that IAM takes.
 * Source: IAM user guide, "IAM and AWS STS quotas"; IAM API reference, CreateOpenIDConnectProvider and CreateRole.
 */
import { isGatehouseError, pointerStep } from "../core/index.ts";
import {
  type DocumentKind,
  type PolicyDocument,
  checkDocumentLimits,
  compileDocument,
  compileTrust,
} from "../iam/index.ts";
import type { Account, AccountRole, OidcProvider } from "./account.ts";
import type { AddProblem } from "./account-problems.ts";
import { checkCount, checkUnique } from "./check-account-lists.ts";

const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;
const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;

export function checkRoles(account: Account, add: AddProblem): void {
  const { oidcProviders, roles } = account;
  checkCount("OpenID providers", oidcProviders.length, "/oidcProviders", add);
  checkUnique(oidcProviders, "/oidcProviders", "url", "account/duplicate-id", add);
  for (const [index, provider] of oidcProviders.entries()) checkProvider(provider, `/oidcProviders/${index}`, add);
  const folded = roles.map(({ roleName }) => ({ roleName: roleName.toLowerCase() }));
  checkUnique(folded, "/roles", "roleName", "role/name", add);
  checkUnique(roles, "/roles", "arn", "account/duplicate-id", add);
  const shared = new Map<PolicyDocument, boolean>();
  for (const [index, role] of roles.entries()) checkRole(role, account, shared, `/roles/${index}`, add);
}

function checkProvider({ url, clientIdList }: OidcProvider, at: string, add: AddProblem): void {
  const parsed = URL.parse(url);
  const isLocal = parsed?.protocol === "http:" && LOOPBACK_HOST.test(parsed.hostname);
  if (isLocal)
    add("oidc/url-local", `${at}/url`, `AWS does not take the provider \`${url}\``, "on AWS, write its https URL");
  else if (parsed?.protocol !== "https:" || parsed.port !== "" || parsed.search !== "" || url.length > 255)
    add(
      "oidc/url",
      `${at}/url`,
      `\`${url}\` is not the URL of an OpenID provider`,
      "write `https://idp.example/path`, without port and query, at most 255 characters",
    );
  checkCount("client ids", clientIdList.length, `${at}/clientIdList`, add);
  for (const [index, id] of clientIdList.entries())
    if (id.length < 1 || id.length > 255)
      add("oidc/client-id", `${at}/clientIdList/${index}`, `a client id has ${id.length} characters`, "write 1 to 255");
}

function checkRole(
  role: AccountRole,
  account: Account,
  shared: Map<PolicyDocument, boolean>,
  at: string,
  add: AddProblem,
): void {
  const { roleName, maxSessionDuration = 3600, tags = {} } = role;
  if (!ROLE_NAME.test(roleName))
    add(
      "role/name",
      `${at}/roleName`,
      `\`${roleName}\` is not the name of a role`,
      "write 1 to 64 letters, digits and `+=,.@_-`",
    );
  checkArn(role, account, at, add);
  if (!Number.isInteger(maxSessionDuration) || maxSessionDuration < 3600 || maxSessionDuration > 43_200)
    add(
      "role/session-duration",
      `${at}/maxSessionDuration`,
      `sessions last ${maxSessionDuration} seconds at most`,
      "write 3600 to 43200",
    );
  checkTags(tags, at, add);
  const trustAt = `${at}/assumeRolePolicyDocument`;
  if (checkDocument(role.assumeRolePolicyDocument, "trust", compileTrust, trustAt, add))
    checkTrust(role.assumeRolePolicyDocument, account, trustAt, add);
  // One document is often the boundary of many roles.
  const check = (document: PolicyDocument, here: string): void => {
    const known = shared.get(document);
    if (known === undefined) shared.set(document, checkDocument(document, "managed", compileDocument, here, add));
  };
  for (const [index, document] of role.policies.entries()) check(document, `${at}/policies/${index}`);
  if (role.permissionsBoundary !== null) check(role.permissionsBoundary, `${at}/permissionsBoundary`);
}

function checkArn({ roleName, arn }: AccountRole, account: Account, at: string, add: AddProblem): void {
  const wanted = `arn:${account.partition}:iam::${account.accountId}:role/`;
  const path = arn.startsWith(wanted) ? arn.slice(wanted.length, arn.length - roleName.length) : null;
  if (path !== null && arn.endsWith(roleName) && /^(?:[\u0021-\u007e]{1,510}\/)?$/.test(path)) return;
  add("role/arn", `${at}/arn`, `\`${arn}\` is not the ARN of role \`${roleName}\``, `write \`${wanted}${roleName}\``);
}

function checkTags(tags: Readonly<Record<string, string>>, at: string, add: AddProblem): void {
  const keys = Object.keys(tags);
  checkCount("tags", keys.length, `${at}/tags`, add);
  const seen = new Set<string>();
  for (const key of keys) {
    const here = `${at}/tags${pointerStep(key)}`;
    if (seen.has(key.toLowerCase())) add("role/tag", here, `the tag \`${key}\` stands twice`, "keep one of the two");
    seen.add(key.toLowerCase());
    if (key.length < 1 || key.length > 128 || key.toLowerCase().startsWith("aws:"))
      add("role/tag", here, `\`${key}\` cannot be the key of a tag`, "write 1 to 128 characters, not `aws:` first");
    if ((tags[key] ?? "").length > 256)
      add("role/tag", here, `the value of tag \`${key}\` has more than 256 characters`, "write less");
  }
}

/** Whether the document is good; what is not is told. */
function checkDocument(
  document: PolicyDocument,
  kind: DocumentKind,
  compile: (document: PolicyDocument) => unknown,
  at: string,
  add: AddProblem,
): boolean {
  let isGood = true;
  const report = (message: string, hint: string): void => {
    isGood = false;
    add("role/document", at, message, hint);
  };
  try {
    compile(document);
  } catch (cause) {
    if (!isGatehouseError(cause)) throw cause;
    report(cause.message, cause.hint);
  }
  for (const problem of checkDocumentLimits(kind, document))
    if (problem.id === "too-long")
      report(
        `the document has ${problem.characters} characters without white space, IAM takes ${problem.limit}`,
        "split it, or say more with fewer patterns",
      );
    else
      report(
        `the document holds \`${problem.character}\`, IAM takes U+0020 to U+00FF only`,
        "write it without that character",
      );
  if (isGood) checkSets(document, at, add);
  return isGood;
}

/** Sets of values that may be empty, where something is allowed. */
function checkSets({ Statement }: PolicyDocument, at: string, add: AddProblem): void {
  for (const { Effect, Condition = {} } of [Statement].flat()) {
    if (Effect !== "Allow") continue;
    const blocks = Object.entries(Condition);
    const present = blocks.flatMap(([operator, block]) =>
      operator.toLowerCase() === "null"
        ? Object.entries(block).flatMap(([key, value]) => (String(value) === "false" ? [key.toLowerCase()] : []))
        : [],
    );
    for (const [operator, block] of blocks)
      for (const key of /^ForAllValues:/i.test(operator) ? Object.keys(block) : [])
        if (!present.includes(key.toLowerCase()))
          add(
            "role/for-all-values",
            at,
            `\`${operator}\` also holds for a request without \`${key}\``,
            `add \`Null: { "${key}": "false" }\``,
          );
  }
}

function checkTrust(document: PolicyDocument, account: Account, at: string, add: AddProblem): void {
  for (const { Effect, Principal, Condition = {} } of [document.Statement].flat()) {
    if (Effect !== "Allow") continue;
    if (isAnyone(Principal))
      add(
        "role/trust-anyone",
        at,
        "the trust is for everybody: every provider of the account is let in",
        `write \`Principal: { Federated: "${providerArn(account.oidcProviders[0]?.url ?? "https://idp.example", account)}" }\``,
      );
    for (const name of federatedOf(Principal)) {
      const provider = account.oidcProviders.find(({ url }) => name === providerArn(url, account));
      if (provider === undefined) {
        if (!name.includes(":oidc-provider/")) continue;
        const known = account.oidcProviders.map(({ url }) => `\`${providerArn(url, account)}\``);
        const hint = known.length === 0 ? "add it to `oidcProviders`" : `write one of ${known.join(", ")}`;
        add("role/trust-provider", at, `the account has no OpenID provider \`${name}\``, hint);
        continue;
      }
      const prefix = provider.url.replace(/^https?:\/\//, "");
      const keys = Object.values(Condition).flatMap((block) => Object.keys(block).map((key) => key.toLowerCase()));
      const missing = ["aud", "sub"].filter((claim) => !keys.includes(`${prefix}:${claim}`.toLowerCase()));
      if (missing.length > 0)
        add(
          "role/trust-open",
          at,
          `the trust of \`${name}\` has no condition on ${missing.map((claim) => `\`${prefix}:${claim}\``).join(" and ")}`,
          `add \`Condition: { StringEquals: { "${prefix}:${missing[0]}": ... } }\``,
        );
    }
  }
}

/** What a trust policy names a provider by. */
export function providerArn(url: string, { partition, accountId }: Pick<Account, "partition" | "accountId">): string {
  return `arn:${partition}:iam::${accountId}:oidc-provider/${url.replace(/^https?:\/\//, "")}`;
}

/** `{ "AWS": "*" }` is another spelling of `*`. */
function isAnyone(principal: unknown): boolean {
  if (typeof principal !== "object" || principal === null) return principal === "*";
  return [(principal as { readonly AWS?: unknown }).AWS].flat().includes("*");
}

function federatedOf(principal: unknown): readonly string[] {
  if (typeof principal !== "object" || principal === null) return [];
  const { Federated } = principal as { readonly Federated?: unknown };
  return [Federated].flat().filter((name) => typeof name === "string");
}
