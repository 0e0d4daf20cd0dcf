/**
 * The context keys that a decision can depend on, and their values for one request.
 *
 * AWS's own keys have AWS's names. What AWS has no key for is under `gatehouse:`, known to Gatehouse only; documents for
 * AWS are without these (aws-document.ts), and compile says what that means.
 * Source: IAM user guide, "AWS global condition context keys"; docs/spec/policy-language.md chapter 13.
 * INVARIANT: a value that is not known is left out, so that what asks for it does not hold.
 */
import { localTime } from "../core/index.ts";

export interface DecisionFacts {
  /** Null when it is not known. */
  readonly sourceIp: string | null;
  readonly atMs: number;
  /** Path parameters of the route, by name. */
  readonly params: Readonly<Record<string, string>>;
  /** Values of claims by the claim's path. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
  readonly issuedAtSeconds: number | null;
}

export const SOURCE_IP_KEY = "aws:SourceIp";
export const CURRENT_TIME_KEY = "aws:CurrentTime";
/** Whole seconds since the token was issued. */
export const TOKEN_AGE_KEY = "gatehouse:token-age";

/**
 * The value of a path parameter. Keys fold case and names do not, so what is not a lower-case letter, digit, `_` or `-`
 * is written as its code; in claims likewise.
 */
export function pathKey(parameter: string): string {
  return `gatehouse:path/${encodeName(parameter)}`;
}

/** The values of a claim. */
export function claimKey(claim: string): string {
  return `gatehouse:claim/${encodeName(claim)}`;
}

export function weekdayKey(zone: string): string {
  return `gatehouse:weekday/${zone}`;
}

/** Minutes since midnight. */
export function minuteKey(zone: string): string {
  return `gatehouse:minute/${zone}`;
}

/** The values of `keys`, which the functions above made; a key that is none of these has none. */
export function contextOf(keys: Iterable<string>, facts: DecisionFacts): Record<string, string | readonly string[]> {
  const context: Record<string, string | readonly string[]> = {};
  for (const key of keys) {
    const value = valueOf(key, facts);
    if (value !== null) context[key] = value;
  }
  return context;
}

function valueOf(key: string, facts: DecisionFacts): string | readonly string[] | null {
  if (key === SOURCE_IP_KEY) return facts.sourceIp;
  if (key === CURRENT_TIME_KEY) return new Date(facts.atMs).toISOString();
  if (key === TOKEN_AGE_KEY)
    return facts.issuedAtSeconds === null
      ? null
      : String(Math.floor(facts.atMs / 1000) - Math.floor(facts.issuedAtSeconds));
  const read = readContextKey(key);
  if (read === null) return null;
  const { kind, name } = read;
  switch (kind) {
    case "path":
      return Object.hasOwn(facts.params, name) ? (facts.params[name] ?? null) : null;
    case "claim":
      return Object.hasOwn(facts.claims, name) ? (facts.claims[name] ?? null) : null;
    case "weekday":
      return localTime(facts.atMs, name)?.weekday ?? null;
    case "minute": {
      const local = localTime(facts.atMs, name);
      return local === null ? null : String(local.minute);
    }
  }
  return kind satisfies never;
}

/** What a key of ours is about: a parameter, a claim or a time zone by its name; null for any other key. */
export function readContextKey(
  key: string,
): { readonly kind: "path" | "claim" | "weekday" | "minute"; readonly name: string } | null {
  const [, kind, name = ""] = /^gatehouse:(path|claim|weekday|minute)\/(.+)$/s.exec(key) ?? [];
  switch (kind) {
    case "path":
    case "claim":
      return { kind, name: decodeName(name) };
    case "weekday":
    case "minute":
      return { kind, name };
    default:
      return null;
  }
}

function encodeName(name: string): string {
  return name.replace(/[^a-z0-9_-]/gu, (character) => `.${(character.codePointAt(0) ?? 0).toString(16)}.`);
}

function decodeName(name: string): string {
  return name.replace(/\.([0-9a-f]+)\./g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}
