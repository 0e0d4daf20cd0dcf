/** Guardrails on the circumstances in which roles and grants hold. */
import { inEnvironment } from "../in-environment.ts";
import type { Condition, Policy, Role } from "../policy.ts";
import { type Finding, type Guardrails, findInEnvironments, isDevelopment } from "./guardrail.ts";
import { isWideBlock } from "./hosts.ts";

export const CONDITION_GUARDRAILS: Guardrails = {
  "guardrail/wide-source-network": {
    severity: "warning",
    why: "a network this wide holds strangers, so the condition reads as a limit and is none",
    example: `roles:
  bot:
    members: { client_id: [billing] }
    can: [orders:read, orders:write]
    boundary: machines
    when: { source_ip: [128.0.0.0/1] }`,
    fix: "name the networks that the callers are in",
    sources: ["GH128"],
    find: (policy) => findInEnvironments(policy, findWideNetworks),
  },
  "guardrail/condition-dropped": {
    severity: "warning",
    why: "an environment replaces the whole condition, so what it does not repeat no longer holds where it counts most",
    example: `environments:
  prod:
    domain: api.shop.example
    certificates: { acme: ops@shop.example }
    roles: { bot: { when: { token_age: 10 minutes } } }
roles:
  bot:
    members: { client_id: [billing] }
    can: [orders:read, orders:write]
    boundary: machines
    when: { source_ip: [10.0.0.0/16] }`,
    fix: "repeat the condition in the environment, or write it outside for all of them",
    sources: ["GH128"],
    find: findDroppedConditions,
  },
};

function findWideNetworks(policy: Policy): Finding[] {
  const look = (role: Role, condition: Condition | null): Finding[] =>
    (condition?.sourceIp ?? []).filter(isWideBlock).map((block) => ({
      subject: role.name,
      at: condition?.at ?? role.at,
      message: `role \`${role.name}\` takes in the network \`${block}\``,
    }));
  return policy.roles.flatMap((role) => [
    ...look(role, role.when),
    ...role.can.flatMap((grant) => look(role, grant.when)),
  ]);
}

/** Environments beyond this machine in which a role asks for less than it does in another one. */
function findDroppedConditions(policy: Policy): Finding[] {
  const overridden = new Set(
    policy.environments.flatMap(({ overrides }) =>
      Object.entries(overrides.roles).flatMap(([name, { when }]) => (when === null ? [] : [name])),
    ),
  );
  const places = policy.environments.map((environment) => ({
    environment,
    roles: new Map(inEnvironment(policy, environment).roles.map((role) => [role.name, role])),
  }));
  return policy.roles
    .filter(({ name }) => overridden.has(name))
    .flatMap((role) => {
      const asked = places.map(({ environment, roles }) => {
        const when = roles.get(role.name)?.when ?? null;
        return { environment, when, parts: listParts(when) };
      });
      return asked
        .filter(({ environment }) => !isDevelopment(environment))
        .flatMap(({ environment, when, parts }) => {
          const lost = new Set<string>();
          const elsewhere = new Set<string>();
          for (const other of asked)
            for (const part of other.parts)
              if (!parts.includes(part)) {
                lost.add(part);
                elsewhere.add(`\`${other.environment.name}\``);
              }
          if (lost.size === 0) return [];
          const message = `role \`${role.name}\` does not ask in \`${environment.name}\` for ${[...lost].join(", ")}, as it does in ${[...elsewhere].join(", ")}`;
          return [{ subject: role.name, at: when?.at ?? role.at, message }];
        });
    });
}

/** What a condition asks for, without the values: addresses and times may well differ. */
function listParts(when: Condition | null): string[] {
  if (when === null) return [];
  const { sourceIp, afterMs, beforeMs, hours, path, claims, tokenAgeMs } = when;
  return [
    ...(sourceIp === null ? [] : ["`source_ip`"]),
    ...(afterMs === null ? [] : ["`after`"]),
    ...(beforeMs === null ? [] : ["`before`"]),
    ...(hours === null ? [] : ["`hours`"]),
    ...path.map(({ parameter }) => `path \`${parameter}\``),
    ...claims.map(({ claim }) => `claim \`${claim}\``),
    ...(tokenAgeMs === null ? [] : ["`token_age`"]),
  ];
}
