/**
 * Credentials in what a run printed: tokens, sessions, keys. Nothing of the kind belongs there, whatever printed it.
 *
 * In: the output. Out: for each line that has one its number and the kind, never the line itself.
 */
export interface CredentialFound {
  readonly line: number;
  readonly kind: string;
}

const KINDS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["a signed token", /\beyJ[\w-]{12,}\.[\w-]{12,}\.[\w-]{20,}/],
  ["a session in a cookie", /__Host-gatehouse=\d~[\w.-]{40,}/],
  ["a handle of a session", /\bh~[A-Za-z0-9_-]{43}(?![\w-])/],
  ["a private key", /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|"d"\s*:\s*"[\w-]{40,}"/],
];

export function findCredentials(output: string): CredentialFound[] {
  return output
    .split("\n")
    .flatMap((text, index) =>
      KINDS.flatMap(([kind, pattern]) => (pattern.test(text) ? [{ line: index + 1, kind }] : [])),
    );
}
