/** What requests amounted to, as Prometheus knows it: the same for a policy's instance and for `gatehouse gateway`. */
import { type Family, type MetricsSnapshot, type RouteSnapshot, sumHistograms } from "../records/index.ts";

export function requestFamilies({ routes, decisions }: MetricsSnapshot, apiLabel: "exposure" | "api"): Family[] {
  const byService = [...groupBy(routes, ({ api, service }) => JSON.stringify([api, service])).values()];
  const labelsOf = ([first]: readonly RouteSnapshot[]) => ({
    [apiLabel]: first?.api ?? "",
    service: first?.service ?? "",
  });
  const sum = (list: readonly RouteSnapshot[], of: (route: RouteSnapshot) => number): number =>
    list.reduce((total, route) => total + of(route), 0);
  return [
    {
      kind: "counter",
      name: "gatehouse_http_requests",
      help: "Requests that ended, by route, status and the reason of the decision.",
      samples: routes.flatMap(({ api, service, routeKey, outcomes }) =>
        outcomes.map(({ status, reason, count }) => ({
          labels: {
            [apiLabel]: api,
            service: service ?? "",
            route: routeKey ?? "",
            code: String(status),
            reason,
          },
          value: count,
        })),
      ),
    },
    {
      kind: "histogram",
      name: "gatehouse_http_request_duration_seconds",
      help: "From a request's arrival at the gateway until its answer was complete; WebSockets are not among them.",
      samples: byService.map((list) => ({
        labels: labelsOf(list),
        histogram: sumHistograms(list.map(({ latency }) => latency)),
      })),
    },
    {
      kind: "histogram",
      name: "gatehouse_http_upstream_duration_seconds",
      help: "From asking a service until the head of its answer.",
      samples: byService
        .map((list) => ({ labels: labelsOf(list), histogram: sumHistograms(list.map(({ upstream }) => upstream)) }))
        .filter(({ histogram }) => histogram.count > 0),
    },
    {
      kind: "histogram",
      name: "gatehouse_http_decision_duration_seconds",
      help: "From a request's arrival until it was decided.",
      samples: decisions.map(({ api, latency }) => ({ labels: { [apiLabel]: api }, histogram: latency })),
    },
    {
      kind: "counter",
      name: "gatehouse_http_request_bytes",
      help: "Bytes of request bodies.",
      samples: byService.map((list) => ({ labels: labelsOf(list), value: sum(list, ({ bytesIn }) => bytesIn) })),
    },
    {
      kind: "counter",
      name: "gatehouse_http_response_bytes",
      help: "Bytes of response bodies.",
      samples: byService.map((list) => ({ labels: labelsOf(list), value: sum(list, ({ bytesOut }) => bytesOut) })),
    },
  ];
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
