import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { foldHeaderName, isReservedName } from "./header-names.ts";
import { type HeadRules, readRequestHead } from "./request-head.ts";

const PLAIN: HeadRules = { keepAuthorization: false, keep: null, identityNames: null, dropped: null };

function forwardedNames(raw: readonly string[], rules: HeadRules = PLAIN): string[] {
  return readRequestHead("GET", "/", raw, rules).forwarded.filter((_, index) => index % 2 === 0);
}

describe("what is sent on", () => {
  test("holds nothing reserved in any spelling of case, dots and underscores", () => {
    const name = fc.constantFrom(
      "x-gatehouse-subject",
      "x-gatehouse-anything",
      "x-gh-proof",
      "x-forwarded-for",
      "x-forwarded-user",
      "forwarded",
      "x-real-ip",
      "x-request-id",
      "x-original-url",
      "x-http-method-override",
      "transfer-encoding",
      "content-length",
      "authorization",
      "remote-user",
    );
    const spelling = fc.array(fc.nat({ max: 3 }), { minLength: 24, maxLength: 24 });
    const rules: HeadRules = { ...PLAIN, identityNames: new Set(["remote-user"]) };
    fc.assert(
      fc.property(name, spelling, (plain, choices) => {
        const spelled = plain
          .split("")
          .map((character, index) => {
            const choice = choices[index % choices.length] ?? 0;
            if (character === "-") return ["-", "_", ".", "-"][choice] ?? "-";
            return choice % 2 === 0 ? character : character.toUpperCase();
          })
          .join("");
        assert.deepEqual(forwardedNames([spelled, "x"], rules), []);
      }),
      { numRuns: 500 },
    );
  });

  test("holds every other header, byte for byte and in order", () => {
    const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9!#$%&'*+^`|~-]{0,20}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(token, fc.stringMatching(/^[!-~]{0,20}$/)), { maxLength: 12 }), (pairs) => {
        const own = pairs.filter(([name]) => {
          const folded = foldHeaderName(name);
          return !isReservedName(folded) && !KNOWN.has(folded);
        });
        assert.deepEqual(readRequestHead("GET", "/", own.flat(), PLAIN).forwarded, own.flat());
      }),
      { numRuns: 200 },
    );
  });

  test("is without what `Connection` names, however it is written", () => {
    const raw = ["X-A", "1", "x-b", "2", "X-C", "3", "Connection", " x-A ,,\tX-B", "connection", "close"];
    assert.deepEqual(forwardedNames(raw), ["X-C"]);
  });

  test("is without Gatehouse's cookies and with all others", () => {
    const cookie = (value: string) => readRequestHead("GET", "/", ["Cookie", value], PLAIN).forwarded[1];
    assert.equal(cookie("a=1; b=2"), "a=1; b=2");
    assert.equal(cookie("a=1;__Host-gatehouse=x;  b=2"), "a=1; b=2");
    assert.equal(cookie("__HOST-GATEHOUSE.1=x; a=__Host-gatehouse"), "a=__Host-gatehouse");
    assert.equal(cookie("__Host-gatehouse-login.abc=x"), undefined);
  });
});

const KNOWN = new Set(
  (
    "connection host authorization cookie content-length transfer-encoding traceparent tracestate keep-alive " +
    "proxy-connection proxy-authenticate proxy-authorization te trailer upgrade http2-settings expect"
  ).split(" "),
);

describe("what is read", () => {
  test("counts request line and values, and not what the edge added", () => {
    const raw = ["A", "12345", "Via", "1.1 Caddy", "X-Forwarded-For", "192.0.2.1", "X-Request-Id", "x".repeat(36)];
    assert.equal(readRequestHead("GET", "/ab", raw, PLAIN).bytes, "GET /ab HTTP/1.1".length + 5);
  });

  test("two hosts are none, two authorizations are told", () => {
    assert.equal(readRequestHead("GET", "/", ["Host", "a", "host", "a"], null).host, null);
    assert.equal(readRequestHead("GET", "/", ["Host", "a", "host", "a", "Host", "a"], null).host, null);
    assert.equal(readRequestHead("GET", "/", ["Authorization", "a"], null).isRepeated, false);
    assert.equal(readRequestHead("GET", "/", ["Authorization", "a", "authorization", "b"], null).isRepeated, true);
  });

  test("without a route nothing is kept for one", () => {
    const head = readRequestHead("GET", "/", ["Authorization", "a", "X-Real-IP", "b", "X-A", "c"], null);
    assert.deepEqual(head.forwarded, ["X-A", "c"]);
    assert.deepEqual(head.removed, ["X-Real-IP"]);
  });
});
