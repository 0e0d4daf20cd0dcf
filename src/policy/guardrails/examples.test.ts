import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { createManualClock } from "../../core/index.ts";
import { GUARDRAILS } from "../guardrails.ts";
import { lintPolicy } from "../lint-policy.ts";
import { parseGood } from "../testing/shop-policy.ts";

/** A policy in which no guardrail finds anything; the examples are sections of it. */
const BASE = `gatehouse: 1
name: shop
identity: { issuer: https://login.shop.example, audience: shop-api }
environments:
  local: { identity: embedded, domain: shop.localhost }
services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes: { GET /orders: { needs: orders:read }, POST /orders: { needs: orders:write } }
  archive:
    exposure: public
    upstream: http://127.0.0.1:4009
    routes: { GET /archive: { needs: orders:read }, POST /archive: { needs: orders:write } }
roles:
  bot: { members: { client_id: [billing] }, can: [orders:read, orders:write], boundary: machines }
boundaries:
  machines: [orders:read, orders:write]
throttle: { default: 1000/second burst 2000, per_identity: 100/second burst 200 }
secrets:
  session-key: { rotate: 30 days, overlap: 12 hours }
`;

const SECTIONS_OF_NAMES = ["environments", "services", "roles", "boundaries", "secrets"];

/** Each named part of the example in place of the one with its name, or beside the others; other sections whole. */
function withExample(example: string): string {
  const policy = parse(BASE) as Record<string, unknown>;
  for (const [section, content] of Object.entries(parse(example) as Record<string, unknown>))
    policy[section] = SECTIONS_OF_NAMES.includes(section)
      ? { ...(policy[section] as object), ...(content as object) }
      : content;
  return stringify(policy);
}

const clock = createManualClock(Date.parse("2026-11-24T12:00:00Z"));

test("the policy that the examples are put into has no findings", () =>
  assert.deepEqual(lintPolicy(parseGood(BASE), clock), []));

for (const [id, { example }] of Object.entries(GUARDRAILS))
  test(`${id} finds something in its example`, () => {
    const found = lintPolicy(parseGood(withExample(example)), clock);
    assert.ok(
      found.some((finding) => finding.id === id),
      found.map((finding) => finding.message).join("\n"),
    );
  });
