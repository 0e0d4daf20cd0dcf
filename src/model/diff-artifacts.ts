/**
 * The difference of two sets of artifacts as sentences: for the message of a reload and for plans.
 *
 * In: artifacts before and after. Out: changes in the order edge, identity, routes, roles; empty when both mean the same.
 * Not here: which bytes differ (`digest` tells), what a change is worth (guardrails, plans).
 */
import { canonicalJson, formatDuration } from "../core/index.ts";
import type { Artifacts, EdgeArtifact, IdentityArtifact } from "./artifacts.ts";
import { type Change, listValues } from "./change.ts";
import { diffRoles } from "./diff-roles.ts";
import { diffRoutes } from "./diff-routes.ts";

export function diffArtifacts(before: Artifacts, after: Artifacts): Change[] {
  if (before.digest === after.digest) return [];
  return [
    ...diffEdge(before, after),
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
  return changes;
}

function describeIdentity({ kind, issuer, audience, claims, login }: IdentityArtifact): Map<string, string> {
  const quote = (value: string | null | undefined): string =>
    value === null || value === undefined ? "nothing" : `\`${value}\``;
  return new Map([
    ["issuer", kind === "embedded" ? "the embedded provider" : quote(issuer)],
    ["audience", quote(audience)],
    ["claim of groups", quote(claims.groups)],
    ["claim of the name", quote(claims.name)],
    ["sign-in client", quote(login?.clientId)],
    ["sign-in client secret", quote(login?.clientSecret)],
    ["sign-in scope", login === null ? "nothing" : listValues(login.scopes)],
    ["idle time of a session", login === null ? "nothing" : quote(formatDuration(login.sessionIdleMs))],
    ["life of a session", login === null ? "nothing" : quote(formatDuration(login.sessionMaxMs))],
  ]);
}
