/**
 * Texts of cases that would be long or differ from run to run.
 *
 * `${a*300}`: 300 times `a`. `${1..40}` in a list's member or a mapping's key: one for each number. `${NAME}` for a name
 * that the fixture knows (`${backend}`). Whatever else stands in `${…}` is the API's own.
 */
const REPEAT = /\$\{([^{}]+)\*(\d+)\}/g;
const RANGE = /\$\{(\d+)\.\.(\d+)\}/;
const NAME = /\$\{([a-z-]+)\}/g;

export type Names = Readonly<Record<string, string>>;

export function expandText(text: string, names: Names): string {
  return text
    .replaceAll(REPEAT, (_, part: string, count: string) => part.repeat(Number(count)))
    .replaceAll(NAME, (written, name: string) => names[name] ?? written);
}

function ranged(text: string): readonly string[] {
  const [, from, to] = RANGE.exec(text) ?? [];
  if (from === undefined || to === undefined) return [text];
  const numbers = Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at);
  return numbers.map((number) => text.replace(RANGE, String(number)));
}

/** Every text in a value, keys included. */
export function expand<T>(value: T, names: Names): T {
  return expandAny(value, names) as T;
}

function expandAny(value: unknown, names: Names): unknown {
  if (typeof value === "string") return expandText(value, names);
  if (Array.isArray(value))
    return value.flatMap((each: unknown) =>
      typeof each === "string" ? ranged(each).map((text) => expandText(text, names)) : [expandAny(each, names)],
    );
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) =>
      ranged(key).map((text) => [expandText(text, names), expandAny(each, names)] as const),
    ),
  );
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `+6m` */
export function shiftMs(text: string): number {
  const [, sign, number, unit] = /^([+-])(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  return (sign === "-" ? -1 : 1) * Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** `now+300s` becomes seconds since the epoch. */
export function timesOf(claims: Readonly<Record<string, unknown>>, nowMs: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => {
      const shift = typeof value === "string" ? /^now([+-]\d+(?:ms|s|m|h))$/.exec(value)?.[1] : undefined;
      return [name, shift === undefined ? value : (Math.floor(nowMs / 1000) * 1000 + shiftMs(shift)) / 1000];
    }),
  );
}
