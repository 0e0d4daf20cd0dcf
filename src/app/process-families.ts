/** Figures of the process itself, under the names that Prometheus' client libraries give them. */
import type { Family } from "../records/index.ts";

export function processFamilies(): Family[] {
  const { user, system } = process.cpuUsage();
  const memory = process.memoryUsage();
  const gauge = (name: string, help: string, value: number): Family => ({
    kind: "gauge",
    name,
    help,
    samples: [{ labels: {}, value }],
  });
  return [
    {
      kind: "gauge",
      name: "gatehouse_build_info",
      help: "What runs.",
      samples: [{ labels: { node: process.versions.node }, value: 1 }],
    },
    {
      kind: "counter",
      name: "process_cpu_seconds",
      help: "CPU time of the process, user and system.",
      samples: [{ labels: {}, value: (user + system) / 1e6 }],
    },
    gauge("process_resident_memory_bytes", "Resident memory.", memory.rss),
    gauge("nodejs_heap_size_used_bytes", "Heap in use, of the main thread.", memory.heapUsed),
    gauge(
      "process_start_time_seconds",
      "When the process began, since the epoch.",
      Math.round(Date.now() - process.uptime() * 1000) / 1000,
    ),
  ];
}
