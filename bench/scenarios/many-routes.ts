/** 10,000 routes against 10, on every road that answers by route: each runs twice, and both are measured in each round. */
import { FEW_ROUTES, MANY_ROUTES, listPaths, listRoutes } from "../bench-policy.ts";
import { writeRequests } from "../load.ts";
import { type Claim, ratios, renderFigures } from "../report.ts";
import { type Road, proveThatTokensAreChecked } from "../roads/road.ts";
import { type Scenario, compare, figuresOf, measure, nameOf, smallRequests } from "./scenario.ts";

const FEW = `${FEW_ROUTES} routes`;
const MANY = "10,000 routes";
const WARM_UPS = 3;

export const manyRoutes: Scenario = {
  name: "routes",
  title: "10,000 routes",
  async run(bench) {
    const { settings, setting, issuer } = bench;
    const pairs: { few: Road; many: Road }[] = [];
    const leftOut: string[] = [];
    try {
      for (const few of bench.roads) {
        const starter = bench.starters.get(few.letter);
        if (starter?.hasRoutes !== true) continue;
        try {
          bench.say(`starting ${nameOf(few)} with ${MANY}`);
          const many = await starter.start({ ...setting, routes: listRoutes(MANY_ROUTES) });
          pairs.push({ few, many });
          await proveThatTokensAreChecked(many, issuer);
        } catch (error) {
          leftOut.push(`${nameOf(few)} does not start with ${MANY}: ${(error as Error).message.split("\n")[0] ?? ""}`);
        }
      }
      // Those with many have just started; those with few may have answered for minutes, or have just started too.
      for (const { few, many } of pairs)
        for (const [road, count] of [
          [few, FEW_ROUTES],
          [many, MANY_ROUTES],
        ] as const) {
          const requests = { ...smallRequests(await issuer.tokens(settings.tokens)), paths: listPaths(count) };
          const script = writeRequests(setting.folder, "routes-warm-up", requests);
          await measure(bench, { road, name: "", script }, WARM_UPS * settings.warmUpSeconds);
        }
      const figures = await compare(bench, {
        rounds: settings.rounds,
        seconds: settings.seconds,
        warmUpSeconds: 0,
        targets: async () => {
          const tokens = await issuer.tokens(settings.tokens);
          const script = (count: number): string => {
            const paths = listPaths(count);
            const requests = { method: "GET", paths, tokens, bodyBytes: 0, isEachTokenOnce: false } as const;
            return writeRequests(setting.folder, `routes-${count}`, requests);
          };
          const [few, many] = [script(FEW_ROUTES), script(MANY_ROUTES)];
          return pairs.flatMap((pair) => [
            { road: pair.few, name: `${nameOf(pair.few)}, ${FEW}`, script: few },
            { road: pair.many, name: `${nameOf(pair.many)}, ${MANY}`, script: many },
          ]);
        },
      });
      return { claims: claimsOf(figures), text: [renderFigures(figures), ...leftOut].join("\n\n") };
    } finally {
      for (const { many } of pairs) await many.stop();
    }
  },
};

function claimsOf(figures: Parameters<typeof figuresOf>[0]): Claim[] {
  const [few, many] = [figuresOf(figures, "B", FEW), figuresOf(figures, "B", MANY)];
  if (few === undefined || many === undefined) return [];
  return [
    { text: "B, 10,000 routes ÷ 10, CPU per request", budget: 1.1, values: ratios(many, few) },
    { text: "the same, the gateway's process alone", budget: 1.1, values: ratios(many, few, "node") },
  ];
}
