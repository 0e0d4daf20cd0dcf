/**
 * How long IAM documents may be and which characters they may hold. The embedded gateway has none of these limits; AWS
 * refuses what breaks one.
 * Source: IAM user guide, "IAM and AWS STS quotas" (white space does not count); STS API reference,
 * AssumeRoleWithWebIdentity (`Policy`: at most 2,048 characters of plain text, white space included).
 */
import type { WrittenDocument } from "./document.ts";

/** What holds the documents. */
export type DocumentKind = keyof typeof LIMITS;

export type DocumentProblem =
  | { readonly id: "too-long"; readonly characters: number; readonly limit: number }
  /** The first character that IAM does not take. */
  | { readonly id: "character"; readonly character: string };

const LIMITS = {
  /** One managed policy, which a permissions boundary is too. */
  managed: { characters: 6144, countsSpace: false },
  /** All inline policies of one role together. */
  "role-inline": { characters: 10_240, countsSpace: false },
  /** The default; an account can have it raised. */
  trust: { characters: 2048, countsSpace: false },
  /** Everything that is passed for one session together: the inline policy and ARNs of managed ones. */
  session: { characters: 2048, countsSpace: true },
} as const;

/**
 * What AWS would refuse; empty when it takes the document, or all documents of a list together. A document in text form
 * is measured as it is, any other as JSON without white space.
 */
export function checkDocumentLimits(
  kind: DocumentKind,
  documents: string | WrittenDocument | readonly (string | WrittenDocument)[],
): readonly DocumentProblem[] {
  const { characters: limit, countsSpace } = LIMITS[kind];
  const list: readonly (string | WrittenDocument)[] = isList(documents) ? documents : [documents];
  const problems: DocumentProblem[] = [];
  let characters = 0;
  let foreign: string | undefined;
  for (const document of list) {
    const text = typeof document === "string" ? document : JSON.stringify(document);
    characters += (countsSpace ? text : text.replace(/\s/g, "")).length;
    foreign ??= /[^\t\n\r\u0020-\u00ff]/u.exec(text)?.[0];
  }
  if (characters > limit) problems.push({ id: "too-long", characters, limit });
  if (foreign !== undefined) problems.push({ id: "character", character: foreign });
  return problems;
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
