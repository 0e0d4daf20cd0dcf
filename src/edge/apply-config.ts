/**
 * Brings a running Caddy to a configuration, or leaves it as it was.
 *
 * A load answers every request that Caddy has received. It ends connections whose first request Caddy has not read yet
 * (Go's server does, and Linux resets what waits in the old listener's queue), so that clients connect again: nothing is
 * lost, but it is not free, and therefore policy data is not in Caddy's configuration.
 *
 * INVARIANT: an equal configuration is not sent; what another program wrote between reading and writing is seen (Etag)
 * and replaced knowingly, once; after a refusal the old configuration runs.
 */
import { type Json, GatehouseError, canonicalJson } from "../core/index.ts";
import type { AdminApi } from "./admin-api.ts";

/**
 * Afterwards Caddy runs `config`. `changed` is false when it did already.
 * @throws GH_EDGE_ADMIN_CONFLICT after a second conflict in a row; GH_EDGE_ADMIN_REFUSED, GH_EDGE_PORT_TAKEN,
 * GH_EDGE_PORT_DENIED, and then the configuration from before runs; GH_EDGE_ADMIN_UNREACHABLE
 */
export async function applyConfig(admin: AdminApi, config: Json): Promise<{ changed: boolean }> {
  try {
    return await tryOnce(admin, config);
  } catch (error) {
    if (!(error instanceof GatehouseError) || error.code !== "GH_EDGE_ADMIN_CONFLICT") throw error;
    return tryOnce(admin, config);
  }
}

async function tryOnce(admin: AdminApi, config: Json): Promise<{ changed: boolean }> {
  const before = await admin.read();
  if (canonicalJson(before.config) === canonicalJson(config)) return { changed: false };
  try {
    await admin.replace(config, before.etag);
    return { changed: true };
  } catch (error) {
    if (error instanceof GatehouseError && ROLLED_BACK.has(error.code)) await ensureRuns(admin, before.config, config);
    throw error;
  }
}

const ROLLED_BACK: ReadonlySet<string> = new Set([
  "GH_EDGE_ADMIN_REFUSED",
  "GH_EDGE_PORT_TAKEN",
  "GH_EDGE_PORT_DENIED",
]);

/** Caddy rolls back by itself; should it say that the refused configuration runs, the old one is put back. */
async function ensureRuns(admin: AdminApi, previous: Json, refused: Json): Promise<void> {
  const now = await admin.read().catch(() => null);
  if (now === null || previous === null || canonicalJson(now.config) !== canonicalJson(refused)) return;
  await admin.replace(previous, now.etag).catch(() => {});
}
