/**
 * `components.securitySchemes` to what a route's requirement stands for: JWT authorizers, signed requests, or nothing that
 * this gateway could check.
 * Source: API Gateway developer guide, "x-amazon-apigateway-authorizer object".
 */
import { type SourceEntry, type SourceTree, childOf, pointerStep, quoted } from "../core/index.ts";
import { type Authorizer, stableId } from "../model/index.ts";
import { type Importing, isMapping, readList, readText, resolveReference } from "./importing.ts";

export const AUTHORIZER = "x-amazon-apigateway-authorizer";
const WELL_KNOWN = "/.well-known/openid-configuration";

export type Scheme =
  | { readonly kind: "jwt"; readonly authorizer: Authorizer }
  | { readonly kind: "iam" }
  /** A route that needs it cannot be made. */
  | { readonly kind: "lambda" | "unknown" | "broken" };

/** By the name of the scheme, in the order of the document. */
export function readSchemes(importing: Importing): ReadonlyMap<string, Scheme> {
  const schemes = new Map<string, Scheme>();
  const tree = childOf(childOf(importing.root, "components"), "securitySchemes");
  if (tree === null || !isMapping(importing, tree, "`securitySchemes`")) return schemes;
  let count = 0;
  for (const entry of tree.entries) {
    const scheme = readScheme(importing, entry, `/authorizers/${count}`);
    if (scheme.kind === "jwt") count++;
    schemes.set(entry.key, scheme);
  }
  return schemes;
}

function readScheme(importing: Importing, { key, keyAt, value }: SourceEntry, pointer: string): Scheme {
  const tree = resolveReference(importing, value);
  if (tree === null || !isMapping(importing, tree, `security scheme ${quoted(key)}`)) return { kind: "broken" };
  const authtype = childOf(tree, "x-amazon-apigateway-authtype");
  if (
    authtype !== null &&
    readText(importing, authtype, "`x-amazon-apigateway-authtype`")?.toLowerCase() === "awssigv4"
  )
    return { kind: "iam" };
  const written = childOf(tree, AUTHORIZER);
  if (written === null) return { kind: "unknown" };
  const authorizer = resolveReference(importing, written);
  if (authorizer === null || !isMapping(importing, authorizer, `\`${AUTHORIZER}\``)) return { kind: "broken" };
  const type = readText(importing, childOf(authorizer, "type"), "`type`")?.toLowerCase();
  if (type === "request" || type === "token" || type === "cognito_user_pools") return { kind: "lambda" };
  const problem = (at: SourceTree["at"], message: string, hint: string): Scheme => {
    importing.add("openapi/security-scheme", at, message, hint);
    return { kind: "broken" };
  };
  if (type !== "jwt")
    return problem(
      childOf(authorizer, "type")?.at ?? authorizer.at,
      type === undefined ? `authorizer ${quoted(key)} has no \`type\`` : `${quoted(type)} is not a type of authorizer`,
      "write `type: jwt`",
    );
  importing.place(pointer, keyAt);
  importing.place(`${pointer}/name`, keyAt);
  checkType(importing, key, tree);
  const issuer = readIssuer(importing, key, tree, authorizer, `${pointer}/jwtConfiguration/issuer`);
  if (issuer === null) return { kind: "broken" };
  return {
    kind: "jwt",
    authorizer: {
      authorizerId: stableId("authorizer", key),
      name: key,
      authorizerType: "JWT",
      identitySource: readIdentitySource(importing, authorizer, `${pointer}/identitySource`),
      jwtConfiguration: {
        issuer,
        audience: readAudience(importing, authorizer, `${pointer}/jwtConfiguration/audience`),
      },
    },
  };
}

function checkType(importing: Importing, key: string, tree: SourceTree): void {
  const type = childOf(tree, "type");
  const written = type === null ? null : readText(importing, type, "`type`");
  if (written === "oauth2" || written === "openIdConnect") return;
  importing.add(
    "openapi/scheme-type",
    type?.at ?? tree.at,
    `security scheme ${quoted(key)} is of type ${quoted(written ?? "")}; its JWT authorizer is taken all the same`,
    "write `type: oauth2`, so that AWS surely takes it too",
  );
}

/** Null, and told, where there is none. */
function readIssuer(
  importing: Importing,
  key: string,
  scheme: SourceTree,
  authorizer: SourceTree,
  pointer: string,
): string | null {
  const written = childOf(childOf(authorizer, "jwtConfiguration"), "issuer");
  if (written !== null) {
    importing.place(pointer, written.at);
    return readText(importing, written, "`issuer`");
  }
  const discovery = childOf(scheme, "openIdConnectUrl");
  const url = readText(importing, discovery, "`openIdConnectUrl`");
  if (discovery === null || url === null || !url.endsWith(WELL_KNOWN)) {
    importing.add(
      "openapi/security-scheme",
      discovery?.at ?? authorizer.at,
      url === null
        ? `authorizer ${quoted(key)} has no issuer`
        : `\`openIdConnectUrl\` does not end in \`${WELL_KNOWN}\``,
      "add `jwtConfiguration: { issuer: https://idp.example/, audience: [...] }`",
    );
    return null;
  }
  const issuer = url.slice(0, -WELL_KNOWN.length);
  importing.place(pointer, discovery.at);
  importing.add(
    "openapi/issuer-derived",
    discovery.at,
    `authorizer ${quoted(key)} takes tokens of the issuer ${quoted(issuer)}`,
    `if tokens name it with a slash at its end, add \`jwtConfiguration: { issuer: ${issuer}/ }\``,
  );
  return issuer;
}

/** A list of expressions, or one text with commas. */
function readIdentitySource(importing: Importing, authorizer: SourceTree, pointer: string): readonly string[] {
  const tree = childOf(authorizer, "identitySource");
  if (tree === null) return [];
  importing.place(pointer, tree.at);
  if (tree.kind === "list") return tree.items.flatMap((item) => readText(importing, item, "an identity source") ?? []);
  return (readText(importing, tree, "`identitySource`") ?? "")
    .split(",")
    .map((source) => source.trim())
    .filter((source) => source !== "");
}

function readAudience(importing: Importing, authorizer: SourceTree, pointer: string): readonly string[] {
  const tree = childOf(childOf(authorizer, "jwtConfiguration"), "audience");
  if (tree === null) return [];
  importing.place(pointer, tree.at);
  if (tree.kind === "text") return [readText(importing, tree, "`audience`") ?? ""];
  return readList(importing, tree, "`audience`").flatMap((item, index) => {
    importing.place(pointer + pointerStep(index), item.at);
    return readText(importing, item, "an audience") ?? [];
  });
}
