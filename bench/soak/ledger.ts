/**
 * Who was answered what, and what the two hops wrote about it: every request that was answered is in both logs exactly
 * once, with the status that the client saw; what nobody was answered may be there, and then once.
 */

/** Bits of an id's state; ids are many, so that one small number each has to do. */
const ANSWERED = 1;
const IN_GATEWAY = 2;
const IN_EDGE = 4;
const TWICE = 8;

export type Hop = "gateway" | "edge";

export interface Balance {
  readonly answered: number;
  /** Answered, and missing in the log of that hop. */
  readonly missing: Readonly<Record<Hop, number>>;
  /** Written more than once by one hop. */
  readonly twice: number;
  /** In a log, and answered to nobody: clients that went away. */
  readonly unanswered: number;
  /** Answered with one status and written down with another. */
  readonly otherStatus: number;
}

export class Ledger {
  readonly #states = new Map<string, number>();
  #otherStatus = 0;

  /** The client has the whole answer. */
  answered(requestId: string, status: number): void {
    this.#mark(requestId, ANSWERED, status);
  }

  recorded(hop: Hop, requestId: string, status: number): void {
    this.#mark(requestId, hop === "gateway" ? IN_GATEWAY : IN_EDGE, status);
  }

  balance(): Balance {
    const missing = { gateway: 0, edge: 0 };
    let [answered, twice, unanswered] = [0, 0, 0];
    for (const state of this.#states.values()) {
      if ((state & TWICE) !== 0) twice++;
      if ((state & ANSWERED) === 0) {
        unanswered++;
        continue;
      }
      answered++;
      if ((state & IN_GATEWAY) === 0) missing.gateway++;
      if ((state & IN_EDGE) === 0) missing.edge++;
    }
    return { answered, missing, twice, unanswered, otherStatus: this.#otherStatus };
  }

  /** The status is kept above the bits: of the first who told, which those who come later are held against. */
  #mark(requestId: string, bit: number, status: number): void {
    const known = this.#states.get(requestId);
    if (known === undefined) {
      this.#states.set(requestId, bit | (status << 4));
      return;
    }
    if (((known | bit) & ANSWERED) !== 0 && known >> 4 !== status) this.#otherStatus++;
    this.#states.set(requestId, known | bit | ((known & bit) === 0 ? 0 : TWICE));
  }
}
