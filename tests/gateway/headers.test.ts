/** What reaches the service and the client: look-alikes, `Connection` tricks, hop-by-hop, identity, reserved names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { startGateway } from "./fixture.ts";
import { ask, headerOf } from "./raw-client.ts";
import { type SeenRequest, startRawService, startService } from "./service.ts";

const UUID = "3c6b3c1e-7f0e-4c0e-9d55-000000000001";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const EDGE = [
  `X-Request-Id: ${UUID}`,
  "X-Forwarded-For: 192.0.2.7",
  "X-Forwarded-Host: shop.localhost:8443",
  "X-Forwarded-Proto: https",
];

function valuesOf(seen: SeenRequest | undefined, name: string): string[] {
  return (seen?.headers ?? []).filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

/** A name as a back end in CGI's tradition reads it. */
function cgiName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "-");
}

const OURS = [
  "x-request-id",
  "traceparent",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-gatehouse-subject",
  "x-gatehouse-name",
  "x-gatehouse-groups",
  "x-gatehouse-client",
  "x-gatehouse-kind",
  "x-gatehouse-role",
  "x-gatehouse-assertion",
];

test("the service is told who asks and how the request came, and by whom it was decided", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      {
        key: "GET /orders/{id}",
        upstream: service.origin,
        identityHeaders: { "remote-user": "subject", "remote-groups": "groups" },
      },
    ],
    roles: [{ name: "support", groups: ["support"], can: ["GET/orders/*"] }],
  });
  const token = await fixture.token({
    name: "Zoë, 50 %",
    groups: ["support", "a,b", "x\r\ny"],
    azp: "shop-web",
  });
  const answer = await ask(fixture.publicSocket, "GET /orders/7?q=%2F&q=2 HTTP/1.1", [
    ...EDGE,
    `Authorization: Bearer ${token}`,
    `traceparent: 00-${TRACE}-b7ad6b7169203331-01`,
    "tracestate: rojo=00f067aa0ba902b7",
    "Cookie: theme=dark; __Host-gatehouse=sealed; __Host-gatehouse.1=more; lang=de",
    "X-Tenant: acme",
    "Idempotency-Key: 17",
    "Accept-Encoding: br",
  ]);
  assert.equal(answer.status, 200);
  const [seen] = service.seen;
  const record = await fixture.record(0);
  assert.equal(seen?.method, "GET");
  assert.equal(seen.url, "/orders/7?q=%2F&q=2");
  const [assertion = ""] = valuesOf(seen, "x-gatehouse-assertion");
  assert.deepEqual(
    seen.headers.map(([name, value]) => `${name}: ${value === assertion ? "<assertion>" : value}`),
    [
      `host: ${service.origin.slice("http://".length)}`,
      "connection: keep-alive",
      "Cookie: theme=dark; lang=de",
      "X-Tenant: acme",
      "Idempotency-Key: 17",
      "Accept-Encoding: br",
      `x-request-id: ${UUID}`,
      `traceparent: 00-${TRACE}-${record.spanId}-01`,
      "tracestate: rojo=00f067aa0ba902b7",
      'forwarded: for=192.0.2.7;host="shop.localhost:8443";proto=https',
      "x-forwarded-for: 192.0.2.7",
      "x-forwarded-host: shop.localhost:8443",
      "x-forwarded-proto: https",
      "x-gatehouse-subject: ada",
      "x-gatehouse-name: Zo%C3%AB%2C 50 %25",
      "x-gatehouse-groups: support,a%2Cb,x%0D%0Ay",
      "x-gatehouse-client: shop-web",
      "x-gatehouse-kind: person",
      "x-gatehouse-role: support",
      "x-gatehouse-assertion: <assertion>",
      "remote-user: ada",
      "remote-groups: support,a%2Cb,x%0D%0Ay",
    ],
  );
  assert.equal(decodeProtectedHeader(assertion).alg, "ES256");
  const claims = decodeJwt(assertion);
  assert.deepEqual([claims.aud, claims.sub, claims["role"]], ["orders", "ada", "support"]);
  // It outlives the route's 30 seconds and the difference of two clocks.
  assert.ok((claims.exp ?? 0) >= fixture.clock.nowMs() / 1000 + 40);
  assert.equal(headerOf(answer, "x-request-id"), UUID);
  assert.equal(headerOf(answer, "traceresponse"), `00-${TRACE}-${record.spanId}-01`);
  assert.deepEqual(
    [record.traceId, record.parentSpanId, record.subject, record.clientId, record.role, record.reason, record.sourceIp],
    [TRACE, "b7ad6b7169203331", "ada", "shop-web", "support", "role-grants", "192.0.2.7"],
  );
  assert.deepEqual(record.removedHeaders, []);
  // Nothing that a credential could be read from.
  assert.ok(!JSON.stringify(record).includes(token.slice(0, 24)));
  assert.ok(!JSON.stringify(record).includes("sealed"));
});

