import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRequestParameters } from "../../model/index.ts";
import { applyRequestMapping } from "./map-request.ts";
import { hasLooseSegments } from "./request-target.ts";
import { type Message, messageOf } from "./testing/message.ts";

interface Mapped {
  readonly headers: readonly string[];
  readonly target: string | null;
  readonly unmapped: readonly string[];
}

function map(
  parameters: Readonly<Record<string, string>>,
  message: Message,
  absent: "omit" | "empty" = "omit",
  own: readonly string[] = [],
): Mapped {
  const mapping = parseRequestParameters(parameters);
  assert.ok(mapping.ok, JSON.stringify(mapping));
  const unmapped: string[] = [];
  const mapped = applyRequestMapping(
    mapping.value,
    messageOf(message),
    { headers: [...(message.headers ?? []), ...own], query: message.query ?? "", path: "/backend" },
    { "absent-value": absent },
    unmapped,
  );
  return { headers: mapped?.headers ?? [], target: mapped === null ? null : mapped.path + mapped.query, unmapped };
}

test("what is overwritten is the gateway's, however often and however spelled the client sent it", () => {
  const parameters = { "overwrite:header.X-User": "$context.authorizer.claims.sub" };
  const headers = ["X-User", "admin", "a", "b", "x-uSER", "root"];
  assert.deepEqual(map(parameters, { headers, context: { "authorizer.claims.sub": "ada" } }).headers, [
    "a",
    "b",
    "x-user",
    "ada",
  ]);
});

test("a value that is not there, or fits no header, leaves no header of the client's in its place", () => {
  const parameters = { "overwrite:header.x-user": "$context.authorizer.claims.sub" };
  const headers = ["x-user", "admin"];
  assert.deepEqual(map(parameters, { headers }), { headers: [], target: "/backend", unmapped: [] });
  assert.deepEqual(map(parameters, { headers }, "empty").headers, ["x-user", ""]);
  for (const sub of ["a\r\nx-admin: 1", "a\u0000", "漢", "a".repeat(10_241)])
    assert.deepEqual(map(parameters, { headers, context: { "authorizer.claims.sub": sub } }), {
      headers: [],
      target: "/backend",
      unmapped: ["header.x-user"],
    });
});

test("what is appended comes behind what the client sent, in one header", () => {
  const parameters = { "append:header.x-t": "c" };
  assert.deepEqual(map(parameters, { headers: ["x-t", "a", "y", "1", "X-T", "b"] }).headers, [
    "x-t",
    "a,b,c",
    "y",
    "1",
  ]);
  assert.deepEqual(map(parameters, { headers: ["x-t", "a", "x-t", "b", "x-t", "d", "y", "1"] }).headers, [
    "x-t",
    "a,b,d,c",
    "y",
    "1",
  ]);
  assert.deepEqual(map(parameters, {}).headers, ["x-t", "c"]);
  assert.deepEqual(map({ "append:header.x-t": "$request.header.z" }, { headers: ["x-t", "a"] }).headers, ["x-t", "a"]);
  assert.deepEqual(map({ "append:header.cookie": "b=2" }, { headers: ["Cookie", "a=1"] }).headers, [
    "Cookie",
    "a=1; b=2",
  ]);
});

test("a header is renamed, whatever the order of the keys", () => {
  const headers = ["Header1", "v"];
  for (const parameters of [
    { "append:header.header2": "$request.header.header1", "remove:header.header1": "''" },
    { "remove:header.header1": "''", "append:header.header2": "$request.header.header1" },
  ])
    assert.deepEqual(map(parameters, { headers }).headers, ["header2", "v"]);
});

test("Host is overwritten with a host and with nothing else", () => {
  const host = ["host", "api.example"];
  const mapHost = (parameters: Readonly<Record<string, string>>, h = ""): Mapped =>
    map(parameters, { headers: ["h", h] }, "omit", host);
  assert.deepEqual(mapHost({ "overwrite:header.Host": "pets.example:81" }).headers.slice(2), [
    "host",
    "pets.example:81",
  ]);
  for (const wrong of ["a b", "a/b", "a,b", "user@a", "", "a:b"])
    assert.deepEqual(mapHost({ "overwrite:header.Host": "$request.header.h" }, wrong).headers.slice(2), []);
  assert.deepEqual(mapHost({ "append:header.Host": "b.example" }), {
    headers: ["h", "", ...host],
    target: "/backend",
    unmapped: ["header.host"],
  });
});

