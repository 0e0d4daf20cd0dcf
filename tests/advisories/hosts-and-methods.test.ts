/** Rows 24 to 26, 28, 30 and 32: hosts and methods that two hops could read differently. */
import assert from "node:assert/strict";
import type { OutgoingHttpHeaders } from "node:http2";
import { after, before, it } from "node:test";
import { headerOf } from "../gateway/raw-client.ts";
import { row } from "./catalogue.ts";
import { openHttp2 } from "./http2.ts";
import { DOMAIN, FILES_HOST } from "./policy.ts";
import {
  EDGE_BAD_REQUEST,
  EDGE_MISDIRECTED,
  ENTRANCES,
  NO_ROUTE,
  type Refusal,
  type Request,
  type Road,
  badRequest,
  forbidden,
  get,
  startRoad,
  unauthorized,
} from "./road.ts";

let road: Road;
let token: string;
before(async () => {
  road = await startRoad();
  token = await road.support();
});
after(async () => road.stop());

const BAD_PATH = badRequest("request-path");
const MISDIRECTED: Refusal = { ...EDGE_MISDIRECTED, reason: "request-host" };
const MALFORMED = badRequest("request-malformed");

const inCase = (host: string): readonly string[] => [
  host,
  host.toUpperCase(),
  `${host[0]?.toUpperCase()}${host.slice(1)}`,
];

row(24, () => {
  it("a host in capitals has the same rules", async () => {
    for (const host of inCase(FILES_HOST)) {
      await road.assertRefused("gateway", [get("/orders", token, `Host: ${host}`)], forbidden("not-granted"));
      await road.assertRefused("gateway", [get("/orders", `Host: ${host}`)], unauthorized("unauthenticated"));
      await road.assertRefused("gateway", [get("/health", `Host: ${host}:443`)], NO_ROUTE);
    }
    for (const host of inCase(DOMAIN))
      await road.assertRefusedAtBoth([get("/admin", token, `Host: ${host}`)], forbidden("not-granted"));
  });

  it("so it has in the name that TLS is asked for", async () => {
    for (const servername of inCase(FILES_HOST))
      for (const host of inCase(FILES_HOST)) {
        const { answer, arrived } = await road.exchange("edge", get("/orders", token, `Host: ${host}`), { servername });
        assert.deepEqual([answer.status, answer.body, arrived.length], [403, '{"message":"Forbidden"}', 0]);
      }
    const records = await road.takeRecords();
    assert.deepEqual(
      records.map(({ reason, service }) => [reason, service]),
      Array.from({ length: 9 }, () => ["not-granted", "files"]),
    );
  });
});

row(25, () => {
  it("a host with another spelling than capitals is nobody's", async () => {
    const names = [
      `${DOMAIN}.`,
      `${DOMAIN}.:443`,
      `${FILES_HOST}.`,
      "xn--rad-sna.localhost",
      "localhost",
      `x${DOMAIN}`,
      `${DOMAIN}.evil.test`,
      "[::1]",
      "127.0.0.1",
    ];
    await road.assertRefusedAtBoth(
      names.map((name) => get("/health", `Host: ${name}`)),
      MISDIRECTED,
      EDGE_MISDIRECTED,
    );
  });

  it("what is no host is refused as such", async () => {
    const names = ["r\u00c3\u00b6ad.localhost", `${DOMAIN}/x`, `${DOMAIN}@evil.test`, `${DOMAIN}, evil.test`];
    await road.assertRefused(
      "gateway",
      [...names, `${DOMAIN}..`, `.${DOMAIN}`, "road%2elocalhost", `${DOMAIN}:`, `${DOMAIN}:999999`, ""].map((name) =>
        get("/health", `Host: ${name}`),
      ),
      badRequest("request-host"),
    );
    await road.assertRefused(
      "edge",
      names.map((name) => get("/health", `Host: ${name}`)),
      { ...EDGE_BAD_REQUEST, body: "400 Bad Request: malformed Host header" },
    );
  });

  it("no connection is opened for a name that is not served", async () => {
    for (const servername of ["evil.test", `x.${DOMAIN}`, "localhost"])
      await assert.rejects(road.exchange("edge", get("/health"), { servername }), /alert|ECONNRESET|internal error/i);
  });
});

