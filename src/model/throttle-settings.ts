/** The rate that route settings stand for. Source: API Gateway developer guide, "Throttle requests to your HTTP APIs". */
import type { Rate } from "../core/index.ts";
import type { RouteSettings } from "./http-api.ts";

/** What an account has in most Regions where nobody asked for more. */
export const ACCOUNT_THROTTLE: Rate = { ratePerSecond: 10_000, burst: 5000 };

/** A number that is not set is the account's. */
export function rateOfSettings(settings: RouteSettings, account: Rate = ACCOUNT_THROTTLE): Rate {
  return {
    ratePerSecond: settings.throttlingRateLimit ?? account.ratePerSecond,
    burst: settings.throttlingBurstLimit ?? account.burst,
  };
}
