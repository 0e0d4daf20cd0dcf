/** D. Caddy and KrakenD: its JWT validator and its rate limits on every endpoint, answers passed through as they are. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-port.ts";
import { AUDIENCE } from "../issuer.ts";
import { startProcess } from "../processes.ts";
import { proxyTo, startBehindCaddy } from "./behind-caddy.ts";
import type { Setting, Starter } from "./road.ts";

const UNREACHED = 1_000_000;

function renderConfiguration({ backendPort, issuer, routes }: Setting, port: number): string {
  return JSON.stringify({
    version: 3,
    name: "bench",
    port,
    listen_ip: "127.0.0.1",
    timeout: "30s",
    cache_ttl: "0s",
    max_idle_connections_per_host: 256,
    extra_config: {
      // The access log is the router's, and on unless it is turned off.
      "telemetry/logging": { level: "ERROR", stdout: true },
    },
    endpoints: routes.map(({ method, path }) => ({
      endpoint: path,
      method,
      output_encoding: "no-op",
      input_headers: ["*"],
      backend: [
        {
          host: [`http://127.0.0.1:${backendPort}`],
          url_pattern: path,
          encoding: "no-op",
          disable_host_sanitize: false,
        },
      ],
      extra_config: {
        "auth/validator": {
          alg: "RS256",
          jwk_url: issuer.jwksUrl,
          disable_jwk_security: true,
          cache: true,
          issuer: issuer.issuer,
          audience: [AUDIENCE],
          propagate_claims: [["sub", "x-user"]],
        },
        "qos/ratelimit/router": {
          max_rate: UNREACHED,
          client_max_rate: UNREACHED,
          strategy: "header",
          key: "Authorization",
        },
      },
    })),
  });
}

export function krakend(caddy: string, program: string | null, version: string): Starter {
  return {
    letter: "D",
    name: "Caddy + KrakenD",
    checksTokens: true,
    hasRoutes: true,
    version: program === null ? null : `KrakenD ${version}`,
    missing: program === null ? "KrakenD is not there, and go could not build it" : null,
    async start(setting) {
      const port = await findFreePort();
      const file = join(setting.folder, `krakend-${setting.routes.length}.json`);
      const logFile = join(setting.folder, "krakend.log");
      writeFileSync(file, renderConfiguration(setting, port));
      // It reads variables of its name as parts of its configuration, KRAKEND_VERSION too.
      const others = Object.entries(process.env).filter(([key]) => !key.startsWith("KRAKEND"));
      const env = { ...Object.fromEntries(others), USAGE_DISABLE: "1" };
      const behind = startProcess(program ?? "", ["run", "--config", file], { logFile, env });
      return startBehindCaddy({ caddy, starter: this, setting, behind, logFile, site: proxyTo(port), file: "krakend" });
    },
  };
}
