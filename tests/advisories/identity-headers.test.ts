/** Rows 1 to 14: headers by which a client, or a service, tries to say who asks and how the request came. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { headerOf, parseAnswer } from "../gateway/raw-client.ts";
import { Browser, setUpSignIn } from "../identity/sign-in-setup.ts";
import { exchangePlain } from "./plain-exchange.ts";
import { row } from "./catalogue.ts";
import { openHttp2 } from "./http2.ts";
import { ENTRANCES, NO_ROUTE, type Road, badRequest, forbidden, startRoad, unauthorized, valuesOf } from "./road.ts";
import { asEdge, openTruthOf, toldTo, truthOf } from "./told.ts";

let road: Road;
before(async () => {
  road = await startRoad();
});
after(async () => road.stop());

/** With a good token on a route that it may use: the service is told the truth, whatever these headers say. */
async function assertTruth(headers: readonly string[], line = "GET /orders HTTP/1.1"): Promise<void> {
  for (const entrance of ENTRANCES) {
    const arrived = await road.assertForwarded(entrance, [line, await road.support(), ...headers, ...asEdge(entrance)]);
    assert.deepEqual(toldTo(arrived), truthOf(road), entrance);
  }
}

row(1, () => {
  it("no spelling of an identity header of Gatehouse arrives but its own", async () => {
    await assertTruth([
      "X_GATEHOUSE_SUBJECT: root",
      "X-Gatehouse_Subject: root",
      "x.gatehouse.subject: root",
      "X-Gatehouse-Subject: root",
      "X-GATEHOUSE-SUBJECT: root",
      "X-Gatehouse-Subject:",
      "x-gatehouse-role: admin",
      "X_Gatehouse.Groups: admin",
      "X-Gatehouse-Anything: admin",
      `X-Gatehouse-Name: ${"a".repeat(2000)}`,
    ]);
  });

  it("no spelling of a forwarded identity arrives", async () => {
    await assertTruth(["X_Forwarded_User: admin", "X-Forwarded_User: admin", "x-forwarded.email: a@b.c"]);
  });

  it("on an open route nobody is somebody", async () => {
    for (const entrance of ENTRANCES) {
      const forged = ["X-Gatehouse-Subject: root", "X_GATEHOUSE_SUBJECT: root", "X_Auth_User: root"];
      const arrived = await road.assertForwarded(
        entrance,
        ["GET /health HTTP/1.1", ...forged, ...asEdge(entrance)],
        "open-route",
      );
      assert.deepEqual(toldTo(arrived), openTruthOf(road));
    }
  });

  it("what was removed is told in the record", async () => {
    await road.exchange("gateway", ["GET /health HTTP/1.1", "X_GATEHOUSE_SUBJECT: root", "x-forwarded.user: root"]);
    const [record] = await road.takeRecords();
    assert.deepEqual(record?.removedHeaders, ["X_GATEHOUSE_SUBJECT", "x-forwarded.user"]);
  });
});

row(2, () => {
  it("no alias of the service's own identity header arrives", async () => {
    await assertTruth(["X_auth_user: superadmin", "X-Auth-User: superadmin", "x.auth.user: a", "X-AUTH_USER: b"]);
  });

  it("no alias of a forwarding header arrives", async () => {
    await assertTruth([
      "X_Forwarded_Proto: http",
      "X_Forwarded_For: 10.0.0.9",
      "X.Forwarded.Host: evil.test",
      "X_Forwarded_Tls_Client_Cert: x",
      "X_Real_Ip: 10.0.0.9",
      "X_Request_Id: 1",
      "X_Original_Url: /",
      "Client_Ip: 10.0.0.9",
      "CF_Connecting_IP: 10.0.0.9",
    ]);
  });
});

row(3, () => {
  for (const connection of [
    ["close, X-Forwarded-Host, x-real-ip, X-Forwarded-For, X-Forwarded-Proto, Forwarded"],
    ["CLOSE, x-gatehouse-subject, X-GATEHOUSE-ROLE, x-auth-user, x-gatehouse-assertion, x-request-id, traceparent"],
    ["close", "x-gatehouse-subject", "X-Auth-User\t,\tx-forwarded-for"],
    ["close,,x_gatehouse_subject,x-forwarded-host ,", `${"x".repeat(3000)}, x-auth-user`],
  ])
    it(`a Connection list of ${connection.length} takes away nothing that Gatehouse sets`, async () => {
      await assertTruth(connection.map((value) => `Connection: ${value}`));
    });

  it("it takes away what the client itself sent", async () => {
    for (const entrance of ENTRANCES) {
      const arrived = await road.assertForwarded(entrance, [
        "GET /orders HTTP/1.1",
        await road.support(),
        "X-Tenant: a",
        "X-Other: b",
        "Connection: close, X-TENANT",
      ]);
      assert.deepEqual([valuesOf(arrived, "x-tenant"), valuesOf(arrived, "x-other")], [[], ["b"]]);
    }
  });
});

