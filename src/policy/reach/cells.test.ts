/** Cells of two lists of routes: every pair that can meet is found, and each cell is what the router says. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { matchRoute } from "../compile-routes.ts";
import type { Method, PolicyRoute } from "../policy.ts";
import { type Cell, createExampleFinder, listCells } from "./cells.ts";
import { haveSameAccess } from "./route-tree.ts";
import { type Chance, createChance } from "./testing/chance.ts";

const SEED = Number(process.env["GATEHOUSE_SEED"] ?? 20_261_125);

function route(key: string, access: string): PolicyRoute {
  const [method = "", path = ""] = key.split(" ");
  return {
    method: method as Method,
    path,
    servicePath: path,
    key,
    service: "s",
    access: access === "open" ? { kind: "open", because: "why" } : { kind: "needs", permission: access },
    authentication: null,
    throttle: null,
    timeoutMs: 30_000,
    maxBodyBytes: 0,
    streaming: false,
    websocket: false,
    retries: 0,
    at: { file: "p.yaml", start: 0, end: 0 },
  };
}

function routesOf(table: Readonly<Record<string, string>>): PolicyRoute[] {
  return Object.entries(table).map(([key, access]) => route(key, access));
}

function show({ before, after, method, path }: Cell): string {
  return `${method} ${path}: ${before?.key ?? "none"} > ${after?.key ?? "none"}`;
}

describe("the cells of two lists", () => {
  const cases: readonly (readonly [string, Record<string, string>, Record<string, string>, readonly string[]])[] = [
    [
      "alike: each route with itself, names of parameters aside",
      { "GET /a/{x}": "o:r", "ANY /{z+}": "p:u" },
      { "GET /a/{id}": "o:r", "ANY /{rest+}": "p:u" },
      ["GET /a/x: GET /a/{x} > GET /a/{id}", "GET /x: ANY /{z+} > ANY /{rest+}"],
    ],
    [
      "a more specific route that is new takes over from the wider one",
      { "GET /a/{x}": "o:r" },
      { "GET /a/{x}": "o:r", "GET /a/b": "o:w" },
      ["GET /a/b: GET /a/{x} > GET /a/b", "GET /a/x: GET /a/{x} > GET /a/{x}"],
    ],
    [
      "a method that is named takes over from `ANY`, and the others stay",
      { "ANY /a": "o:r" },
      { "ANY /a": "o:r", "POST /a": "o:w" },
      ["POST /a: ANY /a > POST /a", "GET /a: ANY /a > ANY /a"],
    ],
    [
      "what a `{rest+}` takes: deeper paths, and a last slash",
      { "GET /{x}": "o:r" },
      { "GET /{x}": "o:r", "GET /{z+}": "open" },
      ["GET /x/: none > GET /{z+}", "GET /x: GET /{x} > GET /{x}"],
    ],
    ["nothing before", {}, { "GET /a": "open" }, ["GET /a: none > GET /a"]],
    ["nothing after", { "GET /a": "open" }, {}, ["GET /a: GET /a > none"]],
    [
      "a route that others always take over from has no cell",
      { "GET /a/{x}": "o:r", "POST /a/{x}": "o:r", "ANY /b": "o:r" },
      {
        "GET /b": "o:r",
        "POST /b": "o:r",
        "PUT /b": "o:r",
        "PATCH /b": "o:r",
        "DELETE /b": "o:r",
        "HEAD /b": "o:r",
        "OPTIONS /b": "o:r",
        "ANY /b": "open",
      },
      [
        "GET /a/x: GET /a/{x} > none",
        "GET /b: ANY /b > GET /b",
        "POST /a/x: POST /a/{x} > none",
        "POST /b: ANY /b > POST /b",
        "PUT /b: ANY /b > PUT /b",
        "PATCH /b: ANY /b > PATCH /b",
        "DELETE /b: ANY /b > DELETE /b",
        "HEAD /b: ANY /b > HEAD /b",
        "OPTIONS /b: ANY /b > OPTIONS /b",
      ],
    ],
  ];
  for (const [what, before, after, expected] of cases)
    test(what, () => {
      assert.deepEqual(listCells(routesOf(before), routesOf(after)).map(show).sort(), expected.toSorted());
    });
});

test("an example of a route is a request that it answers, also where its plain path is another route's", () => {
  const routes = routesOf({
    "GET /{z+}": "o:r",
    "GET /{x}": "o:r",
    "GET /{x}/{y+}": "o:r",
    "ANY /a": "o:r",
    "GET /a": "o:r",
    "GET /x": "o:r",
  });
  const find = createExampleFinder(routes);
  const found = Object.fromEntries(routes.map((one) => [one.key, find(one)]));
  assert.deepEqual(found, {
    // `/x1` is `GET /{x}`, and all that is deeper `GET /{x}/{y+}`.
    "GET /{z+}": { method: "GET", path: "/x1/" },
    "GET /{x}": { method: "GET", path: "/x1" },
    "GET /{x}/{y+}": { method: "GET", path: "/x1/x1" },
    "ANY /a": { method: "POST", path: "/a" },
    "GET /a": { method: "GET", path: "/a" },
    "GET /x": { method: "GET", path: "/x" },
  });
});

const METHODS = ["GET", "POST", "ANY"];
const SEGMENTS = ["a", "b", "{x}", "{y}"];

function randomRoutes(chance: Chance): PolicyRoute[] {
  const table: Record<string, string> = {};
  for (let i = 0; i < 7; i++) {
    const length = 1 + Math.floor(chance.next() * 3);
    const path = Array.from({ length }, (_, at) => chance.pick(SEGMENTS).replace("}", `${at}}`));
    if (chance.happens(0.25)) path.splice(-1, 1, "{z+}");
    table[`${chance.pick(METHODS)} /${path.join("/")}`] = chance.pick(["o:r", "o:w", "open"]);
  }
  if (chance.happens(0.2)) table["GET /"] = "open";
  return routesOf(table);
}

test("no request is answered by a pair of routes that is no cell: 700 pairs of lists", (t) => {
  let asked = 0;
  for (let number = 0; number < 700; number++) {
    const chance = createChance(SEED + number);
    const before = randomRoutes(chance);
    const after = chance.happens(0.5)
      ? randomRoutes(chance)
      : [...before.filter(() => chance.happens(0.8)), ...randomRoutes(chance).slice(0, 1)];
    for (const maxSteps of [undefined, 3]) {
      const cells = listCells(before, after, maxSteps);
      const known = new Set(cells.map(({ before: old, after: current }) => `${old?.key} ${current?.key}`));
      if (maxSteps === undefined)
        for (const cell of cells)
          assert.equal(matchRoute(after, cell.method, cell.path)?.route ?? null, cell.after, show(cell));
      for (let n = 0; n < 60; n++) {
        const length = 1 + Math.floor(chance.next() * 4);
        const path = `/${Array.from({ length }, () => chance.pick(["a", "b", "q"])).join("/")}${chance.pick(["", "/"])}`;
        const method = chance.pick(["GET", "POST", "PUT"]);
        const [old, current] = [before, after].map((list) => matchRoute(list, method, path)?.route ?? null);
        if (old === undefined || current === undefined || (old === null && current === null)) continue;
        if (old !== null && current !== null && haveSameAccess(old, current)) continue;
        asked++;
        assert.ok(
          known.has(`${old?.key} ${current?.key}`),
          `${method} ${path}: ${old?.key} > ${current?.key}; seed ${SEED + number}, steps ${maxSteps}`,
        );
      }
    }
  }
  t.diagnostic(`seed ${SEED}, ${asked} requests of different access`);
  assert.ok(asked > 15_000);
});
