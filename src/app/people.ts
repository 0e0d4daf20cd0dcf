/** The people and clients of an environment with the embedded provider, as callers a decision can be asked for. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GatehouseError, hasErrors, renderDiagnostic } from "../core/index.ts";
import {
  type Identity,
  type MachineClient,
  type People,
  type Person,
  claimsOf,
  developmentClaims,
  parsePeople,
} from "../identity/index.ts";
import type { IdentityArtifact } from "../model/index.ts";
import type { Caller, Environment, Policy } from "../policy/index.ts";
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
  policy,
  file,
}: {
  readonly environment: Environment;
  readonly policy: Policy;
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
  const { people, diagnostics } = parsePeople(peopleFile, text, policy.identity.claims);
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

/** Where claims are looked for, and which the policy asks for. */
export type ClaimReading = Pick<IdentityArtifact, "claims" | "usedClaims">;

const NO_READING: ClaimReading = { claims: { groups: "groups", name: "name" }, usedClaims: [] };

/**
 * Everybody, each as with a token that the embedded provider issued at this moment.
 *
 * @param reading of the environment's artifacts; without it, callers have no claims
 */
export function allCallers(
  { people, clients }: People,
  reading: ClaimReading = NO_READING,
  atMs: number = Date.now(),
): readonly NamedCaller[] {
  return [
    ...people.map((person) => ({
      name: person.name,
      kind: "person" as const,
      groups: person.groups,
      caller: callerOf(person, null, reading, atMs),
    })),
    ...clients.map((client) => ({
      name: client.name,
      kind: "client" as const,
      groups: client.groups,
      caller: callerOf(client, client.name, reading, atMs),
    })),
  ];
}

function callerOf(
  subject: Person | MachineClient,
  clientId: string | null,
  { claims: names, usedClaims }: ClaimReading,
  atMs: number,
): Caller {
  const claims = {
    ...developmentClaims(subject, names),
    sub: subject.name,
    ...(clientId === null ? {} : { client_id: clientId }),
  };
  return {
    subject: subject.name,
    clientId,
    groups: subject.groups,
    issuer: null,
    claims: claimsOf(claims, usedClaims),
    issuedAtSeconds: Math.floor(atMs / 1000),
    // A machine does not sign in.
    authTimeSeconds: clientId === null ? Math.floor(atMs / 1000) : null,
  };
}

/** An identity as the reference decides on it. */
export function callerOfIdentity(identity: Identity): Caller {
  const { subject, clientId, groups, issuerName, claims, issuedAtSeconds, authTimeSeconds } = identity;
  return { subject, clientId, groups, issuer: issuerName, claims, issuedAtSeconds, authTimeSeconds };
}

/** @throws GH_APP_UNKNOWN_NAME */
export function callerByName(
  people: People,
  name: string,
  reading: ClaimReading = NO_READING,
  atMs: number = Date.now(),
): Caller {
  const callers = allCallers(people, reading, atMs);
  const found = callers.find((c) => c.name === name);
  if (found !== undefined) return found.caller;
  const known = callers.length === 0 ? "none in this environment" : callers.map((c) => `\`${c.name}\``).join(", ");
  throw new GatehouseError("GH_APP_UNKNOWN_NAME", { name, known });
}
