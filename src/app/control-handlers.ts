/** What the control socket of a running instance can be asked. */
import { GatehouseError } from "../core/index.ts";
import { TOKEN_REASONS } from "../identity/index.ts";
import type { ControlHandlers } from "./control.ts";
import { callerOfIdentity } from "./people.ts";
import type { Instance } from "./instance.ts";
import { type RevokeRequest, revocationsOf, revokeAt, sessionsOf } from "./sessions.ts";

export function controlHandlers(instance: Instance): ControlHandlers {
  return {
    status: async () => instance.freshStatus(),
    metrics: async () => instance.awsMetrics(),
    flush: async () => {
      await instance.flush();
      return null;
    },
    token: async (input) => issueToken(instance, input),
    sessions: async () => sessionsOf(instance.held),
    revocations: async () => revocationsOf(instance.held),
    revoke: async (input) => revokeAt(instance.held, input as RevokeRequest, instance.nowMs),
    judge: async (input) => judge(instance, input),
    stop: async () => {
      instance.requestStop("asked by `gatehouse down`");
      return null;
    },
  };
}

async function issueToken({ identity, callers }: Instance, input: unknown) {
  const name = textOf(input, "as");
  if (identity.provider === null) return { kind: "login", issuer: identity.issuer };
  const known = callers.map((c) => `\`${c.name}\``).join(", ");
  if (name === "") throw new GatehouseError("GH_CLI_USAGE", { problem: `give \`--as NAME\`, one of ${known}` });
  if (!callers.some((c) => c.name === name)) {
    throw new GatehouseError("GH_APP_UNKNOWN_NAME", { name, known });
  }
  return { kind: "token", ...(await identity.provider.tokenFor(name)) };
}

async function judge(instance: Instance, input: unknown) {
  const { identity } = instance;
  const { environment } = instance.status();
  const result = await identity.verifier.verify(textOf(input, "token"));
  if (!result.ok) {
    const meaning =
      result.reason === "keys-unavailable" ? "the provider's keys could not be had" : TOKEN_REASONS[result.reason];
    return { ok: false, environment, reason: result.reason, meaning };
  }
  const caller = callerOfIdentity(result.identity);
  return { ok: true, environment, caller, roles: instance.rolesOf(caller) };
}

function textOf(input: unknown, key: string): string {
  if (typeof input === "object" && input !== null && key in input) {
    const value: unknown = Reflect.get(input, key);
    if (typeof value === "string") return value;
  }
  throw new GatehouseError("GH_CLI_USAGE", { problem: `the call needs \`${key}\`` });
}
