/**
 * A random key that survives restarts: made once, kept in a file of mode 0600.
 *
 * @throws the file system's own error when the file can neither be read nor made
 */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Secret } from "../core/index.ts";

const KEY_BYTES = 32;

/** The 32 bytes of the file, which exists afterwards. Two processes at once get the same key. */
export function loadKeyFile(file: string): Secret<Uint8Array> {
  try {
    writeFileSync(file, `${randomBytes(KEY_BYTES).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause;
  }
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64url");
  if (key.length !== KEY_BYTES) throw new Error(`key file ${file} does not hold ${KEY_BYTES} bytes`);
  return new Secret(new Uint8Array(key));
}
