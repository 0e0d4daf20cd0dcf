/**
 * Holds every import of `src` against the layer table.
 *
 * In:  the table (script/layers.json) and the sources by path from the root.
 * Out: one finding for each import of a module that the row does not list, of another module's inside (only `index.ts`
 *      is a door, except where every file is one), of `src` by an example, and for each cycle between modules.
 * Not here: cycles between files (oxlint `import/no-cycle`).
 */
import { posix } from "node:path";
import type { Finding } from "./finding.ts";

export interface Layer {
  readonly holds: string;
  readonly mayImport: readonly string[];
  readonly everyFileIsADoor?: boolean;
}
export type Layers = Readonly<Record<string, Layer>>;

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

const STATIC = /^[ \t]*(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"/g;

/** Every module that a file names in `import`, `export from`, `import()` and `import("…").Type`. */
export function readImports(text: string): readonly Import[] {
  const found: Import[] = [];
  for (const pattern of [STATIC, DYNAMIC])
    for (const match of text.matchAll(pattern))
      found.push({
        specifier: match[1] ?? "",
        line: text.slice(0, match.index + match[0].length).split("\n").length,
      });
  return found;
}

/** `src/policy/parse.ts` is in `policy`; a file straight under `src` is in none. */
export function moduleOf(path: string): string | null {
  const parts = path.split("/");
  return parts[0] === "src" && parts.length > 2 ? (parts[1] ?? null) : null;
}

export function checkLayers(layers: Layers, sources: ReadonlyMap<string, string>): readonly Finding[] {
  const findings: Finding[] = [];
  const edges = new Map<string, Map<string, Finding>>();
  for (const [file, text] of sources) {
    const from = moduleOf(file);
    if (from !== null && !(from in layers)) {
      findings.push({ file, line: 0, message: `module \`${from}\` has no row in script/layers.json` });
      continue;
    }
    for (const { specifier, line } of readImports(text)) {
      if (!specifier.startsWith(".")) continue;
      const target = posix.normalize(posix.join(posix.dirname(file), specifier));
      const message = judge(layers, file, from, target);
      if (message !== null) findings.push({ file, line, message });
      const to = moduleOf(target);
      if (from !== null && to !== null && to !== from) {
        const row = edges.get(from) ?? new Map<string, Finding>();
        if (!row.has(to)) row.set(to, { file, line, message: `imports \`${target}\`` });
        edges.set(from, row);
      }
    }
  }
  return [...findings, ...findCycles(edges)];
}

function judge(layers: Layers, file: string, from: string | null, target: string): string | null {
  const to = moduleOf(target);
  if (to === null) {
    if (from === null || target.startsWith("tests/support/") || target === "package.json") return null;
    return target.startsWith("src/") ? null : `imports \`${target}\`, which is not part of the product`;
  }
  if (file.startsWith("examples/")) return `an example imports \`${target}\`; examples know only the command line`;
  if (from === to) return null;
  const layer = layers[to];
  if (layer === undefined) return `imports \`${target}\`, whose module has no row in script/layers.json`;
  if (from !== null && !layers[from]?.mayImport.includes(to))
    return `\`${from}\` may not import \`${to}\` (script/layers.json)`;
  const isDoor = target === `src/${to}/index.ts` || layer.everyFileIsADoor === true;
  return isDoor ? null : `imports \`${target}\`; the door of \`${to}\` is \`src/${to}/index.ts\``;
}

function findCycles(edges: ReadonlyMap<string, ReadonlyMap<string, Finding>>): readonly Finding[] {
  const findings: Finding[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    const start = path.indexOf(node);
    if (start !== -1) {
      const cycle = [...path.slice(start), node];
      const evidence = edges.get(path.at(-1) ?? "")?.get(node);
      if (evidence !== undefined)
        findings.push({ ...evidence, message: `closes the cycle ${cycle.map((name) => `\`${name}\``).join(" > ")}` });
      return;
    }
    if (done.has(node)) return;
    for (const next of edges.get(node)?.keys() ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return findings;
}
