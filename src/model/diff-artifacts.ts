/**
 * The difference of two sets of artifacts as sentences: for the message of a reload and for plans.
 *
 * In: artifacts before and after. Out: changes in the order edge, CORS, identity, routes, roles; empty when both mean the
 * same.
 * Not here: which bytes differ (`digest` tells), what a change is worth (guardrails, plans).
 */
import { canonicalJson, formatDuration } from "../core/index.ts";
import type { Artifacts, EdgeArtifact, IdentityArtifact, LoginClientArtifact } from "./artifacts.ts";
import { type Change, compareLists, listValues } from "./change.ts";
import { diffRoles } from "./diff-roles.ts";
import { diffRoutes } from "./diff-routes.ts";
import type { CorsConfiguration } from "./http-api.ts";

export function diffArtifacts(before: Artifacts, after: Artifacts): Change[] {
  if (before.digest === after.digest) return [];
  return [
    ...diffEdge(before, after),
    ...diffCors(before, after),
    ...diffIdentity(before, after),
    ...diffRoutes(before, after),
    ...diffRoles(before, after),
  ];
}

function diffEdge(before: Artifacts, after: Artifacts): Change[] {
  const changes: Change[] = [];
  const subject = after.domain;
  if (before.domain !== subject)
    changes.push({
      kind: "domain",
      subject,
      text: `the edge now answers for \`${subject}\` (was \`${before.domain}\`)`,
    });
  changes.push(...diffHosts(before.edge, after.edge));
  const [was, now] = [showCertificates(before.edge), showCertificates(after.edge)];
  if (was !== now)
    changes.push({ kind: "edge", subject, text: `certificates now come from ${now} (came from ${was})` });
  if (before.edge.loopbackOnly !== after.edge.loopbackOnly) {
    const text = after.edge.loopbackOnly
      ? "the edge now listens on this machine only"
      : "the edge now listens to other machines too";
    changes.push({ kind: "edge", subject, text });
  }
  const [had, has] = [before.edge.privateNetwork, after.edge.privateNetwork];
  if (canonicalJson(had) !== canonicalJson(has)) {
    const text =
      has === null
        ? "there is no private listener any more"
        : `private services can now be reached from ${listValues(has)} (${had === null ? "there was no private listener" : `was ${listValues(had)}`})`;
    changes.push({ kind: "edge", subject, text });
  }
  return changes;
}

function diffHosts(before: EdgeArtifact, after: EdgeArtifact): Change[] {
  const changes: Change[] = [];
  const [old, current] = [before, after].map(
    ({ hosts }) => new Map(hosts.map((one) => [one.host, showListeners(one)])),
  );
  for (const [host, now] of current ?? []) {
    const was = old?.get(host);
    if (was === now) continue;
    const text =
      was === undefined
        ? `the edge now also answers for \`${host}\`, ${now}`
        : `the edge now answers for \`${host}\` ${now} (was ${was})`;
    changes.push({ kind: "edge", subject: host, text });
  }
  for (const host of old?.keys() ?? [])
    if (current?.has(host) !== true)
      changes.push({ kind: "edge", subject: host, text: `the edge no longer answers for \`${host}\`` });
  return changes;
}

function showListeners({ public: isPublic, private: isPrivate }: EdgeArtifact["hosts"][number]): string {
  if (isPublic && isPrivate) return "on both listeners";
  return `on the ${isPrivate ? "private" : "public"} listener`;
}

/** What pages of other origins may do; the public APIs have it in common. */
function diffCors(before: Artifacts, after: Artifacts): Change[] {
  const [was, now] = [before, after].map(corsOf);
  const changes: Change[] = [];
  const add = (text: string): void => {
    changes.push({ kind: "cors", subject: "cors", text });
  };
  const origins = compareLists(was?.allowOrigins ?? [], now?.allowOrigins ?? []);
  if (origins.gained.length > 0) add(`pages of ${listValues(origins.gained)} may now call public services`);
  if (origins.lost.length > 0) add(`pages of ${listValues(origins.lost)} may no longer call public services`);
  if (was === undefined || now === undefined) return changes;
  for (const [what, key] of CORS_LISTS) {
    const { gained, lost } = compareLists(was[key], now[key]);
    if (gained.length > 0) add(`pages of other origins may now ${what} ${listValues(gained)}`);
    if (lost.length > 0) add(`pages of other origins may no longer ${what} ${listValues(lost)}`);
  }
  if (was.allowCredentials !== now.allowCredentials)
    add(`pages of other origins may ${now.allowCredentials ? "now" : "no longer"} send credentials`);
  if (was.maxAge !== now.maxAge) {
    const [old, current] = [was, now].map(({ maxAge }) => formatDuration(maxAge * 1000));
    add(`browsers now remember for \`${current}\` what pages of other origins may do (was \`${old}\`)`);
  }
  return changes;
}

