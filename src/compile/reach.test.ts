import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type PolicyRoute, compileRoutes } from "../policy/index.ts";
import { reachedRoutes } from "./reach.ts";
import { MANY, ONE, type Pattern, intersect, resourceText, split, templateOf } from "./route-pattern.ts";
import { apiRouteOf, groupByMethod } from "./route-trie.ts";

function routeOf(key: string): PolicyRoute {
  const [method = "", path = ""] = key.split(" ");
  return {
    method: method as PolicyRoute["method"],
    path,
    servicePath: path,
    key,
    service: "s",
    access: { kind: "open", because: "a test" },
    authentication: null,
    throttle: null,
    timeoutMs: 1000,
    maxBodyBytes: 0,
    streaming: false,
    websocket: false,
    retries: 0,
    at: { file: "f", start: 0, end: 0 },
  };
}

/** Which of the routes the paths of a pattern go to for a method. */
function reach(keys: readonly string[], method: string, pattern: Pattern): string[] {
  const groups = groupByMethod(keys.map((key) => apiRouteOf(routeOf(key))));
  const group = groups.find(({ methods }) => methods.includes(method));
  if (group === undefined) return [];
  return [...reachedRoutes(group.root, pattern)].map(({ route }) => route.key).sort();
}

const rows: [routes: string[], pattern: Pattern, expected: string[]][] = [
  [
    ["GET /a/{x}", "GET /a/b"],
    ["a", MANY],
    ["GET /a/b", "GET /a/{x}"],
  ],
  [["GET /a/{x}", "GET /a/b"], ["a", "b"], ["GET /a/b"]],
  [
    ["GET /a/{x}", "GET /a/{x}/c"],
    ["a", MANY],
    ["GET /a/{x}", "GET /a/{x}/c"],
  ],
  [["GET /a/{x}", "GET /a/{x}/c"], ["a", ONE], ["GET /a/{x}"]],
  [
    ["GET /a/{x}/c", "GET /a/b/{y}"],
    ["a", MANY, "c"],
    ["GET /a/b/{y}", "GET /a/{x}/c"],
  ],
  [["GET /a/{x}/c", "GET /a/b/{y}"], ["a", "b", "c"], ["GET /a/b/{y}"]],
  [
    ["GET /{r+}", "GET /a/{x}"],
    ["a", MANY],
    ["GET /a/{x}", "GET /{r+}"],
  ],
  [["GET /{r+}", "GET /a/{x}"], ["a", ONE], ["GET /a/{x}"]],
  [["GET /{r+}", "GET /a/{x}"], ["a", ""], ["GET /{r+}"]],
  [
    ["GET /a/{r+}", "GET /a/b/{r+}"],
    ["a", "b", MANY],
    ["GET /a/b/{r+}", "GET /a/{r+}"],
  ],
  [["GET /a/{r+}", "GET /a/b/{r+}"], ["a", "b", ONE], ["GET /a/b/{r+}"]],
  [["GET /"], [""], ["GET /"]],
  [["GET /", "GET /{r+}"], [MANY], ["GET /", "GET /{r+}"]],
  [["GET /", "GET /{r+}"], [ONE], ["GET /{r+}"]],
  [["ANY /a", "GET /{x}"], ["a"], ["GET /{x}"]],
  [["ANY /a/{r+}", "GET /{r+}"], ["a", MANY], ["GET /{r+}"]],
  [["ANY /a", "GET /{r+}"], ["a"], ["ANY /a"]],
  [["GET /a"], ["b", MANY], []],
  [["GET /{t}/a/b", "GET /{t}/c"], [MANY, "b"], ["GET /{t}/a/b"]],
];

for (const [routes, pattern, expected] of rows)
  test(`${JSON.stringify(pattern)} among ${routes.join(", ")} goes to ${expected.join(", ") || "nothing"}`, () => {
    assert.deepEqual(reach(routes, "GET", pattern), expected);
  });

/** Every path of up to four segments of a small alphabet, some ending in a slash. `z` stands in no route. */
function allPaths(): string[][] {
  const paths: string[][] = [[]];
  for (let from = 0, length = 1; length <= 4; length++) {
    const end = paths.length;
    for (; from < end; from++) for (const segment of ["a", "b", "z"]) paths.push([...(paths[from] ?? []), segment]);
  }
  return paths.flatMap((path) => (path.length === 0 ? [[""]] : [path, [...path, ""]]));
}

function fits(pattern: Pattern, path: readonly string[]): boolean {
  const [token, ...rest] = pattern;
  const [segment, ...below] = path;
  if (token === undefined || segment === undefined) return token === undefined && segment === undefined;
  if (typeof token === "string") return token === segment && fits(rest, below);
  if (token === ONE) return segment !== "" && fits(rest, below);
  return fits(rest, below) || fits(pattern, below);
}

const PATHS = allPaths();
const segment = fc.constantFrom("a", "b", "{p}");
const path = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
  .map(([segments, greedy]) => `/${(greedy && segments.length < 3 ? [...segments, "{r+}"] : segments).join("/")}`);
const routeKeys = fc
  .uniqueArray(fc.tuple(fc.constantFrom("GET", "ANY"), path), { maxLength: 6, selector: (key) => key.join(" ") })
  .map((keys) => keys.map((key) => key.join(" ")));
const pattern = fc.array(fc.constantFrom<Pattern[number]>("a", "b", ONE, MANY), { minLength: 1, maxLength: 3 });

test("the reached routes are those to which the router sends the paths of the pattern", () => {
  fc.assert(
    fc.property(routeKeys, pattern, (keys, tokens) => {
      const router = compileRoutes(keys.map(routeOf));
      const expected = new Set<string>();
      for (const candidate of PATHS) {
        if (!fits(tokens, candidate)) continue;
        const match = router("GET", `/${candidate.join("/")}`);
        if (match !== null) expected.add(match.route.key);
      }
      assert.deepEqual(reach(keys, "GET", tokens), [...expected].sort());
    }),
    { numRuns: 3000 },
  );
});

test("intersection and splitting neither lose nor add a path", () => {
  fc.assert(
    fc.property(pattern, path, (tokens, other) => {
      const relaxed = tokens.map((token) => (token === ONE ? MANY : token));
      const template = templateOf(other);
      const both = intersect(relaxed, template) ?? [];
      const parts = split(relaxed) ?? [relaxed];
      for (const candidate of PATHS) {
        // A template's `{r+}` begins with a segment that is not empty; the pattern for it need not.
        if (fits(relaxed, candidate) && fits(template, candidate))
          assert.ok(both.some((piece) => fits(piece, candidate)));
        if (both.some((piece) => fits(piece, candidate)))
          assert.ok(fits(relaxed, candidate) && fits(template, candidate));
        assert.equal(parts.filter((part) => fits(part, candidate)).length > 0, fits(relaxed, candidate));
      }
    }),
    { numRuns: 1000 },
  );
});

test("the text of a resource", () => {
  assert.equal(resourceText(templateOf("/")), "");
  assert.equal(resourceText(["a", MANY, "b"]), "a/*/b");
  assert.equal(resourceText(["a*?$"]), "a${*}${?}$");
});
