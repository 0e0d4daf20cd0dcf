/** Counts what engines said, for the one table at the end of a run. */
export interface Tally<E extends string> {
  agreed(engine: E): void;
  disagreed(engine: E): void;
  notCarried(engine: E, why: string): void;
  /** Lines of the table, and below it why cases were not carried. */
  render(): readonly string[];
}

export function createTally<E extends string>(engines: readonly E[]): Tally<E> {
  const agreed = new Map<E, number>();
  const disagreed = new Map<E, number>();
  const countOne = (counts: Map<E, number>, engine: E): void => void counts.set(engine, (counts.get(engine) ?? 0) + 1);
  const left = new Map<E, Map<string, number>>();
  return {
    agreed: (engine) => countOne(agreed, engine),
    disagreed: (engine) => countOne(disagreed, engine),
    notCarried(engine, why) {
      let reasons = left.get(engine);
      if (reasons === undefined) left.set(engine, (reasons = new Map()));
      reasons.set(why, (reasons.get(why) ?? 0) + 1);
    },
    render() {
      const rows = engines.map((engine) => {
        const notCarried = [...(left.get(engine)?.values() ?? [])].reduce((sum, count) => sum + count, 0);
        const counts = [agreed.get(engine) ?? 0, disagreed.get(engine) ?? 0, notCarried];
        return [engine, ...[counts.reduce((sum, count) => sum + count, 0), ...counts].map(String)];
      });
      const table = [["engine", "cases", "agreed", "disagreed", "not carried"], ...rows];
      const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
      const lines = table.map((row) =>
        row
          .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
          .join("  "),
      );
      const reasons = engines.flatMap((engine) =>
        [...(left.get(engine) ?? [])].map(([why, count]) => `${engine}: ${count} not carried, ${why}`),
      );
      return [...lines, ...reasons];
    },
  };
}
