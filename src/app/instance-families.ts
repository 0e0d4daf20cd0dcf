/** What a running instance tells Prometheus: its requests, its parts, its process. */
import type { Family, MetricsSnapshot } from "../records/index.ts";
import { processFamilies } from "./process-families.ts";
import { requestFamilies } from "./request-families.ts";
import type { Status } from "./status.ts";

export function instanceFamilies(status: Status, snapshot: MetricsSnapshot): Family[] {
  const { gateway, identity, records, lastReload } = status;
  const one = (kind: "counter" | "gauge", name: string, help: string, value: number): Family => ({
    kind,
    name,
    help,
    samples: [{ labels: {}, value }],
  });
  const issuers = [identity.keys, ...identity.issuers.map(({ keys }) => keys)];
  const restarts = gateway.workers.reduce((total, worker) => total + worker.restarts, 0);
  return [
    ...requestFamilies(snapshot, "exposure"),
    one("gauge", "gatehouse_http_requests_in_flight", "Requests that wait for an answer or get one.", gateway.inFlight),
    one("gauge", "gatehouse_websockets_open", "Open WebSockets.", gateway.webSockets),
    one(
      "gauge",
      "gatehouse_throttled_identities",
      "Identities whose token bucket is not full.",
      gateway.throttledIdentities,
    ),
    {
      kind: "gauge",
      name: "gatehouse_upstream_connections",
      help: "Connections to services, by what they do.",
      samples: gateway.upstreams.flatMap(({ origin, connected, running, queued }) => [
        { labels: { origin, state: "open" }, value: connected },
        { labels: { origin, state: "busy" }, value: running },
        { labels: { origin, state: "waiting" }, value: queued },
      ]),
    },
    one(
      "gauge",
      "gatehouse_gateway_threads",
      "Threads of the gateway that take connections.",
      gateway.workers.filter(({ up }) => up).length,
    ),
    one(
      "counter",
      "gatehouse_gateway_thread_restarts",
      "Threads that ended by themselves and were started again.",
      restarts,
    ),
    one("gauge", "gatehouse_edge_up", "Whether Caddy runs.", status.ready ? 1 : 0),
    {
      kind: "gauge",
      name: "gatehouse_issuer_keys_usable",
      help: "Whether tokens of an issuer can be verified.",
      samples: issuers.map(({ issuer, usable }) => ({ labels: { issuer }, value: usable ? 1 : 0 })),
    },
    {
      kind: "gauge",
      name: "gatehouse_issuer_keys_age_seconds",
      help: "Since an issuer's keys were fetched.",
      samples: issuers.flatMap(({ issuer, ageMs }) =>
        ageMs === null ? [] : [{ labels: { issuer }, value: ageMs / 1000 }],
      ),
    },
    one("counter", "gatehouse_records_dropped", "Records that could not be kept.", records.dropped),
    {
      kind: "gauge",
      name: "gatehouse_policy_info",
      help: "The policy that is in force.",
      samples: [
        { labels: { policy: status.policy, environment: status.environment, digest: status.policyDigest }, value: 1 },
      ],
    },
    one(
      "gauge",
      "gatehouse_policy_last_reload_successful",
      "Whether the policy file, as it was last read, is what runs.",
      lastReload?.ok === false ? 0 : 1,
    ),
    ...processFamilies(),
  ];
}
