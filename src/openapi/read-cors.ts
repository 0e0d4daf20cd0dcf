/** `x-amazon-apigateway-cors`. What is not well formed is told and left out whole, as API Gateway does. */
import { type SourceTree, childOf, entryOf, pointerStep, quoted, suggest } from "../core/index.ts";
import type { CorsConfiguration } from "../model/index.ts";
import type { Importing } from "./importing.ts";

const CORS = "x-amazon-apigateway-cors";
const LISTS = ["allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders"] as const;
const KEYS = [...LISTS, "maxAge", "allowCredentials"];
const POINTER = "/corsConfiguration";

export function readCors(importing: Importing): CorsConfiguration | null {
  const entry = entryOf(importing.root, CORS);
  if (entry === null) return null;
  const { value: tree, keyAt } = entry;
  importing.place(POINTER, keyAt);
  let isWhole = true;
  const malformed = (at: SourceTree["at"], message: string, hint: string): null => {
    isWhole = false;
    importing.add("openapi/cors", at, message, hint);
    return null;
  };
  if (tree.kind !== "mapping") return malformed(tree.at, `\`${CORS}\` is not a mapping`, "write `allowOrigins: [...]`");
  for (const { key, keyAt: at } of tree.entries)
    if (!KEYS.includes(key)) malformed(at, `${quoted(key)} is not a key of \`${CORS}\``, suggest(key, KEYS));
  const lists = LISTS.map((key): readonly string[] => {
    const list = childOf(tree, key);
    if (list === null) return [];
    importing.place(POINTER + pointerStep(key), list.at);
    if (list.kind !== "list") return malformed(list.at, `\`${key}\` is not a list`, `write \`${key}: [...]\``) ?? [];
    return list.items.map((item, index) => {
      importing.place(POINTER + pointerStep(key) + pointerStep(index), item.at);
      if (item.kind === "text") return item.text;
      return malformed(item.at, `an entry of \`${key}\` is not a text`, "write a text") ?? "";
    });
  });
  const maxAge = childOf(tree, "maxAge");
  const seconds =
    maxAge === null ? 0 : maxAge.kind === "number" || maxAge.kind === "text" ? Number(maxAge.text) : Number.NaN;
  if (Number.isNaN(seconds))
    malformed(maxAge?.at ?? tree.at, "`maxAge` is not a number", "write seconds, `maxAge: 300`");
  const credentials = childOf(tree, "allowCredentials");
  if (credentials !== null && !(credentials.kind === "boolean" || /^(?:true|false)$/.test(textOf(credentials))))
    malformed(credentials.at, "`allowCredentials` is not a truth value", "write `true` or `false`");
  if (maxAge !== null) importing.place(`${POINTER}/maxAge`, maxAge.at);
  if (credentials !== null) importing.place(`${POINTER}/allowCredentials`, credentials.at);
  if (!isWhole) return null;
  const [allowOrigins = [], allowMethods = [], allowHeaders = [], exposeHeaders = []] = lists;
  return {
    allowOrigins,
    allowMethods,
    allowHeaders,
    exposeHeaders,
    maxAge: seconds,
    allowCredentials: credentials !== null && textOf(credentials).toLowerCase() === "true",
  };
}

function textOf(tree: SourceTree): string {
  return "text" in tree ? tree.text : "";
}
