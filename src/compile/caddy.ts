/**
 * The edge as one JSON configuration for a stock Caddy, 2.11.4 or newer.
 *
 * In:  what the policy says about the edge, and where this instance runs (ports, sockets, files). Out: Caddy's JSON.
 * Not here: policy data. Routes, roles and permissions live in the gateway, so that changing them reloads no listener.
 * Source: https://caddyserver.com/docs/json/, https://caddyserver.com/docs/automatic-https.
 * INVARIANT: pure and deterministic; the socket that Caddy dials, never a header, says which exposure a request is for;
 * every request that is not for a host name which its listener knows ends in a refusal; no query, no header value and no
 * token reaches a log.
 *
 * What Caddy 2.11.7 itself does to request headers before the gateway sees them (kept true by tests/edge and by
 * tests/road/header-contract.test.ts):
 * - a name with `_` or `.` is dropped, so no alias of an identity header gets past the edge; the gateway drops them again;
 * - `X-Forwarded-For`, `-Host` and `-Proto` are replaced, as no proxy is trusted; the other look-alikes pass to the gateway;
 * - hop-by-hop headers (`Alt-Svc` too, not `Te: trailers`) and all that `Connection` names are dropped before `headers.request.set` runs: a client can remove
 *   its own headers, never our `X-Request-Id`;
 * - the path stays as sent, escapes included, unless it holds a raw character that a path may not hold (`{`, `\`, `"`):
 *   then it is decoded and encoded anew, so that `%2F` becomes `/`. The gateway decides on what it receives;
 * - its log holds headers with their values or not at all: no filter leaves the names. So the gateway keeps the names that
 *   reach it, and what the edge dropped is in no log (src/app/edge-headers.ts);
 * - an answer with a body and without a type gets the type that Go guesses from its first bytes;
 * - `Via: 1.1 Caddy` is added, with the version of HTTP that the client speaks. `Accept-Encoding` passes as it is (`compression: false`), encoded bodies are not touched.
 */
import { isIP } from "node:net";
import type { Json } from "../core/index.ts";
import type { EdgeArtifact } from "../model/index.ts";

/** Where this instance runs: all that the policy does not say. */
export interface EdgeRuntime {
  readonly httpsPort: number;
  readonly httpPort: number;
  /** Null when there is no private listener. */
  readonly privatePort: number | null;
  /** Absolute paths of the gateway's sockets. */
  readonly publicSocket: string;
  readonly privateSocket: string | null;
  /** Of further threads of the gateway, each as good as the first. @default none */
  readonly otherSockets?: readonly { readonly publicSocket: string; readonly privateSocket: string }[] | undefined;
  /** `unix//path` or `host:port`; a unix socket gets mode 0600. */
  readonly adminListen: string;
  /** The admin block of a Caddy that was running before us, taken over as it is; null when it has none. */
  readonly adminBlock?: Json;
  /** The storage block of a Caddy that was running before us; null when it has none. */
  readonly storageBlock?: Json;
  /** Caddy's own folder: certificates, the internal authority. */
  readonly storageDir: string;
  /** File of the access log, JSON lines. */
  readonly accessLog: string;
  /** Addresses of the loopback interface to listen on. Default `127.0.0.1` and `[::1]`. */
  readonly loopbackAddresses?: readonly string[];
}

/** A whole configuration of Caddy. */
export type CaddyConfig = { readonly [key: string]: Json };

/**
 * The configuration to replace Caddy's with. Its parts `admin`, `storage` and `logging` are also what Caddy is started
 * with (`bootstrapCaddy`), so that the admin endpoint never moves.
 */
