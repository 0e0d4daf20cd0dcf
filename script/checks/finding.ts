/** What every check hands back: one place, one sentence. */
export interface Finding {
  /** Path from the root of the checkout. */
  readonly file: string;
  /** One-based, 0 for the file as a whole. */
  readonly line: number;
  readonly message: string;
}

export function renderFinding(finding: Finding): string {
  return `${finding.file}${finding.line === 0 ? "" : `:${finding.line}`} ${finding.message}`;
}