test("a header that looks like one of Gatehouse's never arrives, in any spelling, and is told in the record", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /orders", upstream: service.origin, identityHeaders: { "remote-user": "subject" } },
      { key: "GET /open", upstream: service.origin, needs: null, identityHeaders: { "remote-user": "subject" } },
    ],
    roles: [{ name: "support", groups: ["support"], can: ["GET/orders"] }],
  });
  const token = await fixture.token();
  const lookalikes = [
    "X-Forwarded-User: admin",
    "X_Forwarded_User: admin",
    "X-Forwarded_User: admin",
    "X_GATEHOUSE_SUBJECT: admin",
    "X-Gatehouse-Subject: admin",
    "x-gatehouse-subject: admin",
    "X.Gatehouse.Subject: admin",
    "x_gatehouse-Role: admin",
    "X-Gatehouse: admin",
    "X-Gatehouse-Decision: allow",
    "X-Gatehouse-Issuer: admin",
    "x_gatehouse.ISSUER: admin",
    "X-Gatehouse-Assertion: a.b.c",
    "X-Gh-Proof: x",
    "X_Forwarded_Proto: http",
    "X_Forwarded_For: 10.0.0.9",
    "X.Forwarded.Host: evil.test",
    "X_Forwarded_Tls_Client_Cert: x",
    "X-Forwarded-Prefix: /public",
    "X-Forwarded-Port: 443",
    "X-Forwarded-Uri: /open",
    "X-Forwarded-Method: GET",
    "Forwarded: for=10.0.0.9;proto=https;host=evil.test",
    "X-Real-IP: 10.0.0.9",
    "X_Real_Ip: 10.0.0.9",
    "True-Client-IP: 10.0.0.9",
    "X-Client-IP: 10.0.0.9",
    "X_Client_Ip: 10.0.0.9",
    "X-Cluster-Client-IP: 10.0.0.9",
    "Client-IP: 10.0.0.9",
    "CF-Connecting-IP: 10.0.0.9",
    "Fastly-Client-IP: 10.0.0.9",
    "X-Original-Host: evil.test",
    "X-Host: evil.test",
    "Proxy: http://evil.test",
    "X-Original-URL: /open",
    "X-Original-Uri: /open",
    "X-Rewrite-Url: /open",
    "X-HTTP-Method-Override: DELETE",
    "X-Http-Method: DELETE",
    "X-Method-Override: DELETE",
    "X_Request_Id: 1",
    "Remote-User: admin",
    "REMOTE_USER: admin",
    "remote.user: admin",
    "Transfer_Encoding: chunked",
    "Content_Length: 5",
  ];
  const names = lookalikes.map((line) => line.slice(0, line.indexOf(":")));
  await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [...lookalikes, ...EDGE, `Authorization: Bearer ${token}`]);
  await ask(fixture.publicSocket, "GET /open HTTP/1.1", [...EDGE, ...lookalikes]);
  const [known, open] = service.seen;
  for (const name of OURS.filter((each) => !["x-gatehouse-name", "x-gatehouse-client"].includes(each))) {
    assert.equal(known?.headers.filter(([each]) => cgiName(each) === name).length, 1, name);
    assert.equal(valuesOf(known, name).length, 1, name);
  }
  assert.deepEqual(valuesOf(known, "x-gatehouse-subject"), ["ada"]);
  assert.deepEqual(valuesOf(known, "remote-user"), ["ada"]);
  const allowed = new Set([...OURS, "host", "connection", "remote-user"]);
  for (const seen of [known, open])
    for (const [name, value] of seen?.headers ?? []) {
      assert.ok(allowed.has(name), `${name} arrived`);
      assert.ok(!/admin|evil|10\.0\.0\.9|DELETE/.test(value), `${name}: ${value}`);
    }
  // Nobody is known on an open route, so nobody is named.
  assert.deepEqual(
    open?.headers.filter(([name]) => /gatehouse|remote/i.test(name)),
    [],
  );
  assert.deepEqual((await fixture.record(0)).removedHeaders, names);
  assert.deepEqual((await fixture.record(1)).removedHeaders, names);
});

