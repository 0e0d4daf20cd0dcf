import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileRoutes, matchRoute } from "./compile-routes.ts";

interface Plain {
  readonly method: string;
  readonly path: string;
}

function routes(...keys: string[]): Plain[] {
  return keys.map((key) => {
    const [method = "", path = ""] = key.split(" ");
    return { method, path };
  });
}

function match(keys: string[], request: string): readonly [key: string, params: Record<string, string>] | null {
  const [method = "", path = ""] = request.split(" ");
  const found = compileRoutes(routes(...keys))(method, path);
  return found === null ? null : [`${found.route.method} ${found.route.path}`, { ...found.params }];
}

const AWS_EXAMPLE = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}"];

const cases: readonly (readonly [
  what: string,
  keys: string[],
  request: string,
  route: string | null,
  params?: Record<string, string>,
])[] = [
  ["a full match", AWS_EXAMPLE, "GET /pets/dog/1", "GET /pets/dog/1"],
  ["a parameter", AWS_EXAMPLE, "GET /pets/dog/2", "GET /pets/dog/{id}", { id: "2" }],
  ["a greedy parameter", AWS_EXAMPLE, "GET /pets/cat/1", "GET /pets/{proxy+}", { proxy: "cat/1" }],
  ["the greedy route for any method", AWS_EXAMPLE, "POST /test/5", "ANY /{proxy+}", { proxy: "test/5" }],
  ["the root of greedy routes", AWS_EXAMPLE, "GET /", null],
  ["a greedy parameter needs a segment", ["GET /pets/{proxy+}"], "GET /pets", null],
  ["a greedy parameter needs a segment that is not empty", ["GET /pets/{proxy+}"], "GET /pets/", null],
  [
    "a greedy parameter of several segments",
    ["GET /pets/{proxy+}"],
    "GET /pets/a/b",
    "GET /pets/{proxy+}",
    { proxy: "a/b" },
  ],
  [
    "a greedy parameter keeps the last slash",
    ["GET /pets/{proxy+}"],
    "GET /pets/a/",
    "GET /pets/{proxy+}",
    { proxy: "a/" },
  ],
  ["the exact method before any", ["ANY /pets", "GET /pets"], "GET /pets", "GET /pets"],
  ["any method where none is exact", ["ANY /pets", "GET /pets"], "POST /pets", "ANY /pets"],
  ["a method without route", ["GET /pets"], "DELETE /pets", null],
  ["HEAD where only GET is routed", ["GET /pets"], "HEAD /pets", null],
  ["HEAD under any", ["ANY /pets"], "HEAD /pets", "ANY /pets"],
  [
    "the longest literal start among greedy routes",
    ["GET /a/{p+}", "GET /a/b/{p+}"],
    "GET /a/b/c",
    "GET /a/b/{p+}",
    { p: "c" },
  ],
  ["the leftmost literal", ["GET /a/{x}/c", "GET /a/b/{y}"], "GET /a/b/c", "GET /a/b/{y}", { y: "c" }],
  [
    "the less specific when the more specific does not fit",
    ["GET /a/{x}/c", "GET /a/b/{y}/d"],
    "GET /a/b/c",
    "GET /a/{x}/c",
    { x: "b" },
  ],
  [
    "another method falls through to the wider route",
    ["GET /a/b", "ANY /{p+}"],
    "POST /a/b",
    "ANY /{p+}",
    { p: "a/b" },
  ],
  [
    "any with a full match before the exact method of a greedy one",
    ["ANY /a/b", "GET /a/{p+}"],
    "GET /a/b",
    "ANY /a/b",
  ],
  [
    "the exact method before a more literal path in one tier",
    ["ANY /a/b", "GET /a/{x}"],
    "GET /a/b",
    "GET /a/{x}",
    { x: "b" },
  ],
  [
    "the exact method before a longer greedy path",
    ["ANY /a/b/{p+}", "GET /a/{p+}"],
    "GET /a/b/c",
    "GET /a/{p+}",
    { p: "b/c" },
  ],
  ["a parameter before a greedy one", ["GET /{x}/{p+}", "GET /{p+}"], "GET /a/b", "GET /{x}/{p+}", { x: "a", p: "b" }],
  ["a slash at the end is another path", ["GET /pets"], "GET /pets/", null],
  ["a slash at the end is no empty parameter", ["GET /pets/{id}"], "GET /pets/", null],
  ["a slash at the end of a parameter", ["GET /pets/{id}"], "GET /pets/1/", null],
  ["case counts", ["GET /pets"], "GET /Pets", null],
  ["whole segments only", ["GET /allowed"], "GET /allowedX", null],
  ["no segment of a longer path", ["GET /allowed"], "GET /admin/allowed", null],
  ["the root", ["GET /"], "GET /", "GET /"],
  ["the root is no parameter", ["GET /{x}"], "GET /", null],
  ["the word for every method is not a method", ["ANY /pets", "GET /pets"], "ANY /pets", null],
  ["a method in lower case", ["ANY /pets", "GET /pets"], "get /pets", null],
  ["a method that API Gateway does not know", ["ANY /pets"], "TRACE /pets", null],
  ["the method of a proxy", ["ANY /{p+}"], "CONNECT /pets", null],
  ["braces in a request are only text", ["GET /a/{id}"], "GET /a/{id}", "GET /a/{id}", { id: "{id}" }],
  ["names of built-ins are only text", ["GET /a"], "GET /constructor", null],
  ["a decoded value", ["GET /a/{id}"], "GET /a/é", "GET /a/{id}", { id: "é" }],
];
for (const [what, keys, request, route, params = {}] of cases)
  test(`routing: ${what}`, () => assert.deepEqual(match(keys, request), route === null ? null : [route, params]));

