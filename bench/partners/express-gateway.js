/**
 * A gateway as people build one with Express: tokens by express-jwt and jwks-rsa, rates by express-rate-limit, an access
 * log by morgan, the service by http-proxy-middleware.
 *
 * In: the name of a JSON file (`port`, `upstream`, `issuer`, `jwksUrl`, `audience`, `routes`). Out: it listens.
 */
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import express from "express";
import { expressjwt } from "express-jwt";
import { rateLimit } from "express-rate-limit";
import { createProxyMiddleware } from "http-proxy-middleware";
import jwks from "jwks-rsa";
import morgan from "morgan";

const { port, upstream, issuer, jwksUrl, audience, routes } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.set("trust proxy", "loopback");
app.use(morgan("combined"));

const authenticate = expressjwt({
  secret: jwks.expressJwtSecret({ jwksUri: jwksUrl, cache: true, rateLimit: true }),
  algorithms: ["RS256"],
  issuer,
  audience,
});
const limit = rateLimit({
  windowMs: 1000,
  limit: 1_000_000,
  standardHeaders: false,
  legacyHeaders: false,
  keyGenerator: (request) => request.auth.sub,
});
const proxy = createProxyMiddleware({
  target: upstream,
  agent: new Agent({ keepAlive: true, maxSockets: 256 }),
  xfwd: true,
  logger: undefined,
});

for (const { method, path } of routes)
  app[method.toLowerCase()](path.replaceAll(/\{(\w+)\}/g, ":$1"), authenticate, limit, proxy);
app.use((_request, response) => response.status(404).json({ message: "Not Found" }));
// Four parameters make it the handler of errors.
app.use((error, _request, response, _next) =>
  response.status(error.status ?? 500).json({ message: error.code ?? "error" }),
);

const server = app.listen(port, "127.0.0.1");
server.keepAliveTimeout = 150_000;
