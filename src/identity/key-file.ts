/**
 * Private keys that must outlive the process: a JWKS file that only its owner can read, made when it is not there.
 *
 * When a key was made and from when on it signs stand beside it as `iat` and `nbf`, in seconds since the epoch.
 * INVARIANT: two processes that start at once end up with one key; a file that others can read is refused, not used; a
 * change is there whole or not at all, and of two that are made at once the second sees what the first wrote.
 * Source: RFC 7517; RFC 7638 for the names of keys; OpenID Federation 1.0 section 8.7 for `iat` and `nbf` in a JWK.
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
import { constants, link, open, rename, stat, unlink, writeFile } from "node:fs/promises";
import { GatehouseError } from "../core/index.ts";
import { isJsonObject } from "./strict-json.ts";

export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
  /** As it is published, without times. */
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** Null when nobody has written it down. */
  readonly madeAtSeconds: number | null;
  /** From then on it may sign; null: from the beginning. */
  readonly signsFromSeconds: number | null;
}

export interface PrivateKey extends SigningKey {
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
  return telling(file, async () => {
    const made = (): string => renderKeys([newPrivateKey(generate(), algorithm)]);
    return parseKeyFile((await readPrivately(file)) ?? (await createPrivately(file, made())), algorithm);
  });
}

/** A key that is in no file yet. */
export function newPrivateKey(
  key: KeyObject,
  algorithm: string,
  times?: { readonly madeAtSeconds: number; readonly signsFromSeconds: number },
): PrivateKey {
  const jwk = key.export({ format: "jwk" });
  const { madeAtSeconds: iat, signsFromSeconds: nbf } = times ?? {};
  return readKey({ ...jwk, kid: thumbprintOf(jwk), use: "sig", alg: algorithm, iat, nbf }, algorithm);
}

/** The same key with other times. */
export function withTimes({ privateJwk }: PrivateKey, madeAtSeconds: number, signsFromSeconds: number): PrivateKey {
  return readKey({ ...privateJwk, iat: madeAtSeconds, nbf: signsFromSeconds }, String(privateJwk["alg"]));
}

/**
 * The keys of the file after `change` had a look at them; it gives those that are to be written, or null for no change,
 * and is asked again when another process may have changed them meanwhile. While another process writes, the keys are
 * given as they are. A file that has gone is written again with `held`.
 * @throws GH_IDENTITY_KEY_FILE; GH_STATE_UNWRITABLE when the disk takes no file. The file is then as it was.
 */
export async function changeKeyFile(
  file: string,
  algorithm: string,
  held: readonly PrivateKey[],
  change: (keys: readonly PrivateKey[]) => readonly PrivateKey[] | null,
): Promise<readonly PrivateKey[]> {
  return telling(file, async () => {
    const read = async (): Promise<PrivateKey[]> =>
      parseKeyFile((await readPrivately(file)) ?? (await createPrivately(file, renderKeys(held))), algorithm);
    const before = await read();
    if (change(before) === null) return before;
    const lock = `${file}.lock`;
    if (!(await takeLock(lock))) return before;
    try {
      const keys = await read();
      const next = change(keys);
      if (next === null) return keys;
      await replacePrivately(file, renderKeys(next));
      return next;
    } finally {
      await unlink(lock).catch(() => undefined);
    }
  });
}

/** What went wrong with a key file, in the words of the catalogue. */
async function telling(file: string, act: () => Promise<readonly PrivateKey[]>): Promise<readonly PrivateKey[]> {
  try {
    return await act();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== undefined && code in DISK_FAULTS) {
      throw new GatehouseError("GH_STATE_UNWRITABLE", { path: file, reason: DISK_FAULTS[code] ?? code }, { cause });
    }
    const reason =
      cause instanceof KeyFileProblem ? cause.message : ((cause as NodeJS.ErrnoException).code ?? "not JSON");
    throw new GatehouseError("GH_IDENTITY_KEY_FILE", { file, reason }, { cause });
  }
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

/** Whoever reads sees the text of before or this one, whole, after a crash too. */
async function replacePrivately(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

/** A change takes milliseconds: a lock that is older was left behind by a process that ended meanwhile. */
const STALE_LOCK_MS = 60_000;

/** False while another process has it. One that was left behind is taken away, for whoever comes next. */
async function takeLock(lock: string): Promise<boolean> {
  try {
    await (await open(lock, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  if (Date.now() - mtimeMs > STALE_LOCK_MS) await unlink(lock).catch(() => undefined);
  return false;
}

function renderKeys(keys: readonly PrivateKey[]): string {
  return `${JSON.stringify({ keys: keys.map(({ privateJwk }) => privateJwk) }, null, 2)}\n`;
}

function parseKeyFile(text: string, algorithm: string): PrivateKey[] {
  const document: unknown = JSON.parse(text);
  const members = isJsonObject(document) && Array.isArray(document["keys"]) ? (document["keys"] as unknown[]) : [];
  if (members.length === 0) throw new KeyFileProblem("it holds no private key");
  return members.map((member) => readKey(member, algorithm));
}

function readKey(member: unknown, algorithm: string): PrivateKey {
  const fits = isJsonObject(member) && typeof member["kid"] === "string" && member["alg"] === algorithm;
  if (!fits) throw new KeyFileProblem(`a key is not for ${algorithm} or has no kid`);
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: member, format: "jwk" });
    checkPair(key);
  } catch {
    throw new KeyFileProblem("a key is not a private key");
  }
  const { kty, kid, use, alg, n, e, crv, x, y, iat, nbf } = member as Record<string, unknown>;
  const publicJwk = JSON.parse(JSON.stringify({ kty, kid, use, alg, n, e, crv, x, y })) as Record<string, unknown>;
  const [madeAtSeconds = null, signsFromSeconds = null] = [iat, nbf].map((time) => {
    if (time !== undefined && !Number.isSafeInteger(time)) throw new KeyFileProblem("a key has a time that is none");
    return (time as number | undefined) ?? null;
  });
  return { kid: member["kid"] as string, key, publicJwk, privateJwk: member, madeAtSeconds, signsFromSeconds };
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
