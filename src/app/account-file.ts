/**
 * An account file to an account: every key known, every value of its kind, and what is left out filled in.
 *
 * In: the tree of a YAML or JSON file. Out: the account, what is wrong with the file, and where each part stands.
 * Not here: what AWS would refuse of an account that is well formed (`checkAccount`).
 * INVARIANT: nothing is passed over: a key that is not known is an error.
 */
import {
  type Diagnostic,
  type SourceTree,
  type Span,
  entryOf,
  findNearest,
  inOneLine,
  plainValue,
  pointerStep,
  quoted,
  suggest,
} from "../core/index.ts";
import {
  type Account,
  type AccountRole,
  type HttpApi,
  type Route,
  type Stage,
  canonicalHttpRouteKey,
  partitionOfRegion,
  stableId,
} from "../model/index.ts";
import { ACCOUNT_SHAPE, type Shape } from "./account-shape.ts";

/** What the file alone can be wrong in. */
export const ACCOUNT_FILE_FINDINGS = {
  "account-file/not-one": "the file is another kind of file than one for `gatehouse gateway`",
  "account-file/unknown-key": "a key that nobody reads would be a setting that is not there",
  "account-file/missing-key": "the account cannot be without it",
  "account-file/kind": "the key has a value of another kind",
  "account-file/choice": "the key has one of a few values",
} as const;

/** What stands for an account that a file does not name. AWS's own documents use this number. */
export const DEFAULT_ACCOUNT = { accountId: "111122223333", region: "us-east-1" } as const;

export interface AccountFile {
  /** Null when there are errors. */
  readonly account: Account | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly places: ReadonlyMap<string, Span>;
}

interface Reading {
  readonly found: Diagnostic[];
  readonly places: Map<string, Span>;
}

export function readAccountFile(tree: SourceTree): AccountFile {
  const reading: Reading = { found: [], places: new Map() };
  const start = { ...tree.at, end: tree.at.start };
  const other = describeOther(tree);
  if (other !== null) {
    report(reading, "account-file/not-one", start, other.message, other.hint);
    return { account: null, diagnostics: reading.found, places: reading.places };
  }
  const value = readShape(reading, tree, ACCOUNT_SHAPE, "", "the account", start);
  const account = reading.found.length > 0 ? null : complete(value as RawAccount);
  return { account, diagnostics: reading.found, places: reading.places };
}

/** Files that people have beside an account file. */
function describeOther(tree: SourceTree): { readonly message: string; readonly hint: string } | null {
  const has = (key: string): boolean => entryOf(tree, key) !== null;
  if (has("gatehouse")) return { message: "the file is a policy", hint: "run it with `gatehouse up`" };
  if (has("Resources") || has("AWSTemplateFormatVersion"))
    return { message: "the file is a CloudFormation template", hint: "give the OpenAPI document of its API" };
  if (has("provider") && has("functions"))
    return { message: "the file is one of the Serverless Framework", hint: "give the OpenAPI document of its API" };
  return null;
}

function report(
  { found }: Reading,
  id: keyof typeof ACCOUNT_FILE_FINDINGS,
  span: Span,
  message: string,
  hint: string,
): void {
  found.push({ id, severity: "error", message: inOneLine(message), span, hint: inOneLine(hint) });
}

