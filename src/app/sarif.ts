/**
 * Findings as a SARIF log, the format in which code hosts and editors take them.
 *
 * In: findings with the texts they point into, the directory that paths are relative to. Out: the log as plain data.
 * A waived finding has the level of its rule and a suppression with the waiver's words. No text of a file is in the log,
 * since a line may hold a secret.
 * INVARIANT: the same findings give the same log; a fingerprint has no line number in it.
 * Source: SARIF 2.1.0 (OASIS); numbers in comments are its sections.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { type Diagnostic, type Severity, type Sources, type Span, positionOf } from "../core/index.ts";
import { GUARDRAILS, RULES, WAIVER_FINDINGS } from "../policy/index.ts";

type Json = Readonly<Record<string, unknown>>;

interface RuleText {
  readonly severity: Severity;
  readonly why: string;
  readonly fix: string | null;
  readonly properties: Json;
}

const LEVELS = { error: "error", warning: "warning", info: "note" } as const satisfies Record<Severity, string>;

/** Why a finding is there that has no catalogue of its own, by its area. */
const AREAS: Readonly<Record<string, string>> = {
  compile: "what the policy says has to be possible in every environment that it names",
  people: "the people file says who the embedded provider knows",
};

/** Name of the directory to which paths are relative; its place on this machine is nobody's business. */
const BASE = "%SRCROOT%";

export function sarifLog(diagnostics: readonly Diagnostic[], sources: Sources, directory: string): Json {
  const rules = listRules(diagnostics);
  const ruleIndex = new Map([...rules.keys()].map((id, index) => [id, index]));
  const uris = listUris(diagnostics, sources, directory);
  const artifactIndex = new Map([...uris.keys()].map((file, index) => [file, index]));

  const place = (span: Span): Json => ({
    artifactLocation: { uri: uris.get(span.file), uriBaseId: BASE, index: artifactIndex.get(span.file) },
    ...regionOf(span, sources),
  });
  const fingerprintOf = createFingerprints();
  const results = diagnostics.map((diagnostic): Json => {
    const { id, span, hint, related = [], waived } = diagnostic;
    const { severity, message } = waived ?? diagnostic;
    const relatedLocations = related.map((one, index) => ({
      id: index + 1,
      message: { text: messageText(one.message) },
      physicalLocation: place(one.span),
    }));
    return {
      ruleId: id,
      ruleIndex: ruleIndex.get(id),
      level: LEVELS[severity],
      message: { text: messageText(message, ...(hint === undefined ? [] : [hint])) },
      locations: [{ physicalLocation: place(span) }],
      ...(relatedLocations.length === 0 ? {} : { relatedLocations }),
      partialFingerprints: { "gatehouseFinding/v1": fingerprintOf(id, span.file, message) },
      ...(waived === undefined ? {} : { suppressions: [suppression(waived, related[0]?.span, place)] }),
    };
  });

  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "Gatehouse",
            semanticVersion: readVersion(),
            rules: [...rules].map(([id, rule]) => describeRule(id, rule)),
          },
        },
        // Columns are those of JavaScript strings, as in everything else that is printed (3.14.27).
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: {
          [BASE]: { description: { text: "The directory in which the check ran; paths of files are relative to it." } },
        },
        artifacts: [...uris.values()].map((uri) => ({
          location: { uri, uriBaseId: BASE },
          sourceLanguage: "yaml",
          encoding: "UTF-8",
        })),
        results,
      },
    ],
  };
}

/** Every rule that is known, and those of the findings that are in no catalogue, by id. */
function listRules(diagnostics: readonly Diagnostic[]): ReadonlyMap<string, RuleText> {
  const rules = new Map<string, RuleText>();
  for (const [id, { severity, why, clause }] of Object.entries(RULES))
    rules.set(id, { severity, why, fix: null, properties: { tags: ["language"], clause } });
  for (const [id, { severity, why, fix }] of Object.entries({ ...GUARDRAILS, ...WAIVER_FINDINGS }))
    rules.set(id, { severity, why, fix, properties: { tags: ["guardrail", "security"] } });
  for (const { id, severity } of diagnostics) {
    const [area = ""] = id.split("/");
    const why = AREAS[area] ?? "the policy has to mean what it says";
    if (!rules.has(id)) rules.set(id, { severity, why, fix: null, properties: { tags: [area] } });
  }
  return new Map([...rules].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describeRule(id: string, { severity, why, fix, properties }: RuleText): Json {
  const { clause } = properties;
  const more = [
    ...(fix === null ? [] : [`what to do: ${fix}`]),
    ...(typeof clause === "string" ? [`clause ${clause} of the policy language`] : []),
  ];
  return {
    id,
    shortDescription: { text: messageText(why) },
    fullDescription: { text: messageText(why, ...more) },
    help: { text: messageText(fix ?? "the message of each finding says what to write instead") },
    defaultConfiguration: { level: LEVELS[severity] },
    properties,
  };
}

/** Line and column, unless the text is not known; a byte order mark is no column (3.30.2). */
function regionOf(span: Span, sources: Sources): Json {
  const text = sources.get(span.file);
  if (text === undefined) return {};
  const start = positionOf(text, span.start);
  const end = positionOf(text, span.end);
  const columnOf = ({ line, column }: typeof start): number =>
    line === 1 && text.startsWith("\ufeff") ? Math.max(1, column - 1) : column;
  return {
    region: { startLine: start.line, startColumn: columnOf(start), endLine: end.line, endColumn: columnOf(end) },
  };
}

/** The URI of each file, those with findings among them, relative to the directory. */
function listUris(
  diagnostics: readonly Diagnostic[],
  sources: Sources,
  directory: string,
): ReadonlyMap<string, string> {
  const files = new Set(sources.keys());
  for (const { span, related = [] } of diagnostics)
    for (const { file } of [span, ...related.map((one) => one.span)]) files.add(file);
  return new Map([...files].sort().map((file) => [file, uriOf(file, directory)]));
}

function uriOf(file: string, directory: string): string {
  const path = relative(directory, resolve(directory, file));
  return path.split(sep).map(encodeURIComponent).join("/");
}

/**
 * What a finding is known by from one check to the next: its rule and what it says, which names what it is about.
 * Of those that say the same about one file the first, second, third are told apart.
 */
function createFingerprints(): (id: string, file: string, message: string) => string {
  const seen = new Map<string, number>();
  return (id, file, message) => {
    const key = JSON.stringify([id, file, message]);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    const digest = createHash("sha256")
      .update(JSON.stringify([id, message]))
      .digest("hex");
    return `${digest.slice(0, 32)}:${count}`;
  };
}

function suppression(
  { owner, reason, until }: NonNullable<Diagnostic["waived"]>,
  waiver: Span | undefined,
  place: (span: Span) => Json,
): Json {
  return {
    kind: "inSource",
    status: "accepted",
    justification: `${owner}, until ${until}: ${reason}`,
    ...(waiver === undefined ? {} : { location: { physicalLocation: place(waiver) } }),
  };
}

/**
 * Lines as sentences: elsewhere they are lower case without full stop. Braces stand for themselves and not for places
 * to be filled (3.11.5), and nothing that a policy says becomes a link (3.11.6).
 */
function messageText(...lines: readonly string[]): string {
  const sentences = lines.map((line) => {
    const begun = line.charAt(0).toUpperCase() + line.slice(1);
    return /[.!?]$/.test(begun) ? begun : `${begun}.`;
  });
  return sentences.join(" ").replace(/[{}]/g, "$&$&").replaceAll("](", "\\](");
}

function readVersion(): string {
  const manifest = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
