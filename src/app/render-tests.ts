/** The report of a policy's tests, for people and as JSON. */
import { type Sources, formatSpan, spanJson } from "../core/index.ts";
import type { Coverage, TestReport, TestResult } from "./test-policy.ts";

const SHOWN_MISSING = 10;

export function hasFailures(report: TestReport): boolean {
  return report.results.some(({ problems }) => problems.length > 0);
}

export function isFullyCovered({ routes, grants }: TestReport): boolean {
  return routes.missing.length + grants.missing.length === 0;
}

export function renderTests(report: TestReport): string {
  const { results, sources } = report;
  const failed = results.filter(({ problems }) => problems.length > 0);
  const environments = report.environments.map((name) => `\`${name}\``).join(", ");
  return [
    ...failed.map((result) => renderFailure(result, sources)),
    `${results.length} test${results.length === 1 ? "" : "s"} in ${environments}, by the reference and by the gateway: ${
      failed.length === 0 ? "all passed" : `${failed.length} failed`
    }`,
    ...renderCoverage("routes", report.routes, sources),
    ...renderCoverage("grants", report.grants, sources),
  ].join("\n");
}

function renderFailure({ test, problems, decision }: TestResult, sources: Sources): string {
  const lines = [`${formatSpan(test.at, sources)} failed: ${test.name}`, ...problems.map((problem) => `  ${problem}`)];
  for (const { text, at } of decision?.statements ?? []) lines.push(`    ${formatSpan(at, sources)}  ${text}`);
  for (const near of decision?.nearMisses ?? []) lines.push(`    ${near}`);
  return `${lines.join("\n")}\n`;
}

function renderCoverage(what: string, { covered, total, missing }: Coverage, sources: Sources): string[] {
  const left = missing.length - SHOWN_MISSING;
  return [
    `  ${covered} of ${total} ${what} touched`,
    ...missing.slice(0, SHOWN_MISSING).map(({ text, at }) => `    not touched: ${formatSpan(at, sources)}  ${text}`),
    ...(left > 0 ? [`    and ${left} more`] : []),
  ];
}

export function testsJson(report: TestReport): Record<string, unknown> {
  const { results, sources } = report;
  const coverage = ({ covered, total, missing }: Coverage): Record<string, unknown> => ({
    covered,
    total,
    missing: missing.map(({ text, at }) => ({ text, ...spanJson(at, sources) })),
  });
  return {
    ok: !hasFailures(report),
    environments: report.environments,
    tests: results.length,
    failed: results.filter(({ problems }) => problems.length > 0).length,
    results: results.map(({ test, problems, decision }) => ({
      name: test.name,
      ...spanJson(test.at, sources),
      ok: problems.length === 0,
      problems,
      effect: decision?.effect ?? null,
      reason: decision?.reason ?? null,
      role: decision?.role ?? null,
      route: decision?.route?.key ?? null,
    })),
    coverage: { routes: coverage(report.routes), grants: coverage(report.grants) },
  };
}