test("a subject of a workload issuer is told apart from the provider's, and no client can say which it is", async (t) => {
  const service = await startService(t);
  const issuer = "https://ci.shop.example";
  const ofIssuer = (name: string | null) => ({ kind: "subject" as const, values: ["ann"], issuer: name });
  const fixture = await startGateway(
    t,
    {
      routes: [{ key: "GET /orders", upstream: service.origin, identityHeaders: { "remote-user": "subject" } }],
      roles: [{ name: "ann", members: { kind: "any", of: [ofIssuer(null), ofIssuer("ci")] }, can: ["GET/orders"] }],
    },
    {
      trust: {
        usedClaims: [],
        issuers: [{ name: "ci", issuer, audience: "shop-ci", claims: { groups: "groups", name: "repository" } }],
      },
    },
  );
  const tokens = [
    await fixture.token({ sub: "ann" }),
    await fixture.token({ sub: "ann", iss: issuer, aud: "shop-ci", repository: "shop/web" }),
  ];
  const lies = [
    "X-Gatehouse-Issuer: other",
    "x-gatehouse-issuer: other",
    "X_Gatehouse_Issuer: other",
    "X.GATEHOUSE.issuer: other",
    "Connection: close, x-gatehouse-issuer",
  ];
  for (const token of tokens) {
    const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [
      ...lies,
      ...EDGE,
      `Authorization: Bearer ${token}`,
    ]);
    assert.equal(answer.status, 200);
  }
  const told = service.seen.map((seen) => {
    const claims = decodeJwt(valuesOf(seen, "x-gatehouse-assertion")[0] ?? "");
    return {
      headers: seen.headers
        .filter(([name]) => /^(?:x-gatehouse-(?:subject|issuer|kind)|remote-user)$/.test(cgiName(name)))
        .map(([name, value]) => `${name}: ${value}`),
      claims: [claims.sub, claims["issuer"], claims["kind"]],
    };
  });
  assert.deepEqual(told, [
    {
      headers: ["x-gatehouse-subject: ann", "x-gatehouse-kind: person", "remote-user: ann"],
      claims: ["ann", undefined, "person"],
    },
    {
      headers: ["x-gatehouse-subject: ann", "x-gatehouse-issuer: ci", "x-gatehouse-kind: machine", "remote-user: ann"],
      claims: ["ann", "ci", "machine"],
    },
  ]);
  const records = [await fixture.record(0), await fixture.record(1)];
  assert.deepEqual(
    records.map(({ subject, issuer: name }) => [subject, name]),
    [
      ["ann", null],
      ["ann", "ci"],
    ],
  );
  for (const { removedHeaders } of records)
    assert.deepEqual(removedHeaders, [
      "X-Gatehouse-Issuer",
      "x-gatehouse-issuer",
      "X_Gatehouse_Issuer",
      "X.GATEHOUSE.issuer",
    ]);
});

test("`Connection` removes what it names of the client's, never what Gatehouse sets", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [{ key: "GET /orders", upstream: service.origin }],
    roles: [{ name: "support", groups: ["support"], can: ["GET/orders"] }],
  });
  const token = await fixture.token();
  const named = OURS.join(", ");
  const tricks: readonly (readonly string[])[] = [
    [`Connection: close, ${named}, x-hop`],
    [`Connection: ${named.toUpperCase()}`, "connection: X-HOP"],
    [`Connection:\t${named.replaceAll(", ", "\t,\t")}\t, x-hop,,`],
    ["Connection: Authorization, Cookie, x-hop, x-forwarded-for, host, content-length"],
  ];
  for (const [index, trick] of tricks.entries()) {
    const headers = [...trick, ...EDGE, `Authorization: Bearer ${token}`, "X-Hop: 1", "X-Stays: 1", "Cookie: a=1"];
    assert.equal((await ask(fixture.publicSocket, "GET /orders HTTP/1.1", headers)).status, 200);
    const seen = service.seen[index];
    for (const name of OURS.filter((each) => !["x-gatehouse-name", "x-gatehouse-client"].includes(each)))
      assert.equal(valuesOf(seen, name).length, 1, `${name} with ${trick[0]}`);
    assert.deepEqual(valuesOf(seen, "x-gatehouse-subject"), ["ada"]);
    assert.deepEqual(valuesOf(seen, "x-forwarded-for"), ["192.0.2.7"]);
    assert.deepEqual(valuesOf(seen, "x-hop"), []);
    assert.deepEqual(valuesOf(seen, "x-stays"), ["1"]);
  }
  assert.deepEqual(valuesOf(service.seen[3], "cookie"), []);
});

