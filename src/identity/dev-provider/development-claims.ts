/**
 * What tokens of the development provider say about somebody of the people file, beside what OAuth itself puts into them.
 *
 * INVARIANT: groups and name stand where the policy looks for them, whatever the people file has among `claims`.
 */
import type { ClaimNames } from "../claims.ts";
import type { MachineClient, Person } from "../people.ts";
import { isMappedClaim } from "../people-claims.ts";

/** Groups and name, also where the policy wants them, and the claims of the file. A machine has a name like a person. */
export function developmentClaims(subject: Person | MachineClient, names: ClaimNames): Record<string, unknown> {
  const claims: Record<string, unknown> = { groups: subject.groups, preferred_username: subject.name };
  if ("displayName" in subject && subject.displayName !== null) claims["name"] = subject.displayName;
  if ("email" in subject && subject.email !== null) claims["email"] = subject.email;
  placeAt(claims, names.groups, subject.groups);
  placeAt(claims, names.name, subject.name);
  const own = Object.entries(subject.claims).filter(([name]) => !isMappedClaim(name, names));
  return { ...claims, ...Object.fromEntries(own) };
}

function placeAt(claims: Record<string, unknown>, path: string, value: unknown): void {
  if (Object.hasOwn(claims, path)) return;
  const parts = path.split(".");
  // A name with `:` or `/` is a claim of its own however many dots it has.
  const steps = /[:/]/.test(path) ? [path] : parts;
  let at = claims;
  for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>;
  at[steps.at(-1) ?? path] = value;
}
