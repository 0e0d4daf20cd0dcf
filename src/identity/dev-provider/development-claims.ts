/**
 * What tokens of the development provider say about somebody of the people file, beside what OAuth itself puts into them.
 *
 * INVARIANT: groups and name stand where the policy looks for them, whatever the people file has among `claims`.
 */
import type { Context } from "oidc-provider";
import type { ClaimNames } from "../claims.ts";
import type { MachineClient, Person } from "../people.ts";
import { isMappedClaim } from "../people-claims.ts";

/** How somebody signed in, as far as it is known. */
export interface SignIn {
  readonly acr?: string | undefined;
  /** Seconds since the epoch. */
  readonly authTime?: number | undefined;
}

/**
 * Groups and name, also where the policy wants them, and the claims of the file. A machine has a name like a person. Of
 * several `acr` in the file a token carries one: what the sign-in reached.
 */
export function developmentClaims(
  subject: Person | MachineClient,
  names: ClaimNames,
  signIn: SignIn = {},
): Record<string, unknown> {
  const claims: Record<string, unknown> = { groups: subject.groups, preferred_username: subject.name };
  if ("displayName" in subject && subject.displayName !== null) claims["name"] = subject.displayName;
  if ("email" in subject && subject.email !== null) claims["email"] = subject.email;
  placeAt(claims, names.groups, subject.groups);
  placeAt(claims, names.name, subject.name);
  const own = Object.entries(subject.claims).filter(([name]) => !isMappedClaim(name, names));
  const acr = reachedAcr(subject, signIn.acr ?? "");
  return {
    ...claims,
    ...Object.fromEntries(own),
    ...(acr === undefined ? {} : { acr }),
    ...(signIn.authTime === undefined ? {} : { auth_time: signIn.authTime }),
  };
}

/**
 * The `acr` of a sign-in that was asked for one of these (`acr_values`, with spaces between): the first of them that the
 * person's claims list, else the first in that list. Undefined for somebody whose claims have no text there.
 */
export function reachedAcr({ claims }: Person | MachineClient, asked: string): string | undefined {
  const { acr } = claims;
  const listed = (Array.isArray(acr) ? acr : [acr]).filter((value) => typeof value === "string");
  return asked.split(" ").find((value) => listed.includes(value)) ?? listed[0];
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

/** How somebody signed in for the token that is made now; without a request of theirs, it is made as if they just had. */
export function signInOf(context: Context | undefined): SignIn {
  const { AuthorizationCode: code, RefreshToken: refresh, DeviceCode: device } = context?.oidc.entities ?? {};
  if (context === undefined) return { authTime: Math.floor(Date.now() / 1000) };
  const { acr, authTime } = code ?? refresh ?? device ?? {};
  return { acr, authTime };
}
