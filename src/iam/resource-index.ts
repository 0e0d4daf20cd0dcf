/**
 * Which statements name a resource: an index, because a role may name thousands.
 *
 * In: the ARN patterns of a document with the number of their statement. Out: the numbers for one ARN.
 * A pattern without wildcard is found by its text. Any other is filed under its fixed beginning up to a slash and, where
 * many share one, under the rarest segment that every fitting ARN has.
 * INVARIANT: what a pattern is filed under stands in every ARN that fits it.
 */
import { type Arn, type ArnPattern, matchArnHead } from "./arn.ts";
import {
  type Pattern,
  type Resolve,
  bindPattern,
  literalOf,
  literalPrefixOf,
  literalSegmentsOf,
  matchPattern,
} from "./wildcard.ts";

/** Buckets up to this size are scanned. */
const SCAN_LIMIT = 8;

interface Entry {
  readonly pattern: Pattern;
  readonly statement: number;
}

interface Bucket {
  entries: Entry[];
  bySegment: Map<string, Entry[]> | null;
}

interface Tails {
  readonly exact: Map<string, number[]>;
  readonly byPrefix: Map<string, Bucket>;
}

export interface ResourceIndex {
  readonly fixedHeads: ReadonlyMap<string, Tails>;
  readonly otherHeads: readonly { readonly pattern: ArnPattern; readonly tails: Tails }[];
}

export function indexResources(
  resources: readonly { readonly arn: ArnPattern; readonly statement: number }[],
): ResourceIndex {
  const fixedHeads = new Map<string, Tails>();
  const otherHeads = new Map<string, { pattern: ArnPattern; tails: Tails }>();
  for (const { arn, statement } of resources) {
    const tails = tailsOf(arn, fixedHeads, otherHeads);
    const exact = literalOf(arn.resource);
    if (exact !== null) {
      pushTo(tails.exact, exact, statement);
      continue;
    }
    const prefix = upToSlash(literalPrefixOf(arn.resource));
    let bucket = tails.byPrefix.get(prefix);
    if (bucket === undefined) tails.byPrefix.set(prefix, (bucket = { entries: [], bySegment: null }));
    bucket.entries.push({ pattern: arn.resource, statement });
  }
  for (const tails of [...fixedHeads.values(), ...[...otherHeads.values()].map((other) => other.tails)])
    for (const bucket of tails.byPrefix.values()) fileBySegment(bucket);
  return { fixedHeads, otherHeads: [...otherHeads.values()] };
}

/** Adds the number of every statement that names the ARN, in no order and perhaps twice. */
export function findStatements(index: ResourceIndex, arn: Arn, resolve: Resolve, found: number[]): void {
  const tails = index.fixedHeads.get(arn.head);
  if (tails !== undefined) findInTails(tails, arn.resource, resolve, found);
  for (const { pattern, tails: others } of index.otherHeads)
    if (matchArnHead(pattern, arn.head, resolve) === true) findInTails(others, arn.resource, resolve, found);
}

function findInTails(tails: Tails, resource: string, resolve: Resolve, found: number[]): void {
  const exact = tails.exact.get(resource);
  if (exact !== undefined) found.push(...exact);
  if (tails.byPrefix.size === 0) return;
  for (let end = 0; end !== -1 && end <= resource.length; end = nextCut(resource, end)) {
    const bucket = tails.byPrefix.get(resource.slice(0, end));
    if (bucket !== undefined) findInBucket(bucket, resource, resolve, found);
  }
}

function findInBucket(bucket: Bucket, resource: string, resolve: Resolve, found: number[]): void {
  scan(bucket.entries, resource, resolve, found);
  if (bucket.bySegment === null) return;
  for (const segment of resource.split("/")) {
    const entries = bucket.bySegment.get(segment);
    if (entries !== undefined) scan(entries, resource, resolve, found);
  }
}

function scan(entries: readonly Entry[], resource: string, resolve: Resolve, found: number[]): void {
  for (const { pattern, statement } of entries) {
    const bound = bindPattern(pattern, resolve);
    if (bound !== null && matchPattern(bound, resource)) found.push(statement);
  }
}

function tailsOf(
  arn: ArnPattern,
  fixedHeads: Map<string, Tails>,
  otherHeads: Map<string, { pattern: ArnPattern; tails: Tails }>,
): Tails {
  const known = arn.fixedHead ? fixedHeads.get(arn.head) : otherHeads.get(arn.head)?.tails;
  if (known !== undefined) return known;
  const tails: Tails = { exact: new Map(), byPrefix: new Map() };
  if (arn.fixedHead) fixedHeads.set(arn.head, tails);
  else otherHeads.set(arn.head, { pattern: arn, tails });
  return tails;
}

/** Moves what has a fixed segment out of the list that is scanned. */
function fileBySegment(bucket: Bucket): void {
  if (bucket.entries.length <= SCAN_LIMIT) return;
  const segments = bucket.entries.map(({ pattern }) => literalSegmentsOf(pattern));
  const counts = new Map<string, number>();
  for (const segment of segments.flat()) if (segment !== null) counts.set(segment, (counts.get(segment) ?? 0) + 1);
  const bySegment = new Map<string, Entry[]>();
  const rest: Entry[] = [];
  for (const [index, entry] of bucket.entries.entries()) {
    let rarest: string | null = null;
    for (const segment of segments[index] ?? [])
      if (segment !== null && (rarest === null || (counts.get(segment) ?? 0) < (counts.get(rarest) ?? 0)))
        rarest = segment;
    if (rarest === null) rest.push(entry);
    else pushTo(bySegment, rarest, entry);
  }
  bucket.entries = rest;
  bucket.bySegment = bySegment;
}

function nextCut(resource: string, from: number): number {
  const slash = resource.indexOf("/", from);
  return slash === -1 ? -1 : slash + 1;
}

function upToSlash(text: string): string {
  return text.slice(0, text.lastIndexOf("/") + 1);
}

function pushTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
