import assert from "node:assert/strict";
import { test } from "node:test";
import { isPermission, isPermissionPattern, permissionMatches } from "./permission.ts";

const permissions = ["orders:read", "a:b", "order-lines:read-all", "o2:r2"];
const patterns = ["orders:*", "*", "*:*", "order-lines:*"];
const neither = [
  "",
  "orders",
  "orders:",
  ":read",
  "Orders:read",
  "orders:Read",
  "orders:read:all",
  "orders read",
  "or_ders:read",
];
const more = [
  "*:read",
  "orders:re*",
  "orders:**",
  "**",
  "orders:*:read",
  "-a:b",
  "a-:b",
  "a--b:c",
  "1a:b",
  "órders:read",
  "a:b\n",
];

test("a permission is an area and an action", () => {
  for (const text of permissions) assert.ok(isPermission(text), text);
  for (const text of [...patterns, ...neither, ...more]) assert.ok(!isPermission(text), text);
});

test("a pattern is a permission, an area, or everything", () => {
  for (const text of [...permissions, ...patterns]) assert.ok(isPermissionPattern(text), text);
  for (const text of [...neither, ...more]) assert.ok(!isPermissionPattern(text), text);
});

test("a pattern covers its area alone", () => {
  assert.ok(permissionMatches("orders:read", "orders:read"));
  assert.ok(permissionMatches("orders:*", "orders:read"));
  assert.ok(permissionMatches("*", "orders:read"));
  assert.ok(permissionMatches("*:*", "orders:read"));
  for (const [pattern, permission] of [
    ["orders:read", "orders:write"],
    ["orders:read", "orders:read-all"],
    ["orders:*", "orders-archive:read"],
    ["order:*", "orders:read"],
    ["orders:*", "orders"],
    ["orders", "orders:read"],
    ["", "orders:read"],
    ["*:read", "orders:read"],
  ] as const)
    assert.ok(!permissionMatches(pattern, permission), `${pattern} ${permission}`);
});
