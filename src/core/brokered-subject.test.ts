import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { brokeredPrefix, brokeredSubject } from "./brokered-subject.ts";

const DIGEST = "[A-Za-z0-9_-]{43}";

for (const [role, issuerName, subject, expected] of [
  ["support", null, "ada", /^role:support:subject::ada$/],
  ["support", "ci", "ada", /^role:support:subject:ci:ada$/],
  ["support", null, "ci:ada", /^role:support:subject::ci:ada$/],
  ["support", "ci", "repo:shop/api:ref:refs/heads/*", /^role:support:subject:ci:repo:shop\/api:ref:refs\/heads\/\*$/],
  ["r".repeat(48), null, "s".repeat(192), new RegExp(`^role:r{48}:subject::s{192}$`)],
  ["r".repeat(48), null, "s".repeat(193), new RegExp(`^role:r{48}:sha256:${DIGEST}$`)],
  ["support", null, "ada lovelace", new RegExp(`^role:support:sha256:${DIGEST}$`)],
  ["support", null, "ädä", new RegExp(`^role:support:sha256:${DIGEST}$`)],
] as const)
  test(`role ${role.slice(0, 8)} of ${subject.slice(0, 20)}, ${subject.length} characters, by ${issuerName ?? "the provider"}`, () => {
    const text = brokeredSubject(role, issuerName, subject);
    assert.match(text, expected);
    assert.ok(text.length <= 255);
  });

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,3}){0,2}$/);
const holder = fc.record({
  role: name,
  issuerName: fc.option(name, { nil: null }),
  subject: fc.oneof(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.stringMatching(/^[a:*? ]{1,12}$/),
    fc.constantFrom("subject::a", "sha256:a", ":", "role:a:subject::a", "s".repeat(300), "s".repeat(301)),
  ),
});

test("no two holders have one text, and each text is of its own role alone", () => {
  fc.assert(
    fc.property(holder, holder, (one, other) => {
      const [left, right] = [one, other].map((each) => brokeredSubject(each.role, each.issuerName, each.subject));
      const same = one.role === other.role && one.issuerName === other.issuerName && one.subject === other.subject;
      assert.equal(left === right, same);
      assert.equal(left?.startsWith(brokeredPrefix(other.role)), one.role === other.role);
      assert.match(left ?? "", /^[\x21-\x7e]{1,255}$/);
    }),
    { numRuns: 2000 },
  );
});
