/**
 * A gateway as people build one with Fastify: tokens by @fastify/jwt and get-jwks, rates by @fastify/rate-limit, its own
 * access log, the service by @fastify/reply-from (on which @fastify/http-proxy stands).
 *
 * In: the name of a JSON file (`port`, `upstream`, `issuer`, `audience`, `routes`). Out: it listens.
 */
import { readFileSync } from "node:fs";
import jwt from "@fastify/jwt";
import rateLimit from "@fastify/rate-limit";
import replyFrom from "@fastify/reply-from";
import fastify from "fastify";
import buildGetJwks from "get-jwks";

const { port, upstream, issuer, audience, routes } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));

const app = fastify({ logger: true, trustProxy: "loopback", bodyLimit: 10_485_760, keepAliveTimeout: 150_000 });
const getJwks = buildGetJwks({ issuersWhitelist: [issuer], jwksPath: "/jwks" });

// Bodies go through as they are.
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

await app.register(jwt, {
  decode: { complete: true },
  // Its one issuer's keys, whatever a token names: `allowedIss` refuses the others.
  secret: (_request, { header: { kid, alg } }) => getJwks.getPublicKey({ kid, alg, domain: issuer }),
  verify: { algorithms: ["RS256"], allowedIss: issuer, allowedAud: audience },
});
await app.register(rateLimit, {
  global: false,
  max: 1_000_000,
  timeWindow: 1000,
  hook: "preHandler",
  cache: 200_000,
  keyGenerator: (request) => request.user.sub,
});
await app.register(replyFrom, { base: upstream, undici: { connections: 256, pipelining: 1 } });

const options = {
  onRequest: async (request) => request.jwtVerify(),
  config: { rateLimit: { max: 1_000_000, timeWindow: 1000 } },
};
for (const { method, path } of routes)
  app.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
    ...options,
    handler: (request, reply) => reply.from(request.url),
  });

await app.listen({ port, host: "127.0.0.1" });