export function compileCaddy(edge: EdgeArtifact, runtime: EdgeRuntime): CaddyConfig {
  const publicNames = namesOf(edge, "public");
  const { asksForCertificate = false } = edge;
  const privateServer = compilePrivate(edge, runtime);
  // A name that no listener knows needs no certificate.
  const names = privateServer === null ? publicNames : [...new Set([...publicNames, ...namesOf(edge, "private")])];
  return {
    ...bootstrapCaddy(runtime),
    apps: {
      http: {
        http_port: runtime.httpPort,
        https_port: runtime.httpsPort,
        grace_period: "5s",
        servers: {
          public: {
            ...siteServer(edge, runtime, runtime.httpsPort, publicNames, [
              gatewayRoute(
                edge,
                [{ host: publicNames }],
                socketsOf(runtime, runtime.publicSocket, "publicSocket"),
                asksForCertificate ? CERTIFICATE_SEEN : NO_CERTIFICATE,
              ),
            ]),
            // Of its own making or not: a token names the very certificate, and who uses it has its key.
            ...(asksForCertificate
              ? { tls_connection_policies: [{ client_authentication: { mode: "request" } }] }
              : {}),
          },
          ...(privateServer === null ? {} : { private: privateServer }),
          redirect: redirectServer(edge, runtime, privateServer !== null),
        },
      },
      tls: { automation: { policies: [{ subjects: names, issuers: [issuer(edge)] }] } },
      ...(edge.certificates.kind === "internal"
        ? { pki: { certificate_authorities: { local: { name: "Gatehouse Local Authority", install_trust: false } } } }
        : {}),
    },
  };
}

/** What Caddy runs with before it has an application: the same admin endpoint, storage and logs as afterwards. */
export function bootstrapCaddy(runtime: EdgeRuntime): CaddyConfig {
  const admin = runtime.adminBlock === undefined ? ownAdmin(runtime.adminListen) : runtime.adminBlock;
  const storage =
    runtime.storageBlock === undefined ? { module: "file_system", root: runtime.storageDir } : runtime.storageBlock;
  return {
    ...(admin === null ? {} : { admin }),
    ...(storage === null ? {} : { storage }),
    logging: logging(runtime.accessLog),
  };
}

function ownAdmin(listen: string): Json {
  const isSocket = listen.startsWith("unix/");
  return {
    listen: isSocket && !listen.includes("|") ? `${listen}|0600` : listen,
    // A name that every client of ours sends as Host: an empty one cannot be sent from Node.
    ...(isSocket ? { origins: ["gatehouse"] } : {}),
    config: { persist: false },
  };
}

/**
 * What is said of requests to a file of its own, everything else to standard error; neither with a query or a header.
 * The lists keep each logger of the hot path to one encoder at most: Caddy encodes a request for every log that a module
 * could match, whether or not the line is written in the end (measured: 16 % of Caddy's share of a request).
 */
function logging(accessLog: string): Json {
  const encoder = {
    format: "filter",
    wrap: { format: "json" },
    fields: {
      "request>uri": { filter: "regexp", regexp: "\\?.*", value: "?" },
      "request>headers": { filter: "delete" },
      resp_headers: { filter: "delete" },
    },
  };
  return {
    logs: {
      default: { level: "INFO", writer: { output: "stderr" }, encoder, exclude: ["http"] },
      access: {
        include: ["http"],
        exclude: ["http.handlers"],
        encoder,
        writer: {
          output: "file",
          filename: literal(accessLog),
          mode: "0600",
          roll_size_mb: 64,
          roll_keep: 5,
          roll_compression: "none",
        },
      },
    },
  };
}

/** The host names that a listener knows: the domain of the environment, and those of services, sorted. */
function namesOf(edge: EdgeArtifact, exposure: "public" | "private"): readonly string[] {
  return [...new Set([edge.domain, ...edge.hosts.filter((known) => known[exposure]).map(({ host }) => host)])];
}

/** Null when there is no private listener. */
function compilePrivate(edge: EdgeArtifact, runtime: EdgeRuntime): Json {
  const { privatePort, privateSocket } = runtime;
  if (privatePort === null || privateSocket === null || edge.privateNetwork === null) return null;
  const names = namesOf(edge, "private");
  const sockets = socketsOf(runtime, privateSocket, "privateSocket");
  return siteServer(edge, runtime, privatePort, names, privateRoutes(edge, names, sockets));
}

