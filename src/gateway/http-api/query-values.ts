/**
 * The parameters of a query by name, decoded once.
 *
 * In: a query as sent. Out: for a name its values joined with `,`, as mappings and authorizers see them.
 * Source: API Gateway developer guide, "Parameter mapping" (names have case, repeated ones are joined); URL standard,
 * "application/x-www-form-urlencoded parsing".
 */

export class QueryValues {
  readonly #query: string;
  #values: Map<string, string> | null = null;

  /** @param query with its leading `?`, or empty */
  constructor(query: string) {
    this.#query = query;
  }

  get(name: string): string | null {
    if (this.#query === "") return null;
    this.#values ??= parse(this.#query.slice(1));
    return this.#values.get(name) ?? null;
  }
}

function parse(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decodeParameter(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? "" : decodeParameter(pair.slice(equals + 1));
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return values;
}

/** What is no percent-encoding stays as it is. */
export function decodeParameter(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
