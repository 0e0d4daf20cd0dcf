/**
 * House rules that no linter knows: what may not stand in a file, what a file may not be called, how long it may be.
 *
 * In:  the text of every file of the project by path from the root.
 * Out: one finding per breach.
 * INVARIANT: the patterns below are written so that they do not match themselves.
 */
import type { Finding } from "./finding.ts";

interface Ban {
  readonly pattern: RegExp;
  readonly message: string;
  /** Only files whose path fits; all when absent. */
  readonly in?: RegExp;
}

const CODE = /\.(ts|tsx|sh|json|yaml)$|^script\/[a-z]+$|^gatehouse$/;

const BANS: readonly Ban[] = [
  {
    pattern:
      /\b(?:registry[.]npm\w*|pypi[.]org|\w*[.]pythonhosted|proxy[.]golang|sum[.]golang|deb[.]debian|repo1?[.]maven|static[.]crates)\b/,
    message: "names the host of a package registry; packages come by name",
  },
  {
    pattern: /(?:^|[\s"'`(=:])[/](?:root|work|home[/][a-z]\w*|Users[/]\w+)[/]/,
    message: "holds an absolute path of one machine",
  },
  { pattern: /[.][.][/]shared\b|shared[/](?:design|reference)/, message: "points outside the repository" },
  { pattern: /\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/, message: "unfinished work is no comment", in: CODE },
  {
    pattern: /@ts-(?:ignor[e]|nochec[k]|expect-erro[r](?!: \S))/,
    message: "the type checker is overruled only by `@ts-expect-error: reason`",
    in: CODE,
  },
  { pattern: /\b(?:test|it|describe)[.](?:only|todo)\b/, message: "a test is run or it is not there", in: /\.ts$/ },
  {
    pattern: /oxlint-disabl[e](?!-next-line [^\n]+ -- \S)(?! [^\n]+ -- \S)/,
    message: "a rule is switched off only by name and with its reason (`-- reason`)",
    in: /\.ts$/,
  },
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KE[Y]-----/, message: "holds a private key" },
];

const NAMES = /(?:^|\/)(?:utils?|helpers?|common|misc|types)(?:\.ts$|\/)/;

const MAX_LINES = { source: 500, test: 800 } as const;

export function checkTree(sources: ReadonlyMap<string, string>): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [file, text] of sources) {
    if (NAMES.test(file)) findings.push({ file, line: 0, message: "the name says nothing; name what is inside" });
    const lines = text.split("\n");
    // Generated and locked files are written by tools.
    if (!file.endsWith("package-lock.json"))
      lines.forEach((line, index) => {
        for (const ban of BANS)
          if ((ban.in === undefined || ban.in.test(file)) && ban.pattern.test(line))
            findings.push({ file, line: index + 1, message: ban.message });
      });
    else if (/"resolved":/.test(text))
      findings.push({ file, line: 0, message: "holds addresses of a registry; `.npmrc` keeps them out" });
    const limit = file.endsWith(".test.ts") ? MAX_LINES.test : MAX_LINES.source;
    const reason = lines.slice(0, 20).some((line) => /Long because: \S/.test(line));
    if (/\.tsx?$/.test(file) && lines.length - 1 > limit && !reason)
      findings.push({
        file,
        line: 0,
        message: `has ${lines.length - 1} lines, the limit is ${limit}; split it, or say \`Long because: …\` in its header`,
      });
  }
  return findings;
}
