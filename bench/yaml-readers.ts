/** Ways to read the same YAML texts: the reader of policies, and the package `yaml` with the options that were tried. */
import { Composer, Lexer, LineCounter, Parser, parseDocument } from "yaml";
import { readPlainTree } from "../src/policy/parse/read-plain.ts";

const OPTIONS = {
  version: "1.2",
  schema: "core",
  strict: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: "error",
} as const;

function drain(items: Iterable<unknown>): void {
  for (const _ of items);
}

/** What each way is, by the name that the benchmark calls it. */
export const YAML_READERS: Readonly<Record<string, { readonly says: string; readonly read: (text: string) => void }>> =
  {
    plain: {
      says: "`readPlainTree`, which reads what is plain and leaves the rest to the package",
      read: (text) => void readPlainTree("p.yaml", text),
    },
    lexer: { says: "package: `Lexer` alone", read: (text) => drain(new Lexer().lex(text)) },
    parser: { says: "package: `Parser`, to its syntax tree", read: (text) => drain(new Parser().parse(text)) },
    document: { says: "package: `parseDocument` as used here", read: (text) => void parseDocument(text, OPTIONS) },
    unique: {
      says: "with `uniqueKeys: true`",
      read: (text) => void parseDocument(text, { ...OPTIONS, uniqueKeys: true }),
    },
    failsafe: {
      says: "with `schema: failsafe`",
      read: (text) => void parseDocument(text, { ...OPTIONS, schema: "failsafe" }),
    },
    tokens: {
      says: "with `keepSourceTokens: true`",
      read: (text) => void parseDocument(text, { ...OPTIONS, keepSourceTokens: true }),
    },
    lines: {
      says: "with a `LineCounter`",
      read: (text) => void parseDocument(text, { ...OPTIONS, lineCounter: new LineCounter() }),
    },
    composer: {
      says: "`Composer` over `Parser` by hand",
      read: (text) => drain(new Composer(OPTIONS).compose(new Parser().parse(text))),
    },
  };
