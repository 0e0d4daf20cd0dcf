import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { normalizePath } from "./normalize-path.ts";

const accepted: readonly (readonly [target: string, path: string, query?: string])[] = [
  ["/", "/"],
  ["/orders", "/orders"],
  ["/orders/", "/orders/"],
  ["/orders/42?x=/../y&a=%2F;b", "/orders/42", "?x=/../y&a=%2F;b"],
  ["/orders?", "/orders", "?"],
  ["/orders?a?b", "/orders", "?a?b"],
  ["/%6Frders", "/orders"],
  ["/%6frders", "/orders"],
  ["/a%20b", "/a b"],
  ["/caf%C3%A9", "/café"],
  ["/%F0%9F%8D%8B", "/🍋"],
  ["/a%2Eb", "/a.b"],
  ["/a.b/.well-known/..x/x.y", "/a.b/.well-known/..x/x.y"],
  ["/file.", "/file."],
  ["/!$&'()*+,=:@-._~[]|", "/!$&'()*+,=:@-._~[]|"],
  ["/a%2B+b", "/a++b"],
  ["/A", "/A"],
  ["/%7B%7D%22%3C%3E%5E%60%7C", '/{}"<>^`|'],
];
for (const [target, path, query = ""] of accepted)
  test(`the target ${target} has the path ${path}`, () => {
    const rawPath = query === "" ? target : target.slice(0, target.indexOf("?"));
    assert.deepEqual(normalizePath(target), { ok: true, path, rawPath, query });
  });

const refused: readonly (readonly [what: string, ...targets: string[]])[] = [
  ["no slash at the start", "", "orders", "*", "http://b.example/", "?x", "//", "%2Forders", " /orders"],
  ["a raw hash", "/admin#/../health", "/#", "/a?b#c"],
  ["an encoded hash", "/foo/secret%23/bar", "/%23"],
  ["an encoded slash", "/admin%2F", "/admin%2f", "/admin%2Fx", "/%2F", "/a%2F%2Fb"],
  ["an encoded backslash", "/admin%5C", "/admin%5c", "/public/..%5Cadmin"],
  ["a raw backslash", "/public/..\\admin", "/\\evil.example"],
  ["an encoded semicolon", "/admin%3B", "/admin%3bx=1"],
  ["a raw semicolon", "/admin;x=1", "/public/..;/admin", "/;"],
  ["an encoded question mark", "/admin%3F", "/admin%3fx"],
  ["an encoded percent sign", "/admin%25", "/%252e%252e/admin", "/%2525", "/%252F"],
  ["an encoded NUL", "/admin%00", "/%00", "/health%00.html"],
  [
    "encoded control characters",
    "/x%0d%0aX-Injected:pwn",
    "/%0a",
    "/%01",
    "/%1f",
    "/%7f",
    "/%09",
    "/%C2%85",
    "/%C2%80",
  ],
  ["raw control characters", "/x\r\n", "/\u0000", "/a\tb", "/a\u007f", "/a?b\u0001", "/a?b\n"],
  ["a raw space", "/a b", "/a?b c"],
  ["raw bytes beyond ASCII", "/caf\u00c3\u00a9", "/café", "/a?é", "/\ud800"],
  ["characters that no path may hold", '/a"b', "/<a>", "/a^b", "/a`b", "/a{b}"],
  [
    "dot segments",
    "/service/../admin",
    "/..",
    "/.",
    "/a/.",
    "/a/..",
    "/./a",
    "/../a",
    "/a/./b",
    "/user/../admin/secrets",
  ],
  ["encoded dot segments", "/service/%2e%2e/admin", "/service/.%2E/admin", "/%2E", "/a/%2e", "/%2e%2E"],
  [
    "segments that end in dots",
    "/api../admin",
    "/api./admin",
    "/api%2e%2e/admin",
    "/shop../x",
    "/a..",
    "/.../x",
    "/...",
    "/a%2e/",
  ],
  ["empty segments", "//admin/secret", "/a//b", "///", "/a//", "//x/"],
  ["encoding that is cut or wrong", "/%", "/a%", "/a%2", "/%zz", "/%u002e", "/%2", "/%%41", "/%G1"],
  ["invalid UTF-8", "/%c0%ae%c0%ae", "/%ff", "/%80", "/%C3", "/%C3x", "/%ED%A0%80", "/%F5%80%80%80", "/%E2%82"],
];
for (const [what, ...targets] of refused)
  test(`refuses ${what}`, () => {
    for (const target of targets)
      assert.deepEqual(normalizePath(target), { ok: false, reason: "request-path" }, JSON.stringify(target));
  });

test("every encoding of a byte that could end or cut a segment is refused, in either case", () => {
  const ambiguous = [0x2f, 0x5c, 0x3b, 0x3f, 0x23, 0x25, ...Array.from({ length: 32 }, (_, i) => i), 0x7f];
  for (const byte of ambiguous) {
    const hex = byte.toString(16).padStart(2, "0");
    for (const spelling of [hex, hex.toUpperCase()])
      for (const target of [`/%${spelling}`, `/a%${spelling}b`, `/a/%${spelling}/b`])
        assert.equal(normalizePath(target).ok, false, target);
  }
});

const target = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("/", ".", "%", "%2e", "%2E", "%2f", "%41", "a", "?", "#", ";", "\\") },
    { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
  ),
  maxLength: 12,
});

test("whatever is accepted has segments that nobody can read in two ways", () => {
  fc.assert(
    fc.property(target, (tail) => {
      const raw = `/${tail}`;
      const normal = normalizePath(raw);
      if (!normal.ok) return;
      assert.equal(normal.rawPath + normal.query, raw);
      assert.equal(decodeURIComponent(normal.rawPath), normal.path);
      assert.doesNotMatch(normal.path, /[\\;?#%]|\p{Cc}/u);
      const segments = normal.path.slice(1).split("/");
      assert.equal(segments.length, normal.rawPath.slice(1).split("/").length);
      for (const [index, segment] of segments.entries()) {
        assert.ok(segment !== "" || index === segments.length - 1);
        assert.ok(!segment.endsWith("..") && segment !== ".");
      }
      // A URL parser, which resolves dots, finds nothing to resolve.
      assert.equal(decodeURIComponent(new URL(normal.rawPath, "http://h").pathname), normal.path);
    }),
    { numRuns: 1500 },
  );
});

test("the normal form of a path is its own normal form", () => {
  fc.assert(
    fc.property(target, (tail) => {
      const once = normalizePath(`/${tail}`);
      if (!once.ok) return;
      const again = normalizePath(once.path.split("/").map(encodeURIComponent).join("/"));
      assert.ok(again.ok);
      assert.equal(again.path, once.path);
    }),
  );
});
