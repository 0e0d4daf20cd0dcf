/** Where secrets come from. */
export { type SecretPlaces, readSecret, secretVariable } from "./read-secret.ts";
export { loadKeyFile } from "./key-file.ts";
