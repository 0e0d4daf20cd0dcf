import assert from "node:assert/strict";
import { test } from "node:test";
import { RESERVED_HEADERS, parseRequestParameters, parseResponseParameters } from "./parameter-mapping.ts";

function requestProblems(parameters: Readonly<Record<string, string>>): readonly string[] {
  const parsed = parseRequestParameters(parameters);
  return parsed.ok ? [] : parsed.error.map(({ message }) => message);
}

function responseProblems(parameters: Readonly<Record<string, Readonly<Record<string, string>>>>): readonly string[] {
  const parsed = parseResponseParameters(parameters);
  return parsed.ok ? [] : parsed.error.map(({ at, message }) => `${at.join("/")}: ${message}`);
}

test("removals come first, then what is overwritten, then what is appended", () => {
  assert.deepEqual(
    parseRequestParameters({
      "append:header.Header2": "$request.header.Header1",
      "overwrite:querystring.Page": "1",
      "remove:header.header1": "''",
      "overwrite:path": "/${request.path.id}/x",
      "overwrite:header.x-a": "b",
    }),
    {
      ok: true,
      value: {
        headers: [
          { action: "remove", name: "header1" },
          { action: "overwrite", name: "x-a", value: ["b"] },
          { action: "append", name: "header2", value: [{ kind: "header", name: "header1" }] },
        ],
        querystring: [{ action: "overwrite", name: "Page", value: ["1"] }],
        path: ["/", { kind: "path-parameter", name: "id" }, "/x"],
      },
    },
  );
});

test("the mappings of a response are by the backend's status", () => {
  assert.deepEqual(
    parseResponseParameters({
      "500": { "append:header.header1": "$context.requestId", "overwrite:statuscode": "403" },
      "404": { "append:header.error": "$stageVariables.environmentId" },
    }),
    {
      ok: true,
      value: new Map([
        [
          404,
          {
            headers: [{ action: "append", name: "error", value: [{ kind: "stage-variable", name: "environmentId" }] }],
            status: null,
          },
        ],
        [
          500,
          {
            headers: [{ action: "append", name: "header1", value: [{ kind: "context", name: "requestId" }] }],
            status: ["403"],
          },
        ],
      ]),
    },
  );
});

for (const reserved of RESERVED_HEADERS) {
  const name = reserved.endsWith("-") ? `${reserved}x` : reserved;
  test(`\`${name}\` is reserved for every action, in any case`, () => {
    for (const spelled of [name, name.toUpperCase()])
      for (const [action, value] of Object.entries({ append: "a", overwrite: "a", remove: "''" })) {
        const key = `${action}:header.${spelled}`;
        assert.deepEqual(requestProblems({ [key]: value }), [`the header \`${spelled}\` is reserved`]);
        assert.deepEqual(responseProblems({ "200": { [key]: value } }), [
          `200/${key}: the header \`${spelled}\` is reserved`,
        ]);
      }
  });
}

test("what merely looks like a reserved header is not one", () => {
  const names = ["host", "via-x", "x-via", "x-amzn", "xamz-a", "cookie", "content-type", "x-forwarded-port"];
  for (const name of names) assert.deepEqual(requestProblems({ [`overwrite:header.${name}`]: "a" }), []);
});

test("a key is an action on a header, a query parameter or the path", () => {
  const keys = ["header.x", "set:header.x", "append:path", "overwrite.path", "append:header.", "overwrite:statuscode"];
  for (const key of keys)
    assert.deepEqual(requestProblems({ [key]: "a" }), [`\`${key}\` changes nothing of a request`]);
  assert.deepEqual(requestProblems({ "append:header.a b": "a" }), ["`a b` is not the name of a header"]);
  assert.deepEqual(requestProblems({ "append:header.a\r\nx": "a" }), ["`a??x` is not the name of a header"]);
  assert.deepEqual(requestProblems({ "append:header.Trailer": "a" }), [
    "the header `Trailer` is about one connection and is not passed on",
  ]);
});

test("two keys that do the same to one header are one too many", () => {
  assert.deepEqual(requestProblems({ "append:header.X-A": "a", "append:header.x-a": "b" }), [
    "`append:header.x-a` stands twice",
  ]);
  assert.deepEqual(requestProblems({ "append:querystring.A": "a", "append:querystring.a": "b" }), []);
});

test("a removal has `''` for a value", () => {
  assert.deepEqual(requestProblems({ "remove:header.x": "" }), ["a removal has a value"]);
  assert.deepEqual(requestProblems({ "remove:querystring.x": "''" }), []);
});

test("a response has no query and no path, and a status of a backend", () => {
  assert.deepEqual(responseProblems({ "200": { "append:querystring.x": "a", "overwrite:statuscode": "99" } }), [
    "200/append:querystring.x: `append:querystring.x` changes nothing of a response",
    "200/overwrite:statuscode: `99` is not a status code",
  ]);
  assert.deepEqual(responseProblems({ "199": {}, default: {} }), [
    "199: `199` is not a status code of a backend",
    "default: `default` is not a status code of a backend",
  ]);
});

test("what is wrong with a value is said with its key", () => {
  assert.deepEqual(requestProblems({ "overwrite:header.x": "a".repeat(513) }), [
    "the value of `overwrite:header.x` is wrong: it has 513 characters",
  ]);
});