row(4, () => {
  it("who has the token taken away at the edge is nobody, and refused", async () => {
    const token = await road.support();
    await road.assertRefused(
      "edge",
      [
        ["GET /orders HTTP/1.1", token, "Connection: close, Authorization, Cookie"],
        ["GET /orders HTTP/1.1", token, "Connection: close", "Connection: authorization"],
      ],
      unauthorized("unauthenticated"),
    );
  });

  it("the gateway itself reads the token first, and the service is told who it is", async () => {
    const arrived = await road.assertForwarded("gateway", [
      "GET /orders HTTP/1.1",
      await road.support(),
      "Connection: close, Authorization, Cookie, X-Gatehouse-Subject, X-Auth-User",
      ...asEdge("gateway"),
    ]);
    assert.deepEqual(toldTo(arrived), truthOf(road));
  });
});

const PATH_HEADERS = ["X-Forwarded-Uri", "X-Original-URL", "X-Original-Uri", "X-Rewrite-URL", "X-Forwarded-Path"];

row(5, () => {
  for (const entrance of ENTRANCES) {
    it(`nobody gets in by a header that names an open path: ${entrance}`, async () => {
      const requests = PATH_HEADERS.flatMap((name): [string, ...string[]][] => [
        ["GET /admin HTTP/1.1", `${name}: /health`],
        ["GET /admin HTTP/1.1", `${name.toUpperCase()}: /health`, `${name.replaceAll("-", "_")}: /status`],
        ["GET /admin/users HTTP/1.1", `${name}: https://road.localhost/health`, "X-Forwarded-Method: GET"],
      ]);
      await road.assertRefused(entrance, requests, unauthorized("unauthenticated"));
    });

    it(`who is known is decided on by the request line: ${entrance}`, async () => {
      const token = await road.support();
      const requests = PATH_HEADERS.map((name): [string, ...string[]] => [
        "GET /admin HTTP/1.1",
        token,
        `${name}: /orders`,
      ]);
      await road.assertRefused(entrance, requests, forbidden("not-granted"));
    });
  }

  it("none of them arrives at the service", async () => {
    await assertTruth(PATH_HEADERS.map((name) => `${name}: /admin`));
  });
});

row(6, () => {
  const agents = ["GoogleHC/1.0", "googlehc/1.0", "kube-probe/1.31", "ELB-HealthChecker/2.0", "", "G".repeat(4000)];
  for (const entrance of ENTRANCES)
    it(`a health check is nobody on a route that needs somebody: ${entrance}`, async () => {
      const requests = agents.flatMap((agent): [string, ...string[]][] => [
        ["GET /admin HTTP/1.1", `User-Agent: ${agent}`],
        ["GET /orders HTTP/1.1", `User-Agent: ${agent}`, "User-Agent: GoogleHC/1.0"],
      ]);
      await road.assertRefused(entrance, requests, unauthorized("unauthenticated"));
    });

  it("the own health endpoint is a matter of path and listener alone", async () => {
    const own = await road.exchange("edge", ["GET /_gatehouse/health HTTP/1.1"]);
    assert.deepEqual([own.answer.status, own.answer.body], [200, '{"status":"ok"}']);
    for (const path of ["/_gatehouse/healthz", "/_gatehouse/health/", "/_gatehouse/HEALTH"])
      await road.assertRefused("edge", [[`GET ${path} HTTP/1.1`, "User-Agent: GoogleHC/1.0"]], NO_ROUTE);
    await road.assertRefused("private", [["GET /_gatehouse/health HTTP/1.1"]], NO_ROUTE);
  });
});

