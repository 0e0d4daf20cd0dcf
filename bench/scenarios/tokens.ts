/** Tokens: one against very many live ones, and tokens that were never seen before. */
import { writeRequests } from "../load.ts";
import { type Claim, type Figures, type Round, perRequest, ratios, renderFigures } from "../report.ts";
import type { Road } from "../roads/road.ts";
import {
  type Bench,
  type Scenario,
  compare,
  fewerRounds,
  figuresOf,
  measure,
  nameOf,
  smallRequests,
  throughputOf,
} from "./scenario.ts";

const ONE = "1 token";
const EXPLANATION =
  "B is measured on its own, within five minutes of the first use of each token: so long it keeps the assertion that it has\nsigned for a service. The first use after that costs one more signature.";
/** So long a single warm-up load may be. */
const MOST_WARM_UP_SECONDS = 60;

function checkingRoads(bench: Bench): Road[] {
  return bench.roads.filter(({ letter }) => bench.starters.get(letter)?.checksTokens === true);
}

/** Every road has seen each of the tokens, which makes a difference to those that remember them. */
async function showAll(bench: Bench, road: Road, script: string, count: number): Promise<void> {
  let seen = 0;
  let perSecond = 1000;
  while (seen < count) {
    const seconds = Math.min(MOST_WARM_UP_SECONDS, Math.ceil(((count - seen) / perSecond) * 1.1));
    const load = await measure(bench, { road, name: "", script }, Math.max(1, seconds));
    // Each load begins with the first token again: only one that was long enough shows the last.
    seen = Math.max(seen, load.requests);
    perSecond = load.requestsPerSecond;
    if (seen < count && perSecond * MOST_WARM_UP_SECONDS < count) return;
    if (seen < count) seen = 0;
  }
}

export const manyTokens: Scenario = {
  name: "tokens",
  title: "many live tokens",
  async run(bench) {
    const { settings, setting, issuer } = bench;
    const count = settings.manyTokens;
    const many = `${count.toLocaleString("en")} tokens`;
    bench.say(`signing ${many}`);
    const script = writeRequests(setting.folder, "many-tokens", smallRequests(await issuer.tokens(count)));
    const one = writeRequests(setting.folder, "one-token", smallRequests(await issuer.tokens(1)));
    const roads = checkingRoads(bench);
    const compareOn = (some: readonly Road[]): Promise<readonly Figures[]> =>
      compare(bench, {
        rounds: settings.rounds,
        seconds: settings.seconds,
        warmUpSeconds: 0,
        targets: () =>
          Promise.resolve(
            some.flatMap((road) => [
              { road, name: `${nameOf(road)}, ${ONE}`, script: one },
              { road, name: `${nameOf(road)}, ${many}`, script },
            ]),
          ),
      });
    // Only Gatehouse remembers tokens, and what it has signed for each of them for five minutes: it is measured within them.
    const figures: Figures[] = [];
    for (const road of roads.filter(({ letter }) => letter === "B")) {
      await showAll(bench, road, script, count);
      figures.push(...(await compareOn([road])));
    }
    const others = roads.filter(({ letter }) => letter !== "B");
    for (const road of others) await measure(bench, { road, name: "", script }, settings.warmUpSeconds);
    figures.push(...(await compareOn(others)));
    return { claims: claimsOf(figures, many), text: `${renderFigures(figures)}\n\n${EXPLANATION}` };
  },
};

function claimsOf(figures: readonly Figures[], many: string): Claim[] {
  const [one, all] = [figuresOf(figures, "B", ONE), figuresOf(figures, "B", many)];
  if (one === undefined || all === undefined) return [];
  return [
    { text: `B, ${many} ÷ 1, CPU per request`, budget: 1.1, values: ratios(all, one) },
    { text: "the same, the gateway's process alone", budget: 1.1, values: ratios(all, one, "node") },
  ];
}

/** Short: every request needs a token of its own. */
const COLD_SECONDS = 1;
const SPARE = 1.3;

export const coldTokens: Scenario = {
  name: "cold",
  title: "every token new",
  async run(bench) {
    const { setting, issuer } = bench;
    const roads = checkingRoads(bench);
    let fastest = 0;
    for (const road of roads) fastest = Math.max(fastest, await throughputOf(bench, road));
    let count = Math.ceil(fastest * COLD_SECONDS * SPARE) + 1000;
    const found = new Map<string, Round[]>(roads.map((road) => [nameOf(road), []]));
    for (let i = 1; i <= fewerRounds(bench.settings); i++) {
      // Each road sees all of them, each for the first time.
      let tokens = await issuer.tokens(count);
      for (const road of i % 2 === 1 ? roads : roads.toReversed())
        for (;;) {
          const script = writeRequests(setting.folder, "cold", { ...smallRequests(tokens), isEachTokenOnce: true });
          const round = await measure(bench, { road, name: nameOf(road), script }, COLD_SECONDS);
          if (round.requests + bench.settings.connections < count) {
            found.get(nameOf(road))?.push(round);
            bench.say(`round ${i}: ${nameOf(road)}, every token new: ${perRequest(round).toFixed(1)} µs of CPU`);
            break;
          }
          // They were used up before the time was over: once more with twice as many.
          count *= 2;
          tokens = await issuer.tokens(count);
        }
    }
    const figures = [...found].map(([name, rounds]) => ({ name, rounds }));
    return {
      claims: [],
      text: `${renderFigures(figures)}\n\nNo token is sent twice on one road; a round lasts ${COLD_SECONDS} s.`,
    };
  },
};