/** The same order written down as a comparison, without a tree. */
function matchSlowly(list: readonly Plain[], method: string, path: string): Plain | null {
  const segments = path.slice(1).split("/");
  const fits = (route: Plain): boolean => {
    if (route.method !== method && route.method !== "ANY") return false;
    const pattern = route.path.slice(1).split("/");
    const isGreedy = pattern.at(-1)?.endsWith("+}") === true;
    if (isGreedy ? segments.length < pattern.length : segments.length !== pattern.length) return false;
    return pattern.every((one, i) => (one.startsWith("{") ? segments[i] !== "" : one === segments[i]));
  };
  const rank = (route: Plain): string =>
    [
      route.path.endsWith("+}") ? 1 : 0,
      route.method === "ANY" ? 1 : 0,
      ...route.path
        .slice(1)
        .split("/")
        .map((one) => (one.endsWith("+}") ? 2 : one.startsWith("{") ? 1 : 0)),
    ].join("");
  return list.filter(fits).toSorted((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0))[0] ?? null;
}

const segment = fc.constantFrom("a", "b", "{p}");
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
  .map(([segments, greedy]) => `/${[...segments, ...(greedy ? ["{rest+}"] : [])].join("/")}`);
const route = fc.record({ method: fc.constantFrom("GET", "POST", "ANY"), path: pattern });
const request = fc
  .array(fc.constantFrom("a", "b", "c"), { maxLength: 5 })
  .chain((segments) => fc.constantFrom(`/${segments.join("/")}`, `/${segments.join("/")}/`.replace("//", "/")));

test("the compiled router agrees with the order written as a comparison", () => {
  const list = fc.uniqueArray(route, { maxLength: 25, selector: ({ method, path }) => `${method} ${path}` });
  fc.assert(
    fc.property(list, fc.constantFrom("GET", "POST", "PUT"), request, (candidates, method, path) => {
      const found = compileRoutes(candidates)(method, path);
      assert.equal(found?.route ?? null, matchSlowly(candidates, method, path));
      if (found === null) return;
      const filled = found.route.path.replace(/\{([^}+]+)\+?\}/g, (_, name: string) => found.params[name] ?? "?");
      // A name that stands twice is refused in a policy; here the last value stays.
      if (found.route.path.split("{p}").length <= 2) assert.equal(filled, path);
    }),
    { numRuns: 1500 },
  );
});

test("of equal routes the first one stays", () => {
  const [first, second] = routes("GET /a/{x}", "GET /a/{y}");
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(compileRoutes([first, second])("GET", "/a/1")?.route, first);
  assert.equal(compileRoutes([second, first])("GET", "/a/1")?.route, second);
});

test("a list is compiled once and keeps its type", () => {
  const list = [{ method: "GET", path: "/a", extra: 7 }];
  assert.equal(matchRoute(list, "GET", "/a")?.route.extra, 7);
  assert.equal(matchRoute(list, "GET", "/b"), null);
});
