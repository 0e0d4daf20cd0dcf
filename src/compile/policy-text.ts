/** Policy files for tests: the parts that a test does not speak about are filled in. */
export interface PolicyParts {
  /** Route keys to `open` or a permission, by exposure. */
  readonly public?: Readonly<Record<string, string>>;
  readonly private?: Readonly<Record<string, string>>;
  /** What each role can; its members are the group of its own name. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** The boundary of every role; the role's own grants when absent. */
  readonly boundary?: readonly string[];
  readonly sourceIp?: readonly string[];
  /** Lines of the environment `local` after `domain`. */
  readonly environment?: string;
}

export function writePolicy(parts: PolicyParts): string {
  const services = (["public", "private"] as const).flatMap((exposure) => {
    const routes = Object.entries(parts[exposure] ?? {});
    if (routes.length === 0) return [];
    return [
      `  ${exposure}-service:`,
      `    exposure: ${exposure}`,
      `    upstream: { local: http://127.0.0.1:4001 }`,
      `    routes:`,
      ...routes.map(
        ([key, access]) => `      "${key}": ${access === "open" ? `{ open: "a test" }` : `{ needs: "${access}" }`}`,
      ),
    ];
  });
  const when = parts.sourceIp === undefined ? "" : `, when: { source_ip: ${JSON.stringify(parts.sourceIp)} }`;
  const roles = Object.entries(parts.roles);
  return [
    "gatehouse: 1",
    "name: shop",
    "identity: { issuer: https://login.shop.example, audience: shop-api }",
    "environments:",
    "  local:",
    "    domain: shop.localhost",
    parts.environment ?? "    identity: embedded\n    certificates: internal\n    gateway: embedded",
    "services:",
    ...services,
    "roles:",
    ...roles.map(
      ([name, can]) =>
        `  ${name}: { members: { groups: [${name}] }, can: ${JSON.stringify(can)}, boundary: of-${name}${when} }`,
    ),
    "boundaries:",
    ...roles.map(([name, can]) => `  of-${name}: ${JSON.stringify(parts.boundary ?? can)}`),
    "throttle: { default: 100/second }",
    "",
  ].join("\n");
}
