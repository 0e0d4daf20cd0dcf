/**
 * Ends a child when this process dies, even by SIGKILL, when no code of ours runs any more.
 *
 * A shell waits on a pipe that only this process holds. A line means that the child has ended in the ordinary way; the
 * end of the pipe without a line means that we are gone, and then the shell ends the child.
 */
import { spawn } from "node:child_process";

export interface Watchdog {
  /** The child has ended; the watchdog ends too, and touches nothing. */
  release(): void;
}

const SCRIPT = `
if read -r line; then exit 0; fi
kill -TERM "$1" 2>/dev/null || exit 0
for second in 1 2 3 4 5 6 7; do
  sleep 1
  kill -0 "$1" 2>/dev/null || exit 0
done
kill -KILL "$1" 2>/dev/null
`;

export function watchChild(pid: number): Watchdog {
  // In a session of its own: what ends our process group must not end the watchdog first.
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "gatehouse-watchdog", String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
  });
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  if ("unref" in shell.stdin && typeof shell.stdin.unref === "function") shell.stdin.unref();
  return {
    release() {
      shell.stdin.end("ended\n");
    },
  };
}