row(26, () => {
  const LIES = [
    ["X-Forwarded-Host: evil.test"],
    ["X-Forwarded-Host: evil.test", "X-Forwarded-Proto: http"],
    ["Forwarded: host=evil.test;proto=http"],
    ["X-Host: evil.test", "X-Original-Host: evil.test", "X_Forwarded_Host: evil.test"],
    ["X-Forwarded-Server: evil.test", "X-Forwarded-Port: 1", "X-Forwarded-Prefix: /evil"],
    ["Origin: https://evil.test", "Referer: https://evil.test/"],
  ];
  for (const entrance of ENTRANCES)
    it(`sign-in leads back to the domain of the policy: ${entrance}`, async () => {
      const { https } = road.instance.status.edge;
      for (const lie of LIES)
        for (const target of ["/account", "/_gatehouse/login?return_to=%2Faccount"]) {
          const { answer, text, arrived } = await road.exchange(
            entrance,
            get(target, "Accept: text/html", "Sec-Fetch-Mode: navigate", ...lie),
          );
          const location = new URL(headerOf(answer, "location") ?? "");
          assert.deepEqual([answer.status, arrived.length], [302, 0]);
          assert.equal(location.searchParams.get("redirect_uri"), `${https}/_gatehouse/callback`);
          assert.ok(!text.includes("evil"));
        }
      const reasons = (await road.takeRecords()).map(({ reason }) => reason);
      assert.deepEqual(
        reasons,
        LIES.flatMap(() => ["sign-in", "login-started"]),
      );
    });

  it("signing out leads back there too", async () => {
    const { https } = road.instance.status.edge;
    for (const lie of LIES.slice(0, -1)) {
      const cookie = `Cookie: ${await road.signIn("alice")}`;
      const { answer, text } = await road.exchange("edge", [
        "POST /_gatehouse/logout HTTP/1.1",
        cookie,
        "Content-Length: 0",
        `Origin: ${https}`,
        "Sec-Fetch-Site: same-origin",
        ...lie,
      ]);
      const [record] = await road.takeRecords();
      const location = new URL(headerOf(answer, "location") ?? "");
      assert.deepEqual([answer.status, record?.reason], [303, "logout-finished"]);
      assert.equal(location.searchParams.get("post_logout_redirect_uri"), `${https}/_gatehouse/signed-out`);
      assert.ok(!text.includes("evil"));
    }
  });

  it("addresses in Gatehouse's own documents are those of the policy", async () => {
    const { https } = road.instance.status.edge;
    for (const lie of LIES) {
      const target = "/_gatehouse/.well-known/openid-configuration";
      const { answer, text } = await road.exchange("edge", get(target, ...lie));
      assert.equal((JSON.parse(answer.body) as { issuer: string }).issuer, `${https}/_gatehouse`);
      assert.ok(!text.includes("evil"));
    }
    await road.takeRecords();
  });

  it("a host that is not served starts nothing", async () => {
    await road.assertRefusedAtBoth([get("/_gatehouse/login", "Host: evil.test")], MISDIRECTED, EDGE_MISDIRECTED);
  });
});

