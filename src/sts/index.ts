/** Temporary credentials for the tokens of a provider that roles trust. */
export type { Principal } from "./principal.ts";
