/**
 * What may stand in what Gatehouse emits: each check answers rows of src/policy/guardrails/rules-for-iam.ts that no
 * guardrail on a policy can answer, because they are about documents and not about policies.
 *
 * In: an IAM document, the artifacts of one environment, or Caddy's configuration. Out: faults, none in whatever is emitted.
 * INVARIANT: a document is taken as unknown JSON: what a check does not know is a fault.
 */
import { isIP } from "node:net";
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../src/core/index.ts";
import type { Artifacts, HttpApi } from "../../src/model/index.ts";

export interface EmittedRule<Subject> {
  readonly answers: readonly `GH${number}`[];
  readonly find: (subject: Subject) => readonly string[];
}

type Element = Readonly<Record<string, unknown>>;

const METHOD = "(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)";
/** `execute-api` of one API, stage and method; the path has wildcards only. */
const INVOKE_ARN = new RegExp(
  `^arn:aws(?:-cn|-us-gov)?:execute-api:[a-z0-9-]+:\\d{12}:[a-z0-9]{10}/\\$default/${METHOD}/[^\\u0000-\\u0020\\u007f]*$`,
);

const ELEMENTS = new Set(["Sid", "Effect", "Action", "Resource", "Condition"]);
const MAX_CHARACTERS = 6144;

type Check = (value: string) => boolean;

const isInstant: Check = (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value);
const isNumber: Check = (value) => /^\d+$/.test(value);
const isBlock: Check = (value) => {
  const [address = "", length = "", rest] = value.split("/");
  return isIP(address) !== 0 && /^\d{1,3}$/.test(length) && rest === undefined;
};
const isAnything: Check = () => true;

