/**
 * What the clocks and calendars of a time zone show.
 *
 * INVARIANT: pure but for the time zone data of the engine; a zone that the engine does not know is null, never UTC.
 */
export interface LocalTime {
  /** Lower case: `monday`. */
  readonly weekday: string;
  /** Minutes since midnight, 0 to 1439. */
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat | null>();
const MAX_REMEMBERED = 1000;

/** The local time of an instant; null when there is no such zone or instant. */
export function localTime(atMs: number, zone: string): LocalTime | null {
  const format = formatOf(zone);
  if (format === null || Number.isNaN(new Date(atMs).getTime())) return null;
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const weekday = (parts.get("weekday") ?? "").toLowerCase();
  return { weekday, minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")) };
}

/** Whether `name` is a time zone of the IANA database; offsets such as `+02:00` are not. */
export function isTimeZone(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name) && formatOf(name) !== null;
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  if (formats.size >= MAX_REMEMBERED) formats.clear();
  let format: Intl.DateTimeFormat | null = null;
  try {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "long",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  } catch {
    // RangeError is how an unknown zone is told.
  }
  formats.set(zone, format);
  return format;
}
