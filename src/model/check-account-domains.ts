/** Custom domain names and what their paths lead to. Source: API Gateway developer guide, "API mappings". */
import type { Account, ApiMapping } from "./account.ts";
import type { AddProblem } from "./account-problems.ts";
import { checkCount, checkUnique } from "./check-account-lists.ts";

const DOMAIN_NAME =
  /^(?=.{1,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const OF_AWS = /(?:^|\.)amazonaws\.com(?:\.cn)?$|\.execute-api\.localhost$/;
const MAPPING_KEY = /^[A-Za-z0-9$\-_.+!*'()/]{0,300}$/;

export function checkDomains(account: Account, add: AddProblem): void {
  checkUnique(account.domainNames, "/domainNames", "domainName", "domain/name", add);
  for (const [index, { domainName, apiMappings }] of account.domainNames.entries()) {
    const at = `/domainNames/${index}`;
    if (!DOMAIN_NAME.test(domainName))
      add(
        "domain/name",
        `${at}/domainName`,
        `\`${domainName}\` is not a domain name`,
        "write `api.shop.example`: lower case, without scheme, port and path",
      );
    else if (OF_AWS.test(domainName))
      add(
        "domain/name",
        `${at}/domainName`,
        `\`${domainName}\` belongs to AWS, and would take the place of an API's own address`,
        "write a domain of your own; the address that an API has by itself needs no entry",
      );
    const deep = apiMappings.filter(({ apiMappingKey }) => apiMappingKey.includes("/"));
    checkCount("mappings of several segments", deep.length, `${at}/apiMappings`, add);
    const seen = new Set<string>();
    for (const [place, mapping] of apiMappings.entries()) {
      const here = `${at}/apiMappings/${place}`;
      checkKey(mapping.apiMappingKey, here, add);
      if (seen.has(mapping.apiMappingKey))
        add(
          "domain/mapping-conflict",
          `${here}/apiMappingKey`,
          `\`${domainName}\` has a mapping for \`/${mapping.apiMappingKey}\` already`,
          "keep one of the two",
        );
      seen.add(mapping.apiMappingKey);
      checkLead(mapping, account, here, add);
    }
  }
}

function checkKey(key: string, at: string, add: AddProblem): void {
  const problem =
    key.length > 300
      ? `the mapping has ${key.length} characters`
      : !MAPPING_KEY.test(key)
        ? `\`${/[^A-Za-z0-9$\-_.+!*'()/]/u.exec(key)?.[0]}\` cannot be in a mapping`
        : /^\/|\/$|\/\//.test(key)
          ? `\`${key}\` has an empty segment`
          : /(?:^|\/)\.{1,2}(?:\/|$)/.test(key)
            ? `no request has the path \`/${key}\`, whose dots are resolved`
            : null;
  if (problem === null) return;
  const hint =
    "write `orders/v1`: letters, digits and `$-_.+!*'()`, with single slashes inside, at most 300 characters";
  add("domain/mapping-key", `${at}/apiMappingKey`, problem, hint);
}

function checkLead({ apiId, stage }: ApiMapping, account: Account, at: string, add: AddProblem): void {
  const api = account.apis.find((one) => one.apiId === apiId);
  const list = (names: readonly string[]): string =>
    names.length === 0
      ? "there is none yet"
      : `write one of ${names
          .slice(0, 5)
          .map((name) => `\`${name}\``)
          .join(", ")}`;
  if (api === undefined) {
    const known = account.apis.map((one) => one.apiId);
    add("domain/mapping-api", `${at}/apiId`, `there is no API \`${apiId}\``, list(known));
  } else if (!api.stages.some(({ stageName }) => stageName === stage)) {
    const known = api.stages.map(({ stageName }) => stageName);
    add("domain/mapping-stage", `${at}/stage`, `API \`${apiId}\` has no stage \`${stage}\``, list(known));
  }
}
