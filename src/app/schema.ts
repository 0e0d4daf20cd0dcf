/** The JSON Schema of the language as text, for editors: beside the policy it is what the file's first line names. */
import { prettyJson } from "../core/index.ts";
import { policyJsonSchema } from "../policy/index.ts";

/** Where `init` puts it. */
export const SCHEMA_FILE = "gatehouse.schema.json";

/** The same text each time for the same version of Gatehouse, with a line break at its end. */
export function schemaText(of: "policy" | "include"): string {
  return prettyJson(policyJsonSchema(of));
}
