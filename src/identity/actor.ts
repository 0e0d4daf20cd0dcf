/**
 * The `act` claim of a token that was exchanged: who acts for the subject, as a service is told it.
 *
 * INVARIANT: the whole chain or nothing. A service that treats actors otherwise than subjects must not take one for the
 * other, so a token whose chain cannot be carried on is refused; without its chain it would say too much.
 * Source: RFC 8693 section 4.1.
 */
import type { Actor } from "./identity.ts";
import { isJsonObject } from "./strict-json.ts";

const MAX_LEVELS = 4;
const MAX_CHARS = 256;
const NAMES = ["sub", "iss", "client_id"] as const;

/**
 * Undefined for a token without the claim; null for a claim that is longer than four actors or has one that names nobody
 * (by `sub` or `client_id`). Other members of an actor are left out: they say more about it, not who it is.
 */
export function readActor(claim: unknown, levels = MAX_LEVELS): Actor | undefined | null {
  if (claim === undefined) return undefined;
  if (!isJsonObject(claim) || levels === 0) return null;
  const actor: { -readonly [K in keyof Actor]: Actor[K] } = {};
  for (const name of NAMES) {
    const value = Object.hasOwn(claim, name) ? claim[name] : undefined;
    if (value === undefined) continue;
    if (typeof value !== "string" || value === "" || value.length > MAX_CHARS) return null;
    actor[name] = value;
  }
  if (actor.sub === undefined && actor.client_id === undefined) return null;
  const before = readActor(Object.hasOwn(claim, "act") ? claim["act"] : undefined, levels - 1);
  if (before === null) return null;
  if (before !== undefined) actor.act = before;
  return Object.freeze(actor);
}
