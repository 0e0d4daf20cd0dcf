/** A change that is not about who may call which route: whose tokens count, where services answer, and limits. */
export interface SettingChange {
  readonly kind:
    | "issuer"
    | "sign-in"
    | "audience"
    | "claims"
    | "tokens"
    | "private-network"
    | "exposure"
    | "host"
    | "cors"
    | "throttle"
    | "body"
    | "websocket"
    | "authentication"
    | "session";
  /** `other`: neither side has all that the other one has. */
  readonly direction: "wider" | "narrower" | "other";
  /** Decides who gets in: counts like a gain unless it is narrower. */
  readonly isAccess: boolean;
  /** A route key, a service, an issuer, or the environment's own. */
  readonly subject: string;
  /** One sentence, lower case, without full stop. */
  readonly text: string;
  /** Keys of the routes that are meant; empty for all. */
  readonly routes: readonly string[];
}

/** A setting that decides who gets in. */
export function access(
  kind: SettingChange["kind"],
  direction: SettingChange["direction"],
  subject: string,
  text: string,
  routes: readonly string[] = [],
): SettingChange {
  return { kind, direction, isAccess: true, subject, text, routes };
}

/** A setting that does not. */
export function limit(
  kind: SettingChange["kind"],
  direction: SettingChange["direction"],
  subject: string,
  text: string,
  routes: readonly string[] = [],
): SettingChange {
  return { kind, direction, isAccess: false, subject, text, routes };
}

export function directionOf(isWider: boolean, isNarrower: boolean): SettingChange["direction"] {
  return isWider ? (isNarrower ? "other" : "wider") : "narrower";
}
