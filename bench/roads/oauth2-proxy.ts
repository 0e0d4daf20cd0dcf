/** C. Caddy and oauth2-proxy by `forward_auth`, as both projects document it for callers with tokens of their own. */
import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-port.ts";
import { AUDIENCE } from "../issuer.ts";
import { startProcess } from "../processes.ts";
import { startBehindCaddy } from "./behind-caddy.ts";
import type { Starter } from "./road.ts";

export function oauth2Proxy(caddy: string, program: string | null, version: string): Starter {
  return {
    letter: "C",
    name: "Caddy + oauth2-proxy forward_auth",
    checksTokens: true,
    hasRoutes: false,
    version: program === null ? null : `oauth2-proxy ${version}`,
    missing: program === null ? "oauth2-proxy is not there, and go could not build it" : null,
    async start(setting) {
      const port = await findFreePort();
      const logFile = join(setting.folder, "oauth2-proxy.log");
      const proxy = startProcess(
        program ?? "",
        [
          "--provider=oidc",
          `--oidc-issuer-url=${setting.issuer.issuer}`,
          `--client-id=${AUDIENCE}`,
          "--email-domain=*",
          "--oidc-email-claim=sub",
          "--skip-jwt-bearer-tokens=true",
          "--reverse-proxy=true",
          "--trusted-proxy-ip=127.0.0.1",
          "--set-xauthrequest=true",
          "--upstream=static://202",
          "--redirect-url=https://localhost/oauth2/callback",
          `--http-address=127.0.0.1:${port}`,
        ],
        {
          logFile,
          env: {
            ...process.env,
            // Needed to start; no browser signs in here.
            OAUTH2_PROXY_CLIENT_SECRET: "bench-only",
            OAUTH2_PROXY_COOKIE_SECRET: "0123456789abcdef0123456789abcdef",
          },
        },
      );
      // Without the redirect to sign-in: whoever comes with a token is told 401.
      const site = `	forward_auth 127.0.0.1:${port} {
		uri /oauth2/auth
		header_up X-Real-IP {remote_host}
		copy_headers X-Auth-Request-User X-Auth-Request-Email
	}
	reverse_proxy 127.0.0.1:${setting.backendPort}`;
      return startBehindCaddy({ caddy, starter: this, setting, behind: proxy, logFile, site, file: "forward-auth" });
    },
  };
}
