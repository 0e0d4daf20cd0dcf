/**
 * Permissions (`orders:read`) and the patterns that grants and boundaries are written in.
 * A pattern is a permission, every action of one area (`orders:*`), or everything (`*`, `*:*`), which guardrails refuse.
 */
const WORD = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*";
const PERMISSION = new RegExp(`^${WORD}:${WORD}$`);
const AREA = new RegExp(`^${WORD}:\\*$`);

export function isPermission(text: string): boolean {
  return PERMISSION.test(text);
}

export function isPermissionPattern(text: string): boolean {
  return PERMISSION.test(text) || AREA.test(text) || isCatchAll(text);
}

/** True for a pattern that no permission escapes. */
export function isCatchAll(pattern: string): boolean {
  return pattern === "*" || pattern === "*:*";
}

/** Whether `pattern` covers `permission`. Areas are compared whole: `orders:*` does not cover `orders-archive:read`. */
export function permissionMatches(pattern: string, permission: string): boolean {
  if (pattern === permission || isCatchAll(pattern)) return true;
  return pattern.endsWith(":*") && permission.startsWith(pattern.slice(0, -1));
}
