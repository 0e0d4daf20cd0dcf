import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Json, canonicalJson } from "../core/index.ts";
import type { EdgeArtifact } from "../model/index.ts";
import { type EdgeRuntime, bootstrapCaddy, compileCaddy } from "./caddy.ts";

const edge: EdgeArtifact = {
  domain: "shop.localhost",
  hosts: [],
  certificates: { kind: "internal" },
  loopbackOnly: true,
  privateNetwork: ["127.0.0.0/8", "::1/128"],
};
const runtime: EdgeRuntime = {
  httpsPort: 8443,
  httpPort: 8080,
  privatePort: 8444,
  publicSocket: "/state/run/public.sock",
  privateSocket: "/state/run/private.sock",
  adminListen: "unix//state/run/admin.sock",
  storageDir: "/state/caddy",
  accessLog: "/state/logs/access.log",
};

function compiled(edgeChanges: Partial<EdgeArtifact> = {}, runtimeChanges: Partial<EdgeRuntime> = {}): Json {
  return compileCaddy({ ...edge, ...edgeChanges }, { ...runtime, ...runtimeChanges });
}

/** The value at a path such as `apps.http.servers.public.listen.0`, undefined where it ends. */
function at(value: Json, path: string): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path.split(".")) {
    if (found === null || typeof found !== "object") return undefined;
    found = (found as { readonly [key: string]: Json })[key];
  }
  return found;
}

test("the same input gives the same bytes", () => {
  assert.equal(JSON.stringify(compiled()), JSON.stringify(compiled()));
});

test("the admin endpoint is a private socket that is the same from the first moment on", () => {
  const admin = { listen: "unix//state/run/admin.sock|0600", origins: ["gatehouse"], config: { persist: false } };
  assert.deepEqual(at(compiled(), "admin"), admin);
  assert.deepEqual(at(bootstrapCaddy(runtime), "admin"), admin);
  for (const part of ["admin", "storage", "logging"]) {
    assert.equal(canonicalJson(at(compiled(), part)), canonicalJson(at(bootstrapCaddy(runtime), part)), part);
  }
});

test("an admin endpoint on TCP keeps Caddy's own check of names", () => {
  const admin = at(compiled({}, { adminListen: "127.0.0.1:2019" }), "admin");
  assert.deepEqual(admin, { listen: "127.0.0.1:2019", config: { persist: false } });
});

test("a Caddy that was there before keeps its admin endpoint and its storage", () => {
  const adminBlock = { listen: "localhost:2019" };
  const storageBlock = { module: "file_system", root: "/var/lib/caddy" };
  const config = compiled({}, { adminBlock, storageBlock });
  assert.deepEqual(at(config, "admin"), adminBlock);
  assert.deepEqual(at(config, "storage"), storageBlock);
  const bare = compiled({}, { adminBlock: null, storageBlock: null });
  assert.equal(at(bare, "admin"), undefined);
  assert.equal(at(bare, "storage"), undefined);
});

test("a development edge listens on loopback only and does not claim the name for HTTPS", () => {
  const config = compiled();
  assert.deepEqual(at(config, "apps.http.servers.public.listen"), ["127.0.0.1:8443", "[::1]:8443"]);
  assert.deepEqual(at(config, "apps.http.servers.private.listen"), ["127.0.0.1:8444", "[::1]:8444"]);
  assert.deepEqual(at(config, "apps.http.servers.redirect.listen"), ["127.0.0.1:8080", "[::1]:8080"]);
  assert.doesNotMatch(JSON.stringify(config), /Strict-Transport-Security/);
  const onlyV4 = compiled({}, { loopbackAddresses: ["127.0.0.1"] });
  assert.deepEqual(at(onlyV4, "apps.http.servers.public.listen"), ["127.0.0.1:8443"]);
});

test("an open edge listens everywhere, and each answer claims the name for HTTPS", () => {
  const config = compiled({ loopbackOnly: false });
  assert.deepEqual(at(config, "apps.http.servers.public.listen"), [":8443"]);
  const routes = at(config, "apps.http.servers.public.routes") as readonly Json[];
  for (const route of routes) assert.match(JSON.stringify(route), /Strict-Transport-Security/);
  assert.match(JSON.stringify(at(config, "apps.http.servers.public.errors")), /Strict-Transport-Security/);
  assert.doesNotMatch(JSON.stringify(at(config, "apps.http.servers.redirect")), /Strict-Transport-Security/);
});