row(28, () => {
  const SECOND = `GET /health HTTP/1.1\r\nHost: ${DOMAIN}\r\n\r\n`;
  it("CONNECT is refused and nothing behind it is read", async () => {
    await road.takeRecords();
    for (const target of ["x:80", "127.0.0.1:22", "/orders", "road.localhost:443"]) {
      const bytes = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nContent-Length: 5\r\n\r\nhello${SECOND}`;
      const { text, arrived } = await road.exchange("gateway", bytes);
      assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 405"]);
      assert.equal(arrived.length, 0);
    }
    assert.deepEqual(
      (await road.takeRecords()).map(({ status, reason, method }) => [status, reason, method]),
      Array.from({ length: 4 }, () => [405, "request-method", "CONNECT"]),
    );
  });

  it("through Caddy it opens nothing either", async () => {
    await road.assertRefused("edge", [["CONNECT x:80 HTTP/1.1", "Host: x:80"]], EDGE_MISDIRECTED);
    const refusal = { status: 405, body: '{"message":"Method Not Allowed"}', reason: "request-method" };
    await road.assertRefused("edge", [["CONNECT /orders HTTP/1.1", token]], refusal);
    await road.assertRefused("edge", [[`CONNECT ${DOMAIN}:443 HTTP/1.1`, `Host: ${DOMAIN}:443`, token]], refusal);
    // The connection to the gateway that it came by is not used again.
    await road.assertForwarded("edge", get("/health"), "open-route");
  });
});

row(30, () => {
  const OVERRIDES = ["X-HTTP-Method-Override", "X-Http-Method", "X-Method-Override", "X_HTTP_METHOD_OVERRIDE"];
  it("no header names another method to the service", async () => {
    for (const entrance of ENTRANCES) {
      const lies = OVERRIDES.map((name) => `${name}: DELETE`);
      const arrived = await road.assertForwarded(entrance, [
        "POST /orders?_method=DELETE HTTP/1.1",
        token,
        "Content-Length: 0",
        ...lies,
      ]);
      assert.equal(arrived.method, "POST");
      assert.ok(!arrived.headers.some(([, value]) => value === "DELETE"), entrance);
    }
  });

  it("nor lets it into a route of another method", async () => {
    const requests = OVERRIDES.map((name): Request => ["DELETE /orders/7 HTTP/1.1", token, `${name}: GET`]);
    await road.assertRefusedAtBoth(requests, forbidden("not-granted"));
  });

  it("a method is what it is: another one has no route, HEAD neither", async () => {
    const methods = ["TRACE", "OPTIONS", "PURGE", "QUERY", "PROPFIND", "PATCH"];
    await road.assertRefusedAtBoth(
      methods.map((method): Request => [`${method} /orders HTTP/1.1`, token]),
      NO_ROUTE,
    );
    await road.assertRefusedAtBoth([["HEAD /orders HTTP/1.1", token]], { ...NO_ROUTE, body: "" });
  });

  it("a word that is no method is no request", async () => {
    const words = ["get", "Get", "GETX", "G", "GET_", "DELETE1"];
    await road.assertRefusedAtBoth(
      words.map((word): Request => [`${word} /orders HTTP/1.1`, token]),
      MALFORMED,
    );
    const long: Request = [`${"X".repeat(300)} /orders HTTP/1.1`, token];
    await road.assertRefusedAtBoth([long], MALFORMED, {
      status: 405,
      body: '{"message":"Method Not Allowed"}',
      reason: null,
    });
  });
});

row(32, () => {
  it("the gateway takes no target with a host in it", async () => {
    await road.assertRefused(
      "gateway",
      ["http", "https", "HTTP"].flatMap((scheme) => [
        get(`${scheme}://${FILES_HOST}/orders`, token),
        get(`${scheme}://${DOMAIN}/health`, token),
        get(`${scheme}://evil.test/health`, `Host: ${DOMAIN}`),
      ]),
      BAD_PATH,
    );
  });

  it("at the edge the host of the target counts, and must be the one of the connection", async () => {
    await road.assertRefused(
      "edge",
      [get(`http://${FILES_HOST}/orders`, token), get("https://evil.test/health", `Host: ${DOMAIN}`)],
      EDGE_MISDIRECTED,
    );
    const arrived = await road.assertForwarded(
      "edge",
      get(`https://${DOMAIN}/health`, "Host: evil.test"),
      "open-route",
    );
    const told = arrived.headers.filter(([name]) => name === "x-forwarded-host").map(([, value]) => value);
    assert.deepEqual([arrived.target, told], ["/health", [DOMAIN]]);
  });

  it("a connection for one name is no way to another", async () => {
    for (const [servername, host] of [
      [DOMAIN, FILES_HOST],
      [FILES_HOST, DOMAIN],
    ] as const) {
      const { answer, arrived } = await road.exchange("edge", get("/orders", token, `Host: ${host}`), { servername });
      assert.deepEqual([answer.status, answer.body, arrived.length], [421, EDGE_MISDIRECTED.body, 0]);
    }
    assert.deepEqual(await road.takeRecords(), []);
  });

  it("two hosts, or none, are refused", async () => {
    const pairs = [
      [DOMAIN, FILES_HOST],
      [FILES_HOST, DOMAIN],
      [DOMAIN, DOMAIN],
    ];
    const twice = pairs.map((hosts) => get("/orders", token, ...hosts.map((host) => `Host: ${host}`)));
    await road.assertRefusedAtBoth(twice, badRequest("request-host"), EDGE_BAD_REQUEST);
    const none = "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n";
    await road.assertRefused("gateway", [none], badRequest("request-host"));
    await road.assertRefused("edge", [none], {
      ...EDGE_BAD_REQUEST,
      body: "400 Bad Request: missing required Host header",
    });
  });

  it("over HTTP/2 the authority is the host, and must be the one of the connection", async () => {
    const http2 = openHttp2(road);
    const authorization = token.replace(/^Authorization: /, "");
    await road.takeRecords();
    const hits = road.backend.arrived.length;
    const cases: readonly (readonly [headers: OutgoingHttpHeaders, answer: number | string])[] = [
      [{ ":authority": FILES_HOST }, 421],
      [{ ":authority": "evil.test" }, 421],
      [{ ":authority": `${DOMAIN}.` }, 421],
      // Two that disagree are no request at all.
      [{ ":authority": DOMAIN, host: FILES_HOST }, "ERR_HTTP2_STREAM_ERROR"],
      [{ ":authority": FILES_HOST, host: DOMAIN }, "ERR_HTTP2_STREAM_ERROR"],
    ];
    for (const [headers, expected] of cases)
      assert.equal(await http2.ask({ ":path": "/orders", authorization, ...headers }), expected);
    assert.deepEqual([road.backend.arrived.length, await road.takeRecords()], [hits, []]);
    assert.equal(await http2.ask({ ":path": "/orders", authorization, ":authority": DOMAIN.toUpperCase() }), 200);
    http2.close();
  });
});
