/**
 * F and G. Caddy and a gateway in Node as people build one: with Express, and with Fastify, each with the packages for
 * proxying, tokens and rates that are downloaded most (bench/README.md has the counts).
 */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-port.ts";
import { installPackages } from "../../tests/support/partners.ts";
import { AUDIENCE } from "../issuer.ts";
import { startProcess } from "../processes.ts";
import { proxyTo, startBehindCaddy } from "./behind-caddy.ts";
import type { Starter } from "./road.ts";

const partners = join(import.meta.dirname, "../partners");

function nodeGateway(caddy: string, letter: "F" | "G", kind: "Express" | "Fastify", version: string): Starter {
  const name = `${kind.toLowerCase()}-gateway`;
  return {
    letter,
    name: `Caddy + ${kind}`,
    checksTokens: true,
    hasRoutes: true,
    version: `${kind} ${version}`,
    missing: null,
    async start(setting) {
      const packages = await installPackages(partners, "bench-partners");
      // Packages are found from where a program lies.
      const program = join(packages, `${name}.js`);
      copyFileSync(join(partners, `${name}.js`), program);
      const port = await findFreePort();
      const logFile = join(setting.folder, `${name}.log`);
      const options = {
        port,
        upstream: `http://127.0.0.1:${setting.backendPort}`,
        issuer: setting.issuer.issuer,
        jwksUrl: setting.issuer.jwksUrl,
        audience: AUDIENCE,
        routes: setting.routes,
      };
      const file = join(setting.folder, `${name}-${setting.routes.length}.json`);
      writeFileSync(file, JSON.stringify(options));
      const env = { ...process.env, NODE_ENV: "production" };
      const behind = startProcess(process.execPath, [program, file], { logFile, env });
      return startBehindCaddy({ caddy, starter: this, setting, behind, logFile, site: proxyTo(port), file: name });
    },
  };
}

export const express = (caddy: string, version: string): Starter => nodeGateway(caddy, "F", "Express", version);
export const fastify = (caddy: string, version: string): Starter => nodeGateway(caddy, "G", "Fastify", version);