test("hop-by-hop headers and trailers end here; an upgrade is an ordinary request", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "POST /open", upstream: service.origin, needs: null }] });
  const answer = await ask(
    fixture.publicSocket,
    "POST /open HTTP/1.1",
    [
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
      "Keep-Alive: timeout=5",
      "Proxy-Connection: keep-alive",
      "Proxy-Authorization: Basic eDp5",
      "TE: trailers",
      "Trailer: X-Gatehouse-Subject",
      "Transfer-Encoding: chunked",
    ],
    "5\r\nhello\r\n0\r\nX-Gatehouse-Subject: admin\r\n\r\n",
  );
  assert.equal(answer.status, 200);
  const [seen] = service.seen;
  assert.equal(seen?.body, "hello");
  const names = seen.headers.map(([name]) => name);
  assert.deepEqual(names, [
    "host",
    "connection",
    "x-request-id",
    "traceparent",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "transfer-encoding",
  ]);
});

test("a route may keep `Authorization`, and nothing that Gatehouse owns", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      {
        key: "GET /open",
        upstream: service.origin,
        needs: null,
        keepHeaders: ["authorization", "x-real-ip", "x-gatehouse-subject", "x-forwarded-for"],
      },
    ],
  });
  await ask(fixture.publicSocket, "GET /open HTTP/1.1", [
    ...EDGE,
    "Authorization: Basic YTpi",
    "X-Real-IP: 192.0.2.9",
    "X-Gatehouse-Subject: admin",
  ]);
  const [seen] = service.seen;
  assert.deepEqual(valuesOf(seen, "authorization"), ["Basic YTpi"]);
  assert.deepEqual(valuesOf(seen, "x-real-ip"), ["192.0.2.9"]);
  assert.deepEqual(valuesOf(seen, "x-gatehouse-subject"), []);
  assert.deepEqual(valuesOf(seen, "x-forwarded-for"), ["192.0.2.7"]);
});

test("the address is the one that the edge saw, and no other", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [{ key: "GET /orders", upstream: service.origin }],
    roles: [{ name: "bot", clientIds: ["bot"], can: ["GET/orders"], sourceIp: ["10.0.0.0/8"] }],
  });
  const token = await fixture.token({ groups: [], sub: "bot", azp: "bot" });
  const cases = [
    [["X-Forwarded-For: 10.1.2.3"], 200, "10.1.2.3"],
    [["X-Forwarded-For: 10.1.2.3, 192.0.2.1"], 403, "192.0.2.1"],
    [["X-Forwarded-For: 192.0.2.1", "X-Real-IP: 10.0.0.9"], 403, "192.0.2.1"],
    [["X-Forwarded-For: 2001:db8::1"], 403, "2001:db8::1"],
    [["X-Forwarded-For: 010.0.0.1"], 403, "unknown"],
    [["X-Forwarded-For: 10.0.0.1:80"], 403, "unknown"],
    [[], 403, "unknown"],
  ] as const;
  for (const [index, [headers, status, sourceIp]] of cases.entries()) {
    const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [
      ...headers,
      `Authorization: Bearer ${token}`,
    ]);
    assert.equal(answer.status, status);
    assert.equal((await fixture.record(index)).sourceIp, sourceIp);
  }
});

test("ids and traces that are no ids and traces are replaced", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: service.origin, needs: null }] });
  const bad = [
    ["X-Request-Id: 1", "traceparent: 00-x-y-01", "tracestate: a=b"],
    ['X-Request-Id: x","user":"admin', `traceparent: 00-${"0".repeat(32)}-b7ad6b7169203331-01`, "tracestate: a=b"],
    [`traceparent: 00-${TRACE}-b7ad6b7169203331-01`, `traceparent: 00-${TRACE}-b7ad6b7169203332-01`, "tracestate: a=b"],
  ];
  for (const [index, headers] of bad.entries()) {
    await ask(fixture.publicSocket, "GET /open HTTP/1.1", headers);
    const record = await fixture.record(index);
    assert.match(record.requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    assert.notEqual(record.traceId, TRACE);
    assert.equal(record.parentSpanId, null);
    assert.deepEqual(valuesOf(service.seen[index], "tracestate"), []);
    assert.deepEqual(valuesOf(service.seen[index], "x-request-id"), [record.requestId]);
  }
});

