/**
 * `gatehouse import`: an OpenAPI document as an account file, or as the document that API Gateway would export.
 *
 * Out: the text, and everything found with its place; no text when there are errors, or warnings that were to be errors.
 * INVARIANT: the same document gives the same bytes.
 */
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { type Diagnostic, GatehouseError, type Sources } from "../core/index.ts";
import type { Account, HttpApi } from "../model/index.ts";
import { exportOpenApi } from "../openapi/index.ts";
import { type AccountOptions, loadDocument, readAccountText } from "./read-account.ts";
import { errnoOf } from "./state.ts";

export interface ImportFlags extends AccountOptions {
  readonly format: "account" | "openapi";
  /** Warnings keep the document from being imported, as with API Gateway's `failOnWarnings`. */
  readonly failOnWarnings: boolean;
  /** JSON instead of YAML. */
  readonly asJson: boolean;
}

export interface Imported {
  /** Null when the document has errors, or warnings that count as such. */
  readonly text: string | null;
  readonly account: Account | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

/** @throws GH_APP_ACCOUNT_UNREADABLE */
export function importFile(file: string, { format, failOnWarnings, asJson, ...options }: ImportFlags): Imported {
  const { account, diagnostics, sources } = loadDocument(file, readAccountText(file), {
    ...options,
    purpose: "import",
  });
  const isRefused = failOnWarnings && diagnostics.some(({ severity }) => severity === "warning");
  const [api] = account?.apis ?? [];
  if (account === null || api === undefined || isRefused) return { text: null, account: null, diagnostics, sources };
  const value = format === "openapi" ? exportOpenApi(api, account).document : leanAccount(account);
  const text = asJson
    ? `${JSON.stringify(value, null, 2)}\n`
    : stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
  return { text, account, diagnostics, sources };
}

/** @throws GH_APP_FILE_UNWRITABLE */
export function writeImported(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new GatehouseError("GH_APP_FILE_UNWRITABLE", { file, reason: errnoOf(cause) ?? "unknown" }, { cause });
  }
}

/**
 * Without what an account file says by saying nothing, so that a person sees what this one is about. Neither JSON nor
 * YAML writes what is undefined.
 */
function leanAccount({ accountId, region, partition, apis }: Account): unknown {
  return { accountId, region, partition, apis: apis.map(leanApi) };
}

function leanApi(api: HttpApi): unknown {
  return {
    ...api,
    protocolType: undefined,
    integrations: api.integrations.map((integration) => ({
      ...integration,
      integrationType: undefined,
      payloadFormatVersion: undefined,
      connectionType: integration.connectionType === "INTERNET" ? undefined : integration.connectionType,
      requestParameters:
        Object.keys(integration.requestParameters).length === 0 ? undefined : integration.requestParameters,
    })),
    authorizers:
      api.authorizers.length === 0 ? undefined : api.authorizers.map((one) => ({ ...one, authorizerType: undefined })),
    stages: api.stages.map(({ stageName, autoDeploy }) => ({ stageName, autoDeploy })),
  };
}
