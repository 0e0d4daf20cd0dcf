/**
 * What `gatehouse gateway FILE` serves: an account, from an account file or from an OpenAPI document.
 *
 * In: the path of a YAML or JSON file. Out: the account, checked as AWS's control plane would check it, and everything
 * found on the way at its line and column.
 * An OpenAPI document says no stage; its API gets `$default`.
 */
import {
  type Diagnostic,
  GatehouseError,
  type Sources,
  type Span,
  formatSpan,
  hasErrors,
  nearestSpan,
  readSourceTree,
  renderDiagnostic,
} from "../core/index.ts";
import { type Account, type AccountProblem, type HttpApi, checkAccount, partitionOfRegion } from "../model/index.ts";
import { type ImportOptions, importOpenApi, isOpenApi } from "../openapi/index.ts";
import { DEFAULT_ACCOUNT, DEFAULT_STAGE, readAccountFile } from "./account-file.ts";
import { readTextFile } from "./read-text.ts";

export interface LoadedAccount {
  /** Null when something found is an error. */
  readonly account: Account | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
  /** `file:line:column` of a JSON pointer into the account, or of what is nearest above it. */
  readonly placeOf: (pointer: string) => string;
}

/** What a document cannot say of the account that it is for. */
export interface AccountOptions {
  /** @default "111122223333" */
  readonly accountId?: string;
  /** @default "us-east-1" */
  readonly region?: string;
  /** @default "ignore" */
  readonly basePath?: ImportOptions["basePath"];
}

/**
 * The account of a file, and what was found that does not keep it from being served.
 *
 * @throws GH_APP_ACCOUNT_UNREADABLE, GH_APP_ACCOUNT_INVALID
 */
// oxlint-disable-next-line require-await -- callers are told by the type that files are read
export async function readAccount(
  file: string,
  options: AccountOptions = {},
): Promise<{ readonly account: Account; readonly warnings: readonly Diagnostic[]; readonly sources: Sources }> {
  const { account, diagnostics, sources } = loadAccount(file, options);
  if (account !== null) return { account, warnings: diagnostics, sources };
  const findings = diagnostics
    .filter(({ severity }) => severity === "error")
    .map((diagnostic) => renderDiagnostic(diagnostic, sources));
  throw new GatehouseError("GH_APP_ACCOUNT_INVALID", { file, findings: findings.join("\n") });
}

/**
 * The same with everything that is wrong as data.
 *
 * @throws GH_APP_ACCOUNT_UNREADABLE
 */
export function loadAccount(file: string, options: AccountOptions = {}): LoadedAccount {
  return loadAccountText(file, readAccountText(file), options);
}

/** The same of a text. */
export function loadAccountText(file: string, text: string, options: AccountOptions = {}): LoadedAccount {
  const sources = new Map([[file, text]]);
  const { tree, diagnostics } = readSourceTree(file, text);
  if (tree === null) return refused(file, diagnostics, sources);
  if (isOpenApi(tree)) return loadDocument(file, text, { ...options, purpose: "serve" });
  const { account, diagnostics: found, places } = readAccountFile(tree);
  return account === null ? refused(file, found, sources) : check(account, found, places, sources);
}

/** An OpenAPI document as an account with one API and one stage. */
export function loadDocument(
  file: string,
  text: string,
  { purpose, ...options }: AccountOptions & Pick<ImportOptions, "purpose">,
): LoadedAccount {
  const { accountId, region, basePath } = { ...DEFAULT_ACCOUNT, basePath: "ignore" as const, ...options };
  const partition = partitionOfRegion(region);
  const imported = importOpenApi(file, text, { accountId, region, partition, basePath, purpose });
  const { draft, diagnostics, sources } = imported;
  if (draft === null) return refused(file, diagnostics, sources);
  const places = new Map([...imported.places].map(([pointer, span]) => [`/apis/0${pointer}`, span]));
  return check(accountOf(draft, { accountId, region, partition }), diagnostics, places, sources);
}

function refused(file: string, diagnostics: readonly Diagnostic[], sources: Sources): LoadedAccount {
  return { account: null, diagnostics, sources, placeOf: () => file };
}

function accountOf(api: HttpApi, of: Pick<Account, "accountId" | "region" | "partition">): Account {
  return { ...of, apis: [{ ...api, stages: [DEFAULT_STAGE] }], domainNames: [], oidcProviders: [], roles: [] };
}

/** @throws GH_APP_ACCOUNT_UNREADABLE */
export function readAccountText(file: string): string {
  const text = readTextFile(file);
  if (!text.ok) throw new GatehouseError("GH_APP_ACCOUNT_UNREADABLE", { file, reason: text.reason });
  return text.text;
}

function check(
  account: Account,
  found: readonly Diagnostic[],
  places: ReadonlyMap<string, Span>,
  sources: Sources,
): LoadedAccount {
  const [file = ""] = sources.keys();
  const problems = checkAccount(account).map((problem) => toDiagnostic(problem, places, file));
  const diagnostics = [...found, ...problems].toSorted((a, b) => a.span.start - b.span.start);
  const placeOf = (pointer: string): string => formatSpan(spanOf(places, pointer, file), sources);
  return { account: hasErrors(diagnostics) ? null : account, diagnostics, sources, placeOf };
}

function spanOf(places: ReadonlyMap<string, Span>, pointer: string, file: string): Span {
  return nearestSpan(places, pointer) ?? { file, start: 0, end: 0 };
}

function toDiagnostic(
  { at, code, severity, message, hint, aws }: AccountProblem,
  places: ReadonlyMap<string, Span>,
  file: string,
): Diagnostic {
  return {
    id: code,
    severity,
    message: aws === null ? message : `${message} (AWS: "${aws}")`,
    span: spanOf(places, at, file),
    hint,
  };
}
