/**
 * What parameter mappings and authorizers can read of a message. Null: it is not there.
 *
 * Of a request everything; of a backend's answer headers, body, context and stage variables.
 */
export interface ValueSource {
  /** Repeated ones joined with `,`. In any case. */
  header(name: string): string | null;
  /** Decoded; repeated ones joined with `,`. */
  querystring(name: string): string | null;
  body(): Buffer | null;
  /** Without stage and base path, as sent. */
  path(): string;
  /** Of the route; `sent`: as it stands in the path, with its percent-encoding. */
  pathParameter(name: string, form: "decoded" | "sent"): string | null;
  /** By name without `$context.`. */
  context(name: string): string | null;
  stageVariable(name: string): string | null;
}
