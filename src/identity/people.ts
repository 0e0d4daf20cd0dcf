/**
 * The people file: who exists at the development provider.
 *
 * In: YAML text. Out: people and clients, or every mistake at once with its place.
 * Source: docs/guide/people.md for the format.
 */
import { type Node, type Pair, isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { type Diagnostic, Secret, type Span, hasErrors } from "../core/index.ts";
import type { ClaimNames } from "./claims.ts";
import { type ClaimValue, findNameProblem, readClaimValue } from "./people-claims.ts";

export interface People {
  readonly people: readonly Person[];
  readonly clients: readonly MachineClient[];
}

export interface Person {
  /** Signs in with it; the token's `sub`. */
  readonly name: string;
  readonly password: Secret<string>;
  readonly displayName: string | null;
  readonly email: string | null;
  readonly groups: readonly string[];
  /** What else their access tokens say, by the claim's name. */
  readonly claims: Readonly<Record<string, ClaimValue>>;
}

export interface MachineClient {
  /** The token's `sub` and `client_id`. */
  readonly name: string;
  readonly secret: Secret<string>;
  readonly groups: readonly string[];
  /** What else their access tokens say, by the claim's name. */
  readonly claims: Readonly<Record<string, ClaimValue>>;
}

/** The public client that command lines sign in with. */
export const CLI_CLIENT = "gatehouse-cli";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;

/**
 * People is null when there is any error.
 *
 * @param names where the policy looks for groups and name; by default where it does unless it says otherwise
 */
export function parsePeople(
  file: string,
  text: string,
  names: ClaimNames = { groups: "groups", name: "name" },
): { people: People | null; diagnostics: Diagnostic[] } {
  const reader = createReader(file, names);
  const document = parseDocument(text, { prettyErrors: false });
  for (const { message, pos } of document.errors)
    reader.report("people/yaml", message.split("\n")[0] ?? message, { file, start: pos[0], end: pos[1] });
  if (document.errors.length > 0) return { people: null, diagnostics: reader.diagnostics };

  const sections = reader.readMap(document.contents, ["people", "clients"], "the file", 0);
  const people = reader.readNamed(
    sections.get("people"),
    ["password", "name", "email", "groups", "claims"],
    (name, entry, at) => ({
      name,
      password: reader.requireSecret(entry, "password", at),
      displayName: reader.readText(entry.get("name"), "name"),
      email: reader.readText(entry.get("email"), "email"),
      groups: reader.readTexts(entry.get("groups"), "groups"),
      claims: reader.readClaims(entry.get("claims"), at.end),
    }),
  );
  const clients = reader.readNamed(sections.get("clients"), ["secret", "groups", "claims"], (name, entry, at) => ({
    name,
    secret: reader.requireSecret(entry, "secret", at),
    groups: reader.readTexts(entry.get("groups"), "groups"),
    claims: reader.readClaims(entry.get("claims"), at.end),
  }));
  if (people.length + clients.length === 0 && reader.diagnostics.length === 0)
    reader.report("people/empty", "nobody is in the file", { file, start: 0, end: 0 }, EXAMPLE_HINT);
  return { people: hasErrors(reader.diagnostics) ? null : { people, clients }, diagnostics: reader.diagnostics };
}

const EXAMPLE_HINT = "write for example `people: { ada: { password: ada, groups: [support] } }`";

type Entry = ReadonlyMap<string, Node | null>;

function createReader(file: string, names: ClaimNames) {
  const diagnostics: Diagnostic[] = [];
  const namesSeen = new Map<string, Span>();

  function spanOf(node: Node | null | undefined, fallback: number): Span {
    const [start = fallback, end = fallback] = node?.range ?? [];
    return { file, start, end };
  }

  function report(id: string, message: string, span: Span, hint?: string): void {
    diagnostics.push({ id, severity: "error", message, span, ...(hint === undefined ? {} : { hint }) });
  }

  /** The entries of a map, in order, with every key that is not a text reported and left out. */
  function pairsOf(
    node: Node | null | undefined,
    what: string,
    fallback: number,
    hint = EXAMPLE_HINT,
  ): [string, Node | null, Node][] {
    if (node === undefined) return [];
    if (isAlias(node)) {
      report("people/alias", "aliases are not read here", spanOf(node, fallback), "write the value in full");
      return [];
    }
    if (!isMap(node)) {
      report("people/wrong-type", `${what} must be a map of names to values`, spanOf(node, fallback), hint);
      return [];
    }
    const pairs: [string, Node | null, Node][] = [];
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      if (isScalar(key) && typeof key.value === "string") pairs.push([key.value, value, key]);
      else report("people/wrong-type", "a key must be text", spanOf(key, fallback), "put it into quotes");
    }
    return pairs;
  }

  function readMap(node: Node | null | undefined, known: readonly string[], what: string, fallback: number): Entry {
    const entry = new Map<string, Node | null>();
    for (const [key, value, keyNode] of pairsOf(node, what, fallback)) {
      if (known.includes(key)) entry.set(key, value);
      else {
        const hint = `known here are ${known.map((name) => `\`${name}\``).join(", ")}`;
        report("people/unknown-key", `unknown key \`${key}\` in ${what}`, spanOf(keyNode, fallback), hint);
      }
    }
    return entry;
  }

  function readNamed<T>(
    node: Node | null | undefined,
    known: readonly string[],
    read: (name: string, entry: Entry, at: Span) => T,
  ): T[] {
    return pairsOf(node, "this section", 0).map(([name, value, keyNode]) => {
      const at = spanOf(keyNode, 0);
      checkName(name, at);
      return read(name, readMap(value ?? undefined, known, `\`${name}\``, at.end), at);
    });
  }

  function checkName(name: string, at: Span): void {
    const earlier = namesSeen.get(name);
    if (!NAME.test(name))
      report("people/name", `\`${name}\` is not a name`, at, "use letters, digits, `.`, `_`, `@` and `-`, 63 at most");
    else if (name === CLI_CLIENT)
      report("people/reserved-name", `\`${name}\` is the command line's own client`, at, "choose another name");
    else if (earlier !== undefined)
      diagnostics.push({
        id: "people/duplicate-name",
        severity: "error",
        message: `\`${name}\` is a person and a client`,
        span: at,
        hint: "a token says only one name, so each must be one of the two",
        related: [{ message: "first here", span: earlier }],
      });
    namesSeen.set(name, at);
  }

  function readText(node: Node | null | undefined, key: string): string | null {
    if (node === undefined || node === null) return null;
    if (isScalar(node) && typeof node.value === "string" && node.value !== "") return node.value;
    report("people/wrong-type", `\`${key}\` must be text`, spanOf(node, 0), "put it into quotes");
    return null;
  }

  function readTexts(node: Node | null | undefined, key: string): string[] {
    if (node === undefined || node === null) return [];
    if (!isSeq(node)) {
      report("people/wrong-type", `\`${key}\` must be a list`, spanOf(node, 0), `write \`${key}: [support]\``);
      return [];
    }
    return (node.items as Node[]).map((item) => readText(item, `an item of ${key}`) ?? "");
  }

  function readClaims(node: Node | null | undefined, fallback: number): Readonly<Record<string, ClaimValue>> {
    const pairs = pairsOf(node, "`claims`", fallback, "write for example `claims: { department: sales }`");
    const claims = pairs.map(([name, value, keyNode]): [string, ClaimValue] => {
      const problem = findNameProblem(name, names);
      if (problem !== null) report(problem.id, problem.message, spanOf(keyNode, fallback), problem.hint);
      const atKey = spanOf(keyNode, fallback).end;
      return [name, readClaimValue(value, ({ id, message, hint }, at) => report(id, message, spanOf(at, atKey), hint))];
    });
    return Object.fromEntries(claims);
  }

  function requireSecret(entry: Entry, key: string, at: Span): Secret<string> {
    const node = entry.get(key);
    if (node === undefined || node === null)
      report("people/missing-key", `\`${key}\` is missing`, at, `add \`${key}:\`, any text will do in development`);
    return new Secret(readText(node, key) ?? "");
  }

  return { diagnostics, report, readMap, readNamed, readText, readTexts, readClaims, requireSecret };
}
