/**
 * IAM documents that Gatehouse never emits, one fault each: what shows that the checks of document-rules.ts, and the
 * scanners beside them, find anything at all.
 */
export interface ControlDocument {
  readonly what: string;
  readonly document: unknown;
  /** Rules of document-rules.ts that find something. */
  readonly ours: readonly string[];
  /** What the scanners find: tool and kind. */
  readonly outside: readonly string[];
}

const INVOKE = "execute-api:Invoke";
const ARN = "arn:aws:execute-api:eu-west-1:111122223333:abcdefghij/$default/GET/orders";

function allow(rest: Readonly<Record<string, unknown>>): unknown {
  return { Version: "2012-10-17", Statement: [{ Sid: "Grants", Effect: "Allow", ...rest }] };
}

function when(operator: string, key: string, values: unknown): unknown {
  return allow({ Action: INVOKE, Resource: ARN, Condition: { [operator]: { [key]: values } } });
}

export const CONTROL_DOCUMENTS: readonly ControlDocument[] = [
  {
    what: "every action on everything",
    document: allow({ Action: "*", Resource: "*" }),
    ours: ["only-invoke", "named-resources"],
    outside: [
      "cloudsplaining ServiceWildcard",
      "cloudsplaining PrivilegeEscalation",
      "cloudsplaining DataExfiltration",
      "cloudsplaining ResourceExposure",
      "cloudsplaining CredentialsExposure",
      "cloudsplaining InfrastructureModification",
      "parliament CREDENTIALS_EXPOSURE",
      "parliament PERMISSIONS_MANAGEMENT_ACTIONS",
      "parliament PRIVILEGE_ESCALATION",
    ],
  },
  {
    what: "a whole service",
    document: allow({ Action: "execute-api:*", Resource: ARN }),
    ours: ["only-invoke"],
    outside: ["cloudsplaining ServiceWildcard"],
  },
  {
    what: "part of an action's name",
    document: allow({ Action: "execute-api:Inv*", Resource: ARN }),
    ours: ["only-invoke"],
    outside: [],
  },
  {
    what: "every resource",
    document: allow({ Action: INVOKE, Resource: "*" }),
    ours: ["named-resources"],
    outside: ["cloudsplaining InfrastructureModification"],
  },
  {
    what: "every API of every account",
    document: allow({ Action: INVOKE, Resource: "arn:aws:execute-api:*:*:*" }),
    ours: ["named-resources"],
    outside: [],
  },
  {
    what: "every stage and method of an API",
    document: allow({ Action: INVOKE, Resource: "arn:aws:execute-api:eu-west-1:111122223333:abcdefghij/*/*/*" }),
    ours: ["named-resources"],
    outside: [],
  },
  {
    what: "all actions but some",
    document: allow({ NotAction: "iam:*", Resource: "*" }),
    ours: ["only-invoke", "named-resources", "no-negation"],
    outside: [
      "cloudsplaining PrivilegeEscalation",
      "cloudsplaining DataExfiltration",
      "cloudsplaining ResourceExposure",
      "cloudsplaining CredentialsExposure",
      "cloudsplaining InfrastructureModification",
      "parliament RESOURCE_STAR",
    ],
  },
  {
    what: "all resources but some",
    document: allow({ Action: INVOKE, NotResource: ARN }),
    ours: ["named-resources", "no-negation"],
    outside: ["parliament NOTRESOURCE_WITH_ALLOW"],
  },
  {
    what: "all principals but some",
    document: allow({ NotPrincipal: { AWS: "arn:aws:iam::111122223333:root" }, Action: INVOKE, Resource: ARN }),
    ours: ["no-negation"],
    outside: ["parliament NOTPRINCIPAL_WITH_ALLOW"],
  },
  {
    what: "an action that gives more rights",
    document: allow({ Action: "iam:CreatePolicyVersion", Resource: "*" }),
    ours: ["only-invoke", "named-resources"],
    outside: [
      "cloudsplaining PrivilegeEscalation",
      "cloudsplaining ResourceExposure",
      "cloudsplaining InfrastructureModification",
      "parliament PERMISSIONS_MANAGEMENT_ACTIONS",
      "parliament PRIVILEGE_ESCALATION",
      "parliament RESOURCE_STAR",
    ],
  },
  {
    what: "actions that together give more rights",
    document: allow({ Action: ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], Resource: "*" }),
    ours: ["only-invoke", "named-resources"],
    outside: [
      "cloudsplaining PrivilegeEscalation",
      "cloudsplaining ResourceExposure",
      "cloudsplaining InfrastructureModification",
      "parliament PERMISSIONS_MANAGEMENT_ACTIONS",
      "parliament PRIVILEGE_ESCALATION",
      "parliament RESOURCE_STAR",
    ],
  },
  {
    what: "an action that returns credentials",
    document: allow({ Action: "sts:GetFederationToken", Resource: "*" }),
    ours: ["only-invoke", "named-resources"],
    outside: ["cloudsplaining CredentialsExposure", "parliament CREDENTIALS_EXPOSURE"],
  },
  {
    what: "every secret",
    document: allow({ Action: "secretsmanager:GetSecretValue", Resource: "*" }),
    ours: ["only-invoke", "named-resources"],
    outside: [
      "cloudsplaining DataExfiltration",
      "cloudsplaining InfrastructureModification",
      "parliament RESOURCE_STAR",
    ],
  },
  {
    what: "an action that changes permissions",
    document: allow({ Action: "s3:PutBucketPolicy", Resource: "*" }),
    ours: ["only-invoke", "named-resources"],
    outside: [
      "cloudsplaining ResourceExposure",
      "cloudsplaining InfrastructureModification",
      "parliament RESOURCE_POLICY_PRIVILEGE_ESCALATION",
      "parliament PERMISSIONS_MANAGEMENT_ACTIONS",
      "parliament RESOURCE_STAR",
    ],
  },
  {
    what: "an action that does not exist",
    document: allow({ Action: "execute-api:Invok", Resource: ARN }),
    ours: ["only-invoke"],
    outside: ["parliament UNKNOWN_ACTION"],
  },
  {
    what: "a service that does not exist",
    document: allow({ Action: "execute-apis:Invoke", Resource: ARN }),
    ours: ["only-invoke"],
    outside: ["parliament UNKNOWN_PREFIX"],
  },
  {
    what: "a resource of another kind",
    document: allow({ Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket" }),
    ours: ["only-invoke", "named-resources"],
    outside: ["parliament RESOURCE_MISMATCH"],
  },
  {
    what: "a resource that is no ARN",
    document: allow({ Action: INVOKE, Resource: "orders" }),
    ours: ["named-resources"],
    outside: ["parliament INVALID_ARN"],
  },
  {
    what: "a key that the action does not know",
    document: when("StringEquals", "s3:prefix", "a"),
    ours: ["known-conditions"],
    outside: ["parliament UNKNOWN_CONDITION_FOR_ACTION"],
  },
  {
    what: "a value of another type",
    document: when("IpAddress", "aws:SourceIp", "everywhere"),
    ours: ["known-conditions"],
    outside: ["parliament MISMATCHED_TYPE"],
  },
  {
    what: "an operator of another type",
    document: when("StringEquals", "aws:SourceIp", "10.0.0.0/16"),
    ours: ["known-conditions"],
    outside: [],
  },
  {
    what: "an operator that does not exist",
    document: when("IpAddresses", "aws:SourceIp", "10.0.0.0/16"),
    ours: ["known-conditions"],
    outside: ["parliament UNKNOWN_OPERATOR"],
  },
  {
    what: "a condition that also holds without its key",
    document: when("IpAddressIfExists", "aws:SourceIp", "10.0.0.0/16"),
    ours: ["known-conditions"],
    outside: [],
  },
  {
    what: "MFA by its absence",
    document: when("Bool", "aws:MultiFactorAuthPresent", "false"),
    ours: ["known-conditions"],
    outside: ["parliament BAD_PATTERN_FOR_MFA"],
  },
  {
    what: "all values of a key that may have none",
    document: when("ForAllValues:StringEquals", "aws:RequestedRegion", ["eu-west-1", "us-east-1"]),
    ours: ["known-conditions"],
    outside: ["parliament SINGLE_VALUE_CONDITION_TOO_PERMISSIVE"],
  },
  {
    what: "no version",
    document: { Statement: [{ Sid: "Grants", Effect: "Allow", Action: INVOKE, Resource: ARN }] },
    ours: ["grammar"],
    outside: ["parliament NO_VERSION"],
  },
  {
    what: "the old version",
    document: { Version: "2008-10-17", Statement: [{ Sid: "Grants", Effect: "Allow", Action: INVOKE, Resource: ARN }] },
    ours: ["grammar"],
    outside: ["parliament OLD_VERSION"],
  },
  {
    what: "a statement id twice",
    document: {
      Version: "2012-10-17",
      Statement: [
        { Sid: "Grants", Effect: "Allow", Action: INVOKE, Resource: ARN },
        { Sid: "Grants", Effect: "Allow", Action: INVOKE, Resource: `${ARN}/7` },
      ],
    },
    ours: ["grammar"],
    outside: ["parliament DUPLICATE_SID"],
  },
  {
    what: "a statement id with a hyphen",
    document: allow({ Sid: "all-grants", Action: INVOKE, Resource: ARN }),
    ours: ["grammar"],
    outside: ["parliament INVALID_SID"],
  },
  {
    what: "no statement",
    document: { Version: "2012-10-17" },
    ours: ["grammar"],
    outside: ["parliament MALFORMED"],
  },
];
