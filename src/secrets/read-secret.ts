/**
 * Looks a secret of the policy up by name: a variable of the environment first, then a file of the state directory.
 * The value is never printed; a missing one is an outcome, as only the caller knows whether it is needed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../core/index.ts";

export interface SecretPlaces {
  /** Directory with one file for each secret, named as in the policy. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** `login-client` is looked up as `GATEHOUSE_SECRET_LOGIN_CLIENT`. */
export function secretVariable(name: string): string {
  return `GATEHOUSE_SECRET_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** The secret without a final line break; null when neither place has it or it is empty. */
export function readSecret(name: string, places: SecretPlaces): Secret<string> | null {
  const value = places.env[secretVariable(name)] ?? readFile(join(places.dir, name));
  const text = value?.replace(/\r?\n$/, "");
  return text === undefined || text === "" ? null : new Secret(text);
}

function readFile(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
