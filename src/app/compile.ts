/**
 * Writes what the compiler makes of one environment into a directory, byte for byte the same each time.
 *
 * Out: `artifacts.json` (everything), `http-api.public.json`, `http-api.private.json`, `http-api.public.HOST.json` for
 * hosts of services' own, `iam/ROLE.json` (`iam/ROLE-2.json`... for the grants of a role under further conditions), and
 * `caddy.json` with the default ports and state paths. All files are written, or none when the policy has errors.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { compileCaddy } from "../compile/index.ts";
import { type Diagnostic, type Sources, prettyJson } from "../core/index.ts";
import { edgeRuntime } from "./edge-runtime.ts";
import { isLoaded, loadEnvironment } from "./load-policy.ts";
import { DEVELOPMENT_PORTS } from "./ports.ts";
import { statePaths, writeFileWhole } from "./state.ts";

export interface Compiled {
  readonly files: readonly string[];
  readonly digest: string | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

/** @throws GH_POLICY_UNREADABLE, GH_APP_ENVIRONMENT, GH_STATE_UNWRITABLE */
export function compileToDirectory(file: string, environment: string | undefined, out: string): Compiled {
  const loaded = loadEnvironment(file, environment);
  if (!isLoaded(loaded)) return { files: [], digest: null, diagnostics: loaded.diagnostics, sources: loaded.sources };
  const { artifacts } = loaded;
  const documents = new Map<string, unknown>([["artifacts.json", artifacts]]);
  for (const exposure of ["public", "private"] as const) {
    const api = artifacts.apis[exposure];
    if (api !== null) documents.set(`http-api.${exposure}.json`, api);
  }
  for (const { host, exposure, api } of artifacts.hostApis) documents.set(`http-api.${exposure}.${host}.json`, api);
  // The name on AWS tells several roles of one name apart.
  const prefix = `${artifacts.policy}-${artifacts.environment}-`;
  for (const role of artifacts.iam.roles) documents.set(`iam/${role.roleName.slice(prefix.length)}.json`, role);
  // Paths that do not depend on this machine, so that the bytes do not either.
  const runtime = edgeRuntime(statePaths("/var/lib/gatehouse"), DEVELOPMENT_PORTS, artifacts);
  documents.set("caddy.json", compileCaddy(artifacts.edge, runtime));
  mkdirSync(join(out, "iam"), { recursive: true });
  const files = [...documents].map(([name, document]) => {
    const path = join(out, name);
    writeFileWhole(path, prettyJson(document));
    return path;
  });
  return { files, digest: artifacts.digest, diagnostics: loaded.diagnostics, sources: loaded.sources };
}