test("public certificates come from the ACME directory of the policy, and no authority of ours is made", () => {
  const certificates = { kind: "acme", email: "ops@shop.example", directory: null } as const;
  const config = compiled({ certificates, domain: "shop.example" });
  const policies = [{ subjects: ["shop.example"], issuers: [{ module: "acme", email: "ops@shop.example" }] }];
  assert.deepEqual(at(config, "apps.tls.automation.policies"), policies);
  assert.equal(at(config, "apps.pki"), undefined);
  const own = compiled({ certificates: { ...certificates, directory: "https://ca.internal/dir" } });
  assert.equal(at(own, "apps.tls.automation.policies.0.issuers.0.ca"), "https://ca.internal/dir");
});

test("the internal authority is never installed into the machine's trust store", () => {
  assert.equal(at(compiled(), "apps.pki.certificate_authorities.local.install_trust"), false);
  assert.deepEqual(at(compiled(), "apps.tls.automation.policies.0.issuers"), [{ module: "internal" }]);
});

test("without a private service there is no private listener", () => {
  for (const config of [compiled({ privateNetwork: null }), compiled({}, { privatePort: null, privateSocket: null })]) {
    assert.equal(at(config, "apps.http.servers.private"), undefined);
    assert.doesNotMatch(JSON.stringify(config), /private\.sock/);
  }
});

test("a private listener whose network is empty lets nobody in", () => {
  const config = compiled({ privateNetwork: [] });
  assert.doesNotMatch(JSON.stringify(at(config, "apps.http.servers.private.routes")), /reverse_proxy/);
});

test("only the private server dials the private socket, and only for its network", () => {
  const config = compiled();
  assert.doesNotMatch(JSON.stringify(at(config, "apps.http.servers.public")), /private\.sock/);
  assert.deepEqual(at(config, "apps.http.servers.private.routes.0.match"), [
    { host: ["shop.localhost"], remote_ip: { ranges: ["127.0.0.0/8", "::1/128"] } },
  ]);
});

describe("PL-3.19: a client's certificate", () => {
  const headers = "handle.2.headers.request";
  const requestId = { "X-Request-Id": ["{http.request.uuid}"] };
  const without = { set: requestId, delete: ["X-Gatehouse-Client-Certificate"] };

  test("is nobody's to write into a header where no client is asked for one", () => {
    const config = compiled();
    for (const server of ["public", "private"])
      assert.deepEqual(at(config, `apps.http.servers.${server}.routes.0.${headers}`), without);
    assert.equal(at(config, "apps.http.servers.public.tls_connection_policies"), undefined);
  });

  test("is asked for and not demanded by the public listener alone, and is told by its hash", () => {
    const config = compiled({ asksForCertificate: true });
    assert.deepEqual(at(config, "apps.http.servers.public.tls_connection_policies"), [
      { client_authentication: { mode: "request" } },
    ]);
    assert.deepEqual(at(config, `apps.http.servers.public.routes.0.${headers}`), {
      set: { ...requestId, "X-Gatehouse-Client-Certificate": ["{http.request.tls.client.fingerprint}"] },
    });
    assert.equal(at(config, "apps.http.servers.private.tls_connection_policies"), undefined);
    assert.deepEqual(at(config, `apps.http.servers.private.routes.0.${headers}`), without);
  });
});

test("the redirect names the port only when it is not the usual one", () => {
  const location = "apps.http.servers.redirect.routes.0.handle.1.headers.Location.0";
  assert.equal(at(compiled(), location), "https://shop.localhost:8443{http.request.uri}");
  assert.equal(at(compiled({}, { httpsPort: 443 }), location), "https://shop.localhost{http.request.uri}");
});

test("every server ends in a refusal", () => {
  for (const server of ["public", "private", "redirect"]) {
    const routes = at(compiled(), `apps.http.servers.${server}.routes`) as readonly Json[];
    const last = routes.at(-1);
    assert.ok(last !== undefined);
    assert.equal(at(last, "match"), undefined, server);
    assert.equal(at(last, "handle.1.status_code"), 421, server);
  }
});

