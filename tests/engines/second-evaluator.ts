/**
 * The fourth engine: the compiled IAM documents, evaluated by a program that nobody here wrote.
 *
 * In: artifacts, a route that asks for a permission, a caller. Out: whether any role that the caller holds allows it.
 * Which roles a caller holds is not IAM's business but that of whoever hands out its credentials: `isMember` says it. The
 * values of context keys are made by src/model, as they are for the gateway.
 * The evaluator drops context keys that AWS does not have. So `gatehouse:` becomes `aws:PrincipalTag/gatehouse:` in
 * documents and context; claims, which can have several values, become keys that AWS knows as lists instead, since a
 * principal tag has one value. Nothing else of a document is changed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type PolicyDocument, invokeArn } from "../../src/iam/index.ts";
import { type Artifacts, type IamRole, contextOf } from "../../src/model/index.ts";
import { type Caller, type PolicyRoute, captureParameters, isMember } from "../../src/policy/index.ts";
import { installPartners } from "../support/partners.ts";

export interface Question {
  readonly principal: string;
  readonly account: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  readonly policy: PolicyDocument;
  readonly boundary: PolicyDocument;
}

export type Verdict =
  | { readonly ok: true; readonly isAllowed: boolean }
  | { readonly ok: false; readonly problem: string };

/** A request that IAM would be asked about. */
export interface IamRequest {
  readonly exposure: "public" | "private";
  readonly host: string;
  readonly route: PolicyRoute;
  readonly method: string;
  /** Decoded. */
  readonly path: string;
  readonly caller: Caller;
  readonly sourceIp: string;
  readonly atMs: number;
}

export interface SecondEvaluator {
  /** @throws when the evaluator cannot answer, with what it said */
  isAllowed(artifacts: Artifacts, request: IamRequest): Promise<boolean>;
  close(): Promise<void>;
}

const ACTION = "execute-api:Invoke";
const OWN_PREFIX = "gatehouse:";
const CLAIM_PREFIX = `${OWN_PREFIX}claim/`;
const TAG_PREFIX = `aws:PrincipalTag/${OWN_PREFIX}`;
/** Keys that AWS has lists for. */
const LIST_KEYS = [
  "aws:TagKeys",
  "aws:CalledVia",
  "aws:PrincipalOrgPaths",
  "aws:PrincipalServiceNamesList",
  "aws:ResourceOrgPaths",
  "aws:SourceOrgPaths",
  "aws:VpceOrgPaths",
];

export async function startSecondEvaluator(): Promise<SecondEvaluator> {
  const folder = await installPartners();
  const args = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "simulate.ts"), folder];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("the evaluator has no standard streams");
  const waiting: ((verdict: Verdict) => void)[] = [];
  createInterface({ input: stdout }).on("line", (line) => waiting.shift()?.(JSON.parse(line) as Verdict));
  child.on("exit", (code) => {
    for (const answer of waiting.splice(0)) answer({ ok: false, problem: `the evaluator ended with ${code}` });
  });

  function ask(question: Question): Promise<Verdict> {
    return new Promise((resolve) => {
      waiting.push(resolve);
      stdin?.write(`${JSON.stringify(question)}\n`);
    });
  }

  return {
    async isAllowed(artifacts, request) {
      const held = artifacts.iam.roles.filter(({ members }) => isMember(members, request.caller));
      const verdicts = await Promise.all(held.map((role) => ask(questionOf(artifacts, role, request))));
      for (const verdict of verdicts) if (!verdict.ok) throw new Error(verdict.problem);
      return verdicts.some((verdict) => verdict.ok && verdict.isAllowed);
    },
    async close() {
      stdin.end();
      if (child.exitCode === null && child.signalCode === null)
        await new Promise<void>((resolve) => child.once("exit", () => resolve()));
    },
  };
}

function questionOf(artifacts: Artifacts, role: IamRole, request: IamRequest): Question {
  const { partition, region, account } = artifacts.iam;
  const { method, path, route, caller, sourceIp, atMs } = request;
  const keys = listKeys([role.policy, role.permissionsBoundary]);
  const context = contextOf(keys, {
    sourceIp,
    atMs,
    params: captureParameters(route.path, path),
    claims: caller.claims ?? {},
    issuedAtSeconds: caller.issuedAtSeconds ?? null,
  });
  const rename = createRenaming(keys);
  return {
    principal: role.arn,
    account,
    action: ACTION,
    resource: invokeArn({
      partition,
      region,
      account,
      apiId: apiOf(artifacts, request),
      stage: "$default",
      method,
      path,
    }),
    context: Object.fromEntries(Object.entries(context).map(([key, value]) => [rename(key), value])),
    policy: renameIn(role.policy, keys, rename),
    boundary: renameIn(role.permissionsBoundary, keys, rename),
  };
}

/** Condition keys, and variables of ours in values. */
function listKeys(documents: readonly PolicyDocument[]): string[] {
  const blocks = documents.flatMap(({ Statement }) =>
    Statement.flatMap(({ Condition }) => Object.values(Condition ?? {})),
  );
  const values = blocks.flatMap((block) => Object.values(block).flat());
  const variables = values.flatMap((value) =>
    [...value.matchAll(/\$\{(gatehouse:[^}]+)\}/g)].map(([, key]) => key ?? ""),
  );
  return [...new Set([...blocks.flatMap((block) => Object.keys(block)), ...variables])];
}

function apiOf(artifacts: Artifacts, { host, exposure }: IamRequest): string {
  const own = artifacts.hostApis.find((api) => api.host === host && api.exposure === exposure)?.api;
  const api = own ?? artifacts.apis[exposure];
  if (api === null) throw new Error(`no API answers for ${exposure} requests of ${host}`);
  return api.apiId;
}

function createRenaming(keys: readonly string[]): (key: string) => string {
  const claims = keys.filter((key) => key.startsWith(CLAIM_PREFIX));
  if (claims.length > LIST_KEYS.length) throw new Error("the documents ask for more claims than AWS has lists");
  return (key) => {
    const place = claims.indexOf(key);
    if (place !== -1) return LIST_KEYS[place] ?? key;
    return key.startsWith(OWN_PREFIX) ? `${TAG_PREFIX}${key.slice(OWN_PREFIX.length)}` : key;
  };
}

/** The document with other names for its context keys, as condition keys and as variables in values. */
function renameIn(document: PolicyDocument, keys: readonly string[], rename: (key: string) => string): PolicyDocument {
  const renameValue = (value: string): string =>
    keys.reduce((text, key) => text.replaceAll(`\${${key}}`, `\${${rename(key)}}`), value);
  return {
    ...document,
    Statement: document.Statement.map((statement) =>
      statement.Condition === undefined
        ? statement
        : {
            ...statement,
            Condition: Object.fromEntries(
              Object.entries(statement.Condition).map(([operator, block]) => [
                operator,
                Object.fromEntries(
                  Object.entries(block).map(([key, values]) => [
                    rename(key),
                    [values].flat().map((v) => renameValue(v)),
                  ]),
                ),
              ]),
            ),
          },
    ),
  };
}