/** `owner` is where to point when something is missing. */
function readShape(
  reading: Reading,
  tree: SourceTree,
  shape: Shape,
  pointer: string,
  what: string,
  owner: Span,
): unknown {
  reading.places.set(pointer, tree.kind === "mapping" || tree.kind === "list" ? owner : tree.at);
  const wrong = (wanted: string): undefined => {
    report(reading, "account-file/kind", tree.at, `${what} is not ${wanted}`, `write ${wanted}`);
    return undefined;
  };
  switch (shape.kind) {
    case "text":
      return tree.kind === "text" || tree.kind === "number" || tree.kind === "boolean" ? tree.text : wrong("a text");
    case "number":
      return tree.kind === "number" ? Number(tree.text) : wrong("a number");
    case "boolean":
      return tree.kind === "boolean" ? tree.text.toLowerCase() === "true" : wrong("`true` or `false`");
    case "choice": {
      if (tree.kind !== "text" && tree.kind !== "number") return wrong("a text");
      if (shape.of.includes(tree.text)) return tree.text;
      const hint = `write ${shape.of.map((choice) => `\`${choice}\``).join(" or ")}`;
      report(reading, "account-file/choice", tree.at, `${what} cannot be ${quoted(tree.text)}`, hint);
      return undefined;
    }
    case "document":
      return tree.kind === "mapping" ? readDocument(tree) : tree.kind === "nothing" ? null : wrong("an IAM document");
    case "list":
      if (tree.kind !== "list") return wrong("a list");
      return tree.items.map((item, index) =>
        readShape(reading, item, shape.of, pointer + pointerStep(index), `entry ${index + 1} of ${what}`, item.at),
      );
    case "map":
      if (tree.kind !== "mapping") return wrong("a mapping");
      return Object.fromEntries(
        tree.entries.map(({ key, keyAt, value }) => [
          key,
          readShape(reading, value, shape.of, pointer + pointerStep(key), `${quoted(key)} of ${what}`, keyAt),
        ]),
      );
    case "object":
      return tree.kind === "mapping" ? readObject(reading, tree, shape.keys, pointer, what, owner) : wrong("a mapping");
  }
  return shape satisfies never;
}

function readObject(
  reading: Reading,
  tree: Extract<SourceTree, { kind: "mapping" }>,
  keys: Extract<Shape, { kind: "object" }>["keys"],
  pointer: string,
  what: string,
  owner: Span,
): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  const names = Object.keys(keys);
  const misspelled = new Set<string | null>();
  for (const { key, keyAt, value } of tree.entries) {
    const known = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (known === undefined) {
      misspelled.add(findNearest(key, names));
      report(reading, "account-file/unknown-key", keyAt, `${quoted(key)} is not known in ${what}`, suggest(key, names));
    } else {
      const read = readShape(reading, value, known.shape, pointer + pointerStep(key), `\`${key}\``, keyAt);
      if (read !== undefined) object[key] = read;
    }
  }
  for (const [name, { example, otherwise }] of Object.entries(keys)) {
    if (entryOf(tree, name) !== null) continue;
    // For a key that is misspelled, one finding is enough.
    if (example !== undefined && !misspelled.has(name))
      report(reading, "account-file/missing-key", owner, `${what} lacks \`${name}\``, `add \`${example}\``);
    else if (otherwise !== undefined) object[name] = otherwise(object);
  }
  return object;
}

/** A document whose only statement stands alone is one with a list of it. */
function readDocument(tree: SourceTree): unknown {
  const document = plainValue(tree) as Record<string, unknown>;
  const { Statement } = document;
  const isAlone = typeof Statement === "object" && Statement !== null && !Array.isArray(Statement);
  return isAlone ? { ...document, Statement: [Statement] } : document;
}

type RawStage = Omit<Stage, "accessLogSettings"> & {
  readonly accessLogSettings?: { readonly destinationArn?: string; readonly format: string };
};
type RawApi = Omit<HttpApi, "apiId" | "routes" | "stages"> & {
  readonly apiId?: string;
  readonly routes: readonly (Omit<Route, "routeId"> & { readonly routeId?: string })[];
  readonly stages: readonly RawStage[];
};
type RawAccount = Omit<Account, "accountId" | "region" | "partition" | "apis" | "roles"> & {
  readonly accountId?: string;
  readonly region?: string;
  readonly partition?: string;
  readonly apis: readonly RawApi[];
  readonly roles: readonly (Omit<AccountRole, "arn"> & { readonly arn?: string })[];
};

/** What one part gets from another. */
function complete(raw: RawAccount): Account {
  const { accountId = DEFAULT_ACCOUNT.accountId, region = DEFAULT_ACCOUNT.region } = raw;
  const partition = raw.partition ?? partitionOfRegion(region);
  return {
    ...raw,
    accountId,
    region,
    partition,
    apis: raw.apis.map((api) => ({
      ...api,
      apiId: api.apiId ?? stableId("api", api.name),
      routes: api.routes.map((route) => ({
        ...route,
        routeId: route.routeId ?? stableId("route", canonicalHttpRouteKey(route.routeKey)),
      })),
      stages:
        api.stages.length === 0
          ? [DEFAULT_STAGE]
          : api.stages.map(({ accessLogSettings: log, ...stage }) =>
              log === undefined
                ? stage
                : {
                    ...stage,
                    accessLogSettings: {
                      destinationArn:
                        log.destinationArn ??
                        `arn:${partition}:logs:${region}:${accountId}:log-group:/aws/vendedlogs/${api.apiId ?? stableId("api", api.name)}`,
                      format: log.format,
                    },
                  },
            ),
    })),
    roles: raw.roles.map((role) => ({
      ...role,
      arn: role.arn ?? `arn:${partition}:iam::${accountId}:role/${role.roleName}`,
    })),
  };
}

/** Of an API that has none. */
export const DEFAULT_STAGE: Stage = {
  stageName: "$default",
  autoDeploy: true,
  defaultRouteSettings: {},
  routeSettings: {},
  stageVariables: {},
};
