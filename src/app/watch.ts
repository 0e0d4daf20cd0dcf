/**
 * Tells when the content of files has changed: editors replace files, so directories are watched and content compared.
 * A poll every two seconds covers file systems that send no events.
 */
import { createHash } from "node:crypto";
import { type FSWatcher, readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

const SETTLE_MS = 80;
const POLL_MS = 2000;

export interface Watch {
  close(): void;
}

/** `changed` is called once for each new content, after writing has settled. One call at a time is the caller's business. */
export function watchFiles(files: () => readonly string[], changed: () => void): Watch {
  let known = digestOf(files());
  let settle: NodeJS.Timeout | null = null;
  const check = (): void => {
    const now = digestOf(files());
    if (now === known) return;
    known = now;
    changed();
  };
  const soon = (): void => {
    if (settle !== null) clearTimeout(settle);
    settle = setTimeout(check, SETTLE_MS);
  };
  const watchers: FSWatcher[] = [];
  for (const dir of new Set(files().map((file) => dirname(file)))) {
    try {
      const watcher = watch(dir, (_, name) => {
        if (name === null || files().some((file) => basename(file) === name)) soon();
      });
      watcher.on("error", () => watcher.close());
      watchers.push(watcher);
    } catch {
      // The poll goes on without events.
    }
  }
  const poll = setInterval(check, POLL_MS);
  poll.unref();
  return {
    close: () => {
      if (settle !== null) clearTimeout(settle);
      clearInterval(poll);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function digestOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) {
    try {
      hash.update(readFileSync(file)).update("\0");
    } catch {
      hash.update("missing\0");
    }
  }
  return hash.digest("hex");
}
