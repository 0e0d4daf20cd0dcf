/**
 * A private key that must outlive the process: a JWKS file that only its owner can read, made when it is not there.
 *
 * INVARIANT: two processes that start at once end up with one key; a file that others can read is refused, not used.
 * Source: RFC 7517; RFC 7638 for the names of keys.
 */
import {
  type JsonWebKey,
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { constants, link, open, unlink, writeFile } from "node:fs/promises";
import { GatehouseError } from "../core/index.ts";
import { isJsonObject } from "./strict-json.ts";

export interface PrivateKey {
  readonly kid: string;
  readonly key: KeyObject;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly privateJwk: Readonly<Record<string, unknown>>;
}

/**
 * The keys of the file, the first of which signs. Writes a file with one new key when there is none.
 * @throws GH_IDENTITY_KEY_FILE; GH_STATE_UNWRITABLE when the disk takes no file
 */
export async function loadKeyFile(
  file: string,
  algorithm: string,
  generate: () => KeyObject,
): Promise<readonly PrivateKey[]> {
  try {
    const text = (await readPrivately(file)) ?? (await createPrivately(file, renderKeyFile(generate(), algorithm)));
    const keys = parseKeyFile(text, algorithm);
    if (keys.length > 0) return keys;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== undefined && code in DISK_FAULTS) {
      throw new GatehouseError("GH_STATE_UNWRITABLE", { path: file, reason: DISK_FAULTS[code] ?? code }, { cause });
    }
    const reason =
      cause instanceof KeyFileProblem ? cause.message : ((cause as NodeJS.ErrnoException).code ?? "not JSON");
    throw new GatehouseError("GH_IDENTITY_KEY_FILE", { file, reason }, { cause });
  }
  throw new GatehouseError("GH_IDENTITY_KEY_FILE", { file, reason: "it holds no private key" });
}

/** Not the file's fault: nothing can be written where it should be. */
const DISK_FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the quota is used up",
  EROFS: "the file system is read-only",
};

class KeyFileProblem extends Error {}

async function readPrivately(file: string): Promise<string | null> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const { mode } = await handle.stat();
    if ((mode & 0o077) !== 0)
      throw new KeyFileProblem(`others may read it (mode ${(mode & 0o777).toString(8)}, wanted 600)`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** Appears whole or not at all. Whoever comes second gets the text of the first. */
async function createPrivately(file: string, text: string): Promise<string> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, text, { mode: 0o600, flag: "wx" });
  try {
    await link(draft, file);
    return text;
  } catch (error) {
    const existing = (error as NodeJS.ErrnoException).code === "EEXIST" ? await readPrivately(file) : null;
    if (existing === null) throw error;
    return existing;
  } finally {
    await unlink(draft);
  }
}

function renderKeyFile(key: KeyObject, algorithm: string): string {
  const jwk = key.export({ format: "jwk" });
  return `${JSON.stringify({ keys: [{ ...jwk, kid: thumbprintOf(jwk), use: "sig", alg: algorithm }] }, null, 2)}\n`;
}

function parseKeyFile(text: string, algorithm: string): PrivateKey[] {
  const document: unknown = JSON.parse(text);
  const members = isJsonObject(document) && Array.isArray(document["keys"]) ? (document["keys"] as unknown[]) : [];
  return members.map((member) => {
    const fits = isJsonObject(member) && typeof member["kid"] === "string" && member["alg"] === algorithm;
    if (!fits) throw new KeyFileProblem(`a key is not for ${algorithm} or has no kid`);
    let key: KeyObject;
    try {
      key = createPrivateKey({ key: member, format: "jwk" });
      checkPair(key);
    } catch {
      throw new KeyFileProblem("a key is not a private key");
    }
    const { kty, kid, use, alg, n, e, crv, x, y } = member as Record<string, unknown>;
    const publicJwk = JSON.parse(JSON.stringify({ kty, kid, use, alg, n, e, crv, x, y })) as Record<string, unknown>;
    return { kid: member["kid"] as string, key, publicJwk, privateJwk: member };
  });
}

/** The import believes a JWK whose public part belongs to another private part. */
function checkPair(key: KeyObject): void {
  const probe = Buffer.from("gatehouse");
  if (!verify("sha256", probe, createPublicKey(key), sign("sha256", probe, key))) throw new Error("no pair");
}

function thumbprintOf({ crv, e, kty, n, x, y }: JsonWebKey): string {
  // The required members alone, in this order. RFC 7638 section 3.2.
  return createHash("sha256").update(JSON.stringify({ crv, e, kty, n, x, y })).digest("base64url");
}
