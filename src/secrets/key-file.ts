/**
 * A random key that survives restarts: made once, kept in a file of mode 0600.
 *
 * @throws GH_STATE_UNWRITABLE, GH_STATE_KEY_FILE
 */
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { GatehouseError, Secret } from "../core/index.ts";

const KEY_BYTES = 32;

/** The 32 bytes of the file, which exists afterwards, whole. Two processes or threads at once get the same key. */
export function loadKeyFile(file: string): Secret<Uint8Array> {
  // Not by the process: its threads have the same number.
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    if (!existsSync(file)) {
      writeFileSync(draft, `${randomBytes(KEY_BYTES).toString("base64url")}\n`, { mode: 0o600 });
      linkSync(draft, file);
    }
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    // Another process was first: its key counts.
    if (code !== "EEXIST")
      throw new GatehouseError("GH_STATE_UNWRITABLE", { path: file, reason: reasonOf(code) }, { cause });
  } finally {
    rmSync(draft, { force: true });
  }
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64url");
  if (key.length !== KEY_BYTES) {
    throw new GatehouseError("GH_STATE_KEY_FILE", { file, reason: `it does not hold ${KEY_BYTES} bytes` });
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new GatehouseError("GH_STATE_KEY_FILE", { file, reason: "others may read it, its mode should be 600" });
  }
  return new Secret(new Uint8Array(key));
}

function reasonOf(code: string): string {
  return code === "ENOSPC" ? "no space left on the device" : code;
}