row(7, () => {
  // A policy has no condition on a header that a client may choose, so a list of values has nothing to mislead.
  for (const entrance of ENTRANCES)
    it(`a role is no header: ${entrance}`, async () => {
      const token = await road.support();
      const roles = [["user,admin"], ["user", "admin"], ["admin", "user"], ["admin"]];
      const requests = roles.map((values): [string, ...string[]] => [
        "GET /admin HTTP/1.1",
        token,
        ...values.map((value) => `X-Role: ${value}`),
        ...values.map((value) => `X-Gatehouse-Role: ${value}`),
      ]);
      await road.assertRefused(entrance, requests, forbidden("not-granted"));
    });

  it("the headers that decide something come once, or the request is refused", async () => {
    const token = await road.support();
    const twice: [string, ...string[]][] = [
      ["GET /orders HTTP/1.1", token, token],
      ["GET /orders HTTP/1.1", token, "authorization: Bearer x"],
      ["GET /health HTTP/1.1", "Authorization: a", "AUTHORIZATION: b"],
    ];
    for (const entrance of ENTRANCES) await road.assertRefused(entrance, twice, badRequest("request-headers"));
  });
});

row(8, () => {
  const NAVIGATION = ["Accept: text/html", "Sec-Fetch-Mode: navigate"];
  let broken: readonly string[];
  before(async () => {
    const cookie = await road.signIn("alice");
    const at = cookie.indexOf("=") + 1;
    const [name, value] = [cookie.slice(0, at), cookie.slice(at)];
    const changed = (index: number): string =>
      value.slice(0, index) + (value[index] === "A" ? "B" : "A") + value.slice(index + 1);
    const elsewhere = await setUpSignIn();
    const browser = new Browser(elsewhere.sessions);
    await browser.signIn("ada");
    const foreign =
      (browser.cookieHeader() ?? "").split("; ").find((part) => part.startsWith("__Host-gatehouse=")) ?? "";
    await elsewhere.close();
    assert.ok(foreign.startsWith("__Host-gatehouse="));
    broken = [
      foreign,
      `${name}${value.slice(0, value.length / 2)}`,
      `${name}${value.slice(1)}`,
      `${name}${value}A`,
      name,
      `${name}%`,
      `${name}%00%ff`,
      `${name}${"A".repeat(8000)}`,
      `${name}2~${value}`,
      `${name}null`,
      `${name}${changed(0)}`,
      `${name}${changed(value.length - 1)}`,
      `${name}${changed(Math.floor(value.length / 2))}`,
      `${cookie}; ${cookie}`,
      `${name}x; ${cookie}`,
      `__HOST-GATEHOUSE=${value}`,
    ];
    road.guard(foreign.slice(foreign.indexOf("=") + 1));
  });

  for (const entrance of ENTRANCES) {
    it(`a cookie that cannot be read is nobody's: ${entrance}`, async () => {
      const requests = broken.map((cookie): [string, ...string[]] => ["GET /account HTTP/1.1", `Cookie: ${cookie}`]);
      await road.assertRefused(entrance, requests, unauthorized("unauthenticated"));
    });

    it(`a person with such a cookie is sent to sign in: ${entrance}`, async () => {
      for (const cookie of broken) {
        const { answer, arrived } = await road.exchange(entrance, [
          "GET /account HTTP/1.1",
          `Cookie: ${cookie}`,
          ...NAVIGATION,
        ]);
        assert.deepEqual([answer.status, arrived.length], [302, 0]);
        assert.ok(headerOf(answer, "location")?.startsWith(road.instance.status.identity.issuer));
      }
      const records = await road.takeRecords();
      assert.deepEqual(
        records.map(({ status, reason, subject }) => [status, reason, subject]),
        broken.map(() => [302, "sign-in", null]),
      );
    });
  }
});

