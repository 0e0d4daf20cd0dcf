/**
 * E. HAProxy alone: it ends TLS, checks the token by `jwt_verify` with the provider's key from a file, asks for algorithm,
 * issuer, audience and time itself, counts rates in a stick table, and writes its log.
 *
 * It has no automatic certificates and takes no keys from the provider, so it does less than the others.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-port.ts";
import { AUDIENCE } from "../issuer.ts";
import { startProcess } from "../processes.ts";
import { certificateOfCaddyAlone } from "./caddy.ts";
import { type Setting, type Starter, untilServing } from "./road.ts";

function renderConfiguration(
  { backendPort, issuer }: Setting,
  port: number,
  files: Record<"pem" | "key" | "map", string>,
) {
  return `global
  log stdout format raw local0 info
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 120s
frontend public
  bind 127.0.0.1:${port} ssl crt ${files.pem} alpn http/1.1
  http-request deny deny_status 404 unless { path,map_beg(${files.map}) -m found }
  http-request set-var(txn.bearer) http_auth_bearer
  http-request deny deny_status 401 unless { var(txn.bearer) -m found }
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request set-var(txn.iss) var(txn.bearer),jwt_payload_query('$.iss')
  http-request set-var(txn.aud) var(txn.bearer),jwt_payload_query('$.aud')
  http-request set-var(txn.sub) var(txn.bearer),jwt_payload_query('$.sub')
  http-request set-var(txn.exp) var(txn.bearer),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.iss) -m str ${issuer.issuer} }
  http-request deny deny_status 401 unless { var(txn.aud) -m str ${AUDIENCE} }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${files.key}") 1 }
  http-request track-sc0 var(txn.sub) table rates
  http-request deny deny_status 429 if { sc_http_req_rate(0,rates) gt 1000000 }
  http-request set-header X-User %[var(txn.sub)]
  default_backend service
backend rates
  stick-table type string len 64 size 1m expire 60s store http_req_rate(1s)
backend service
  http-reuse always
  server one 127.0.0.1:${backendPort} maxconn 256
`;
}

export function haproxy(program: string | null, version: string): Starter {
  return {
    letter: "E",
    name: "HAProxy with jwt_verify",
    checksTokens: true,
    hasRoutes: true,
    version: program === null ? null : version,
    missing: program === null ? "HAProxy is not there, and the Debian package could not be installed" : null,
    async start(setting) {
      const port = await findFreePort();
      const at = (name: string): string => join(setting.folder, `haproxy-${setting.routes.length}${name}`);
      const { certificate, key } = certificateOfCaddyAlone(setting.folder);
      writeFileSync(at(".pem"), readFileSync(certificate, "utf8") + readFileSync(key, "utf8"), { mode: 0o600 });
      writeFileSync(at(".key"), setting.issuer.publicKeyPem);
      const prefixes = new Set(setting.routes.map(({ path }) => path.replace(/\{.*/, "")));
      writeFileSync(at(".map"), [...prefixes, "/orders"].map((path) => `${path} 1\n`).join(""));
      const files = { pem: at(".pem"), key: at(".key"), map: at(".map") };
      writeFileSync(at(".cfg"), renderConfiguration(setting, port, files));
      const logFile = at(".log");
      const running = startProcess(program ?? "", ["-db", "-f", at(".cfg")], { logFile });
      const origin = `https://localhost:${port}`;
      const [token = ""] = await setting.issuer.tokens(1);
      await untilServing(running, origin, token, this.name, logFile);
      return { letter: "E", name: this.name, origin, pids: [running.pid], stop: () => running.stop() };
    },
  };
}
