/**
 * How much AWS takes, told before anything is deployed. The embedded gateway has none of these limits.
 * Private services are served by Gatehouse itself in every environment, so only public APIs count routes.
 * Not here: what AWS can express at all (capabilities.ts), how documents are measured (iam/document-limits.ts).
 * Source: API Gateway developer guide, "HTTP API quotas"; IAM user guide, "IAM and AWS STS quotas".
 */
import type { Diagnostic, Span } from "../core/index.ts";
import { type PolicyDocument, checkDocumentLimits } from "../iam/index.ts";
import { type IamArtifact, documentForAws } from "../model/index.ts";
import type { Environment, Policy } from "../policy/index.ts";
import type { CompiledApi } from "./compile-api.ts";

const MAX_ROUTES = 300;
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
  const roles = new Map(policy.roles.map((role) => [role.name, role]));
  for (const { name, roleName, policy: document } of iam.roles) {
    const at = roles.get(name)?.at ?? environment.at;
    if (roleName.length > MAX_ROLE_NAME)
      add(
        "compile/name-too-long",
        at,
        `the role's name on AWS, \`${roleName}\`, has more than ${MAX_ROLE_NAME} characters`,
        "shorten the name of the policy, the environment or the role",
      );
    checkDocument(documentForAws(document), `role \`${name}\``, at, add);
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
  for (const problem of checkDocumentLimits("managed", document))
    if (problem.id === "too-long")
      add(
        "compile/document-too-long",
        span,
        `${subject} becomes an IAM document of ${problem.characters} characters, AWS takes ${problem.limit}`,
        "split it, or join routes under `{path+}`",
      );
    else
      add(
        "compile/character-not-in-iam",
        span,
        `${subject} needs the character \`${problem.character}\` in an IAM document, which holds U+0020 to U+00FF only`,
        "use other characters in the paths of its routes",
      );
}
