/**
 * The JSON Schema (draft 7) of a policy file, made of the keys that the readers know and the shapes of their values.
 *
 * Out: a schema that accepts every file that the readers accept, and refuses what is wrong in form: for editors, and for
 * programs that write policies. What it cannot say, the readers say (tests/policy/schema.test.ts has the list).
 * Source: JSON Schema draft-07; draft 7 because it is what editors of YAML understand.
 */
import type { Json } from "../../core/index.ts";
import { KEYS } from "../parse/keys.ts";
import { type Shape, VALUES } from "./shapes.ts";

type Schema = { readonly [key: string]: Json };
type Section = keyof typeof KEYS;

/** One line of plain text that is not blank, as `readText` takes it. */
const PLAIN = "[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\ufffd]";
const TEXT_PATTERN = `^${PLAIN}*[^\\s\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\ufffd]${PLAIN}*$`;
const MAX_TEXT = 1024;

/** The schema of `gatehouse.yaml`; with `include`, that of an included file. */
export function policyJsonSchema(root: "policy" | "include" = "policy"): Schema {
  const sections = (Object.keys(KEYS) as Section[]).filter((name) => name !== "policy" && name !== "include");
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: root === "policy" ? "Gatehouse policy, version 1" : "Included file of a Gatehouse policy, version 1",
    ...sectionSchema(root),
    definitions: Object.fromEntries(sections.map((name) => [name, sectionSchema(name)])),
  };
}

function sectionSchema(name: Section): Schema {
  const { required } = KEYS[name];
  const properties: Record<string, Json> = {};
  for (const [key, { shape, says }] of Object.entries(VALUES[name]))
    properties[key] = { description: says, ...shapeSchema(shape) };
  const needed = Object.keys(required);
  return {
    type: "object",
    additionalProperties: false,
    ...(needed.length === 0 ? {} : { required: needed }),
    properties,
    ...EXTRA[name]?.(properties),
  };
}

/** What keys say together. */
const EXTRA: Readonly<Partial<Record<Section, (properties: Record<string, Json>) => Schema>>> = {
  policy: () => ({ anyOf: [{ required: ["services"] }, { required: ["include"] }] }),
  route: () => ({ oneOf: [{ required: ["needs"] }, { required: ["open"] }] }),
  environmentIdentity: () => ({ oneOf: [{ required: ["embedded"] }, { required: ["issuer"] }] }),
  memberClaim: () => ({
    oneOf: [{ required: ["equals"] }, { required: ["one_of"] }, { required: ["prefix"] }],
  }),
  when: () => ({ minProperties: 1 }),
  members: (properties) => {
    // `not` stands only as an entry of `all`, beside one that is not `not`.
    delete properties["not"];
    const named = ["groups", "subject", "client_id"].map((key) => ({
      type: "object",
      required: [key],
      properties: { [key]: { type: "array", minItems: 1 } },
    }));
    const expressed = ["claim", "all", "any"].map((key) => ({ type: "object", required: [key] }));
    // A part of an expression names somebody.
    const inner = { allOf: [{ $ref: "#/definitions/members" }], anyOf: [...expressed, ...named] };
    const { description } = properties["all"] as Schema;
    properties["all"] = {
      description: description ?? "",
      type: "array",
      minItems: 1,
      items: { anyOf: [inner, notSchema(inner)] },
      contains: inner,
    };
    properties["any"] = { ...(properties["any"] as Schema), items: inner };
    const expressions = ["claim", "all", "any"];
    const lists = ["groups", "subject", "client_id"];
    const without = (keys: readonly string[]): Json => ({ not: { anyOf: keys.map((key) => ({ required: [key] })) } });
    return {
      anyOf: [
        without(expressions),
        ...expressions.map((key) => ({
          required: [key],
          ...(without([...lists, ...expressions.filter((other) => other !== key)]) as Schema),
        })),
      ],
    };
  },
};

function notSchema(inner: Schema): Schema {
  const { says } = VALUES.members.not;
  return {
    type: "object",
    additionalProperties: false,
    required: ["not"],
    properties: { issuer: shapeSchema(VALUES.members.issuer.shape), not: { description: says, ...inner } },
  };
}

function shapeSchema(shape: Shape): Schema {
  switch (shape.kind) {
    case "keys":
      return { allOf: [{ $ref: `#/definitions/${shape.of}` }] };
    case "named":
      return {
        type: "object",
        ...(shape.min === 0 ? {} : { minProperties: shape.min }),
        ...(shape.keys === "" && shape.maxKey === undefined
          ? {}
          : {
              propertyNames: {
                ...(shape.keys === "" ? {} : { pattern: shape.keys }),
                ...(shape.maxKey === undefined ? {} : { maxLength: shape.maxKey }),
              },
            }),
        additionalProperties: shapeSchema(shape.of),
      };
    case "list":
      return { type: "array", ...(shape.min === 0 ? {} : { minItems: shape.min }), items: shapeSchema(shape.of) };
    case "text":
      return {
        type: "string",
        maxLength: shape.max ?? MAX_TEXT,
        ...(shape.pattern === undefined
          ? { pattern: TEXT_PATTERN }
          : { allOf: [{ pattern: TEXT_PATTERN }, { pattern: shape.pattern }] }),
      };
    case "choice":
      return { enum: [...shape.of] };
    case "boolean":
    case "number":
      return { type: shape.kind };
    case "integer":
      return { type: "integer", minimum: shape.min, maximum: shape.max };
    case "either":
      return { anyOf: shape.of.map(shapeSchema) };
  }
  return shape satisfies never;
}
