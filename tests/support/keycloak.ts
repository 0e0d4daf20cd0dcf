/**
 * Keycloak, a provider that nobody here wrote: its own distribution, installed once into the cache, run on loopback.
 *
 * In:  `mvn`, `python3` and a `java` of 17 or newer on PATH. Out: a server to which realms are imported.
 * INVARIANT: the folder in the cache is named by the version and how it was prepared, and appears whole or not at all; a
 * distribution with another digest than the one below is never run.
 * INVARIANT: after `stop` neither the process nor anything that it wrote is there; its database is in its memory.
 */
import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, createReadStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { findFreePort } from "./free-port.ts";
import { waitFor } from "./instance.ts";
import { type RealmOptions, describeRealm } from "./keycloak-realm.ts";

const run = promisify(execFile);
const VERSION = "26.5.6";
const ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
/** What copies it; without a version Maven would take one from ten years ago. */
const PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
const SHA256 = "490189d9dff05272432d51f71a069462eeca97f2920a694d539a1e6c26a5a347";
const INSTALL_LIMIT_MS = 600_000;
const START_LIMIT_MS = 180_000;
/** What a start without preparation would do each time. `local`: no cluster, so nothing listens beside loopback. */
const PREPARE = ["build", "--db=dev-mem", "--cache=local"];

/** As its own start script gives them, but for a process that is small, beside everything else of a test, and short-lived. */
const JAVA_OPTIONS = [
  "-Xms64m",
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-XX:MaxMetaspaceSize=256m",
  "-XX:+ExitOnOutOfMemoryError",
  "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
  "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
  "--add-opens=java.base/java.util=ALL-UNNAMED",
  "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
  "--add-opens=java.base/java.security=ALL-UNNAMED",
];

/**
 * Ends the process when our end of its input closes, as it does too when a test is killed, and takes its folder away:
 * half a gigabyte of memory must not outlive who asked for it.
 */
const KEEPER = `trap '' TERM INT HUP PIPE
exec 3<&0
"$@" </dev/null &
java=$!
(cat <&3; kill -9 $java) >/dev/null 2>&1 &
wait $java
code=$?
rm -rf "$0"
exit $code`;

export interface KeycloakRealm {
  readonly issuer: string;
  /** How often something of this type has happened, such as `REFRESH_TOKEN`. */
  countEvents(type: string): Promise<number>;
  /** The token answer to a form posted by one of the realm's clients. */
  askForTokens(form: Readonly<Record<string, string>>): Promise<{ readonly access_token: string }>;
}

export interface Keycloak {
  readonly origin: string;
  importRealm(realm: RealmOptions): Promise<KeycloakRealm>;
  stop(): Promise<void>;
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "gatehouse");
}

/** Installs Keycloak unless it is there, prepared for a fast start. */
export async function installKeycloak(): Promise<string> {
  const folder = join(cacheFolder(), `keycloak-${VERSION}-mem-local`);
  if (existsSync(folder)) return folder;
  process.stderr.write(`gatehouse: installing Keycloak ${VERSION}, once\n`);
  mkdirSync(cacheFolder(), { recursive: true });
  const temporary = mkdtempSync(join(cacheFolder(), ".keycloak-"));
  try {
    const options = { cwd: temporary, timeout: INSTALL_LIMIT_MS, maxBuffer: 16 * 1024 * 1024 };
    await run("mvn", ["-B", "-q", `${PLUGIN}:copy`, `-Dartifact=${ARTIFACT}`, "-DoutputDirectory=."], options);
    const archive = join(temporary, `keycloak-quarkus-dist-${VERSION}.zip`);
    const digest = await digestOf(archive);
    if (digest !== SHA256) throw new Error(`${ARTIFACT} has the digest ${digest}, not the one that is known`);
    await run("python3", ["-I", "-m", "zipfile", "-e", archive, "."], options);
    const unpacked = join(temporary, `keycloak-${VERSION}`);
    await run("sh", [join(unpacked, "bin", "kc.sh"), ...PREPARE], options);
    try {
      renameSync(unpacked, folder);
    } catch (error) {
      // Somebody else was first; theirs is the same.
      if (!existsSync(folder)) throw error;
    }
    return folder;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** A server with the master realm alone, and an administrator whom nobody but the caller of `importRealm` is. */
export async function startKeycloak(): Promise<Keycloak> {
  const installed = await installKeycloak();
  const home = mkdtempSync(join(tmpdir(), "gh-keycloak-"));
  cpSync(join(installed, "conf"), join(home, "conf"), { recursive: true });
  mkdirSync(join(home, "data"));
  for (const part of ["lib", "providers", "themes"]) symlinkSync(join(installed, part), join(home, part));
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const password = randomBytes(18).toString("base64url");
  const child = spawn(
    "sh",
    [
      "-c",
      KEEPER,
      home,
      "java",
      ...JAVA_OPTIONS,
      `-Dkc.home.dir=${home}`,
      `-Djboss.server.config.dir=${join(home, "conf")}`,
      `-Djava.io.tmpdir=${join(home, "data")}`,
      "-cp",
      join(home, "lib", "quarkus-run.jar"),
      "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
      "start",
      "--optimized",
      "--http-enabled=true",
      "--http-host=127.0.0.1",
      `--http-port=${port}`,
      `--hostname=${origin}`,
    ],
    {
      cwd: home,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, KC_BOOTSTRAP_ADMIN_USERNAME: "root", KC_BOOTSTRAP_ADMIN_PASSWORD: password },
    },
  );
  let said = "";
  const listen = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-4000);
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  const ended = once(child, "close");
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  try {
    await waitFor(
      "Keycloak answers",
      async () => {
        if (child.exitCode !== null) throw new Error(`Keycloak ended with ${child.exitCode}: ${said}`);
        const answer = await fetch(`${origin}/realms/master`).catch(() => null);
        return answer?.ok === true;
      },
      START_LIMIT_MS,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    origin,
    importRealm: async (options) => {
      await callAdmin(origin, password, "", describeRealm(options));
      return createRealm(origin, password, options.name);
    },
    stop,
  };
}

function createRealm(origin: string, password: string, name: string): KeycloakRealm {
  const issuer = `${origin}/realms/${name}`;
  return {
    issuer,
    async countEvents(type) {
      const events = await callAdmin(origin, password, `/${name}/events?type=${type}&max=1000`);
      return (events as readonly unknown[]).length;
    },
    async askForTokens(form) {
      return postForm(`${issuer}/protocol/openid-connect/token`, form);
    },
  };
}

/** One call of the administrator; with a body it creates something. */
async function callAdmin(origin: string, password: string, path: string, body?: object): Promise<unknown> {
  const form = { grant_type: "password", client_id: "admin-cli", username: "root", password };
  const { access_token: token } = await postForm(`${origin}/realms/master/protocol/openid-connect/token`, form);
  const answer = await fetch(`${origin}/admin/realms${path}`, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to its administrator: ${await answer.text()}`);
  return body === undefined ? answer.json() : null;
}

async function postForm(url: string, form: Readonly<Record<string, string>>): Promise<{ access_token: string }> {
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(form) });
  if (!answer.ok) throw new Error(`Keycloak gave no token, status ${answer.status}`);
  return (await answer.json()) as { access_token: string };
}

if (import.meta.main) await installKeycloak();