/** By operator without `IfExists`: which keys it is for, and what its values look like. */
const OPERATORS: Readonly<Record<string, readonly [keys: RegExp, values: Check]>> = {
  IpAddress: [/^aws:SourceIp$/, isBlock],
  DateGreaterThanEquals: [/^aws:CurrentTime$/, isInstant],
  DateLessThan: [/^aws:CurrentTime$/, isInstant],
  NumericGreaterThanEquals: [/^gatehouse:minute\//, isNumber],
  NumericLessThan: [/^gatehouse:minute\//, isNumber],
  NumericLessThanEquals: [/^gatehouse:token-age$/, isNumber],
  StringEquals: [/^gatehouse:(?:path|weekday)\//, isAnything],
  StringLike: [/^gatehouse:(?:path|weekday)\//, hasNoWildcard],
  "ForAnyValue:StringEquals": [/^gatehouse:claim\//, isAnything],
  "ForAnyValue:StringLike": [/^gatehouse:claim\//, hasNoWildcard],
};

/** `${*}` is a star, and a variable stands in `${...}` as well. */
function hasNoWildcard(value: string): boolean {
  return !/[*?]/.test(value.replaceAll(/\$\{[^}]*\}/g, ""));
}

export const DOCUMENT_RULES: Readonly<Record<string, EmittedRule<unknown>>> = {
  "only-invoke": {
    answers: [
      "GH101",
      "GH102",
      "GH103",
      "GH108",
      "GH109",
      "GH116",
      "GH117",
      "GH120",
      "GH121",
      "GH122",
      "GH123",
      "GH124",
      "GH126",
    ],
    find: (document) =>
      statementsOf(document).flatMap((statement) => {
        const actions = listOf(statement["Action"]);
        const others = actions.filter((action) => action !== "execute-api:Invoke");
        return actions.length === 0 ? ["no action"] : others.map((action) => `action ${show(action)}`);
      }),
  },
  "named-resources": {
    answers: ["GH104", "GH127", "GH130", "GH131"],
    find: (document) =>
      statementsOf(document).flatMap((statement) => {
        const resources = listOf(statement["Resource"]);
        // Denying everything is how a document without grants is written.
        if (statement["Effect"] === "Deny" && resources.length === 1 && resources[0] === "*") return [];
        const bad = resources.filter((resource) => typeof resource !== "string" || !INVOKE_ARN.test(resource));
        return resources.length === 0 ? ["no resource"] : bad.map((resource) => `resource ${show(resource)}`);
      }),
  },
  "no-negation": {
    answers: ["GH105", "GH106", "GH107"],
    find: (document) =>
      statementsOf(document).flatMap((statement) =>
        Object.keys(statement)
          .filter((element) => !ELEMENTS.has(element))
          .map((element) => `element ${show(element)}`),
      ),
  },
  "known-conditions": {
    answers: ["GH126", "GH128"],
    find: (document) => statementsOf(document).flatMap(findConditionFaults),
  },
  grammar: {
    answers: ["GH129"],
    find: findGrammarFaults,
  },
};

export const ARTIFACT_RULES: Readonly<Record<string, EmittedRule<Artifacts>>> = {
  "nothing-beside-roles": {
    answers: ["GH107", "GH110", "GH111", "GH112", "GH114", "GH119", "GH125"],
    find: ({ iam }) => [
      ...unknownKeys(iam, ["partition", "region", "account", "oidcProvider", "roles"]),
      ...iam.roles.flatMap((role) =>
        unknownKeys(role, [
          "name",
          "roleName",
          "arn",
          "members",
          "permissions",
          "policy",
          "boundaryName",
          "permissionsBoundary",
          "assumeRolePolicyDocument",
        ]),
      ),
    ],
  },
  "trusts-own-tokens": {
    answers: ["GH113"],
    find: ({ domain, iam: { partition, account, oidcProvider, roles } }) => {
      const name = `${domain}/_gatehouse`;
      const trustOf = (role: string): unknown => ({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "Brokered",
            Effect: "Allow",
            Principal: { Federated: `arn:${partition}:iam::${account}:oidc-provider/${name}` },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: {
              StringEquals: { [`${name}:aud`]: "sts.amazonaws.com" },
              StringLike: { [`${name}:sub`]: `role:${role}:*` },
            },
          },
        ],
      });
      const isTrusted = oidcProvider !== undefined;
      return [
        ...(isTrusted &&
        !isDeepStrictEqual(oidcProvider, { url: `https://${name}`, clientIdList: ["sts.amazonaws.com"] })
          ? [`provider ${show(oidcProvider)}`]
          : []),
        ...roles
          .filter(
            ({ name: role, assumeRolePolicyDocument: trust }) =>
              !isDeepStrictEqual(trust, isTrusted ? trustOf(role) : undefined),
          )
          .map(({ name: role }) => `trust of role ${role}`),
      ];
    },
  },
  "every-role-bounded": {
    answers: ["GH115", "GH116"],
    find: ({ iam }) =>
      iam.roles.flatMap(({ name, boundaryName, permissionsBoundary }) => {
        const isConditional = permissionsBoundary.Statement.some((statement) => statement.Condition !== undefined);
        if (boundaryName === "") return [`role ${name} has no boundary`];
        return isConditional ? [`the boundary of role ${name} depends on a condition`] : [];
      }),
  },
  "own-account": {
    answers: ["GH130"],
    find: ({ iam: { partition, region, account, roles } }) => {
      const start = `arn:${partition}:execute-api:${region}:${account}:`;
      return roles.flatMap(({ arn, roleName, policy, permissionsBoundary }) => [
        ...(arn === `arn:${partition}:iam::${account}:role/gatehouse/${roleName}` ? [] : [`role ${arn}`]),
        ...[policy, permissionsBoundary]
          .flatMap((document) => document.Statement)
          .flatMap((statement) => listOf(statement.Resource))
          .filter((resource) => resource !== "*" && !String(resource).startsWith(start))
          .map((resource) => `resource ${show(resource)}`),
      ]);
    },
  },
  "every-route-guarded": {
    answers: ["GH132"],
    find: ({ apis, hostApis, routes }) =>
      [apis.public, apis.private, ...hostApis.map(({ api }) => api)]
        .filter((api): api is HttpApi => api !== null)
        .flatMap((api) =>
          api.routes
            .filter(({ routeKey, authorizationType }) => {
              const permission = routes[`${api.apiId}/${routeKey}`]?.permission;
              return permission === undefined || authorizationType !== (permission === null ? "NONE" : "AWS_IAM");
            })
            .map(({ routeKey, authorizationType }) => `route ${routeKey} with ${authorizationType}`),
        ),
  },
};

export const EDGE_RULES: Readonly<Record<string, EmittedRule<Json>>> = {
  "every-server-logs": {
    answers: ["GH133"],
    find: (config) =>
      serversOf(config).flatMap(([name, server]) => (isRecord(server["logs"]) ? [] : [`server ${name}`])),
  },
  "own-tls-limits": {
    answers: ["GH134"],
    find: (config) =>
      listKeys(config).filter((key) =>
        ["protocol_min", "protocol_max", "cipher_suites", "insecure_skip_verify", "insecure_secrets_log"].includes(key),
      ),
  },
};

/** Ids of the rules that find something in a document. */
export function brokenRules(document: unknown): string[] {
  return Object.entries(DOCUMENT_RULES).flatMap(([id, { find }]) => (find(document).length === 0 ? [] : [id]));
}

/** Everything that is wrong with the artifacts of one environment. */
export function listArtifactFaults(artifacts: Artifacts): string[] {
  const documents = artifacts.iam.roles.flatMap(({ roleName, policy, permissionsBoundary }) => [
    [roleName, policy] as const,
    [`boundary of ${roleName}`, permissionsBoundary] as const,
  ]);
  return [
    ...Object.entries(ARTIFACT_RULES).flatMap(([id, { find }]) => find(artifacts).map((fault) => `${id}: ${fault}`)),
    ...documents.flatMap(([name, document]) =>
      Object.entries(DOCUMENT_RULES).flatMap(([id, { find }]) =>
        find(document).map((fault) => `${name}: ${id}: ${fault}`),
      ),
    ),
  ];
}

function findConditionFaults(statement: Element): string[] {
  const condition = statement["Condition"];
  if (condition === undefined) return [];
  if (!isRecord(condition)) return ["condition"];
  return Object.entries(condition).flatMap(([operator, block]) => {
    const known = Object.hasOwn(OPERATORS, operator.replace(/IfExists$/, ""))
      ? OPERATORS[operator.replace(/IfExists$/, "")]
      : undefined;
    if (known === undefined || !isRecord(block)) return [`operator ${operator}`];
    // Alone, `...IfExists` would hold without the key.
    if (operator.endsWith("IfExists") && !isAskedPlainly(condition, operator, block)) return [`${operator} alone`];
    const [keys, isValue] = known;
    return Object.entries(block).flatMap(([key, values]) => {
      if (!keys.test(key)) return [`key ${key} of ${operator}`];
      const list = listOf(values);
      const bad = list.filter((value) => typeof value !== "string" || !isValue(value));
      return list.length === 0 ? [`${operator} ${key} without value`] : bad.map((value) => `${key} ${show(value)}`);
    });
  });
}

function isAskedPlainly(condition: Element, operator: string, block: Element): boolean {
  const plain = operator.replace(/IfExists$/, "");
  const beside = [plain, plain.replace("StringLike", "StringEquals")].map((name) => condition[name]);
  return Object.keys(block).every((key) => beside.some((other) => isRecord(other) && Object.hasOwn(other, key)));
}

function findGrammarFaults(document: unknown): string[] {
  if (!isRecord(document)) return ["no document"];
  const statements = statementsOf(document);
  const sids = statements.map((statement) => statement["Sid"]);
  return [
    ...unknownKeys(document, ["Version", "Statement"]),
    ...(document["Version"] === "2012-10-17" ? [] : [`version ${show(document["Version"])}`]),
    ...(statements.length === 0 ? ["no statement"] : []),
    ...statements.flatMap(({ Effect }) => (Effect === "Allow" || Effect === "Deny" ? [] : [`effect ${show(Effect)}`])),
    ...sids.flatMap((sid) => (typeof sid === "string" && /^[A-Za-z0-9]+$/.test(sid) ? [] : [`sid ${show(sid)}`])),
    ...(new Set(sids).size === sids.length ? [] : ["a sid twice"]),
  ];
}

/** Whether IAM would take it for one policy; a target that is AWS refuses a longer one before it is emitted. */
export function isWithinQuota(document: unknown): boolean {
  return JSON.stringify(document).replaceAll(/\s/g, "").length <= MAX_CHARACTERS;
}

function statementsOf(document: unknown): Element[] {
  return isRecord(document) ? listOf(document["Statement"]).filter(isRecord) : [];
}

function serversOf(config: Json): [string, Element][] {
  const apps = isRecord(config) ? config["apps"] : undefined;
  const http = isRecord(apps) ? apps["http"] : undefined;
  const servers = isRecord(http) ? http["servers"] : undefined;
  return isRecord(servers)
    ? Object.entries(servers).map(([name, server]) => [name, isRecord(server) ? server : {}])
    : [];
}

function listKeys(json: unknown): string[] {
  if (Array.isArray(json)) return json.flatMap(listKeys);
  return isRecord(json) ? Object.entries(json).flatMap(([key, value]) => [key, ...listKeys(value)]) : [];
}

function unknownKeys(record: object, known: readonly string[]): string[] {
  return Object.keys(record)
    .filter((key) => !known.includes(key))
    .map((key) => `key ${show(key)}`);
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function isRecord(value: unknown): value is Element {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "undefined";
}