test("braces in a path are not a placeholder", () => {
  const config = compiled({}, { publicSocket: "/s/{env.HOME}/public.sock", accessLog: "/s/{x}/access.log" });
  assert.equal(
    at(config, "apps.http.servers.public.routes.0.handle.2.upstreams.0.dial"),
    "unix//s/\\{env.HOME}/public.sock",
  );
  assert.equal(at(config, "logging.logs.access.writer.filename"), "/s/\\{x}/access.log");
});

test("with several gateway threads Caddy asks the least busy and leaves one alone that takes no connection", () => {
  const otherSockets = [{ publicSocket: "/state/run/public-2.sock", privateSocket: "/state/run/private-2.sock" }];
  const config = compiled({}, { otherSockets });
  for (const server of ["public", "private"] as const) {
    const proxy = at(config, `apps.http.servers.${server}.routes.0.handle.2`) ?? null;
    assert.deepEqual(at(proxy, "upstreams"), [
      { dial: `unix//state/run/${server}.sock` },
      { dial: `unix//state/run/${server}-2.sock` },
    ]);
    assert.equal(at(proxy, "load_balancing.selection_policy.policy"), "least_conn");
    assert.equal(at(proxy, "health_checks.passive.max_fails"), 1);
  }
  const single = at(compiled(), "apps.http.servers.public.routes.0.handle.2") ?? null;
  assert.equal(at(single, "load_balancing"), undefined);
});

test("an address as domain is reached without a server name", () => {
  assert.equal(at(compiled({ domain: "127.0.0.1" }), "apps.http.servers.public.strict_sni_host"), false);
  assert.equal(at(compiled(), "apps.http.servers.public.strict_sni_host"), true);
});

describe("host names of services beside the domain", () => {
  const hosts: EdgeArtifact["hosts"] = [
    { host: "back.localhost", public: false, private: true },
    { host: "both.localhost", public: true, private: true },
    { host: "orders.localhost", public: true, private: false },
  ];

  /** Every host list of a server's routes, in order. */
  function hostsOf(config: Json, server: string): unknown[] {
    const routes = at(config, `apps.http.servers.${server}.routes`) as readonly Json[];
    return routes.map((route) => at(route, "match.0.host"));
  }

  test("are known to their listeners and to no other", () => {
    const config = compiled({ hosts });
    const inside = ["shop.localhost", "back.localhost", "both.localhost"];
    assert.deepEqual(hostsOf(config, "public"), [["shop.localhost", "both.localhost", "orders.localhost"], undefined]);
    assert.deepEqual(hostsOf(config, "private"), [inside, inside, undefined]);
  });

  test("have certificates from the same issuer as the domain", () => {
    assert.deepEqual(at(compiled({ hosts }), "apps.tls.automation.policies"), [
      {
        subjects: ["shop.localhost", "both.localhost", "orders.localhost", "back.localhost"],
        issuers: [{ module: "internal" }],
      },
    ]);
  });

  test("are sent from plain HTTP to a listener that knows them", () => {
    const routes = at(compiled({ hosts }), "apps.http.servers.redirect.routes") as readonly Json[];
    assert.deepEqual(
      routes.slice(0, -1).map((route) => [at(route, "match.0.host.0"), at(route, "handle.1.headers.Location.0")]),
      [
        ["shop.localhost", "https://shop.localhost:8443{http.request.uri}"],
        ["both.localhost", "https://both.localhost:8443{http.request.uri}"],
        ["orders.localhost", "https://orders.localhost:8443{http.request.uri}"],
        ["back.localhost", "https://back.localhost:8444{http.request.uri}"],
      ],
    );
  });

  test("of private services alone are unknown where there is no private listener", () => {
    for (const config of [compiled({ hosts, privateNetwork: null }), compiled({ hosts }, { privatePort: null })])
      assert.doesNotMatch(JSON.stringify(config), /back\.localhost/);
  });

  test("that no listener knows are nowhere, and the domain is not doubled", () => {
    const nobody = { host: "nobody.localhost", public: false, private: false };
    const domain = { host: "shop.localhost", public: true, private: true };
    assert.deepEqual(compiled({ hosts: [nobody, domain] }), compiled());
  });
});
