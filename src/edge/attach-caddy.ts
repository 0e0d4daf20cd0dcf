/**
 * A Caddy that somebody else runs, borrowed for a while.
 *
 * In:  the address of its admin API. Out: what of its configuration has to stay, `apply`, and `detach`, which gives it back.
 * INVARIANT: its admin endpoint and its storage stay what they were; what ran before is put back only over what we put
 * there, never over a change that somebody made since.
 */
import { type Json, GatehouseError, canonicalJson } from "../core/index.ts";
import { type AdminApi, createAdminApi } from "./admin-api.ts";
import { applyConfig } from "./apply-config.ts";
import { MINIMUM_CADDY, isGoodEnough } from "./caddy-version.ts";

export interface AttachedCaddy {
  readonly admin: AdminApi;
  /** Null when it does not tell (builds with plugins). */
  readonly version: string | null;
  /** For the next configuration: its admin and storage blocks, null for none. */
  readonly adminBlock: Json;
  readonly storageBlock: Json;
  /** As `applyConfig`. @throws as `applyConfig` */
  apply(config: Json): Promise<{ changed: boolean }>;
  /**
   * Ends the loan. With `restore` the configuration from before runs again, if ours is the one that still runs.
   * `restored` tells whether it does. @throws GH_EDGE_ADMIN_UNREACHABLE, GH_EDGE_ADMIN_REFUSED
   */
  detach(restore: boolean): Promise<{ readonly restored: boolean }>;
}

/**
 * @throws GH_EDGE_ADMIN_ADDRESS, GH_EDGE_ADMIN_UNREACHABLE; GH_EDGE_CADDY_TOO_OLD when it tells a version that is
 */
export async function attachCaddy(address: string): Promise<AttachedCaddy> {
  const admin = createAdminApi(address);
  const { config: previous } = await admin.read();
  const version = await admin.version();
  if (version !== null && !isGoodEnough(version)) {
    throw new GatehouseError("GH_EDGE_CADDY_TOO_OLD", { binary: address, version, minimum: MINIMUM_CADDY });
  }
  let ours: Json | undefined;
  return {
    admin,
    version,
    adminBlock: blockOf(previous, "admin"),
    storageBlock: blockOf(previous, "storage"),
    async apply(config) {
      const result = await applyConfig(admin, config);
      ours = config;
      return result;
    },
    async detach(restore) {
      if (!restore || ours === undefined) return { restored: false };
      const now = await admin.read();
      if (canonicalJson(now.config) !== canonicalJson(ours)) return { restored: false };
      try {
        // Caddy has no way back to "nothing was ever loaded"; an empty configuration is the same to its users.
        await admin.replace(previous ?? {}, now.etag);
      } catch (error) {
        if (error instanceof GatehouseError && error.code === "GH_EDGE_ADMIN_CONFLICT") return { restored: false };
        throw error;
      }
      ours = undefined;
      return { restored: true };
    },
  };
}

function blockOf(config: Json, name: string): Json {
  if (config === null || typeof config !== "object" || Array.isArray(config)) return null;
  return (config as { readonly [key: string]: Json })[name] ?? null;
}
