/**
 * What one set of artifacts is to the data plane: routers, roles, buckets, keys, taken over whole or not at all.
 *
 * In: `GatewayRuntime` from the caller. Out: a `Runtime` that requests keep for as long as they last.
 * Not here: changing from one to the next (gateway.ts).
 * INVARIANT: a request uses one runtime from its first byte to its record, so no request is decided by two policies.
 */
import type { Clock } from "../core/index.ts";
import type { AssertionSigner, Identity, Sessions, TokenVerifier } from "../identity/index.ts";
import type { Artifacts } from "../model/index.ts";
import { Authorizer, type RoleSet } from "./authorizer.ts";
import { Deadlines } from "./deadlines.ts";
import { type PlanParts, type PlannedApi, planApi, rateOfEachRoute } from "./route-plan.ts";
import { identityHeaders } from "./service-headers.ts";
import { Throttles } from "./throttle.ts";
import type { Upstreams } from "./upstreams.ts";

/** What the gateway is given to run. */
export interface GatewayRuntime {
  readonly artifacts: Artifacts;
  readonly verifier: TokenVerifier;
  /** Null without browser sign-in. */
  readonly sessions: Sessions | null;
  readonly assertions: AssertionSigner;
  /** `https://host:port` of the edge. */
  readonly baseUrl: string;
}

/** What is the same for every request of one identity. */
export interface IdentityFacts {
  readonly roleSet: RoleSet;
  readonly headers: readonly string[];
}

export type HostVerdict = "ours" | "other" | "malformed";

const HOST = /^([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const MAX_REMEMBERED_HOSTS = 64;

export class Runtime {
  readonly source: GatewayRuntime;
  readonly digest: string;
  readonly authorizer: Authorizer;
  readonly throttles: Throttles;
  readonly apis: { readonly public: PlannedApi | null; readonly private: PlannedApi | null };
  readonly #upstreams: Upstreams;
  readonly #origins = new Set<string>();
  readonly #identities = new WeakMap<Identity, IdentityFacts>();
  readonly #ownHosts = new Set<string>();
  #requests = 0;
  #isReplaced = false;
  #isReleased = false;

  /** @throws GH_GATEWAY_ARTIFACT_UNSUPPORTED, GH_IAM_* ; then nothing is held */
  constructor(source: GatewayRuntime, upstreams: Upstreams, clock: Clock, previous: Runtime | null) {
    const { artifacts } = source;
    this.source = source;
    this.digest = artifacts.digest;
    this.#upstreams = upstreams;
    this.authorizer = new Authorizer(artifacts.iam);
    const { public: publicApi, private: privateApi } = artifacts.apis;
    const rates = [publicApi, privateApi].flatMap((api) => (api === null ? [] : [...rateOfEachRoute(api)]));
    this.throttles = new Throttles(
      rates,
      artifacts.perIdentityThrottle,
      clock.monotonicMs(),
      previous === null ? null : previous.throttles,
    );
    const parts = this.#partsOfPlans();
    try {
      this.apis = {
        public: publicApi === null ? null : planApi(publicApi, artifacts, parts),
        private: privateApi === null ? null : planApi(privateApi, artifacts, parts),
      };
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  get requests(): number {
    return this.#requests;
  }

  enter(): void {
    this.#requests++;
  }

  leave(): void {
    this.#requests--;
    if (this.#isReplaced && this.#requests === 0) this.#release();
  }

  /** Another runtime answers from now on; connections are let go when the last request of this one has left. */
  retire(): void {
    this.#isReplaced = true;
    if (this.#requests === 0) this.#release();
  }

  factsOf(identity: Identity): IdentityFacts {
    const known = this.#identities.get(identity);
    if (known !== undefined) return known;
    const facts = { roleSet: this.authorizer.roleSetOf(identity), headers: identityHeaders(identity) };
    this.#identities.set(identity, facts);
    return facts;
  }

  /** Whether a `Host` value names this environment's domain; its port says nothing. */
  judgeHost(host: string): HostVerdict {
    if (this.#ownHosts.has(host)) return "ours";
    const name = HOST.exec(host)?.[1]?.toLowerCase();
    if (name === undefined || name.includes("..")) return "malformed";
    if (name !== this.source.artifacts.domain) return "other";
    if (this.#ownHosts.size < MAX_REMEMBERED_HOSTS) this.#ownHosts.add(host);
    return "ours";
  }

  /** One pool for each origin, one list of deadlines for each length, however many routes name them. */
  #partsOfPlans(): PlanParts {
    const pools = new Map<string, ReturnType<Upstreams["hold"]>>();
    const deadlines = new Map<number, Deadlines>();
    return {
      bucketOf: (key) => this.throttles.route(key),
      poolOf: (origin) => {
        let pool = pools.get(origin);
        if (pool === undefined) {
          pools.set(origin, (pool = this.#upstreams.hold(origin)));
          this.#origins.add(origin);
        }
        return pool;
      },
      deadlinesOf: (timeoutMs) => {
        let list = deadlines.get(timeoutMs);
        if (list === undefined) deadlines.set(timeoutMs, (list = new Deadlines(timeoutMs)));
        return list;
      },
    };
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    for (const origin of this.#origins) this.#upstreams.release(origin);
  }
}
