import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIntegrationTarget } from "./integration-target.ts";

function build(uri: string, routePath: string | null, rawPath: string, query = ""): string | null | undefined {
  const target = parseIntegrationTarget(uri, routePath, false);
  return target === null ? undefined : target.build === null ? rawPath + query : target.build(rawPath, query);
}

test("a URI that repeats the route's path passes the request target on as it came", () => {
  const target = parseIntegrationTarget("http://127.0.0.1:4001/a/{id}/{rest}", "/a/{id}/{rest+}", false);
  assert.deepEqual(target, { origin: "http://127.0.0.1:4001", build: null });
  assert.equal(parseIntegrationTarget("http://h/other", "/a", true)?.build, null);
  assert.equal(parseIntegrationTarget("https://h:443/", "/", false)?.origin, "https://h");
});

test("parameters are filled in as they were sent", () => {
  assert.equal(build("http://h/v1/{id}", "/orders/{id}", "/orders/a%20b", "?q=1"), "/v1/a%20b?q=1");
  assert.equal(build("http://h/{rest}/end", "/a/{rest+}", "/a/b/c"), "/b/c/end");
  assert.equal(build("http://h", "/a/{rest+}", "/a/b"), "/");
  assert.equal(build("http://h/fixed", null, "/anything", "?q"), "/fixed?q");
});

test("harmless parts that make a harmful whole make nothing", () => {
  assert.equal(build("http://h/x/.{name}", "/d/{name}", "/d/."), null);
  assert.equal(build("http://h/x/{name}./y", "/d/{name}", "/d/."), null);
  assert.equal(build("http://h/x/{name}/y", "/d/{name}/{b+}", "/d//b"), null);
});

test("other URIs are not usable", () => {
  for (const uri of [
    "ftp://h/a",
    "h/a",
    "http://u:p@h/",
    "http://h/a?b",
    "http://h/a#b",
    "http://h/{other}",
    "http:///a",
    "http://h\\@x/",
    "",
  ])
    assert.equal(parseIntegrationTarget(uri, "/a/{id}", false), null, uri);
});