row(9, () => {
  const lies = [
    ["X-Forwarded-For: 10.0.0.9"],
    ["X-Forwarded-For: 10.0.0.9, 10.0.0.8", "x-forwarded-for: 10.0.0.7"],
    ["X-Real-IP: 10.0.0.9", "True-Client-IP: 10.0.0.9", "CF-Connecting-IP: 10.0.0.9", "X-Client-IP: 10.0.0.9"],
    ["Forwarded: for=10.0.0.9", 'Forwarded: for="10.0.0.9:80";proto=https'],
    ["X_Forwarded_For: 10.0.0.9", "X-Cluster-Client-IP: 10.0.0.9"],
    [`X-Forwarded-For: ${"10.0.0.9, ".repeat(400)}10.0.0.9`],
  ];

  it("from outside the address is the one that Caddy saw", async () => {
    const token = `Authorization: Bearer ${await road.token({ groups: ["office"] })}`;
    const requests = lies.map((headers): [string, ...string[]] => ["GET /office HTTP/1.1", token, ...headers]);
    await road.assertRefused("edge", requests, forbidden("condition-not-met"));
  });

  it("of a list the gateway takes the last, which the edge appended", async () => {
    const token = `Authorization: Bearer ${await road.token({ groups: ["office"] })}`;
    const values = [
      "10.0.0.9, 127.0.0.1",
      "10.0.0.9,10.0.0.9,192.0.2.1",
      "10.0.0.9, ",
      "10.0.0.9, unknown",
      "10.0.0.9:80",
      "010.0.0.9",
      "::ffff:10.0.0.9%1",
    ];
    const requests = values.map((value): [string, ...string[]] => [
      "GET /office HTTP/1.1",
      token,
      `X-Forwarded-For: ${value}`,
    ]);
    requests.push(["GET /office HTTP/1.1", token], ["GET /office HTTP/1.1", token, "X-Real-IP: 10.0.0.9"]);
    await road.assertRefused("gateway", requests, forbidden("condition-not-met"));
  });

  it("the condition itself holds for the address that the edge appended", async () => {
    const token = `Authorization: Bearer ${await road.token({ groups: ["office"] })}`;
    const arrived = await road.assertForwarded("gateway", [
      "GET /office HTTP/1.1",
      token,
      "X-Forwarded-For: 192.0.2.1, 10.0.0.9",
    ]);
    assert.deepEqual(valuesOf(arrived, "x-forwarded-for"), ["10.0.0.9"]);
  });
});

row(10, () => {
  it("a plain connection gets a redirect and nothing else, whatever it says of itself", async () => {
    const { http, https } = road.instance.status.edge;
    const token = await road.support();
    const hits = road.backend.arrived.length;
    for (const lie of [
      "X-Forwarded-Proto: https",
      "X_Forwarded_Proto: https",
      "Forwarded: proto=https",
      "X-Scheme: https",
    ]) {
      const head = `GET /orders?a=b HTTP/1.1\r\nHost: road.localhost\r\n${token}\r\n${lie}\r\nConnection: close\r\n\r\n`;
      const answer = parseAnswer(await exchangePlain(Number(new URL(http).port), head));
      assert.deepEqual([answer.status, answer.body], [308, ""]);
      assert.equal(headerOf(answer, "location"), `${https}/orders?a=b`);
    }
    assert.equal(road.backend.arrived.length, hits);
    assert.deepEqual(await road.takeRecords(), []);
  });

  it("an encrypted one is told as such, whatever it says of itself", async () => {
    const arrived = await road.assertForwarded("edge", [
      "GET /orders HTTP/1.1",
      await road.support(),
      "X-Forwarded-Proto: http",
      "x-forwarded-proto: http",
      "Forwarded: proto=http",
    ]);
    assert.deepEqual(toldTo(arrived), truthOf(road));
  });
});

row(11, () => {
  it("the whole family of forwarding headers is set by Gatehouse or not there", async () => {
    await assertTruth([
      "X-Forwarded-Prefix: /public",
      "X-Forwarded-Port: 443",
      "X-Forwarded-Server: evil",
      "X-Forwarded-Ssl: on",
      "X-Forwarded-Scheme: http",
      "X-Forwarded-Anything-Else: x",
      "X-Forwarded-Client-Cert: x",
      "Forwarded: for=10.0.0.9;proto=http;host=evil.test",
      "forwarded: for=10.0.0.8",
      "FORWARDED: by=x",
    ]);
  });

  it("what the client says of host and scheme is replaced", async () => {
    const arrived = await road.assertForwarded("edge", [
      "GET /orders HTTP/1.1",
      await road.support(),
      "X-Forwarded-Host: evil.test",
      "X-Forwarded-Host: evil.test",
      "X-Forwarded-Proto: gopher",
      "X-Host: evil.test",
      "X-Original-Host: evil.test",
    ]);
    assert.deepEqual(toldTo(arrived), truthOf(road));
  });
});

