/** Where a verb says what it is doing while it works. A shell decides how that looks; results never go this way. */
export interface Reporter {
  /** Progress that a person may ignore. */
  info(text: string): void;
  /** Something that wants attention but stops nothing. */
  warn(text: string): void;
}

export const silentReporter: Reporter = { info: () => {}, warn: () => {} };
