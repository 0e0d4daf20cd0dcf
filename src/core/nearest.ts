/** Names that are looked at; beyond, a slip is not worth the time. */
const MAX_KNOWN = 1000;

/** The known name that somebody who wrote `text` most likely meant; null when none is close. */
export function findNearest(text: string, known: readonly string[]): string | null {
  const wanted = fold(text);
  const candidates = known.length > MAX_KNOWN ? known.slice(0, MAX_KNOWN) : known;
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const name of candidates) {
    const allowed = Math.max(1, Math.floor(Math.min(text.length, name.length) / 3));
    const limit = Math.min(bestDistance, allowed + 1);
    const distance = measureDistance(wanted, fold(name), limit);
    if (distance >= limit) continue;
    best = name;
    bestDistance = distance;
  }
  return best;
}

/** A hint: the nearest name, or the list of what is known. */
export function suggest(text: string, known: readonly string[]): string {
  const nearest = findNearest(text, known);
  if (nearest !== null) return `did you mean \`${nearest}\`?`;
  const shown = known.slice(0, 16).map((name) => `\`${name}\``);
  if (shown.length === 0) return "there is none yet";
  return `known are ${shown.join(", ")}${known.length > shown.length ? " and others" : ""}`;
}

function fold(text: string): string {
  return text.slice(0, 80).toLowerCase().replaceAll("-", "_");
}

/** Edits (insert, delete, replace, swap of neighbours) between two texts; `limit` when there are at least that many. */
function measureDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return Math.min(limit, last[b.length] ?? limit);
}