test("a query parameter is changed by its decoded name, and the others stay as they were sent", () => {
  const query = "?a=1&%61=2&A=3&b=%41&&c";
  const target = (parameters: Readonly<Record<string, string>>): string | null => map(parameters, { query }).target;
  assert.equal(target({ "remove:querystring.a": "''" }), "/backend?A=3&b=%41&&c");
  assert.equal(target({ "overwrite:querystring.a": "x y&z=1" }), "/backend?A=3&b=%41&&c&a=x%20y%26z%3D1");
  assert.equal(target({ "append:querystring.a": "ü" }), `/backend${query}&a=%C3%BC`);
  assert.equal(target({ "overwrite:querystring.A": "$request.header.none" }), "/backend?a=1&%61=2&b=%41&&c");
  assert.equal(map({ "remove:querystring.a": "''" }, { query: "?a=1" }).target, "/backend");
  assert.equal(map({ "append:querystring.a": "1" }, {}).target, "/backend?a=1");
});

test("a path is the request's own, or made of its parts", () => {
  const message = {
    path: "/pets/a%20b/x",
    parameters: { id: "a%20b", proxy: "a%2Fb/c" },
    headers: ["h", "a/b c?d#e"],
    stage: { base: "v1/api" },
  };
  const target = (path: string): string | null => map({ "overwrite:path": path }, message).target;
  assert.equal(target("$request.path"), "/pets/a%20b/x");
  assert.equal(target("/v2/${request.path.id}"), "/v2/a%20b");
  assert.equal(target("$request.path.proxy"), "/a%2Fb/c");
  assert.equal(target("/${stageVariables.base}/${request.header.h}"), "/v1/api/a%2Fb%20c%3Fd%23e");
  assert.equal(target("$request.header.h"), "/a/b%20c%3Fd%23e");
  assert.equal(target("/a b/%41?x#y"), "/a%20b/%41%3Fx%23y");
  assert.equal(target("fixed"), "/fixed");
  // The owner of the API may mean it.
  assert.equal(target("/a//b/../c"), "/a//b/../c");
  assert.equal(target("$request.header.none"), "/backend");
});

test("no path is made that somebody may take for another one", () => {
  for (const h of ["..", ".", "%2e%2e", ""]) {
    const made = map({ "overwrite:path": "/users/${request.header.h}/x" }, { headers: ["h", h] }).target;
    assert.equal(made, h === "%2e%2e" ? "/users/%252e%252e/x" : null);
  }
  assert.equal(map({ "overwrite:path": "/users/${request.header.none}" }, {}).target, null);
  assert.equal(map({ "overwrite:path": "$request.header.h" }, { headers: ["h", "//evil.example/x"] }).target, null);
});

const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const texts = fc.oneof(
  bytes,
  fc.string({ unit: "binary" }),
  fc.constantFrom("..", "/", "a\r\nhost: b", "?", "#", "%2f", "\ud800"),
);

test("whatever a client sends, there is no second header, no second host and no broken target", () => {
  const parameters = {
    "overwrite:header.x-a": "$request.header.x",
    "append:header.x-b": "<${request.querystring.q}>",
    "overwrite:header.host": "$context.authorizer.claims.sub",
    "append:querystring.n": "$request.body",
    "overwrite:querystring.q": "$request.header.x",
    "overwrite:path": "/a/${request.header.x}/${context.authorizer.claims.sub}",
  };
  fc.assert(
    fc.property(texts, texts, texts, (x, q, sub) => {
      const message = {
        headers: ["x", x],
        query: `?q=${encodeURIComponent(q.toWellFormed())}`,
        body: q,
        context: { "authorizer.claims.sub": sub },
      };
      const { headers, target } = map(parameters, message, "omit", ["host", "own.example"]);
      if (target === null) return;
      const names = headers.filter((_, at) => at % 2 === 0);
      assert.equal(new Set(names).size, names.length);
      const known = ["x", "x-a", "x-b", "host"];
      assert.deepEqual(
        names.filter((name) => !known.includes(name)),
        [],
      );
      for (const [at, value] of headers.entries())
        // What the client itself sent was looked at by the listener.
        if (at % 2 === 1 && names[(at - 1) / 2] !== "x") assert.match(value, /^[\t\x20-\x7e\x80-\xff]*$/);
      const host = headers[headers.indexOf("host") + 1];
      if (headers.includes("host")) assert.ok(URL.canParse(`http://${host}/`), host);
      assert.match(target, /^\/a\/[!-~]+\/[!-~]+\?[!-~]+$/);
      assert.equal(target.split("?").length, 2);
      assert.equal(target.includes("#"), false);
      const [path = ""] = target.split("?");
      assert.equal(path.split("/").length, 4);
      assert.equal(hasLooseSegments(path), false);
    }),
    { numRuns: 2000 },
  );
});