row(12, () => {
  const internal = [
    "x-middleware-subrequest: middleware:middleware:middleware:middleware:middleware",
    "x-middleware-subrequest: src/middleware",
    "X-Gh-Proof: x",
    "X-Gatehouse-Decision: allow",
    "X-Gatehouse-Role: admin",
    "X-Gatehouse-Assertion: a.b.c",
    "X-Gatehouse: internal",
    "Via: 1.1 Caddy",
  ];
  for (const entrance of ENTRANCES)
    it(`nothing that a client says stands for a decision: ${entrance}`, async () => {
      const each = internal.map((header): [string, ...string[]] => ["GET /orders HTTP/1.1", header]);
      await road.assertRefused(
        entrance,
        [...each, ["GET /orders HTTP/1.1", ...internal]],
        unauthorized("unauthenticated"),
      );
    });

  it("a real assertion of Gatehouse is no header of a client either", async () => {
    const { headers } = await road.assertForwarded("edge", ["GET /orders HTTP/1.1", await road.support()]);
    const assertion = headers.find(([name]) => name === "x-gatehouse-assertion")?.[1] ?? "";
    assert.equal(assertion.split(".").length, 3);
    road.guard(assertion);
    for (const entrance of ENTRANCES)
      await road.assertRefused(
        entrance,
        [["GET /orders HTTP/1.1", `X-Gatehouse-Assertion: ${assertion}`]],
        unauthorized("unauthenticated"),
      );
  });
});

row(13, () => {
  for (const entrance of ENTRANCES)
    it(`a trailer arrives nowhere: ${entrance}`, async () => {
      const trailers = ["X-Gatehouse-Subject: root", "X_Auth_User: root", "Authorization: Bearer x", "X-Plain: x"];
      const names = trailers.map((line) => line.split(":")[0]).join(", ");
      const head = ["POST /orders HTTP/1.1", "Host: road.localhost", await road.support(), ...asEdge(entrance)];
      const arrived = await road.assertForwarded(
        entrance,
        [
          ...head,
          "Connection: close",
          "TE: trailers",
          `Trailer: ${names}`,
          "Transfer-Encoding: chunked",
          "",
          "2\r\n{}\r\n0",
          ...trailers,
          "",
          "",
        ].join("\r\n"),
      );
      const told = { ...truthOf(road), forwarded: [], "x-forwarded-host": [] };
      assert.deepEqual({ ...toldTo(arrived), forwarded: [], "x-forwarded-host": [] }, told);
      assert.deepEqual([arrived.body, valuesOf(arrived, "x-plain"), valuesOf(arrived, "trailer")], ["{}", [], []]);
    });

  it("nor does one of HTTP/2", async () => {
    const http2 = openHttp2(road);
    await road.takeRecords();
    const hits = road.backend.arrived.length;
    const authorization = (await road.support()).replace(/^Authorization: /, "");
    const trailers = { "x-gatehouse-subject": "root", "x-auth-user": "root", "x-plain": "x" };
    const status = await http2.ask(
      { ":method": "POST", ":path": "/orders", authorization, trailer: Object.keys(trailers).join(",") },
      { body: "{}", trailers },
    );
    http2.close();
    const [arrived, ...others] = road.backend.arrived.slice(hits);
    assert.ok(arrived !== undefined);
    assert.deepEqual([status, others.length, arrived.body, valuesOf(arrived, "x-plain")], [200, 0, "{}", []]);
    assert.deepEqual(toldTo(arrived), truthOf(road));
  });
});

row(14, () => {
  for (const entrance of ENTRANCES)
    it(`a service cannot answer under names of Gatehouse: ${entrance}`, async () => {
      await road.takeRecords();
      road.backend.reply = [
        "HTTP/1.1 200 OK",
        "X-Request-Id: 1",
        "x_request_id: 2",
        "Apigw-Requestid: 3",
        "traceresponse: 4",
        "X-Gatehouse-Role: admin",
        "Set-Cookie: __Host-gatehouse=planted; Path=/; Secure",
        "Set-Cookie: __host-GATEHOUSE-login=planted; Path=/",
        "Set-Cookie: own=1",
        "Content-Length: 2",
        "",
        "ok",
      ].join("\r\n");
      const { answer } = await road.exchange(entrance, ["GET /orders HTTP/1.1", await road.support()]);
      road.backend.reply = null;
      const [record] = await road.takeRecords();
      const ours = ["x-request-id", "x_request_id", "x-gatehouse-role", "set-cookie"].map((name) =>
        headerOf(answer, name),
      );
      assert.deepEqual([answer.status, answer.body, ...ours], [200, "ok", record?.requestId, null, null, "own=1"]);
      assert.match(headerOf(answer, "traceresponse") ?? "", new RegExp(`^00-${record?.traceId}-`));
      assert.match(headerOf(answer, "apigw-requestid") ?? "", /^[\w-]{15}=$/);
      assert.deepEqual(
        [record?.reason, record?.error],
        ["role-grants", "the service tried to set a cookie of Gatehouse"],
      );
      const log = readFileSync(join(road.instance.state, "logs", "gateway.log"), "utf8");
      assert.ok(!log.includes("planted"));
    });
});
