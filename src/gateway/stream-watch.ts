/**
 * Open streams and the right that each goes on by: WebSockets, and answers of streaming routes.
 *
 * In: streams with what they were let in by. Out: `end` on each whose right has ended, was taken away, or is not what the
 * policy of the moment grants any more. What a reload does not concern goes on.
 * A session's right is renewed in place before it ends, as a request of it would; a token's ends with the token.
 * INVARIANT: no stream outlives its right by more than one look (`rightCheckMs`); an error while judging ends it.
 */
import type { Clock } from "../core/index.ts";
import type { Identity, Session } from "../identity/index.ts";
import type { Arrival } from "./arrival.ts";
import { askAuthorizer } from "./ask-authorizer.ts";
import type { Runtime } from "./runtime.ts";

/** What a caller has shown. */
export type Holding =
  | { readonly kind: "token" | "credentials" }
  | { readonly kind: "session"; readonly session: Session };

/** Why a stream ends before either side ended it. */
export type StreamEnd = "right-ended" | "right-revoked" | "policy-changed";

export interface Stream {
  readonly arrival: Arrival;
  /** Null on an open route. */
  readonly identity: Identity | null;
  readonly holding: Holding | null;
  /** By which it was decided. */
  readonly runtime: Runtime;
  end(why: StreamEnd): void;
}

/** The right of a session is asked for anew when it is shorter than this. */
const RENEW_SECONDS = 30;

interface Watched {
  readonly stream: Stream;
  identity: Identity | null;
  session: Session | null;
  /** By which it was judged last. */
  runtime: Runtime;
  isRenewing: boolean;
}

export class StreamWatch {
  readonly #clock: Clock;
  readonly #runtimeNow: () => Runtime;
  readonly #checkMs: number;
  readonly #watched = new Map<Stream, Watched>();
  #timer: NodeJS.Timeout | null = null;

  constructor(clock: Clock, runtimeNow: () => Runtime, checkMs: number) {
    this.#clock = clock;
    this.#runtimeNow = runtimeNow;
    this.#checkMs = checkMs;
  }

  add(stream: Stream): void {
    const { identity, holding, runtime } = stream;
    const session = holding?.kind === "session" ? holding.session : null;
    this.#watched.set(stream, { stream, identity, session, runtime, isRenewing: false });
    this.#timer ??= setInterval(() => this.check(), this.#checkMs).unref();
  }

  remove(stream: Stream): void {
    this.#watched.delete(stream);
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Looks at every stream now. */
  check(): void {
    for (const watched of this.#watched.values()) {
      const why = this.#judge(watched);
      if (why !== null) this.#end(watched, why);
    }
  }

  #end({ stream }: Watched, why: StreamEnd): void {
    this.remove(stream);
    stream.end(why);
  }

  #judge(watched: Watched): StreamEnd | null {
    try {
      return this.#findEnd(watched);
    } catch {
      return "policy-changed";
    }
  }

  #findEnd(watched: Watched): StreamEnd | null {
    const runtime = this.#runtimeNow();
    const { identity, session, stream } = watched;
    const nowMs = this.#clock.nowMs();
    if (identity !== null) {
      if (nowMs >= identity.expiresAtSeconds * 1000) return "right-ended";
      const { sessions, verifier } = runtime.source;
      if (session === null) {
        if (!verifier.mayGoOn(identity)) return "right-revoked";
      } else {
        if (sessions === null) return "policy-changed";
        if (!sessions.mayGoOn(session)) return nowMs >= sessions.endsAtMs(session) ? "right-ended" : "right-revoked";
        if (identity.expiresAtSeconds * 1000 - nowMs < RENEW_SECONDS * 1000) void this.#renew(watched, session);
      }
    }
    if (runtime === watched.runtime) return null;
    watched.runtime = runtime;
    // What an assumed role may do was fixed with the session of its credentials, which is not kept here.
    if (stream.holding?.kind === "credentials")
      return runtime.digest === stream.runtime.digest ? null : "policy-changed";
    return isStillGranted(runtime, stream.arrival, identity, nowMs) ? null : "policy-changed";
  }

  /** The provider is asked once, whoever else of this session asks. What it says now is judged anew. */
  async #renew(watched: Watched, session: Session): Promise<void> {
    const { sessions } = this.#runtimeNow().source;
    if (watched.isRenewing || sessions === null) return;
    watched.isRenewing = true;
    const renewed = await sessions.refresh(session, RENEW_SECONDS, "stream").catch(() => null);
    watched.isRenewing = false;
    // What could not be asked for is asked for at the next look, until the right ends.
    if (renewed?.ok !== true || !this.#watched.has(watched.stream)) return;
    const { identity } = renewed.session;
    watched.session = renewed.session;
    watched.identity = identity;
    const runtime = this.#runtimeNow();
    if (!isStillGranted(runtime, watched.stream.arrival, identity, this.#clock.nowMs()))
      this.#end(watched, "policy-changed");
  }
}

/** Whether the same request of this identity would be let in now. */
function isStillGranted(runtime: Runtime, arrival: Arrival, identity: Identity | null, atMs: number): boolean {
  const { api, method, path } = arrival;
  const host = runtime.hosts.judge(arrival.head.host ?? "");
  const plan = typeof host === "string" || path === null ? null : (host[api]?.find(method, path) ?? null);
  if (plan === null || path === null) return false;
  if (plan.isOpen) return true;
  if (identity === null) return false;
  return askAuthorizer(runtime, arrival, plan, identity, atMs).allowed;
}
