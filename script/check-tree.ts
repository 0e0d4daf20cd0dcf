/**
 * Runs one of the checks over the project's own files: `layers`, `links` or `tree`.
 * Out: one line per finding, exit 1 when there is one.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finding, renderFinding } from "./checks/finding.ts";
import { type Layers, checkLayers } from "./checks/layers.ts";
import { checkLinks } from "./checks/links.ts";
import { listFiles } from "./checks/tracked-files.ts";
import { checkTree } from "./checks/tree.ts";

const root = join(import.meta.dirname, "..");
const files = listFiles(root);

function read(pattern: RegExp): ReadonlyMap<string, string> {
  return new Map(
    files.filter((file) => pattern.test(file)).map((file) => [file, readFileSync(join(root, file), "utf8")]),
  );
}

function run(check: string | undefined): readonly Finding[] {
  switch (check) {
    case "layers": {
      const layers = JSON.parse(readFileSync(join(root, "script", "layers.json"), "utf8")) as Layers;
      return checkLayers(layers, read(/^(?:src|examples)\/.*\.tsx?$/));
    }
    case "links":
      return checkLinks(read(/\.md$/), new Set(files));
    case "tree":
      return checkTree(read(/^(?!LICENSE$)(?!.*\.(?:png|ico|woff2)$)/));
    default:
      throw new Error("say which check: layers, links or tree");
  }
}

const findings = run(process.argv[2]);
for (const finding of findings) console.log(renderFinding(finding));
process.exitCode = findings.length === 0 ? 0 : 1;
