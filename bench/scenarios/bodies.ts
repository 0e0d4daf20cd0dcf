/** Bodies of 100 KB, towards the client and towards the service. */
import { renderFigures } from "../report.ts";
import { type Scenario, compareRoads, fewerRounds } from "./scenario.ts";

const BODY_BYTES = 100_000;

export const largeAnswers: Scenario = {
  name: "response",
  title: "100 KB answers",
  async run(bench) {
    const requests = (tokens: readonly string[]) =>
      ({ method: "GET", paths: ["/orders/large"], tokens, bodyBytes: 0, isEachTokenOnce: false }) as const;
    const figures = await compareRoads(bench, "response", requests, fewerRounds(bench.settings));
    return { claims: [], text: renderFigures(figures) };
  },
};

export const uploads: Scenario = {
  name: "upload",
  title: "100 KB uploads",
  async run(bench) {
    const requests = (tokens: readonly string[]) =>
      ({ method: "POST", paths: ["/orders"], tokens, bodyBytes: BODY_BYTES, isEachTokenOnce: false }) as const;
    const figures = await compareRoads(bench, "upload", requests, fewerRounds(bench.settings));
    return { claims: [], text: renderFigures(figures) };
  },
};
