/** The people and clients of an environment with the embedded provider, as callers a decision can be asked for. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GatehouseError, hasErrors, renderDiagnostic } from "../core/index.ts";
import { type People, parsePeople } from "../identity/index.ts";
import type { Caller, Environment } from "../policy/index.ts";
import { errnoOf } from "./state.ts";

const NOBODY: People = { people: [], clients: [] };

/** Path of the people file of an environment, null when it has a real provider. */
export function peopleFileOf(environment: Environment, policyFile: string): string | null {
  return environment.identity.kind === "embedded" ? join(dirname(policyFile), environment.identity.peopleFile) : null;
}

/**
 * Everybody the people file names; nobody where a real provider knows them.
 *
 * @throws GH_POLICY_UNREADABLE, GH_APP_PEOPLE_INVALID with every finding
 */
export function loadPeople({
  environment,
  file,
}: {
  readonly environment: Environment;
  readonly file: string;
}): People {
  const peopleFile = peopleFileOf(environment, file);
  if (peopleFile === null) return NOBODY;
  let text: string;
  try {
    text = readFileSync(peopleFile, "utf8");
  } catch (cause) {
    const reason = errnoOf(cause) === "ENOENT" ? "there is no such file" : (errnoOf(cause) ?? "unknown");
    throw new GatehouseError("GH_APP_PEOPLE_UNREADABLE", { file: peopleFile, reason }, { cause });
  }
  const { people, diagnostics } = parsePeople(peopleFile, text);
  if (people !== null && !hasErrors(diagnostics)) return people;
  const sources = new Map([[peopleFile, text]]);
  const findings = diagnostics.map((d) => renderDiagnostic(d, sources)).join("\n");
  throw new GatehouseError("GH_APP_PEOPLE_INVALID", { file: peopleFile, findings });
}

export interface NamedCaller {
  readonly name: string;
  readonly kind: "person" | "client";
  readonly groups: readonly string[];
  readonly caller: Caller;
}

export function allCallers({ people, clients }: People): readonly NamedCaller[] {
  return [
    ...people.map(({ name, groups }) => ({
      name,
      kind: "person" as const,
      groups,
      caller: { subject: name, clientId: null, groups },
    })),
    ...clients.map(({ name, groups }) => ({
      name,
      kind: "client" as const,
      groups,
      caller: { subject: name, clientId: name, groups },
    })),
  ];
}

/** @throws GH_APP_UNKNOWN_NAME */
export function callerByName(people: People, name: string): Caller {
  const callers = allCallers(people);
  const found = callers.find((c) => c.name === name);
  if (found !== undefined) return found.caller;
  const known = callers.length === 0 ? "none in this environment" : callers.map((c) => `\`${c.name}\``).join(", ");
  throw new GatehouseError("GH_APP_UNKNOWN_NAME", { name, known });
}
