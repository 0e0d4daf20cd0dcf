/** A JSON document of about 100 bytes, as fast as each road goes: what the whole road costs. */
import { type Claim, ratios, renderFigures } from "../report.ts";
import { type Scenario, compareRoads, figuresOf, smallRequests } from "./scenario.ts";

/** The first load that these servers see: an engine compiles while it runs, for some 20,000 requests. */
const WARM_UPS = 3;

export const smallJson: Scenario = {
  name: "small",
  title: "",
  async run(bench) {
    const { settings } = bench;
    const figures = await compareRoads(bench, "small", smallRequests, settings.rounds, WARM_UPS);
    for (const { letter } of bench.roads)
      bench.throughput.set(letter, figuresOf(figures, letter)?.rounds.map((r) => r.requestsPerSecond) ?? []);
    const whole = figuresOf(figures, "B");
    const claims: Claim[] = [];
    const budgets = [
      ["A", 1.9, "B ÷ A: whole road over Caddy alone, CPU per request"],
      ["C", 0.75, "B ÷ C: whole road over Caddy + oauth2-proxy, CPU per request"],
    ] as const;
    for (const [letter, budget, text] of budgets) {
      const other = figuresOf(figures, letter);
      if (whole !== undefined && other !== undefined) claims.push({ text, budget, values: ratios(whole, other) });
    }
    const text = `${renderFigures(figures)}

Each cell is the median of ${settings.rounds} rounds (lowest to highest), memory the median. A round runs the roads one after the
other for ${settings.seconds} s each, every second round in reverse order; a ratio is taken within its round, then the median of
those, after ${WARM_UPS * settings.warmUpSeconds} s of the same load on each. Load: wrk, 1 thread, ${settings.connections} connections, TLS, keep-alive, HTTP/1.1, \`GET\` of a JSON document of about 100 bytes,
${settings.tokens} bearer tokens (RS256) in turn, new ones each round. CPU is \`utime\` + \`stime\` of the road's own server
processes from /proc, memory their proportional set size; the backend, one Node process for all, and wrk are not counted,
yet share the same cores. The access log is on everywhere. Every road but A was shown to refuse a missing token, a bad
signature, an expired token, another audience and another issuer before it was measured. A checks no token at all; B verifies
(and remembers a verified token until it expires), decides by role and boundary, throttles by route and caller, signs an
assertion, traces and writes a second record; C verifies in every subrequest; D to G verify, count a rate for each caller and
decide nothing. E has no automatic certificates and takes no keys from the provider. \`caddy\` in a cell is the edge alone.`;
    return { claims, text };
  },
};