test("the service cannot use names towards the client that are Gatehouse's", async (t) => {
  const origin = await startRawService(t, (socket) => {
    socket.once("data", () =>
      socket.write(
        [
          "HTTP/1.1 200 Fine",
          "Content-Type: text/plain",
          "X-Request-Id: theirs",
          "X_Request_Id: theirs",
          "traceresponse: theirs",
          "Apigw-RequestId: theirs",
          "X-Gatehouse-Decision: allow",
          "Set-Cookie: __Host-gatehouse=planted; Path=/; Secure",
          "Set-Cookie: __HOST-GATEHOUSE.1=planted",
          "Set-Cookie: theme=dark",
          "Set-Cookie: lang=de",
          "Vary: a",
          "Vary: b",
          "__proto__: x",
          "constructor: x",
          "Connection: keep-alive, X-Hop",
          "X-Hop: 1",
          "Keep-Alive: timeout=5",
          "Upgrade: h2c",
          "Trailer: X-Late",
          "Transfer-Encoding: chunked",
          "",
          "5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n",
        ].join("\r\n"),
      ),
    );
  });
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: origin, needs: null }] });
  const answer = await ask(fixture.publicSocket, "GET /open HTTP/1.1", EDGE);
  const record = await fixture.record(0);
  assert.deepEqual(
    answer.headers.filter(([name]) => name !== "Date").map(([name, value]) => `${name.toLowerCase()}: ${value}`),
    [
      "content-type: text/plain",
      "set-cookie: theme=dark",
      "set-cookie: lang=de",
      "vary: a",
      "vary: b",
      "__proto__: x",
      "constructor: x",
      `x-request-id: ${UUID}`,
      `traceresponse: 00-${record.traceId}-${record.spanId}-01`,
      "apigw-requestid: PGs8Hn8OTA6dVQA=",
      "connection: close",
      "transfer-encoding: chunked",
    ],
  );
  assert.equal(answer.body, "5\r\nhello\r\n0\r\n\r\n");
  assert.equal(record.error, "the service tried to set a cookie of Gatehouse");
});

test("private services see the host that was asked for, public ones their own", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /own", upstream: service.origin, needs: null },
      { key: "GET /theirs", upstream: service.origin, needs: null, exposure: "private" },
    ],
  });
  await ask(fixture.publicSocket, "GET /own HTTP/1.1", EDGE);
  await ask(fixture.privateSocket, "GET /theirs HTTP/1.1", EDGE);
  assert.deepEqual(valuesOf(service.seen[0], "host"), [service.origin.slice("http://".length)]);
  assert.deepEqual(valuesOf(service.seen[1], "host"), ["shop.localhost:8443"]);
  // The socket says which API is meant.
  assert.equal((await ask(fixture.publicSocket, "GET /theirs HTTP/1.1", EDGE)).status, 404);
  assert.equal((await ask(fixture.privateSocket, "GET /own HTTP/1.1", EDGE)).status, 404);
});

test("an integration's URI is filled with parameters as they were sent", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /a/{id}/{rest+}", upstream: service.origin, needs: null, uri: "/base/{rest}/of/{id}" },
      { key: "GET /dots/{name}", upstream: service.origin, needs: null, uri: "/x.{name}" },
      { key: "$default", upstream: service.origin, needs: null, uri: "/fallback" },
    ],
  });
  const cases = [
    ["GET /a/7%C3%A9/b/c%20d?x=1&y HTTP/1.1", "/base/b/c%20d/of/7%C3%A9?x=1&y"],
    ["GET /dots/y HTTP/1.1", "/x.y"],
    ["DELETE /somewhere/else?z HTTP/1.1", "/fallback?z"],
  ] as const;
  for (const [index, [line, url]] of cases.entries()) {
    assert.equal((await ask(fixture.publicSocket, line)).status, 200);
    assert.equal(service.seen[index]?.url, url);
  }
  assert.equal((await fixture.record(2)).routeKey, "$default");
});

test("header values beyond ASCII reach the client byte for byte, also where the body comes later than the head", async (t) => {
  const origin = await startRawService(t, (socket) => {
    socket.on("data", () =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: caf\u00e9\r\n\r\n", "latin1", () =>
        setImmediate(() => socket.end("ok")),
      ),
    );
  });
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: origin, needs: null }] });
  const answer = await ask(fixture.publicSocket, "GET /open HTTP/1.1");
  assert.deepEqual([headerOf(answer, "x-name"), answer.body], ["caf\u00e9", "ok"]);
});
