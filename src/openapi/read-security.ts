/**
 * Who may call an operation: its `security` and its `x-amazon-apigateway-auth`.
 *
 * Source: API Gateway developer guide, "Working with OpenAPI definitions for HTTP APIs" (one requirement for each
 * operation), "x-amazon-apigateway-auth object".
 * INVARIANT: an operation is open only where the document says so and nothing in it says otherwise.
 */
import { type SourceEntry, type SourceTree, childOf, entryOf, quoted } from "../core/index.ts";
import type { Route } from "../model/index.ts";
import { type Importing, isMapping, readList, readText } from "./importing.ts";
import type { Scheme } from "./read-authorizers.ts";

const AUTH = "x-amazon-apigateway-auth";

type Authorization = Pick<Route, "authorizationType" | "authorizerId" | "authorizationScopes">;

const OPEN: Authorization = { authorizationType: "NONE" };
const SIGNED: Authorization = { authorizationType: "AWS_IAM" };

/** Null, and told, when it cannot be made. */
export function readAuthorization(
  importing: Importing,
  operation: SourceTree,
  owner: SourceEntry,
  schemes: ReadonlyMap<string, Scheme>,
): Authorization | null {
  const security = entryOf(operation, "security");
  const auth = entryOf(operation, AUTH);
  const explicit = auth === null ? undefined : readAuth(importing, auth.value);
  if (explicit === null) return null;
  if (security === null) {
    if (explicit !== undefined) return explicit;
    return isSaidForAll(importing, owner) ? null : OPEN;
  }
  const required = readRequirement(importing, security, schemes);
  if (explicit === undefined || required === null) return required;
  if (required.authorizationType === explicit.authorizationType) return required;
  importing.add(
    "openapi/several-requirements",
    auth?.keyAt ?? security.keyAt,
    `\`${AUTH}\` says ${explicit.authorizationType}, \`security\` says ${required.authorizationType}`,
    "keep one of the two",
  );
  return null;
}

function readAuth(importing: Importing, tree: SourceTree): Authorization | null {
  if (!isMapping(importing, tree, `\`${AUTH}\``)) return null;
  const type = childOf(tree, "type");
  const written = readText(importing, type, "`type`");
  switch (written?.toUpperCase()) {
    case "NONE":
      return OPEN;
    case "AWS_IAM":
      return SIGNED;
    default:
      importing.add(
        "openapi/auth-type",
        type?.at ?? tree.at,
        written === null ? `\`${AUTH}\` has no \`type\`` : `${quoted(written)} is not a type of authorization`,
        "write `type: AWS_IAM`, or `type: NONE` for everybody",
      );
      return null;
  }
}

/** Whether the document requires something of all operations that say nothing themselves. */
function isSaidForAll(importing: Importing, owner: SourceEntry): boolean {
  const tree = childOf(importing.root, "security");
  if (tree === null) return false;
  const items = readList(importing, tree, "`security`");
  if (items.every((item) => item.kind === "mapping" && item.entries.length === 0)) return false;
  importing.add(
    "openapi/root-security",
    owner.keyAt,
    "the operation says nothing of `security`, the whole document does",
    "write `security` into each operation; `security: []` for one that everybody may call",
  );
  return true;
}

function readRequirement(
  importing: Importing,
  { value, keyAt }: SourceEntry,
  schemes: ReadonlyMap<string, Scheme>,
): Authorization | null {
  if (value.kind !== "list") {
    readList(importing, value, "`security`");
    return null;
  }
  if (value.items.length === 0) return OPEN;
  const requirements: SourceEntry[] = [];
  for (const item of value.items) {
    if (!isMapping(importing, item, "an entry of `security`")) return null;
    requirements.push(...item.entries);
  }
  const [only] = requirements;
  if (value.items.length > 1 || requirements.length > 1) {
    importing.add(
      "openapi/several-requirements",
      keyAt,
      "the operation has several security requirements",
      "keep one; for another authorizer, make another route",
    );
    return null;
  }
  return only === undefined ? OPEN : readOne(importing, only, schemes);
}

function readOne(
  importing: Importing,
  { key, keyAt, value }: SourceEntry,
  schemes: ReadonlyMap<string, Scheme>,
): Authorization | null {
  const scopes = readList(importing, value, `the scopes of ${quoted(key)}`).flatMap(
    (item) => readText(importing, item, "a scope") ?? [],
  );
  const withScopes = scopes.length === 0 ? {} : { authorizationScopes: scopes };
  const scheme = schemes.get(key);
  switch (scheme?.kind) {
    case "jwt":
      return { authorizationType: "JWT", authorizerId: scheme.authorizer.authorizerId, ...withScopes };
    case "iam":
      return { ...SIGNED, ...withScopes };
    // Where the scheme stands it is told what is wrong with it.
    case "broken":
      return null;
    case "lambda":
      importing.add(
        "openapi/lambda-authorizer",
        keyAt,
        `${quoted(key)} asks a Lambda function, which this gateway cannot`,
        "use a JWT authorizer or `x-amazon-apigateway-auth: { type: AWS_IAM }`",
      );
      return null;
    case "unknown":
      importing.add(
        "openapi/security-scheme",
        keyAt,
        `security scheme ${quoted(key)} has no authorizer`,
        "add `x-amazon-apigateway-authorizer: { type: jwt, ... }` to it",
      );
      return null;
    case undefined:
      // What AWS SAM writes for a function whose event says `Authorizer: NONE`.
      if (key === "NONE" && scopes.length === 0) return OPEN;
      importing.add(
        "openapi/security-scheme",
        keyAt,
        `there is no security scheme ${quoted(key)}`,
        schemes.size === 0
          ? "add it to `components.securitySchemes`"
          : `known are ${[...schemes.keys()].slice(0, 5).map(quoted).join(", ")}`,
      );
      return null;
  }
  return scheme satisfies never;
}
