/**
 * Heads of answers that wait for the first part of their body, for one turn of the event loop.
 *
 * A head whose body comes with it goes out with it, in one write; one whose body comes later does not wait for it.
 */
export interface WaitingHead {
  /** The head goes out now, unless a part of the body took it along. */
  sendHead(): void;
}

let waiting: WaitingHead[] = [];

/** After the events at hand: one call for all that began with them. */
export function sendHeadSoon(head: WaitingHead): void {
  if (waiting.length === 0) setImmediate(sendAll);
  waiting.push(head);
}

function sendAll(): void {
  const heads = waiting;
  waiting = [];
  for (const head of heads) head.sendHead();
}