function siteServer(
  edge: EdgeArtifact,
  runtime: EdgeRuntime,
  port: number,
  names: readonly string[],
  routes: readonly Json[],
): { readonly [key: string]: Json } {
  return {
    listen: listenOn(edge, runtime, port),
    protocols: ["h1", "h2", "h3"],
    ...LIMITS,
    // Replayed early data would reach the service twice.
    allow_0rtt: false,
    // One connection cannot serve another name than the one it was opened for. An address is never sent as a name.
    strict_sni_host: names.every((name) => isIP(name) === 0),
    automatic_https: { disable_redirects: true },
    logs: {},
    routes: [...routes, refuse(edge, 421, "Misdirected Request")],
    errors: { routes: errorRoutes(edge) },
  };
}

/** Plain HTTP only ever sends people to HTTPS, and only to names of ours: each to a listener that knows it. */
function redirectServer(edge: EdgeArtifact, runtime: EdgeRuntime, hasPrivate: boolean): Json {
  const publicNames = namesOf(edge, "public");
  const privateOnly = hasPrivate ? namesOf(edge, "private").filter((name) => !publicNames.includes(name)) : [];
  return {
    listen: listenOn(edge, runtime, runtime.httpPort),
    protocols: ["h1"],
    ...LIMITS,
    // Plain on every port: elsewhere than on the HTTP port Caddy would take a server with a name for one that wants TLS.
    automatic_https: { disable: true },
    logs: {},
    routes: [
      ...publicNames.map((name) => redirectRoute(name, runtime.httpsPort)),
      ...privateOnly.map((name) => redirectRoute(name, runtime.privatePort ?? runtime.httpsPort)),
      answer({}, 421, "Misdirected Request", {}),
    ],
    errors: { routes: [answer({}, "{http.error.status_code}", "{http.error.status_text}", {})] },
  };
}

function redirectRoute(name: string, port: number): Json {
  const location = `https://${name}${port === 443 ? "" : `:${port}`}{http.request.uri}`;
  return {
    match: [{ host: [name] }],
    handle: [
      WITHOUT_SERVER,
      {
        handler: "static_response",
        status_code: 308,
        headers: { Location: [location], "X-Request-Id": [REQUEST_ID], "Cache-Control": ["no-store"] },
        close: true,
      },
    ],
    terminal: true,
  };
}

const REQUEST_ID = "{http.request.uuid}";
/**
 * Headers well above what the gateway takes, so that it is the gateway that refuses and records; but below the 131,072
 * bytes that its parser reads, with Go's 4096 on top and what is added here: what it answers to half a head is lost when
 * the rest cannot be written any more, and would be 503 here.
 */
const LIMITS = { max_header_bytes: 122_880, read_header_timeout: "10s", idle_timeout: "2m" } as const;
const WITHOUT_SERVER = { handler: "headers", response: { delete: ["Server"] } } as const;

type SocketKind = "publicSocket" | "privateSocket";

function socketsOf({ otherSockets = [] }: EdgeRuntime, first: string, kind: SocketKind): readonly string[] {
  return [first, ...otherSockets.map((sockets) => sockets[kind])];
}

/**
 * Between threads the least busy one is asked. One that does not take a connection is left alone for a while, and the
 * request goes to another: nothing of it was sent, or it is a `GET` that got no answer.
 */
const BETWEEN_THREADS = {
  load_balancing: { selection_policy: { policy: "least_conn" }, try_duration: "2s", try_interval: "50ms" },
  health_checks: { passive: { fail_duration: "1s", max_fails: 1 } },
} as const;

/**
 * What the gateway is told of the client's certificate: its SHA-256, empty when there is none. Where clients are not asked
 * for one, the header is taken away in every configuration and on every listener, so that there is no moment, not even
 * between the gateway's change of policy and this one's, at which a client could write it itself.
 */
const CERTIFICATE = "X-Gatehouse-Client-Certificate";
const CERTIFICATE_SEEN = {
  set: { "X-Request-Id": [REQUEST_ID], [CERTIFICATE]: ["{http.request.tls.client.fingerprint}"] },
};
const NO_CERTIFICATE = { set: { "X-Request-Id": [REQUEST_ID] }, delete: [CERTIFICATE] };

