/** A find in the format of `cases/*.yaml`, so that it can be pasted there. */
import { stringify } from "yaml";
import type { Answer } from "./engine.ts";
import type { AskedCase } from "./case-file.ts";
import type { GeneratedPolicy } from "./generate-policy.ts";

/** `expected` is what the reference says. The clause is that of every decision; whoever keeps the case names better ones. */
export function writeCaseFile({ policy, include }: GeneratedPolicy, one: AskedCase, expected: Answer | null): string {
  const { id, environment, exposure, host, method, target, as, sourceIp, atMs } = one;
  const instant = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");
  const text = (tree: unknown): string => stringify(tree, { lineWidth: 0, aliasDuplicateObjects: false });
  const { sub, ...claims } = as?.claims ?? {};
  return text({
    clauses: ["PL-16.1"],
    policy: text(policy),
    ...(Object.keys(include).length === 0
      ? {}
      : { include: Object.fromEntries(Object.entries(include).map(([path, tree]) => [path, text(tree)])) }),
    cases: [
      {
        id,
        ...(environment === null ? {} : { environment }),
        exposure,
        ...(host === null ? {} : { host }),
        request: `${method} ${target}`,
        as:
          as === null
            ? "nobody"
            : {
                ...(as.issuer === null ? {} : { issuer: as.issuer }),
                ...(sub === undefined ? {} : { sub }),
                ...(as.groups === undefined ? {} : { groups: as.groups }),
                ...(Object.keys(claims).length === 0 ? {} : { claims }),
                issued: as.issuedAtMs === null ? "never" : instant(as.issuedAtMs),
              },
        from: sourceIp,
        at: instant(atMs),
        expect:
          expected === null
            ? {}
            : {
                [expected.effect]: expected.reason,
                ...(expected.role === null ? {} : { role: expected.role }),
                ...(expected.route === null ? {} : { route: expected.route }),
              },
      },
    ],
  });
}
