/**
 * What AWS cannot hold or hold up, told before anything is deployed. The embedded gateway has none of these limits.
 * Private services are served by Gatehouse itself in every environment, so only the public API counts routes.
 * Source: API Gateway developer guide, "HTTP API quotas"; IAM user guide, "IAM and AWS STS quotas" (white space does not
 * count), "Available keys for AWS OIDC federation".
 */
import type { Diagnostic, Span } from "../core/index.ts";
import type { PolicyDocument } from "../iam/index.ts";
import type { IamArtifact } from "../model/index.ts";
import { type Environment, type Policy, type Role, listLeaves } from "../policy/index.ts";
import type { CompiledApi } from "./compile-api.ts";

const MAX_ROUTES = 300;
const MAX_DOCUMENT_CHARACTERS = 6144;
const MAX_ROLE_NAME = 64;
const MAX_API_NAME = 128;

export function checkAwsLimits(
  policy: Policy,
  environment: Environment,
  apis: readonly CompiledApi[],
  iam: IamArtifact,
): Diagnostic[] {
  const { gateway } = environment;
  if (gateway.kind === "embedded") return [];
  const found: Diagnostic[] = [];
  const add = (id: string, span: Span, message: string, hint: string): void => {
    found.push({ id, severity: "error", message, span, hint });
  };
  for (const { api, exposure, routes } of apis) {
    if (exposure === "private") continue;
    const extra = routes[MAX_ROUTES]?.route;
    if (extra !== undefined)
      add(
        "compile/too-many-routes",
        extra.at,
        `the public API has ${routes.length} routes, an HTTP API of AWS has at most ${MAX_ROUTES}`,
        "join routes with `ANY` or `{path+}`, or keep the environment on the embedded gateway",
      );
    if (api.name.length > MAX_API_NAME)
      add(
        "compile/name-too-long",
        environment.at,
        `the API's name \`${api.name}\` has more than ${MAX_API_NAME} characters`,
        "shorten the policy's `name`",
      );
  }
  if (gateway.authorize === "jwt")
    add(
      "compile/role-not-enforceable-by-jwt",
      environment.at,
      "a JWT authorizer checks issuer, audience and scopes; it cannot hold up roles",
      "write `authorize: iam`",
    );
  const artifacts = new Map(iam.roles.map((role) => [role.name, role]));
  for (const role of policy.roles) {
    const artifact = artifacts.get(role.name);
    if (artifact === undefined) continue;
    if (artifact.roleName.length > MAX_ROLE_NAME)
      add(
        "compile/name-too-long",
        role.at,
        `the role's name on AWS, \`${artifact.roleName}\`, has more than ${MAX_ROLE_NAME} characters`,
        "shorten the name of the policy, the environment or the role",
      );
    checkDocument(artifact.policy, `role \`${role.name}\``, role.at, add);
    if (gateway.federation === "direct") checkDirectFederation(role, add);
    if (role.when?.sourceIp != null) found.push(sourceAddressSeen(role));
  }
  for (const boundary of policy.boundaries) {
    const holder = iam.roles.find((role) => role.boundaryName === boundary.name);
    if (holder !== undefined)
      checkDocument(holder.permissionsBoundary, `boundary \`${boundary.name}\``, boundary.at, add);
  }
  return found;
}

type Add = (id: string, span: Span, message: string, hint: string) => void;

function checkDocument(document: PolicyDocument, subject: string, span: Span, add: Add): void {
  const text = JSON.stringify(document);
  const characters = text.replace(/\s/g, "").length;
  if (characters > MAX_DOCUMENT_CHARACTERS)
    add(
      "compile/document-too-long",
      span,
      `${subject} becomes an IAM document of ${characters} characters, AWS takes ${MAX_DOCUMENT_CHARACTERS}`,
      "split it, or join routes under `{path+}`",
    );
  const [foreign] = /[^\t\n\r\u0020-\u00ff]/u.exec(text) ?? [];
  if (foreign !== undefined)
    add(
      "compile/character-not-in-iam",
      span,
      `${subject} needs the character \`${foreign}\` in an IAM document, which holds U+0020 to U+00FF only`,
      "use other characters in the paths of its routes",
    );
}

function checkDirectFederation(role: Role, add: Add): void {
  const group = listLeaves(role.members).find(({ kind }) => kind === "groups")?.values[0];
  if (group === undefined) return;
  add(
    "compile/role-not-enforceable-by-iam",
    role.at,
    `role \`${role.name}\` is held by group \`${group}\`, and a trust policy cannot read groups: any token of the provider could take the role`,
    "write `federation: brokered`, or name `subject` or `client_id` members only",
  );
}

function sourceAddressSeen(role: Role): Diagnostic {
  return {
    id: "compile/source-ip-of-the-edge",
    severity: "info",
    message: `role \`${role.name}\` depends on \`source_ip\`, and AWS sees the address of the edge instead of the caller's`,
    span: role.at,
    hint: "the edge decides on the caller's address before; list its own address as well, so that AWS lets it pass",
  };
}
