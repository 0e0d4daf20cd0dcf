/** What the process's exit code says. The table is part of the command line's contract. */
import type { Kind } from "../core/index.ts";

export const EXIT = {
  done: 0,
  findings: 1,
  usage: 2,
  badInput: 3,
  denied: 4,
  unreachable: 5,
  refused: 6,
  bug: 70,
} as const;

export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: "done",
  findings: "findings",
  usage: "bad usage",
  badInput: "bad input: a policy or another file is wrong",
  denied: "denied",
  unreachable: "something outside could not be had: provider, port, Caddy, disk, or another instance holds the state",
  refused: "refused by Caddy or by the running instance",
  bug: "a bug of Gatehouse",
};

export const EXIT_OF_KIND = {
  "bad-usage": EXIT.usage,
  "bad-input": EXIT.badInput,
  denied: EXIT.denied,
  conflict: EXIT.unreachable,
  unreachable: EXIT.unreachable,
  refused: EXIT.refused,
  bug: EXIT.bug,
} as const satisfies Record<Kind, number>;
