/**
 * What an API tells browsers about pages of other origins.
 *
 * In: an HTTP API's CORS configuration, a request's method and headers. Out: the headers of the answer.
 * Not here: whether a route answers a preflight request first (exchange.ts), the service's own CORS headers, which never
 * pass (response-head.ts).
 * Source: API Gateway developer guide, "Configure CORS for HTTP APIs"; Fetch standard, "CORS protocol" (and on `Vary`).
 * INVARIANT: nothing is said to an origin that the configuration does not name, and nothing where there is no `Origin`.
 */
import type { CorsConfiguration } from "../model/index.ts";
import { isHeaderValue } from "./header-rules.ts";
import { singleHeader } from "./request-head.ts";

const NONE: readonly string[] = Object.freeze([]);
const OF_ANY_HOST = ["https://*", "http://*"];

export class Cors {
  readonly #origins: ReadonlySet<string>;
  readonly #isForAll: boolean;
  readonly #schemes: readonly string[];
  readonly #toPreflight: readonly string[];
  readonly #toOthers: readonly string[];

  constructor(written: CorsConfiguration) {
    const { allowOrigins, allowMethods, allowHeaders, exposeHeaders, maxAge, allowCredentials } = written;
    this.#origins = new Set(allowOrigins.filter((origin) => !origin.includes("*")));
    this.#isForAll = allowOrigins.includes("*");
    this.#schemes = OF_ANY_HOST.filter((each) => allowOrigins.includes(each)).map((each) => each.slice(0, -1));
    const credentials = allowCredentials ? ["access-control-allow-credentials", "true"] : [];
    this.#toPreflight = [
      ...listed("access-control-allow-methods", allowMethods),
      ...listed("access-control-allow-headers", allowHeaders),
      "access-control-max-age",
      String(maxAge),
      ...credentials,
    ];
    this.#toOthers = [...credentials, ...listed("access-control-expose-headers", exposeHeaders)];
  }

  /** Flat names and values for the answer to a request. An `OPTIONS` request of another kind is told nothing. */
  headersFor(method: string, rawHeaders: readonly string[]): readonly string[] {
    const asks = isPreflight(method, rawHeaders);
    if (method === "OPTIONS" && !asks) return NONE;
    const origin = singleHeader(rawHeaders, "origin");
    if (origin === null) return NONE;
    const more = asks ? this.#toPreflight : this.#toOthers;
    if (this.#isForAll) return ["access-control-allow-origin", "*", ...more];
    // The answer is another one for another origin, also when it says nothing.
    if (!this.#allows(origin)) return ["vary", "origin"];
    return ["access-control-allow-origin", origin, ...more, "vary", "origin"];
  }

  /** One that is told so; any at all where none is. */
  get anAllowedOrigin(): string {
    return [...this.#origins][0] ?? `${this.#schemes[0] ?? ""}any.example`;
  }

  #allows(origin: string): boolean {
    return this.#origins.has(origin) || this.#schemes.some((scheme) => origin.startsWith(scheme));
  }
}

/** Whether a request asks what pages of another origin may do. SOURCE: Fetch standard, "CORS protocol". */
export function isPreflight(method: string, rawHeaders: readonly string[]): boolean {
  return (
    method === "OPTIONS" &&
    singleHeader(rawHeaders, "origin") !== null &&
    singleHeader(rawHeaders, "access-control-request-method") !== null
  );
}

/** What is wrong with a configuration; null when it can be said to browsers. */
export function findCorsProblem(written: CorsConfiguration): string | null {
  const { allowOrigins, allowMethods, allowHeaders, exposeHeaders, maxAge, allowCredentials } = written;
  const texts = [...allowOrigins, ...allowMethods, ...allowHeaders, ...exposeHeaders];
  if (texts.some((text) => text === "" || !isHeaderValue(text)))
    return "a value of its CORS configuration is no header";
  if (!Number.isInteger(maxAge)) return "its CORS `maxAge` is no whole number";
  if (allowCredentials && allowOrigins.includes("*")) return "its CORS configuration gives credentials to every origin";
  return null;
}

function listed(name: string, values: readonly string[]): readonly string[] {
  return values.length === 0 ? NONE : [name, values.join(",")];
}