function gatewayRoute(edge: EdgeArtifact, match: readonly Json[], sockets: readonly string[], request: Json): Json {
  const strict = strictTransport(edge);
  return {
    match,
    terminal: true,
    handle: [
      WITHOUT_SERVER,
      { handler: "log_append", key: "traceresponse", value: "{http.reverse_proxy.header.Traceresponse}" },
      {
        handler: "reverse_proxy",
        upstreams: sockets.map((socket) => ({ dial: `unix/${literal(socket)}` })),
        ...(sockets.length === 1 ? {} : BETWEEN_THREADS),
        transport: {
          protocol: "http",
          dial_timeout: "2s",
          compression: false,
          // Shorter than the gateway's own 75 s: a connection is never reused while the other end is closing it.
          keep_alive: { idle_timeout: "30s", max_idle_conns_per_host: 256 },
        },
        headers: {
          request,
          // A service's own value, which may be stricter, stays.
          ...(Object.keys(strict).length === 0
            ? {}
            : { response: { require: { headers: { "Strict-Transport-Security": null } }, set: strict } }),
        },
        // A change of the edge itself lets open WebSockets go on for a while.
        stream_close_delay: "10m",
      },
    ],
  };
}

/** The private APIs: their names, from inside the network only. Anybody else is told so, as API Gateway does. */
function privateRoutes(edge: EdgeArtifact, names: readonly string[], sockets: readonly string[]): readonly Json[] {
  const ranges = edge.privateNetwork ?? [];
  return [
    ...(ranges.length === 0
      ? []
      : [gatewayRoute(edge, [{ host: names, remote_ip: { ranges: [...ranges] } }], sockets, NO_CERTIFICATE)]),
    answer({ match: [{ host: names }], terminal: true }, 403, "Forbidden", strictTransport(edge)),
  ];
}

/** A gateway that is away is 503, what a client may try again, whether it refused the connection or died in the middle. */
function errorRoutes(edge: EdgeArtifact): readonly Json[] {
  const strict = strictTransport(edge);
  const away = { match: [{ expression: "{http.error.status_code} in [502, 503, 504]" }], terminal: true };
  return [
    answer(away, 503, "Service Unavailable", { ...strict, "Retry-After": ["5"] }),
    answer({}, "{http.error.status_code}", "{http.error.status_text}", strict),
  ];
}

function refuse(edge: EdgeArtifact, status: number, message: string): Json {
  return answer({}, status, message, strictTransport(edge));
}

/** A route that answers itself, in the form of API Gateway's own errors. */
function answer(
  route: { readonly [key: string]: Json },
  status: number | string,
  message: string,
  headers: { readonly [name: string]: Json },
): Json {
  return {
    ...route,
    handle: [
      WITHOUT_SERVER,
      {
        handler: "static_response",
        status_code: status,
        headers: { ...headers, "Content-Type": ["application/json"], "X-Request-Id": [REQUEST_ID] },
        body: `{"message":"${message}"}`,
      },
    ],
  };
}

function strictTransport(edge: EdgeArtifact): { readonly [name: string]: Json } {
  return edge.loopbackOnly ? {} : { "Strict-Transport-Security": ["max-age=31536000"] };
}

function issuer(edge: EdgeArtifact): Json {
  const { certificates } = edge;
  if (certificates.kind === "internal") return { module: "internal" };
  return {
    module: "acme",
    email: certificates.email,
    ...(certificates.directory === null ? {} : { ca: certificates.directory }),
  };
}

function listenOn(edge: EdgeArtifact, runtime: EdgeRuntime, port: number): Json {
  if (!edge.loopbackOnly) return [`:${port}`];
  return (runtime.loopbackAddresses ?? ["127.0.0.1", "[::1]"]).map((address) => `${address}:${port}`);
}

/** A path as it stands: Caddy would otherwise read `{...}` in it as a placeholder. */
function literal(path: string): string {
  return path.replaceAll("{", "\\{");
}
