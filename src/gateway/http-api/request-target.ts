/**
 * The path that a call is for: the same for the route, the authorizer, the signature's ARN and the backend.
 *
 * In: the request target as it stood in the request line. Out: path as it is sent on and decoded, segment by segment.
 * Not here: stages and base paths that are taken off its front (endpoints.ts), what is signed (the target as received).
 * AWS says nothing about dot segments, repeated and encoded slashes; here they are resolved before anything is decided
 * (or refused, by switch), so that no route answers for a path that the backend takes for another.
 * Source: RFC 9112 3.2.1, RFC 3986 2.1 and 5.2.4; RFC 3629 (no over-long forms).
 * INVARIANT: `path` and `rawPath` have the same number of slashes.
 */
import type { Switches } from "./switches.ts";

export interface RequestTarget {
  /** As it is sent on, without query. */
  readonly rawPath: string;
  /** Decoded, for matching; an encoded slash stays encoded. */
  readonly path: string;
  /** As sent, with the leading `?`; empty when there is none. */
  readonly query: string;
}

type PathSwitches = Pick<Switches, "path-spelling" | "encoded-slash">;

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const QUESTION = 0x3f;
const HASH = 0x23;
const BACKSLASH = 0x5c;

/** Null: the target is refused with 400. */
export function readRequestTarget(target: string, switches: PathSwitches): RequestTarget | null {
  if (target.charCodeAt(0) !== SLASH) return null;
  let end = target.length;
  let isPlain = true;
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || code === HASH) return null;
    if (i >= end) continue;
    if (code === BACKSLASH) return null;
    if (code === QUESTION) end = i;
    else if (code === PERCENT) isPlain = false;
    else if (code === SLASH && i + 1 < target.length) {
      const next = target.charCodeAt(i + 1);
      if (next === SLASH || next === DOT) isPlain = false;
    }
  }
  const written = target.slice(0, end);
  const query = target.slice(end);
  if (isPlain) return { rawPath: written, path: written, query };
  const rawPath = spell(written, switches["path-spelling"]);
  if (rawPath === null) return null;
  const path = decode(rawPath, switches["encoded-slash"]);
  return path === null ? null : { rawPath, path, query };
}

/** A segment that RFC 3986 resolves, in any encoding of its dots. */
const DOT_SEGMENT = /^(?:\.|%2e)$/i;
const TWO_DOTS = /^(?:\.|%2e){2}$/i;

/** Whether a path has segments that somebody on its way may resolve or merge. */
export function hasLooseSegments(path: string): boolean {
  const segments = path.slice(1).split("/");
  return segments.some(
    (segment, at) =>
      (segment === "" && at < segments.length - 1) || DOT_SEGMENT.test(segment) || TWO_DOTS.test(segment),
  );
}

function spell(written: string, spelling: Switches["path-spelling"]): string | null {
  if (!hasLooseSegments(written)) return written;
  if (spelling === "refuse") return null;
  const kept: string[] = [];
  const segments = written.slice(1).split("/");
  for (const [at, segment] of segments.entries()) {
    const isLast = at === segments.length - 1;
    if (TWO_DOTS.test(segment)) kept.pop();
    if (TWO_DOTS.test(segment) || DOT_SEGMENT.test(segment)) {
      // What was a folder stays one.
      if (isLast) kept.push("");
    } else if (segment !== "" || isLast) kept.push(segment);
  }
  return `/${kept.join("/")}`;
}

/** Null for bad hexadecimal, bad UTF-8, control characters, and for encoded slashes unless they are opaque. */
function decode(rawPath: string, slashes: Switches["encoded-slash"]): string | null {
  if (!rawPath.includes("%")) return rawPath;
  let decoded = "";
  for (const [at, piece] of rawPath.split(/(%2f|%5c)/i).entries()) {
    if (at % 2 === 1) {
      if (slashes === "refuse") return null;
      decoded += piece.toUpperCase();
      continue;
    }
    let text: string;
    try {
      text = decodeURIComponent(piece);
    } catch {
      return null;
    }
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return null;
    }
    decoded += text;
  }
  return decoded;
}
