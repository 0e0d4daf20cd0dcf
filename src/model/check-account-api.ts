/** One HTTP API: its name, routes, authorizers and what they name; CORS. */
import type { Account } from "./account.ts";
import type { AddProblem } from "./account-problems.ts";
import { checkIntegration } from "./check-account-integrations.ts";
import { checkCount, checkUnique } from "./check-account-lists.ts";
import { checkRoutes } from "./check-account-routes.ts";
import { checkStage } from "./check-account-stages.ts";
import type { Authorizer, CorsConfiguration, HttpApi } from "./http-api.ts";

const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_NAME = 128;
const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:\/|$)/;
const IDENTITY_SOURCE = /^\$request\.(?:header|querystring)\.[\w!#$%&'*+.^`|~-]+$/;
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*"];

export function checkApi(api: HttpApi, account: Account, at: string, add: AddProblem): void {
  if (!HOST_LABEL.test(api.apiId))
    add(
      "api/id",
      `${at}/apiId`,
      `\`${api.apiId}\` cannot be the first label of a host name`,
      "write lower-case letters and digits, ten of them as AWS does",
    );
  checkLength(api.name, `${at}/name`, "api/name", add);
  checkCount("routes", api.routes.length, `${at}/routes`, add);
  checkCount("integrations", api.integrations.length, `${at}/integrations`, add);
  checkCount("authorizers", api.authorizers.length, `${at}/authorizers`, add);
  checkCount("stages", api.stages.length, `${at}/stages`, add);
  checkUnique(api.routes, `${at}/routes`, "routeId", "account/duplicate-id", add);
  checkUnique(api.integrations, `${at}/integrations`, "integrationId", "account/duplicate-id", add);
  checkUnique(api.authorizers, `${at}/authorizers`, "authorizerId", "account/duplicate-id", add);
  checkUnique(api.authorizers, `${at}/authorizers`, "name", "authorizer/name", add);
  checkUnique(api.stages, `${at}/stages`, "stageName", "account/duplicate-id", add);
  checkRoutes(api, at, add);
  for (const [index, integration] of api.integrations.entries())
    checkIntegration(integration, api, `${at}/integrations/${index}`, add);
  for (const [index, authorizer] of api.authorizers.entries())
    checkAuthorizer(authorizer, `${at}/authorizers/${index}`, add);
  for (const [index, stage] of api.stages.entries()) checkStage(stage, api, account, `${at}/stages/${index}`, add);
  if (api.corsConfiguration !== undefined) checkCors(api.corsConfiguration, `${at}/corsConfiguration`, add);
}

function checkLength(name: string, at: string, code: "api/name" | "authorizer/name", add: AddProblem): void {
  if (name.length >= 1 && name.length <= MAX_NAME) return;
  add(code, at, `the name has ${name.length} characters`, `write 1 to ${MAX_NAME} characters`);
}

function checkAuthorizer({ name, identitySource, jwtConfiguration }: Authorizer, at: string, add: AddProblem): void {
  checkLength(name, `${at}/name`, "authorizer/name", add);
  if (identitySource.length !== 1)
    add(
      "authorizer/identity-source",
      `${at}/identitySource`,
      `there are ${identitySource.length} identity sources`,
      "write one, `$request.header.Authorization`",
    );
  for (const [index, source] of identitySource.entries())
    if (!IDENTITY_SOURCE.test(source))
      add(
        "authorizer/identity-source",
        `${at}/identitySource/${index}`,
        `\`${source}\` is not a header or query parameter`,
        "write `$request.header.Authorization` or `$request.querystring.token`",
      );
  const { issuer, audience } = jwtConfiguration;
  if (LOOPBACK.test(issuer))
    add(
      "authorizer/issuer-local",
      `${at}/jwtConfiguration/issuer`,
      `AWS does not take the issuer \`${issuer}\``,
      "on AWS, write the https issuer",
    );
  else if (!isHttpsUrl(issuer))
    add(
      "authorizer/issuer",
      `${at}/jwtConfiguration/issuer`,
      `\`${issuer}\` is not an https URL`,
      "write the issuer exactly as tokens name it, `https://idp.example/`",
    );
  if (audience.length === 0)
    add(
      "authorizer/audience",
      `${at}/jwtConfiguration/audience`,
      "there is no audience",
      "name the `aud` or client id that tokens for this API have",
    );
  checkCount("audiences", audience.length, `${at}/jwtConfiguration/audience`, add);
}

function isHttpsUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === "https:" && url.search === "" && url.hash === "" && !/\s/.test(text);
}

function checkCors(cors: CorsConfiguration, at: string, add: AddProblem): void {
  if (cors.allowCredentials && cors.allowOrigins.includes("*"))
    add(
      "cors/credentials",
      `${at}/allowCredentials`,
      "credentials are allowed for every origin",
      "name the origins, or write `allowCredentials: false`",
    );
  for (const [index, origin] of cors.allowOrigins.entries())
    if (!isOrigin(origin))
      add(
        "cors/origin",
        `${at}/allowOrigins/${index}`,
        `\`${origin}\` is not an origin`,
        "write `https://shop.example`, without path and without a slash at its end",
        origin,
      );
  for (const [index, method] of cors.allowMethods.entries())
    if (!METHODS.includes(method.toUpperCase()))
      add(
        "cors/method",
        `${at}/allowMethods/${index}`,
        `\`${method}\` is not a method`,
        `write one of ${METHODS.join(", ")}`,
      );
    else if (!METHODS.includes(method))
      add(
        "cors/method-case",
        `${at}/allowMethods/${index}`,
        `\`${method}\` is not written in capitals`,
        `write \`${method.toUpperCase()}\``,
      );
  for (const key of ["allowHeaders", "exposeHeaders"] as const)
    for (const [index, name] of cors[key].entries())
      if (name !== "*" && !HEADER_NAME.test(name))
        add(
          "cors/header",
          `${at}/${key}/${index}`,
          `\`${name}\` is not the name of a header`,
          "write `content-type`, or `*`",
        );
  if (!Number.isInteger(cors.maxAge) || cors.maxAge < -1 || cors.maxAge > 86_400)
    add("cors/max-age", `${at}/maxAge`, `the age is ${cors.maxAge}`, "write -1 to 86400");
}

function isOrigin(origin: string): boolean {
  if (origin === "*" || origin === "https://*" || origin === "http://*") return true;
  const url = URL.parse(origin);
  return /^https?:\/\//.test(origin) && url !== null && url.origin.toLowerCase() === origin.toLowerCase();
}
