/**
 * The JSON Schema of SARIF 2.1.0 as a check, from a package that others publish (tests/partners).
 *
 * Out: what is wrong with a log, as a list of places and words; empty when it is valid.
 * The schema is in draft 4, of which it uses nothing that later drafts read in another way.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { installPartners } from "./partners.ts";

const SCHEMA = "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
/** RFC 3986: characters that a reference may have, percent signs only before two hexadecimal digits. */
const URI_REFERENCE = /^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/;

export async function createSarifCheck(): Promise<(log: unknown) => readonly string[]> {
  const text = readFileSync(join(await installPartners(), SCHEMA), "utf8");
  const { id: _, $schema: __, ...schema } = JSON.parse(text) as Record<string, unknown>;
  const validate = new Ajv({
    strict: false,
    // One of its patterns has a bracket too many, which only the older syntax takes.
    unicodeRegExp: false,
    allErrors: true,
    formats: {
      uri: (value) => URI_REFERENCE.test(value) && URL.canParse(value),
      "uri-reference": URI_REFERENCE,
      "date-time": INSTANT,
    },
  }).compile(schema);
  return (log) =>
    validate(log) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}
