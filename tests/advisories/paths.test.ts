/** Rows 15 to 23, 27, 29 and 31: paths that two hops could read differently. */
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { row } from "./catalogue.ts";
import { openHttp2 } from "./http2.ts";
import { DOMAIN } from "./policy.ts";
import {
  EDGE_BAD_REQUEST,
  ENTRANCES,
  NO_ROUTE,
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
const MALFORMED = badRequest("request-malformed");

/** With and without a token: whoever asks, such a path is none. */
const assertBadPaths = async (targets: readonly string[], atEdge = BAD_PATH): Promise<void> =>
  road.assertRefusedAtBoth(
    targets.flatMap((target) => [get(target), get(target, token)]),
    BAD_PATH,
    atEdge,
  );

/** What is decided on is what arrives: the service gets `target` and nothing else. */
async function assertArrives(target: string, asTarget = target): Promise<void> {
  for (const entrance of ENTRANCES) {
    const arrived = await road.assertForwarded(entrance, get(target, token), "open-route");
    assert.deepEqual([arrived.method, arrived.target], ["GET", asTarget]);
  }
}

row(15, () => {
  const QUERIES = [
    "?path=/status",
    "?/health",
    "?path=%2Fstatus",
    "?x=/../../health",
    "?GET%20/health",
    "?a=b&/public/x",
    `?${"path=/health&".repeat(300)}`,
    "?",
    "??/health",
  ];
  it("a query takes no part in the choice of the route", async () => {
    const requests = QUERIES.map((query) => get(`/api/private/sensitive${query}`));
    await road.assertRefusedAtBoth(requests, unauthorized("unauthenticated"));
  });

  it("nor in what the caller may", async () => {
    await road.assertRefusedAtBoth(
      QUERIES.map((query) => get(`/admin${query}`, token)),
      forbidden("not-granted"),
    );
  });

  it("nor in whether there is a route", async () => {
    await road.assertRefusedAtBoth(
      QUERIES.map((query) => get(`/nowhere${query}`, token)),
      NO_ROUTE,
    );
  });
});

row(16, () => {
  it("an encoded # is in no path", async () => {
    await assertBadPaths([
      "/foo/secret%23/bar",
      "/admin%23/health",
      "/admin%23",
      "/public/%23/../admin",
      "/public/x%23y",
      "/health%23%23",
      "/%23/public/x",
    ]);
  });

  it("encoded twice it is none either", async () => {
    await assertBadPaths(["/admin%2523/health", "/public/%25%32%33"]);
  });
});

row(17, () => {
  it("a raw # is in no target, whatever stands around it", async () => {
    await assertBadPaths([
      "/admin#/../health",
      "/health#/admin",
      "/health#",
      "/public/x#y",
      "/public/x?a#b",
      "/#",
      `/public/${"a".repeat(2000)}#`,
    ]);
  });

  it("and no path begins with it", async () => {
    await road.assertRefusedAtBoth([get("#/health"), get("#", token)], MALFORMED, EDGE_BAD_REQUEST);
  });
});

row(18, () => {
  const CODES = ["2F", "5C", "00", "3B", "3F", "23", "25", "0D", "0A", "7F"];
  it("bytes that cut or end a segment for somebody are refused in either case", async () => {
    await assertBadPaths(
      CODES.flatMap((code) => [
        `/admin%${code}`,
        `/public/a%${code.toLowerCase()}b`,
        `/public%${code}x`,
        `/health%${code}`,
      ]),
    );
  });

  it("percent signs that encode nothing are refused", async () => {
    await assertBadPaths(
      ["/public/%", "/public/%4", "/public/%zz", "/public/%u0061", "/public/a%%61"],
      EDGE_BAD_REQUEST,
    );
  });

  it("other encoded letters are the letters, and go on as they were sent", async () => {
    await road.assertRefusedAtBoth(
      [get("/%61dmin", token), get("/adm%69n", token), get("/admin/%75sers", token)],
      forbidden("not-granted"),
    );
    await assertArrives("/public/%61%C3%A9%20b");
    await assertArrives("/%70ublic/a");
  });

  it("where Caddy writes a path anew, the gateway decides on what it wrote and the service gets that", async () => {
    const rewritten = [
      ["/public/a%2F{b", "/public/a/%7Bb"],
      ["/public/..%7Bx/{", "/public/..%7Bx/%7B"],
    ] as const;
    for (const [sent, written] of rewritten) {
      const arrived = await road.assertForwarded("edge", get(sent, token), "open-route");
      assert.equal(arrived.target, written);
    }
    await road.assertRefused(
      "edge",
      [
        get("/public%2F..%2Fadmin{", token),
        get("/public/%2e%2e/admin/{", token),
        get("/public%2F%2Fadmin/{", token),
        get('/public/%5C"', token),
        get("/public/%25{", token),
      ],
      BAD_PATH,
    );
    await road.assertRefused("edge", [get("/admin%2F{", token)], forbidden("not-granted"));
    await road.assertRefused("gateway", [get("/public/a%2F{b", token), get("/public/{", token)], BAD_PATH);
  });
});

const DOTS = ["..", "%2e%2e", "%2E%2E", ".%2E", "%2e.", ".", "%2e", "...", "%2E..", "....", "x..", "x.%2e"];

row(19, () => {
  it("a segment of dots is in no path", async () => {
    await assertBadPaths(
      DOTS.flatMap((dots) => [`/public/${dots}/admin`, `/${dots}/admin`, `/public/x/${dots}/${dots}/admin`]),
    );
  });

  it("nor at its end", async () => {
    await assertBadPaths(DOTS.filter((dots) => dots !== "x").map((dots) => `/public/${dots}`));
  });

  it("dots that mean nothing go on", async () => {
    await assertArrives("/public/a.b");
    await assertArrives("/public/.well-known");
    await assertArrives("/public/..a");
  });
});

row(20, () => {
  it("what would be a dot segment once a base path is cut off is none before", async () => {
    await assertBadPaths([
      "/shop../admin",
      "/shop./admin",
      "/shop%2e%2e/admin",
      "/shop%2E./admin",
      "/shop/../admin",
      "/shop/%2e%2e/admin",
      "/shop/..",
      "/shop//admin",
      "/shop/%2e%2e%2fadmin",
    ]);
  });

  it("an encoded base path is cut off by its segments, not by its length", async () => {
    for (const entrance of ENTRANCES)
      for (const [sent, expected] of [
        ["/%73hop/%61.b?x=1", "/%61.b?x=1"],
        ["/%73%68%6f%70/secret", "/secret"],
        ["/sh%6Fp/%C3%A9", "/%C3%A9"],
      ] as const)
        assert.equal((await road.assertForwarded(entrance, get(sent, token))).target, expected);
  });

  it("a base path is a whole segment", async () => {
    await road.assertRefusedAtBoth([get("/shopadmin", token), get("/shop", token), get("/SHOP/x", token)], NO_ROUTE);
    for (const entrance of ENTRANCES) {
      const arrived = await road.assertForwarded(entrance, get("/shop/%61.b?x=1", token));
      assert.equal(arrived.target, "/%61.b?x=1");
    }
  });
});

row(21, () => {
  it("a rule meets the path as it is, which has no other form", async () => {
    await assertBadPaths([
      "/user/../admin/secrets",
      "/orders/../admin",
      "/orders/%2e%2e/admin",
      "/./admin",
      "/admin/.",
      "/orders/x/../../admin/secrets",
      "/public/..%2fadmin",
      "/public/..%5cadmin",
    ]);
  });
});

row(22, () => {
  it("two slashes are refused everywhere", async () => {
    await assertBadPaths(["//admin/secret", "/public//a", "///", "//", "//evil.test/health", "/admin//", "/a//b"]);
  });

  it("one at the end makes another path", async () => {
    await road.assertRefusedAtBoth([get("/orders/", token), get("/admin/", token), get("/health/")], NO_ROUTE);
  });
});

row(23, () => {
  it("a route matches whole paths, from the first letter to the last", async () => {
    const near = ["/healthX", "/xhealth", "/health/x", "/health.", "/x/health", "/HEALTH", "/Health", "/statu", "/"];
    await road.assertRefusedAtBoth(
      near.filter((path) => !path.endsWith(".")).map((path) => get(path)),
      NO_ROUTE,
    );
  });

  it("Gatehouse's own paths are whole segments too", async () => {
    const near = ["/_gatehousex", "/_gatehouse", "/_GATEHOUSE/health", "/_gatehouse/healthx", "/x/_gatehouse/health"];
    await road.assertRefusedAtBoth(
      near.map((path) => get(path)),
      NO_ROUTE,
    );
    await assertBadPaths([
      "/_gatehouse%2Fhealth",
      "/_gatehouse/./health",
      "/_gatehouse/../admin",
      "//_gatehouse/health",
    ]);
  });

  it("an open path within a protected one opens nothing", async () => {
    const within = ["/admin/health", "/admin/public/x", "/orders/health", "/admin?path=/health", "/admin/status"];
    await road.assertRefusedAtBoth(
      within.map((path) => get(path)),
      unauthorized("unauthenticated"),
    );
  });
});

row(27, () => {
  it("encoded control characters are in no path", async () => {
    await assertBadPaths([
      "/public/x%0d%0aX-Injected:pwn",
      "/public/x%0D%0A%0D%0AGET%20/admin",
      "/public/%0a",
      "/public/%09",
      "/public/%1b[31m",
      "/public/%00",
      "/public/%C2%85",
      "/public/%7f",
    ]);
  });

  it("raw ones are in no request line", async () => {
    const raw = [0, 1, 2, 9, 0x0b, 0x0c, 0x1b, 0x1f, 0x7f].map((code) => String.fromCharCode(code));
    const targets = raw.flatMap((character) => [`/public/a${character}b`, `/public/a?b=${character}`]);
    await road.assertRefusedAtBoth(
      targets.map((target) => get(target, token)),
      MALFORMED,
      EDGE_BAD_REQUEST,
    );
  });

  it("a query goes on as it was sent, encoded", async () => {
    for (const entrance of ENTRANCES) {
      const target = "/public/a?b=%0d%0aX-Injected:%20pwn";
      const arrived = await road.assertForwarded(entrance, get(target), "open-route");
      assert.equal(arrived.head.split("\r\n")[0], `GET ${target} HTTP/1.1`);
      assert.ok(arrived.headers.every(([name]) => name !== "X-Injected"));
    }
  });
});

row(29, () => {
  it("an HTTP/2 path without its slash reaches nothing", async () => {
    const http2 = openHttp2(road);
    const authorization = token.replace(/^Authorization: /, "");
    assert.equal(await http2.ask({ ":path": "/health", authorization }), 200);
    const hits = road.backend.arrived.length;
    await road.takeRecords();
    const answers: (number | string)[] = [];
    for (const path of ["admin", "*", "health", "?x", `https://${DOMAIN}/health`])
      answers.push(await http2.ask({ ":path": path, authorization }));
    // `*` is a path of its own; the others are none that HTTP/2 knows, and end the stream.
    const broken = "ERR_HTTP2_STREAM_ERROR";
    assert.deepEqual(answers, [broken, 400, broken, broken, broken]);
    assert.equal(await http2.ask({ ":path": "/health", authorization }), 200);
    http2.close();
    assert.equal(road.backend.arrived.length, hits + 1);
    const reasons = (await road.takeRecords()).map(({ reason }) => reason);
    assert.deepEqual(reasons, ["request-path", "open-route"]);
  });

  it("and one with its slash is judged as any other", async () => {
    const http2 = openHttp2(road);
    const hits = road.backend.arrived.length;
    await road.takeRecords();
    const answers: (number | string)[] = [];
    for (const path of ["//admin", "/public/%2e%2e/admin", "/public/..", "/admin%2F", "/admin#x", "/public/\\"])
      answers.push(await http2.ask({ ":path": path }));
    http2.close();
    assert.deepEqual([answers, road.backend.arrived.length], [Array.from({ length: 6 }, () => 400), hits]);
    const reasons = (await road.takeRecords()).map(({ reason }) => reason);
    assert.deepEqual(
      reasons,
      Array.from({ length: 6 }, () => "request-path"),
    );
  });

  it("nor does one of HTTP/1.1", async () => {
    await road.assertRefusedAtBoth([get("admin"), get("health"), get("?x"), get("")], MALFORMED, EDGE_BAD_REQUEST);
    await road.assertRefusedAtBoth([get("*"), get("*", token)], BAD_PATH);
  });
});

row(31, () => {
  it("a matrix parameter is in no path", async () => {
    await assertBadPaths(["/public/..;/admin", "/admin;x=1", "/public/;/x", "/public/x;", "/public/%3B", "/;/admin"]);
  });

  it("what is encoded twice is refused", async () => {
    await assertBadPaths(["/%252e%252e/admin", "/public/%25", "/public/%252F", "/public/%2525"]);
  });

  it("over-long and broken UTF-8 is refused", async () => {
    await assertBadPaths([
      "/public/%c0%ae%c0%ae/admin",
      "/public/%e0%80%af",
      "/public/%ff",
      "/public/%c3",
      "/public/%ed%a0%80",
      "/public/%f4%90%80%80",
    ]);
  });

  it("a backslash is refused", async () => {
    await assertBadPaths(["/public/..\\admin", "/public\\x", "/\\admin", "/public/%5c..%5cadmin"]);
  });

  it("raw bytes beyond ASCII are no request to the gateway, and encoded ones from Caddy", async () => {
    await road.assertRefused("gateway", [get("/public/\u00c3\u00a9"), get("/public/\u00ff")], MALFORMED);
    await road.assertRefused("edge", [get("/public/\u00ff"), get("/public/\u00c0\u00ae")], BAD_PATH);
    const arrived = await road.assertForwarded("edge", get("/public/\u00c3\u00a9"), "open-route");
    assert.equal(arrived.target, "/public/%C3%A9");
  });
});
