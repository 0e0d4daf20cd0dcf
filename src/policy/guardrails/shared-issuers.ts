/**
 * Issuers that sign for many owners: which of their claims say whose workload is asking.
 *
 * In: an issuer's address and a leaf of a member expression. Out: whether the leaf pins owner, repository or namespace.
 * A prefix pins only when it goes past the owner's name and the sign behind it: `repo:shop` also fits `repo:shop-evil`.
 * Not here: issuers of one owner; whatever they sign is theirs.
 * Source: the providers' documentation of their OpenID Connect tokens (GitHub Actions, GitLab CI/CD, HCP Terraform,
 * Buildkite, Google); Kubernetes, "Service account tokens".
 */
import type { WorkloadIssuer } from "../policy.ts";
import type { Leaf } from "./who-holds.ts";

export interface SharedIssuer {
  readonly name: string;
  /** What a role has to say so that not everybody's workloads hold it. */
  readonly pin: string;
  readonly isIssuer: (url: URL) => boolean;
  /** Claims whose whole value pins; those with an expression also when a prefix fits it. */
  readonly claims: Readonly<Record<string, RegExp | null>>;
}

const PAST_OWNER = /^[^/]+\//;

export const SHARED_ISSUERS: readonly SharedIssuer[] = [
  {
    name: "GitHub Actions",
    pin: "the repository, as `{ claim: { name: repository, equals: owner/name } }`",
    // GitHub Enterprise Server signs below this path of its own host name.
    isIssuer: ({ hostname, pathname }) =>
      hostname === "token.actions.githubusercontent.com" ||
      hostname.endsWith(".token.actions.githubusercontent.com") ||
      pathname.startsWith("/_services/token"),
    claims: {
      sub: /^repo:[^/:]+\//,
      repository: PAST_OWNER,
      repository_id: null,
      repository_owner: null,
      repository_owner_id: null,
      job_workflow_ref: PAST_OWNER,
      workflow_ref: PAST_OWNER,
      enterprise: null,
      enterprise_id: null,
    },
  },
  {
    name: "GitLab",
    pin: "the project, as `{ claim: { name: project_path, equals: group/name } }`",
    isIssuer: ({ hostname }) => /^gitlab(?:\.|-)/.test(hostname),
    claims: {
      sub: /^project_path:[^/:]+\//,
      project_path: PAST_OWNER,
      project_id: null,
      namespace_path: PAST_OWNER,
      namespace_id: null,
      ci_config_ref_uri: /^[^/]+\/[^/]+\//,
    },
  },
  {
    name: "Kubernetes",
    pin: "the service account, as `{ subject: [system:serviceaccount:namespace:name] }`",
    isIssuer: ({ hostname }) =>
      /^kubernetes\.default(?:\.svc(?:\.|$)|$)/.test(hostname) ||
      /^oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/.test(hostname) ||
      /^oidc-eks\.[a-z0-9-]+\.api\.aws$/.test(hostname) ||
      hostname.endsWith(".oic.prod-aks.azure.com") ||
      hostname === "container.googleapis.com",
    claims: { sub: /^system:serviceaccount:[^:]+:/ },
  },
  {
    name: "HCP Terraform",
    pin: "the organization, as `{ claim: { name: terraform_organization_id, equals: org-... } }`",
    isIssuer: ({ hostname }) => hostname === "app.terraform.io",
    claims: {
      sub: /^organization:[^:]+:/,
      terraform_organization_id: null,
      terraform_organization_name: null,
      terraform_workspace_id: null,
      terraform_project_id: null,
    },
  },
  {
    name: "Buildkite",
    pin: "the organization, as `{ claim: { name: organization_slug, equals: name } }`",
    isIssuer: ({ hostname }) => hostname === "agent.buildkite.com",
    claims: { sub: /^organization:[^:]+:/, organization_slug: null, organization_id: null, pipeline_id: null },
  },
  {
    name: "Google",
    pin: "the account, as `{ subject: [number] }`",
    isIssuer: ({ hostname }) => hostname === "accounts.google.com",
    claims: { sub: null, email: null, hd: null },
  },
];

/** Null for an issuer that signs for one owner, as far as its address tells. */
export function findSharedIssuer(issuer: string): SharedIssuer | null {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  return url === null ? null : (SHARED_ISSUERS.find(({ isIssuer }) => isIssuer(url)) ?? null);
}

/** Whether all that fits the leaf belongs to an owner whom the policy names. */
export function isPinned(shared: SharedIssuer, { claims }: WorkloadIssuer, leaf: Leaf): boolean {
  switch (leaf.kind) {
    case "client":
      return false;
    case "subject":
      return true;
    case "groups":
      return Object.hasOwn(shared.claims, claims.groups);
    case "claim": {
      const pastOwner = Object.hasOwn(shared.claims, leaf.claim) ? shared.claims[leaf.claim] : undefined;
      if (pastOwner === undefined) return false;
      return leaf.test === "equals" || (pastOwner !== null && leaf.values.every((value) => pastOwner.test(value)));
    }
  }
  return leaf satisfies never;
}
