/** `gatehouse metrics`: the figures of a running instance under API Gateway's names and dimensions. */
import type { Artifacts } from "../model/index.ts";
import type { AwsMetric } from "../records/index.ts";
import { callControl } from "./control.ts";
import { stateDirOf } from "./load-policy.ts";
import { statePaths } from "./state.ts";

/** @throws GH_CONTROL_NOT_RUNNING */
export async function readMetrics(stateDir: string | undefined): Promise<readonly AwsMetric[]> {
  const { controlSocket } = statePaths(stateDirOf(stateDir, undefined));
  return (await callControl(controlSocket, "metrics")) as readonly AwsMetric[];
}

/** One row for each set of dimensions. */
export function renderMetrics(metrics: readonly AwsMetric[]): string {
  const groups = new Map<string, Map<AwsMetric["name"], AwsMetric>>();
  for (const metric of metrics) {
    const { ApiId, Stage, Route } = metric.dimensions;
    const key = [ApiId, Stage, Route].filter((part) => part !== undefined).join(" ");
    const group = groups.get(key) ?? new Map<AwsMetric["name"], AwsMetric>();
    groups.set(key, group.set(metric.name, metric));
  }
  if (groups.size === 0) return "no request has been answered yet";
  const rows = [...groups].map(([key, group]) => {
    const time = (name: "Latency" | "IntegrationLatency"): string => {
      const metric = group.get(name);
      return metric === undefined || metric.sampleCount === 0 ? "-" : `${metric.p50} / ${metric.p99}`;
    };
    const sum = (name: AwsMetric["name"]): string => String(group.get(name)?.sum ?? 0);
    return [
      key,
      sum("Count"),
      sum("4xx"),
      sum("5xx"),
      time("Latency"),
      time("IntegrationLatency"),
      sum("DataProcessed"),
    ];
  });
  const table = [
    ["api, stage, route", "Count", "4xx", "5xx", "Latency p50 / p99, ms", "IntegrationLatency, ms", "DataProcessed, B"],
    ...rows,
  ];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The id of the API that a service's routes are in, by exposure; without a service, that of the domain. */
export function apiIdsOf({ apis, hostApis, routes }: Artifacts): (exposure: string, service: string | null) => string {
  const known = new Map<string, string>();
  const ofDomain = { public: apis.public?.apiId, private: apis.private?.apiId };
  const all = [...(["public", "private"] as const).map((exposure) => ({ exposure, api: apis[exposure] })), ...hostApis];
  for (const { exposure, api } of all)
    for (const { routeKey } of api?.routes ?? []) {
      const service = routes[`${api?.apiId ?? ""}/${routeKey}`]?.service;
      if (service !== undefined && api !== null) known.set(`${exposure} ${service}`, api.apiId);
    }
  return (exposure, service) =>
    (service === null ? undefined : known.get(`${exposure} ${service}`)) ??
    (exposure === "private" ? ofDomain.private : ofDomain.public) ??
    "";
}
