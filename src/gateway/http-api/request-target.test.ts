import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hasLooseSegments, readRequestTarget } from "./request-target.ts";
import { readSwitches } from "./switches.ts";

const switches = readSwitches({});
const opaque = readSwitches({ "encoded-slash": "opaque" });

const piece = fc.constantFrom(
  "a",
  "B",
  "/",
  "//",
  ".",
  "..",
  "%2e",
  "%2E",
  "%61",
  "%20",
  "%c3%a9",
  "~",
  ";",
  "?",
  "=",
  "%2f",
);
const targets = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`);

test("what is matched and what is sent have the same segments, none of which anybody resolves, and reading is final", () => {
  fc.assert(
    fc.property(targets, (target) => {
      for (const each of [switches, opaque]) {
        const read = readRequestTarget(target, each);
        if (read === null) {
          assert.match(target, /%2f/i);
          continue;
        }
        const { rawPath, path, query } = read;
        assert.equal(rawPath.split("/").length, path.split("/").length, target);
        assert.equal(hasLooseSegments(rawPath), false, target);
        assert.equal(rawPath + query, readRequestTarget(rawPath + query, each)?.rawPath + query);
        const written = target.slice(target.indexOf("?") === -1 ? target.length : target.indexOf("?"));
        assert.equal(query, written);
      }
    }),
    { numRuns: 5000 },
  );
});

test("dots are resolved as the URL standard resolves them", () => {
  fc.assert(
    fc.property(targets, (target) => {
      const read = readRequestTarget(target, opaque);
      const once = target.replace(/\?.*$/, "").replaceAll(/\/+/g, "/");
      // The standard keeps an empty segment that a removed one leaves behind; merged it is the same path.
      const { pathname } = new URL(`http://host${once}`);
      assert.equal(read?.rawPath, pathname.replaceAll(/\/+/g, "/"));
    }),
    { numRuns: 5000 },
  );
});
