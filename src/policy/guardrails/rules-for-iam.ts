/**
 * Rules that others have for IAM policies and API gateways, and what answers each here: a guardrail (which names the rule
 * among its `sources`), the language, or that Gatehouse never emits what the rule is about.
 *
 * INVARIANT: every row has an answer; where `emitted` says why it cannot arise, tests/guardrails checks that over the
 * documents of generated policies.
 * Source: cfn_nag, cfn-lint, cloudsplaining, parliament and IAM Access Analyzer, by their own ids; the rules registry of
 * cfn-guard ("Guard"); IAM user guide, "Permissions boundaries for IAM entities".
 */
import type { RuleId } from "../rules.ts";

export interface IamRule {
  readonly rule: string;
  /** What other tools call it. */
  readonly known: readonly string[];
  /** Findings of the language that refuse it. */
  readonly language: readonly RuleId[];
  /** Why it cannot arise in what is emitted; null where that is no answer. */
  readonly emitted: string | null;
}

const ONLY_INVOKE = "the one action in any document is `execute-api:Invoke`";
const NO_TRUST =
  "no resource policy is emitted, and the one trust policy lets nobody in but Gatehouse's own tokens for that role";

export const RULES_FOR_IAM: Readonly<Record<`GH${number}`, IamRule>> = {
  GH101: {
    rule: "no action `*`",
    known: ["cfn_nag F3", "cfn_nag F4", "cfn_nag F5", "Guard iam_policy_no_statements_with_admin_access"],
    language: [],
    emitted: ONLY_INVOKE,
  },
  GH102: {
    rule: "no whole service (`service:*`)",
    known: ["cloudsplaining ServiceWildcard", "Guard iam_policy_no_statements_with_full_access"],
    language: [],
    emitted: ONLY_INVOKE,
  },
  GH103: {
    rule: "no wildcard within the name of a service or an action",
    known: ["Access Analyzer: Wildcard in service name"],
    language: ["role/permission", "route/permission"],
    emitted: ONLY_INVOKE,
  },
  GH104: {
    rule: "resource `*` only where an action takes no resource",
    known: [
      "cfn_nag W11",
      "cfn_nag W12",
      "cfn_nag W13",
      "parliament RESOURCE_STAR",
      "parliament RESOURCE_EFFECTIVELY_STAR",
      "cloudsplaining InfrastructureModification",
      "Guard iam_policydocument_no_wildcard_resource",
    ],
    language: [],
    emitted: "an Allow lists ARNs with account, region, API, stage and method; the only `*` in place of one denies",
  },
  GH105: {
    rule: "no Allow with NotAction",
    known: ["cfn_nag W14", "cfn_nag W15", "cfn_nag W16", "cfn_nag W17"],
    language: [],
    emitted: "no document has NotAction",
  },
  GH106: {
    rule: "no Allow with NotResource",
    known: ["cfn_nag W21", "cfn_nag W22", "cfn_nag W23", "parliament NOTRESOURCE_WITH_ALLOW"],
    language: [],
    emitted: "no document has NotResource",
  },
  GH107: {
    rule: "no Allow with NotPrincipal",
    known: ["cfn_nag F6", "Access Analyzer: Allow with NotPrincipal", "parliament NOTPRINCIPAL_WITH_ALLOW"],
    language: [],
    emitted: NO_TRUST,
  },
  GH108: {
    rule: "no `iam:PassRole` on every role",
    known: ["cfn_nag F38", "cfn_nag F39", "cfn_nag F40", "Access Analyzer: Pass role with star in resource"],
    language: [],
    emitted: ONLY_INVOKE,
  },
  GH109: {
    rule: "`iam:PassRole` names the service that the role is passed to",
    known: [],
    language: [],
    emitted: ONLY_INVOKE,
  },
  GH110: {
    rule: "no role that any principal may take",
    known: [
      "cloudsplaining AssumableByAnyPrincipal",
      "cloudsplaining AssumableByAnyPrincipalWithConditions",
      "cfn_nag F13",
    ],
    language: ["role/member", "role/not"],
    emitted: NO_TRUST,
  },
  GH111: {
    rule: "a trust policy allows the one action it is for",
    known: ["cfn_nag F2", "cfn_nag W14", "Guard iam_role_no_full_access_on_trust_policy"],
    language: [],
    emitted: NO_TRUST,
  },
  GH112: {
    rule: "a service principal is tied to an account or a resource (confused deputy)",
    known: ["Access Analyzer: Restrict access to service principal", "cfn-lint W3663"],
    language: [],
    emitted: NO_TRUST,
  },
  GH113: {
    rule: "federated trust pins audience and subject",
    known: [
      "Access Analyzer: Missing condition key for oidc principal",
      "Access Analyzer: Missing github repo condition key",
      "Access Analyzer: Specific github repo and branch recommended",
      "Access Analyzer: Confirm audience claim type",
    ],
    language: ["parse/missing-key", "identity/issuer", "identity/issuer-twice", "reference/issuer"],
    emitted: "the one trust policy pins the audience, and the subject to those of its own role",
  },
  GH114: {
    rule: "trust in another account names it and asks for an external id",
    known: ["cloudsplaining AssumableByCrossAccountPrincipal"],
    language: ["reference/issuer"],
    emitted: NO_TRUST,
  },
  GH115: {
    rule: "every role has a permission boundary",
    known: [],
    language: ["parse/missing-key", "reference/boundary"],
    emitted: "every role carries the document of its boundary",
  },
  GH116: {
    rule: "a boundary is the customer's own, no administrator's, and cannot be taken off by whom it limits",
    known: [],
    language: [],
    emitted: `${ONLY_INVOKE}, so no role can change a boundary`,
  },
  GH117: {
    rule: "who may make roles must give them a boundary",
    known: [],
    language: [],
    emitted: ONLY_INVOKE,
  },
  GH118: {
    rule: "a role grants what its boundary allows",
    known: ["Access Analyzer: CheckNoNewAccess"],
    language: ["reference/permission", "reference/unused-boundary-entry"],
    emitted: null,
  },
  GH119: {
    rule: "no managed policy of administrators or power users",
    known: ["cfn_nag W43", "cfn_nag W44", "Guard iam_role_administrator_access_policy_rule"],
    language: [],
    emitted: "a role has the two documents made from the policy and no managed one",
  },
  GH120: {
    rule: "no single action that gives its holder more rights",
    known: ["cloudsplaining PrivilegeEscalation", "parliament PRIVILEGE_ESCALATION"],
    language: [],
    emitted: ONLY_INVOKE,
  },
  GH121: {
    rule: "no combination of actions that gives its holder more rights",
    known: ["cloudsplaining PrivilegeEscalation", "parliament RESOURCE_POLICY_PRIVILEGE_ESCALATION"],
    language: [],
    emitted: ONLY_INVOKE,
  },
  GH122: {
    rule: "no action that returns credentials",
    known: ["cloudsplaining CredentialsExposure", "parliament CREDENTIALS_EXPOSURE"],
    language: ["identity/literal-secret"],
    emitted: ONLY_INVOKE,
  },
  GH123: {
    rule: "secrets, parameters and objects are read by name",
    known: ["cloudsplaining DataExfiltration", "parliament SENSITIVE_ACCESS"],
    language: [],
    emitted: ONLY_INVOKE,
  },
  GH124: {
    rule: "no action that changes permissions",
    known: ["cloudsplaining ResourceExposure", "parliament PERMISSIONS_MANAGEMENT_ACTIONS"],
    language: [],
    emitted: ONLY_INVOKE,
  },
  GH125: {
    rule: "no IAM users, and no policy on one",
    known: ["cfn_nag F10", "cfn_nag F11", "cfn_nag F12", "Guard iam_no_inline_policy_check"],
    language: [],
    emitted: "roles are all there is",
  },
  GH126: {
    rule: "actions, services and condition keys exist",
    known: [
      "parliament UNKNOWN_ACTION",
      "parliament UNKNOWN_PREFIX",
      "parliament UNKNOWN_CONDITION_FOR_ACTION",
      "cfn-lint W3037",
      "Access Analyzer: Invalid action",
    ],
    language: [],
    emitted: `${ONLY_INVOKE}; condition keys are IAM's own or Gatehouse's, which the gateway fills in`,
  },
  GH127: {
    rule: "resources are of the kind that the action is for",
    known: ["parliament RESOURCE_MISMATCH", "cfn-lint I3510", "cfn-lint E3514"],
    language: [],
    emitted: "every resource is a call of an API",
  },
  GH128: {
    rule: "conditions do what they seem to: operators, types and values fit",
    known: [
      "Access Analyzer: Wildcard without like operator",
      "Access Analyzer: ForAllValues with single valued key",
      "Access Analyzer: Type mismatch",
      "parliament BAD_PATTERN_FOR_MFA",
      "parliament MISMATCHED_TYPE",
      "parliament MISMATCHED_TYPE_BUT_USABLE",
      "parliament MISMATCHED_TYPE_OPERATION_TO_NULL",
      "parliament SINGLE_VALUE_CONDITION_TOO_PERMISSIVE",
      "parliament UNKNOWN_OPERATOR",
    ],
    language: ["condition/never", "condition/hours", "condition/path-parameter", "network/block"],
    emitted: "operators come from a closed list, and each takes values of its type",
  },
  GH129: {
    rule: "version 2012-10-17, statement ids once each, size within the quota",
    known: [
      "Access Analyzer: Missing version",
      "Access Analyzer: Unique Sids recommended",
      "parliament NO_VERSION",
      "parliament OLD_VERSION",
      "parliament INVALID_VERSION",
      "parliament DUPLICATE_SID",
      "parliament INVALID_SID",
      "parliament MALFORMED",
      "cfn-lint W2511",
    ],
    language: [],
    emitted: "written so; too long a document is `compile/document-too-long`",
  },
  GH130: {
    rule: "account, region and partition are not written into the rules",
    known: ["cfn-lint I3042", "Access Analyzer: Invalid ARN", "parliament INVALID_ARN"],
    language: ["environment/account", "environment/region"],
    emitted: "roles and routes know no account; every ARN has those of the environment",
  },
  GH131: {
    rule: "`execute-api:Invoke` names API, stage, method and path",
    known: [],
    language: [],
    emitted: "API, stage and method are never `*`, and a path only below what `{name}` and `{name+}` stand for",
  },
  GH132: {
    rule: "every route says who may call it; an open one says why",
    known: ["cfn_nag W59", "Guard api_gw_method_authorization_type_rule"],
    language: ["route/access"],
    emitted: "a route has `NONE` only where the policy says `open`",
  },
  GH133: {
    rule: "every stage logs access",
    known: ["cfn_nag W46", "cfn_nag W69", "Guard api_gwv2_access_logs_enabled"],
    language: [],
    emitted: "the gateway and the edge record every request, and no policy can switch that off",
  },
  GH134: {
    rule: "TLS 1.2 or newer, and no second address without it",
    known: ["cfn_nag W62", "Guard api_gw_domain_deny_non_tls_traffic"],
    language: ["environment/certificates-missing", "environment/acme", "identity/issuer"],
    emitted: "the edge keeps Caddy's own limits (TLS 1.2 and 1.3), and no policy can lower them",
  },
  GH135: {
    rule: "secrets rotate",
    known: ["Guard secretsmanager_rotation_enabled_check", "Guard secretsmanager_using_cmk"],
    language: ["reference/secret", "secret/overlap", "secret/assertion-overlap", "identity/literal-secret"],
    emitted: null,
  },
};
