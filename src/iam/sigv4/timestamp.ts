/**
 * Times as signed requests write them.
 *
 * In: text of a client. Out: milliseconds since 1970, or null for every other spelling and for days that no calendar has.
 * Source: IAM user guide, "Elements of an AWS API request signature"; RFC 9110 section 5.6.7 for `Date`.
 */
const ISO_BASIC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
// botocore writes the zone of a `Date` as `-0000`.
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|[+-]0000)$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The time of `20150830T123600Z`. */
export function parseIsoBasic(text: string): number | null {
  const match = ISO_BASIC.exec(text);
  return match === null ? null : exactTime(match[1], match[2], match[3], match[4], match[5], match[6]);
}

/** The time of `Sun, 30 Aug 2015 12:36:00 GMT`, the only form of a `Date` header that is sent today. */
export function parseHttpDate(text: string): number | null {
  const match = HTTP_DATE.exec(text);
  if (match === null) return null;
  const month = MONTHS.indexOf(match[2] ?? "") + 1;
  return exactTime(match[3], month, match[1], match[4], match[5], match[6]);
}

/** `20150830T123600Z`; parts of a second are left out. */
export function formatIsoBasic(timeMs: number): string {
  const text = new Date(timeMs).toISOString();
  return `${text.slice(0, 4)}${text.slice(5, 7)}${text.slice(8, 13)}${text.slice(14, 16)}${text.slice(17, 19)}Z`;
}

function exactTime(...parts: readonly (string | number | undefined)[]): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  if (minute > 59 || second > 59) return null;
  const timeMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(timeMs);
  // 30 February and 24 o'clock become another day, a 13th month another year, the year 15 becomes 1915.
  return date.getUTCDate() === day && date.getUTCFullYear() === year ? timeMs : null;
}
