/** Versions of Caddy as `caddy version` prints them, and which of them are good enough. */

/** Older ones have open advisories: among them, header names with underscores reach the services (CVE-2026-52845). */
export const MINIMUM_CADDY = "2.11.4";

/**
 * The version in the output of `caddy version`, without the leading `v`; null when it tells none.
 * Known forms: `v2.11.7 h1:…=`, `2.6.2` (Debian), `v2.11.5-0.20260822…-0cf03d32f1c2 h1:…`, `v2.11.7 => ./fork`,
 * `(devel)`, `unknown`.
 */
export function parseCaddyVersion(output: string): string | null {
  const [first = ""] = output.trim().split("\n");
  return /^v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)(?:\+[0-9A-Za-z.-]+)?(?:\s|$)/.exec(first)?.[1] ?? null;
}

/** True when the version is not older than the minimum. A pre-release is older than the release it leads to. */
export function isGoodEnough(version: string, minimum: string = MINIMUM_CADDY): boolean {
  const order = compareNumbers(version, minimum);
  return order > 0 || (order === 0 && !version.includes("-"));
}

/** Negative, zero or positive, by the three numbers alone. */
export function compareNumbers(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (const [index, number] of left.entries()) {
    const difference = number - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return (version.split("-")[0] ?? "").split(".").map(Number);
}
