/**
 * Policies made up for property tests: routes, grants, boundaries, members and conditions of every kind, in an
 * environment of this machine and one of AWS.
 * Out: the text of a policy, as a user could have written it.
 */
import * as fc from "fast-check";
import { stringify } from "yaml";

const AREAS = ["orders", "files", "staff"];
const ACTIONS = ["read", "write", "use"];
const SEGMENTS = ["orders", "files", "export", "v2", "{id}", "{item}"];

const permission = fc
  .tuple(fc.constantFrom(...AREAS), fc.constantFrom(...ACTIONS))
  .map(([area, action]) => `${area}:${action}`);

const path = fc
  .tuple(fc.uniqueArray(fc.constantFrom(...SEGMENTS), { maxLength: 3 }), fc.boolean())
  .map(([segments, isGreedy]) => `/${[...segments, ...(isGreedy ? ["{rest+}"] : [])].join("/")}`);

const route = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "ANY"),
  path,
  access: fc.oneof({ weight: 5, arbitrary: permission }, { weight: 1, arbitrary: fc.constant(null) }),
});

const condition = fc.record(
  {
    source_ip: fc.constantFrom(["10.0.0.0/16"], ["10.0.0.0/8", "2001:db8::/32"], ["0.0.0.0/0", "::/0"]),
    after: fc.constant("2026-11-01"),
    before: fc.constant("2027-01-01T00:00:00Z"),
    hours: fc.constant({ days: ["monday"], from: "08:00", to: "18:00", zone: "Europe/Berlin" }),
    claim: fc.constantFrom({ email_verified: true }, { plan: ["gold", "a?b"] }, { "a.b": ["${c}"] }),
    amr: fc.constant(["mfa"]),
    token_age: fc.constant("10 minutes"),
  },
  { requiredKeys: [] },
);

const members = fc.constantFrom<unknown>(
  { groups: ["staff"] },
  { subject: ["robot-7"], client_id: ["billing"] },
  { claim: { name: "department", prefix: "s" } },
  { all: [{ groups: ["staff"] }, { not: { subject: ["eve"] } }] },
  { issuer: "ci", any: [{ subject: ["a"] }, { claim: { name: "repository", prefix: "shop/" } }] },
  { groups: [] },
);

const grant = fc.oneof(
  { weight: 4, arbitrary: permission },
  { weight: 1, arbitrary: fc.constantFrom(...AREAS).map((area) => `${area}:*`) },
  { weight: 1, arbitrary: fc.constant("*") },
  {
    weight: 1,
    arbitrary: fc
      .tuple(permission, condition)
      .map(([pattern, when]) => (Object.keys(when).length === 0 ? pattern : { permission: pattern, when })),
  },
);

const role = fc.record({
  members,
  can: fc.array(grant, { minLength: 1, maxLength: 4 }),
  boundary: fc.constantFrom("narrow", "wide", "whole"),
  when: fc.option(condition, { freq: 2 }),
});

/** Every permission has a route, so that no grant names one which does not exist. */
const anchors = AREAS.flatMap((area) =>
  ACTIONS.map((action) => [`GET /anchors/${area}/${action}`, { needs: `${area}:${action}` }] as const),
);

interface PolicyParts {
  readonly isAws: boolean;
  readonly exposure: string;
  readonly routes: readonly { readonly method: string; readonly path: string; readonly access: string | null }[];
  readonly roles: readonly object[];
}

function write({ isAws, exposure, routes: made, roles }: PolicyParts): string {
  const routes: Record<string, unknown> = {};
  const shapes = new Set<string>();
  for (const { method, path: at, access } of made) {
    // Parameter names make no difference to a route.
    const shape = `${method} ${at.replaceAll(/\{[^}+]*/g, "{")}`;
    if (shapes.has(shape)) continue;
    shapes.add(shape);
    routes[`${method} ${at}`] = access === null ? { open: "a test" } : { needs: access };
  }
  const domain = isAws
    ? {
        domain: "api.shop.example",
        certificates: "internal",
        gateway: { aws: { account: "111122223333", regions: ["eu-west-1"] } },
      }
    : { domain: "shop.localhost", identity: "embedded" };
  const policy = {
    gatehouse: 1,
    name: "shop",
    identity: {
      issuer: "https://login.shop.example",
      audience: "shop-api",
      issuers: { ci: { issuer: "https://ci.shop.example", audience: "shop-ci" } },
    },
    environments: { here: domain },
    services: {
      made: {
        exposure,
        upstream: "http://127.0.0.1:4001",
        routes: { ...routes, ...Object.fromEntries(anchors) },
      },
    },
    roles: Object.fromEntries(
      roles.map((one, index) => [
        `role-${index}`,
        Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null && !isEmptyRecord(value))),
      ]),
    ),
    boundaries: { narrow: ["orders:read", "files:use"], wide: ["orders:*", "files:*"], whole: ["*"] },
  };
  return stringify(policy, { aliasDuplicateObjects: false });
}

function isEmptyRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

/** Text of a policy with one environment `here`. */
export const policyTexts: fc.Arbitrary<string> = fc
  .record({
    isAws: fc.boolean(),
    exposure: fc.constantFrom("public", "private"),
    routes: fc.array(route, { maxLength: 12 }),
    roles: fc.array(role, { minLength: 1, maxLength: 4 }),
  })
  .map(write);
