/**
 * What one account is to the data plane: endpoints, plans, buckets, roles, taken over whole or not at all.
 *
 * In: an `Account`. Out: an `AccountPlan` that calls keep for as long as they last.
 * Not here: changing from one to the next (api-gateway.ts).
 * INVARIANT: a call uses one plan from its first byte to its record.
 */
import type { Clock } from "../../core/index.ts";
import type { CredentialSource } from "../../iam/index.ts";
import type { Fetch } from "../../identity/index.ts";
import { type Account, type Authorizer, rateOfSettings } from "../../model/index.ts";
import type { Principal } from "../../sts/index.ts";
import { Throttles, type TokenBucket } from "../throttle.ts";
import { UpstreamLease } from "../upstream-lease.ts";
import type { Upstreams } from "../upstreams.ts";
import { listRates, planApi } from "./api-plan.ts";
import { Endpoints } from "./endpoints.ts";
import { type Answers, compileAnswers } from "./gateway-answers.ts";
import { IamAuthorizer } from "./iam-authorizer.ts";
import { type JwtAuthorizer, createJwtAuthorizer } from "./jwt-authorizer.ts";
import type { Switches } from "./switches.ts";

export interface AccountPlanParts {
  readonly upstreams: Upstreams;
  readonly switches: Switches;
  readonly backends: Readonly<Record<string, string>>;
  readonly credentials: CredentialSource<Principal>;
  readonly clock: Clock;
  /** What sends requests to issuers. */
  readonly fetch: Fetch | undefined;
}

const ACCOUNT_BUCKET = "account";

export class AccountPlan {
  readonly account: Account;
  readonly endpoints: Endpoints;
  readonly answers: Answers;
  readonly switches: Switches;
  readonly iam: IamAuthorizer;
  /** Of all APIs together. */
  readonly bucket: TokenBucket;
  readonly lease: UpstreamLease;
  readonly #throttles: Throttles;
  /** By what they are made of: those of one meaning are one, and keep their keys when the account is replaced. */
  readonly #authorizers = new Map<string, JwtAuthorizer>();

  /** @throws GH_GATEWAY_ACCOUNT_UNSUPPORTED, GH_IAM_* ; then nothing is held */
  constructor(account: Account, parts: AccountPlanParts, previous: AccountPlan | null) {
    const { switches, backends } = parts;
    this.account = account;
    this.switches = switches;
    this.answers = compileAnswers(switches);
    this.iam = new IamAuthorizer(account, parts.credentials, switches);
    const rate = rateOfSettings(account.throttle ?? {});
    const rates = account.apis.flatMap((api) => [...listRates(api, rate)]);
    const kept = previous === null ? null : previous.#throttles;
    this.#throttles = new Throttles([[ACCOUNT_BUCKET, rate], ...rates], null, parts.clock.monotonicMs(), kept);
    this.bucket = this.#throttles.route(ACCOUNT_BUCKET) as TokenBucket;
    const lease = new UpstreamLease(parts.upstreams);
    this.lease = lease;
    try {
      const planned = account.apis.map((api) =>
        planApi(api, {
          bucketOf: (key) => this.#throttles.route(key),
          poolOf: (origin) => lease.poolOf(origin),
          deadlinesOf: (timeoutMs) => lease.deadlinesOf(timeoutMs),
          authorizerOf: (apiId, authorizer) => this.#authorizerOf(apiId, authorizer, parts, previous),
          backends,
          switches,
        }),
      );
      this.endpoints = new Endpoints(account, new Map(planned.map((plan) => [plan.apiId, plan])), switches);
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  #authorizerOf(
    apiId: string,
    authorizer: Authorizer,
    { clock, switches, fetch }: AccountPlanParts,
    previous: AccountPlan | null,
  ): JwtAuthorizer {
    const { identitySource, jwtConfiguration } = authorizer;
    const key = JSON.stringify([apiId, identitySource, jwtConfiguration.issuer, jwtConfiguration.audience]);
    const kept = previous === null ? undefined : previous.#authorizers.get(key);
    const known = this.#authorizers.get(key) ?? kept;
    const made = known ?? createJwtAuthorizer({ apiId, authorizer, clock, switches, fetch });
    this.#authorizers.set(key, made);
    return made;
  }
}
