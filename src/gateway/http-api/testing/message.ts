/** A message for mappings to read, of what a test gives. */
import { joinedHeader } from "../call-head.ts";
import { QueryValues } from "../query-values.ts";
import type { ValueSource } from "../value-source.ts";

export interface Message {
  readonly headers?: readonly string[];
  readonly query?: string;
  readonly body?: string | Buffer;
  readonly path?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly context?: Readonly<Record<string, string>>;
  readonly stage?: Readonly<Record<string, string>>;
}

/** Parameters are given as they were sent. */
export function messageOf(message: Message): ValueSource {
  const { headers = [], query = "", body, path = "/pets", parameters = {}, context = {}, stage = {} } = message;
  const values = new QueryValues(query);
  return {
    header: (name) => joinedHeader(headers, name.toLowerCase()),
    querystring: (name) => values.get(name),
    body: () => (body === undefined ? null : Buffer.from(body)),
    path: () => path,
    pathParameter(name, form) {
      const sent = parameters[name];
      return sent === undefined ? null : form === "sent" ? sent : decodeURIComponent(sent);
    },
    context: (name) => context[name] ?? null,
    stageVariable: (name) => stage[name] ?? null,
  };
}
