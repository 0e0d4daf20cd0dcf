/**
 * JSON of a signed object, read in the one way that leaves no second reading: valid UTF-8 without byte order mark,
 * one object at the top, and no member name twice in any object.
 *
 * JSON.parse keeps the last of two equal names where other readers keep the first; what is read here may be handed on
 * to such a reader, so a text with two readings is refused. Source: RFC 7519 section 4, RFC 8725 section 2.4.
 */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type JsonObject = Readonly<Record<string, unknown>>;

/** The object, or null when the bytes are anything else. Never throws. */
export function parseStrictJsonObject(bytes: Uint8Array): JsonObject | null {
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isJsonObject(value) || hasDuplicateNames(text)) return null;
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Walks a text that is known to be valid JSON and compares the member names of each object. */
function hasDuplicateNames(text: string): boolean {
  // One set for each open object, null for each open array.
  const open: (Set<string> | null)[] = [];
  let expectsName = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') {
      const end = endOfString(text, i);
      const names = open.at(-1);
      if (expectsName && names !== null && names !== undefined) {
        const name = JSON.parse(text.slice(i, end + 1)) as string;
        if (names.has(name)) return true;
        names.add(name);
        expectsName = false;
      }
      i = end;
    } else if (char === "{" || char === "[") {
      open.push(char === "{" ? new Set() : null);
      expectsName = char === "{";
    } else if (char === "}" || char === "]") {
      open.pop();
      expectsName = false;
    } else if (char === ",") {
      expectsName = open.at(-1) !== null;
    }
  }
  return false;
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i;
}