const CORS_LISTS = [
  ["use method", "allowMethods"],
  ["send header", "allowHeaders"],
  ["read header", "exposeHeaders"],
] as const;

function corsOf({ apis, hostApis }: Artifacts): CorsConfiguration | undefined {
  return (apis.public ?? hostApis.find(({ exposure }) => exposure === "public")?.api)?.corsConfiguration;
}

function showCertificates({ certificates }: EdgeArtifact): string {
  if (certificates.kind === "internal") return "the edge's own authority";
  const directory = certificates.directory === null ? "" : ` at \`${certificates.directory}\``;
  return `ACME${directory} for \`${certificates.email}\``;
}

function diffIdentity(before: Artifacts, after: Artifacts): Change[] {
  const changes: Change[] = [];
  const [old, current] = [describeIdentity(before.identity), describeIdentity(after.identity)];
  for (const [subject, now] of current) {
    const was = old.get(subject) ?? "nothing";
    if (was !== now)
      changes.push({ kind: "identity", subject, text: `identity: ${subject} is now ${now} (was ${was})` });
  }
  return [...changes, ...diffIssuers(before.identity, after.identity)];
}

function diffIssuers(before: IdentityArtifact, after: IdentityArtifact): Change[] {
  const old = new Map(before.issuers.map((one) => [one.name, one]));
  const changes: Change[] = [];
  for (const { name, issuer, audience, claims, tokens, login } of after.issuers) {
    const previous = old.get(name);
    const add = (text: string): void => {
      changes.push({ kind: "identity", subject: name, text: `identity: ${text}` });
    };
    if (previous === undefined) add(`tokens of \`${issuer}\` are now taken as issuer \`${name}\``);
    else {
      const pairs = [
        ["address", previous.issuer, issuer],
        ["audience", previous.audience, audience],
        ["claim of groups", previous.claims.groups, claims.groups],
        ["claim of the name", previous.claims.name, claims.name],
      ] as const;
      for (const [what, was, now] of pairs)
        if (was !== now) add(`${what} of issuer \`${name}\` is now \`${now}\` (was \`${was}\`)`);
      const rules = describeTokens(previous.tokens);
      for (const [what, now] of describeTokens(tokens))
        if (rules.get(what) !== now) add(`${what} of issuer \`${name}\` is now ${now} (was ${rules.get(what)})`);
    }
    const [was, now] = [describeClient(previous?.login ?? null), describeClient(login ?? null)];
    for (const [what, value] of now)
      if (value !== was.get(what)) add(`${what} of issuer \`${name}\` is now ${value} (was ${was.get(what)})`);
    old.delete(name);
  }
  for (const { name, issuer } of old.values())
    changes.push({
      kind: "identity",
      subject: name,
      text: `identity: tokens of \`${issuer}\` are no longer taken as issuer \`${name}\``,
    });
  return changes;
}

function describeTokens(tokens: IdentityArtifact["tokens"]): Map<string, string> {
  const proof = tokens?.proof ?? [];
  return new Map([
    ["proof of tokens", proof.length === 0 ? "nothing" : listValues(proof)],
    ["need of a proof", tokens?.requireProof === true ? "`true`" : "`false`"],
    ["profile of tokens", tokens === undefined || tokens.profile === null ? "nothing" : `\`${tokens.profile}\``],
  ]);
}

function quote(value: string | null | undefined): string {
  return value === null || value === undefined ? "nothing" : `\`${value}\``;
}

function describeClient(login: LoginClientArtifact | null): Map<string, string> {
  return new Map([
    ["sign-in client", quote(login?.clientId)],
    ["sign-in client secret", quote(login?.clientSecret)],
    ["sign-in scope", login === null ? "nothing" : listValues(login.scopes)],
    ["sign-in title", quote(login?.title)],
  ]);
}

function describeIdentity({ kind, issuer, audience, claims, tokens, login }: IdentityArtifact): Map<string, string> {
  return new Map([
    ["issuer", kind === "embedded" ? "the embedded provider" : quote(issuer)],
    ["audience", quote(audience)],
    ["claim of groups", quote(claims.groups)],
    ["claim of the name", quote(claims.name)],
    ...describeTokens(tokens),
    ...describeClient(login),
    ["name on pages", quote(login?.page?.name)],
    ["color of pages", quote(login?.page?.color)],
    ["idle time of a session", login === null ? "nothing" : quote(formatDuration(login.sessionIdleMs))],
    ["life of a session", login === null ? "nothing" : quote(formatDuration(login.sessionMaxMs))],
  ]);
}
