/**
 * Which API and stage a call is for: by its `Host`, its API mapping, the first segment of its path.
 *
 * In: the plans of an account's APIs and its custom domain names. Out: for a host an endpoint, for a path on it a stage
 * and the path that routes see.
 * Names of an API: `{apiId}.execute-api.{region}.amazonaws.com` (`.amazonaws.com.cn` in China), and for use on this
 * machine `{apiId}.execute-api.localhost`, which resolvers send to loopback; with any port. An account with one API
 * answers for loopback hosts too (switch `loopback-host`).
 * Source: API Gateway developer guide, "Working with stages for HTTP APIs", "API mappings"; RFC 6761 6.3.
 * INVARIANT: a host is known by its whole name, or all but its first label where no domain has that name and a wildcard
 * has the rest; mappings are compared by whole segments, the longest one wins.
 */
import type { Account } from "../../model/index.ts";
import type { ApiPlan, StagePlan } from "./api-plan.ts";
import type { RequestTarget } from "./request-target.ts";
import type { Switches } from "./switches.ts";

/** What answers for one host. */
export interface Endpoint {
  readonly domainName: string;
  /** `$context.domainPrefix`. */
  readonly domainPrefix: string;
  /** The API of an execute-api name; null for a custom domain name. */
  readonly api: ApiPlan | null;
  readonly mappings: readonly MappingPlan[];
}

interface MappingPlan {
  /** Without leading slash; empty for `(none)`. */
  readonly key: string;
  readonly api: ApiPlan;
  readonly stage: StagePlan | null;
}

/** Where a call goes before its route is looked for. */
export interface Destination {
  readonly api: ApiPlan;
  readonly stage: StagePlan;
  /** Without stage and base path, as sent on. */
  readonly rawPath: string;
  /** The same, decoded. */
  readonly path: string;
  /** The mapping that took the call; null on execute-api names. */
  readonly basePathMatched: string | null;
}

const HOST = /^([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

export class Endpoints {
  readonly #byName = new Map<string, Endpoint>();
  readonly #onLoopback: ApiPlan | null;

  constructor(account: Account, apis: ReadonlyMap<string, ApiPlan>, switches: Switches) {
    for (const api of apis.values()) {
      const suffix = account.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
      for (const domain of [`execute-api.${account.region}.${suffix}`, "execute-api.localhost"])
        this.#byName.set(`${api.apiId}.${domain}`.toLowerCase(), endpointOf(`${api.apiId}.${domain}`, api));
    }
    for (const { domainName, apiMappings } of account.domainNames) {
      const mappings = apiMappings.flatMap(({ apiMappingKey, apiId, stage }) => {
        const api = apis.get(apiId);
        return api === undefined ? [] : [{ key: apiMappingKey, api, stage: api.stages.get(stage) ?? null }];
      });
      mappings.sort((a, b) => b.key.length - a.key.length);
      this.#byName.set(domainName.toLowerCase(), { ...endpointOf(domainName, null), mappings });
    }
    const [only, second] = apis.values();
    const isAlone = only !== undefined && second === undefined && switches["loopback-host"] === "single-api";
    this.#onLoopback = isAlone ? only : null;
  }

  /** Null for a host that nothing answers for, and for what is no host. */
  find(host: string): Endpoint | null {
    const name = HOST.exec(host)?.[1]?.toLowerCase();
    if (name === undefined) return null;
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const wild = this.#byName.get(`*${name.slice(name.indexOf("."))}`);
    // What a wildcard took is told by the name that was asked for.
    if (wild !== undefined) return { ...endpointOf(name, null), mappings: wild.mappings };
    return this.#onLoopback !== null && LOOPBACK.test(name) ? endpointOf(name, this.#onLoopback) : null;
  }
}

function endpointOf(domainName: string, api: ApiPlan | null): Endpoint {
  return { domainName, domainPrefix: domainName.split(".", 1)[0] ?? domainName, api, mappings: [] };
}

/** Null: no mapping or no stage takes the path. */
export function findDestination(endpoint: Endpoint, target: RequestTarget): Destination | null {
  const { api } = endpoint;
  return api === null ? findMapping(endpoint, target) : findStage(api, target);
}

function findStage(api: ApiPlan, { rawPath, path }: RequestTarget): Destination | null {
  const slash = path.indexOf("/", 1);
  const stage = api.stages.get(slash === -1 ? path.slice(1) : path.slice(1, slash));
  if (stage !== undefined && stage !== api.defaultStage)
    return { api, stage, ...withoutSegments(rawPath, path, 1), basePathMatched: null };
  if (api.defaultStage === null) return null;
  return { api, stage: api.defaultStage, rawPath, path, basePathMatched: null };
}

function findMapping({ mappings }: Endpoint, { rawPath, path }: RequestTarget): Destination | null {
  for (const { key, api, stage } of mappings) {
    if (key !== "" && path !== `/${key}` && !path.startsWith(`/${key}/`)) continue;
    if (stage === null) return null;
    const rest = key === "" ? { rawPath, path } : withoutSegments(rawPath, path, key.split("/").length);
    return { api, stage, ...rest, basePathMatched: key === "" ? "(none)" : key };
  }
  return null;
}

function withoutSegments(rawPath: string, path: string, count: number): { rawPath: string; path: string } {
  return { rawPath: cutSegments(rawPath, count), path: cutSegments(path, count) };
}

function cutSegments(path: string, count: number): string {
  let at = 0;
  for (let i = 0; i < count && at !== -1; i++) at = path.indexOf("/", at + 1);
  return at === -1 ? "/" : path.slice(at);
}
