/** Stages: names, variables, throttling, and where and how they log. */
import { pointerStep } from "../core/index.ts";
import type { Account } from "./account.ts";
import type { AccountProblemCode, AddProblem } from "./account-problems.ts";
import { checkCount } from "./check-account-lists.ts";
import { checkLogFormat } from "./check-account-mappings.ts";
import type { HttpApi, RouteSettings, Stage } from "./http-api.ts";
import { rateOfSettings } from "./throttle-settings.ts";

const STAGE_NAME = /^(?:\$default|[A-Za-z0-9_-]{1,128})$/;
const VARIABLE_NAME = /^\w+$/;
const VARIABLE_VALUE = /^[A-Za-z0-9\-._~:/?#&=,]{0,2048}$/;
const LOG_ARN = /^arn:[\w-]+:logs:[\w-]+:\d{12}:log-group:[.\-_/#A-Za-z0-9]{1,512}$/;
const STREAM_ARN = /^arn:[\w-]+:firehose:[\w-]+:\d{12}:deliverystream\/amazon-apigateway-[\w.-]+$/;

export function checkStage(stage: Stage, api: HttpApi, account: Account, at: string, add: AddProblem): void {
  if (!STAGE_NAME.test(stage.stageName))
    add(
      "stage/name",
      `${at}/stageName`,
      `\`${stage.stageName}\` is not the name of a stage`,
      "write letters, digits, `_` and `-`, or `$default`",
    );
  checkVariables(stage, at, add);
  checkSettings(stage.defaultRouteSettings, account, `${at}/defaultRouteSettings`, add);
  const keys = new Set(api.routes.map(({ routeKey }) => routeKey));
  for (const [key, settings] of Object.entries(stage.routeSettings)) {
    const here = `${at}/routeSettings${pointerStep(key)}`;
    if (!keys.has(key)) {
      const [method = "", path = ""] = key.split(" ");
      const any = `ANY ${path}`;
      const hint = keys.has(any) ? `\`${method}\` is taken by \`${any}\`: write that` : "write the key of a route";
      add("stage/route-settings", here, `there is no route \`${key}\``, hint, key);
    }
    checkSettings(settings, account, here, add);
  }
  if (stage.accessLogSettings === undefined) return;
  const { destinationArn, format } = stage.accessLogSettings;
  if (!LOG_ARN.test(destinationArn) && !STREAM_ARN.test(destinationArn))
    add(
      "stage/log-destination",
      `${at}/accessLogSettings/destinationArn`,
      `\`${destinationArn}\` is not the ARN of a log group or of a delivery stream`,
      destinationArn.endsWith(":*")
        ? "remove `:*` from its end"
        : `write \`arn:${account.partition}:logs:${account.region}:${account.accountId}:log-group:NAME\``,
    );
  checkLogFormat(format, `${at}/accessLogSettings/format`, add);
}

function checkVariables({ stageVariables }: Stage, at: string, add: AddProblem): void {
  const entries = Object.entries(stageVariables);
  checkCount("stage variables", entries.length, `${at}/stageVariables`, add);
  for (const [name, value] of entries) {
    const here = `${at}/stageVariables${pointerStep(name)}`;
    if (!VARIABLE_NAME.test(name))
      add("stage/variable", here, `\`${name}\` is not the name of a variable`, "write letters, digits and `_`");
    // The value may be something that should not have been written there: it is not repeated.
    if (!VARIABLE_VALUE.test(value))
      add(
        "stage/variable",
        here,
        `the value of \`${name}\` has other characters than AWS takes, or more than 2048`,
        "write `A-Za-z0-9-._~:/?#&=,`",
      );
  }
}

function checkSettings(settings: RouteSettings, account: Account, at: string, add: AddProblem): void {
  checkThrottle(settings, at, "stage/throttle", add);
  const whole = rateOfSettings(account.throttle ?? {});
  const { throttlingRateLimit: rate, throttlingBurstLimit: burst } = settings;
  const isAbove = (value: number | undefined, limit: number): boolean =>
    value !== undefined && limit >= 0 && value > limit;
  if (isAbove(rate, whole.ratePerSecond) || isAbove(burst, whole.burst))
    add(
      "stage/throttle-above-account",
      at,
      `more is set than the account's ${whole.ratePerSecond} per second with a burst of ${whole.burst}`,
      "write less, or `throttle` of the account that has more",
    );
  if (rate === 0 || burst === 0)
    add(
      "stage/throttle-zero",
      at,
      `a ${rate === 0 ? "rate" : "burst"} of 0 answers every request with 429`,
      "leave out what is not to be limited",
    );
}

/** Rates and bursts are numbers from 0 up, bursts whole ones. */
export function checkThrottle(
  { throttlingRateLimit: rate, throttlingBurstLimit: burst }: RouteSettings,
  at: string,
  code: Extract<AccountProblemCode, "stage/throttle" | "account/throttle">,
  add: AddProblem,
): void {
  if (rate !== undefined && !(rate >= 0 && Number.isFinite(rate)))
    add(code, `${at}/throttlingRateLimit`, `the rate is ${rate}`, "write requests per second, 0 or more");
  if (burst !== undefined && !(burst >= 0 && Number.isInteger(burst)))
    add(code, `${at}/throttlingBurstLimit`, `the burst is ${burst}`, "write a whole number, 0 or more");
}
