/**
 * What one set of artifacts is to the data plane: routers, roles, buckets, keys, taken over whole or not at all.
 *
 * In: `GatewayRuntime` from the caller. Out: a `Runtime` that requests keep for as long as they last.
 * Not here: changing from one to the next (gateway.ts).
 * INVARIANT: a request uses one runtime from its first byte to its record, so no request is decided by two policies.
 */
import type { Clock, Rate, Secret } from "../core/index.ts";
import type { AssertionSigner, Identity, Sessions, TokenVerifier } from "../identity/index.ts";
import type { Artifacts, HostApi } from "../model/index.ts";
import { Authorizer, type RoleSet } from "./authorizer.ts";
import { type HostApis, Hosts } from "./hosts.ts";
import { type PlanParts, planApi, rateOfEachRoute, unsupported } from "./route-plan.ts";
import { identityHeaders } from "./service-headers.ts";
import { type SignedCaller, SignedCallers } from "./signed-callers.ts";
import { SharedThrottles, type ThrottleLayout } from "./shared-throttle.ts";
import { Throttles, type Throttling } from "./throttle.ts";
import { UpstreamLease } from "./upstream-lease.ts";
import type { Upstreams } from "./upstreams.ts";

/** What the gateway is given to run. */
export interface GatewayRuntime {
  readonly artifacts: Artifacts;
  readonly verifier: TokenVerifier;
  /** Null without browser sign-in. */
  readonly sessions: Sessions | null;
  readonly assertions: AssertionSigner;
  /** Seal the sessions of temporary credentials. @default none, and nobody gets any */
  readonly stsKeys?: readonly Secret<Uint8Array>[] | undefined;
  /** `https://host:port` of the edge. */
  readonly baseUrl: string;
  /** Where the buckets are that this shares with gateways of other threads; of `throttledRates`. @default its own */
  readonly throttleLayout?: ThrottleLayout | undefined;
}

/** The rate of every route of the artifacts, in their one order. */
export function throttledRates(artifacts: Artifacts): readonly (readonly [key: string, rate: Rate])[] {
  return listApis(artifacts).flatMap(({ api }) => [...rateOfEachRoute(api)]);
}

/** What is the same for every request of one identity. */
export interface IdentityFacts {
  readonly roleSet: RoleSet;
  readonly headers: readonly string[];
}

export class Runtime {
  readonly source: GatewayRuntime;
  readonly digest: string;
  readonly authorizer: Authorizer;
  readonly throttles: Throttling;
  readonly hosts: Hosts;
  /** Null when nobody gets temporary credentials. */
  readonly signedCallers: SignedCallers | null;
  readonly #lease: UpstreamLease;
  readonly #identities = new WeakMap<Identity, IdentityFacts>();

  /** @throws GH_GATEWAY_ARTIFACT_UNSUPPORTED, GH_IAM_* ; then nothing is held */
  constructor(source: GatewayRuntime, upstreams: Upstreams, clock: Clock, previous: Runtime | null) {
    const { artifacts } = source;
    this.source = source;
    this.digest = artifacts.digest;
    this.#lease = new UpstreamLease(upstreams);
    this.authorizer = new Authorizer(artifacts.iam);
    const { verifier, stsKeys: keys } = source;
    this.signedCallers =
      keys === undefined ? null : new SignedCallers({ artifacts, verifier, authorizer: this.authorizer, keys, clock });
    const apis = listApis(artifacts);
    this.throttles = createThrottles(source, clock, previous);
    const parts = this.#partsOfPlans();
    try {
      const hosts = new Map([
        [artifacts.domain, { isDomain: true, public: null, private: null } as Writable<HostApis>],
      ]);
      for (const { host, exposure, api } of apis) {
        const known = hosts.get(host);
        const planned = planApi(api, artifacts, parts);
        if (known === undefined) hosts.set(host, { isDomain: false, public: null, private: null, [exposure]: planned });
        else known[exposure] = planned;
      }
      this.hosts = new Hosts(hosts);
    } catch (error) {
      this.#lease.release();
      throw error;
    }
  }

  get requests(): number {
    return this.#lease.requests;
  }

  enter(): void {
    this.#lease.enter();
  }

  leave(): void {
    this.#lease.leave();
  }

  /** Another runtime answers from now on; connections are let go when the last request of this one has left. */
  retire(): void {
    this.#lease.retire();
  }

  factsOf(identity: Identity): IdentityFacts {
    const known = this.#identities.get(identity);
    if (known !== undefined) return known;
    const facts = { roleSet: this.authorizer.roleSetOf(identity), headers: identityHeaders(identity) };
    this.#identities.set(identity, facts);
    return facts;
  }

  /** What is the same for every request of a caller with temporary credentials: one role, whatever else they hold. */
  know({ identity, roleSet }: SignedCaller): void {
    if (!this.#identities.has(identity))
      this.#identities.set(identity, { roleSet, headers: identityHeaders(identity) });
  }

  #partsOfPlans(): PlanParts {
    return {
      bucketOf: (key) => this.throttles.route(key),
      poolOf: (origin) => this.#lease.poolOf(origin),
      deadlinesOf: (timeoutMs) => this.#lease.deadlinesOf(timeoutMs),
    };
  }
}

function createThrottles(
  { artifacts, throttleLayout }: GatewayRuntime,
  clock: Clock,
  previous: Runtime | null,
): Throttling {
  const rates = throttledRates(artifacts);
  const { perIdentityThrottle } = artifacts;
  if (throttleLayout !== undefined) return new SharedThrottles(throttleLayout, rates, perIdentityThrottle);
  const before = previous?.throttles;
  return new Throttles(rates, perIdentityThrottle, clock.monotonicMs(), before instanceof Throttles ? before : null);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The API of the domain on each listener, and those of other hosts. */
function listApis({ domain, apis, hostApis }: Artifacts): HostApi[] {
  const all: HostApi[] = [];
  for (const exposure of ["public", "private"] as const) {
    const api = apis[exposure];
    if (api !== null) all.push({ host: domain, exposure, api });
  }
  all.push(...hostApis);
  const ids = new Set<string>();
  const places = new Set<string>();
  for (const { host, exposure, api } of all) {
    // Roles name an API by its id alone: two of one id would be one to them.
    if (ids.has(api.apiId)) throw unsupported(api.apiId, "two APIs have this id");
    if (places.has(`${exposure} ${host}`)) throw unsupported(host, `two ${exposure} APIs answer for it`);
    ids.add(api.apiId);
    places.add(`${exposure} ${host}`);
  }
  return all;
}
